"""An organization's document, read and checked whole; problems name the place as JSONPath."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator

from assessments.definition import Definition
from assessments.exchange.findings import (
    Finding,
    VersionKey,
    email_address,
    known_member,
    known_team,
    moment,
    tried,
    twice,
    version_key,
)
from assessments.exchange.parts import Known, registered
from assessments.exchange.reading_rounds import in_round
from assessments.questionnaires.files import read_valid
from assessments.questionnaires.rules import KeyPath, shown
from assessments.questionnaires.validation import QuestionnaireError, validate_mapping
from organizations.models import NOT_A_SLUG, Organization, Role

MAX_PROBLEMS = 20

CORE_SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("organization.schema.json").read_text("utf-8"))


class DocumentError(ValueError):
    """A document that cannot be used; `problems` says why, each on one line that begins with the place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_document(content: bytes) -> dict[str, Any]:
    """Return the mapping that an organization's document says, all it refers to being there. Raises DocumentError."""
    data = _parse(content)
    for findings in (_texts(data), _schema(data), _references(data)):
        if problems := [
            f"{_place(path)}: {message}" for path, message in islice(dict.fromkeys(findings), MAX_PROBLEMS)
        ]:
            raise DocumentError(problems)
    document: dict[str, Any] = data
    return document


def whole_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document with all its parts."""
    parts = {part.key: part.schema for part in registered()}
    return CORE_SCHEMA | {"properties": CORE_SCHEMA["properties"] | parts}


def _parse(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise DocumentError([_("not UTF-8 text (byte %d).") % (error.start + 1)]) from error
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        raise DocumentError([_("not JSON (line %(line)d, column %(column)d).") % where]) from error
    except RecursionError as error:
        raise DocumentError([_("nested too deeply.")]) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        again = next(key for key in keys if keys.count(key) > 1)
        raise DocumentError([_("the key %s stands twice in one object.") % shown(again)])
    return found


def _no_number(text: str) -> None:
    raise DocumentError([_("%s is not a number in JSON.") % text])


def _place(path: Iterable[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _texts(data: Any, path: KeyPath = ()) -> Iterator[Finding]:
    """Find what the database has no text for."""
    if isinstance(data, str):
        if "\0" in data or any("\ud800" <= character <= "\udfff" for character in data):
            yield path, _("has a character that cannot be kept.")
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _texts(key, path)
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _texts(value, (*path, number))


def _schema(data: Any) -> Iterator[Finding]:
    for error in Draft202012Validator(whole_schema()).iter_errors(data):
        path = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            known = error.schema.get("properties", {})
            yield from (((*path, key), _("does not belong here.")) for key in error.instance if key not in known)
        elif error.validator == "required":
            missing = (key for key in error.validator_value if key not in error.instance)
            yield from (((*path, key), _("is missing.")) for key in missing)
        else:
            yield path, _message(str(error.validator), error.validator_value, error.instance)


def _message(keyword: str, wanted: Any, value: Any) -> str:
    messages = {
        "type": _("must be of type %(wanted)s, not %(value)s."),
        "const": _("must be %(wanted)s, not %(value)s."),
        "not": _("does not belong here."),
        "enum": _("must be one of %(wanted)s, not %(value)s."),
        "pattern": _("%(value)s is not made of the letters, digits and hyphens allowed here."),
        "minimum": _("must be at least %(wanted)s."),
        "maximum": _("must be at most %(wanted)s."),
        "minLength": _("is empty."),
        "minItems": _("is empty."),
        "minProperties": _("is empty."),
        "maxLength": _("is longer than %(wanted)s characters."),
    }
    wanted = ", ".join(map(str, wanted)) if isinstance(wanted, list) else wanted
    # An app's part may ask for more than the core does.
    message = messages.get(keyword, _("%(value)s is not what belongs here."))
    return message % {"wanted": wanted, "value": shown(value)}


def _references(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what the schema cannot: values that mean nothing, names that are not there or there twice."""
    yield from _moments(data)
    yield from _settings(data["organization"])
    teams = frozenset(team["name"] for team in data["teams"])
    yield from twice([(("teams", n, "name"), team["name"].lower()) for n, team in enumerate(data["teams"])])
    yield from _people(data, teams)
    versions: dict[VersionKey, Definition | None] = {}
    yield from _versions(data, versions)
    known = Known(
        teams=teams,
        members=frozenset(member["email"] for member in data["members"]),
        versions=versions,
        rounds={round_["number"]: version_key(round_["questionnaire"]) for round_ in data["rounds"]},
        results={
            (round_["number"], result.get("team"), result["revision"]): "withheld" not in result
            for round_ in data["rounds"]
            for result in round_["results"]
        },
    )
    for position, round_ in enumerate(data["rounds"]):
        at = ("rounds", position)
        if round_["number"] != position + 1:
            yield (*at, "number"), _("must be %d: rounds are numbered in their order.") % (position + 1)
        yield from in_round(round_, at, known)
    for part in registered():
        if part.key in data:
            yield from (((part.key, *path), message) for path, message in part.check(data[part.key], known))


def _moments(data: Any, path: KeyPath = ()) -> Iterator[Finding]:
    """Find dates and times that are none, wherever they stand outside definitions."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        at = (*path, key)
        if isinstance(value, dict | list) and key not in ("definition", "card", "answers"):
            yield from _moments(value, at)
        elif isinstance(value, str) and str(key).endswith("_at"):
            yield from tried(at, moment, value, _("is not a time such as 2026-03-31T09:30:00+00:00."))
        elif isinstance(value, str) and str(key).endswith("_on"):
            yield from tried(at, dt.date.fromisoformat, value, _("is not a day such as 2026-03-31."))


def _settings(data: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        Organization(**{**data, "created_at": None}).clean_fields(exclude=["created_at"])
    except ValidationError as error:
        yield from ((("organization", field), text) for field, [text, *_rest] in error.message_dict.items())
    if data["slug"] == NOT_A_SLUG:
        yield ("organization", "slug"), _("is an address of the site itself.")


def _people(data: Mapping[str, Any], teams: frozenset[str]) -> Iterator[Finding]:
    for part in ("members", "invitations"):
        yield from twice([((part, n, "email"), row["email"]) for n, row in enumerate(data[part])])
        for n, row in enumerate(data[part]):
            yield from tried(
                (part, n, "email"), email_address, row["email"], _("is not an email address in lower case.")
            )
            yield from known_team((part, n, "team"), row.get("team"), teams)
    members = {member["email"] for member in data["members"]}
    for n, row in enumerate(data["invitations"]):
        yield from known_member(("invitations", n, "invited_by"), row.get("invited_by"), members)
    if members and not any(member["role"] == Role.OWNER for member in data["members"]):
        yield ("members",), _("an organization with members needs an owner among them.")


def _versions(data: Mapping[str, Any], definitions: dict[VersionKey, Definition | None]) -> Iterator[Finding]:
    """Find what is wrong with questionnaires, and put what each version asks into `definitions`: None for a draft."""
    own = data["questionnaires"]
    yield from twice([(("questionnaires", n, "slug"), row["slug"]) for n, row in enumerate(own)])
    rows: list[tuple[KeyPath, VersionKey, Mapping[str, Any]]] = [
        (("questionnaires", n, "versions", m), (questionnaire["slug"], version["number"], True), version)
        for n, questionnaire in enumerate(own)
        for m, version in enumerate(questionnaire["versions"])
    ]
    rows += [
        (("shared_versions", n), (version["slug"], version["number"], False), version)
        for n, version in enumerate(data["shared_versions"])
    ]
    yield from twice([((*at, "number"), key) for at, key, _version in rows])
    for at, key, version in rows:
        definitions[key] = None
        yield from _source(at, version)
        if version.get("status") == "draft":
            continue
        if problems := validate_mapping(version["definition"]):
            yield (*at, "definition"), f"{problems[0].place}: {problems[0].message}"
        else:
            definitions[key] = Definition.from_mapping(version["definition"])


def _source(at: KeyPath, version: Mapping[str, Any]) -> Iterator[Finding]:
    """Find a file that does not say what the version asks."""
    if "source" not in version:
        return
    try:
        says_the_same = read_valid(version["source"]) == version["definition"]
    except QuestionnaireError:
        says_the_same = False
    if not says_the_same:
        yield (*at, "source"), _("does not say what the definition does.")
