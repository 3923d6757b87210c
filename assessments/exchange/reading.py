"""An organization's document, read and checked whole; problems name the place as JSONPath."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator

from assessments import scoring
from assessments.definition import Definition
from assessments.questionnaires.rules import KeyPath, shown
from assessments.questionnaires.validation import validate_mapping
from organizations.models import Organization, Role

MAX_PROBLEMS = 20

Finding: TypeAlias = tuple[KeyPath, str]
# Slug, number, and whether it is the organization's own.
VersionKey: TypeAlias = tuple[str, int, bool]

_VALIDATOR = Draft202012Validator(json.loads(Path(__file__).with_name("organization.schema.json").read_text("utf-8")))


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


def version_key(round_: Mapping[str, Any]) -> VersionKey:
    """Return to which version of the document a round of it refers."""
    used = round_["questionnaire"]
    return used["slug"], used["number"], used["own"]


def moment(text: str) -> dt.datetime:
    """Return the moment that a text says. Raises ValueError unless it is one with a time zone."""
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(dt.UTC)


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
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DocumentError([_("the key %s stands twice in one object.") % shown(twice)])
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
    for error in _VALIDATOR.iter_errors(data):
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
        "minProperties": _("is empty."),
        "maxLength": _("is longer than %(wanted)s characters."),
        "maxItems": _("must be empty in a round that is not closed."),
    }
    wanted = ", ".join(wanted) if isinstance(wanted, list) else wanted
    return messages[keyword] % {"wanted": wanted, "value": shown(value)}


def _references(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what the schema cannot: values that mean nothing, names that are not there or there twice."""
    yield from _moments(data)
    yield from _settings(data["organization"])
    teams = [team["name"] for team in data["teams"]]
    yield from _twice([(("teams", n, "name"), name.lower()) for n, name in enumerate(teams)])
    yield from _people(data, set(teams))
    definitions: dict[VersionKey, Definition | None] = {}
    yield from _versions(data, definitions)
    members = {member["email"] for member in data["members"]}
    for number, round_ in enumerate(data["rounds"]):
        key = version_key(round_)
        at = ("rounds", number)
        if key not in definitions:
            yield (*at, "questionnaire"), _("is no version that this file has.")
        else:
            yield from _in_round(round_, at, set(teams), members, definitions[key])


def _moments(data: Any, path: KeyPath = ()) -> Iterator[Finding]:
    """Find dates and times that are none, wherever they stand outside definitions."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        at = (*path, key)
        if isinstance(value, dict | list) and key not in ("definition", "card", "answers"):
            yield from _moments(value, at)
        elif isinstance(value, str) and str(key).endswith("_at"):
            yield from _tried(at, moment, value, _("is not a time such as 2026-03-31T09:30:00+00:00."))
        elif isinstance(value, str) and key in ("starts_on", "ends_on"):
            yield from _tried(at, dt.date.fromisoformat, value, _("is not a day such as 2026-03-31."))


def _tried(at: KeyPath, read: Any, value: str, message: str) -> Iterator[Finding]:
    try:
        read(value)
    except (ValueError, OverflowError, ValidationError):
        yield at, message


def _settings(data: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        Organization(**{**data, "created_at": None}).clean_fields(exclude=["created_at"])
    except ValidationError as error:
        yield from ((("organization", field), text) for field, [text, *_rest] in error.message_dict.items())
    if data["slug"] == "new":
        yield ("organization", "slug"), _("is an address of the site itself.")


def _people(data: Mapping[str, Any], teams: set[str]) -> Iterator[Finding]:
    for part in ("members", "invitations"):
        yield from _twice([((part, n, "email"), row["email"]) for n, row in enumerate(data[part])])
        for number, row in enumerate(data[part]):
            yield from _tried(
                (part, number, "email"), _email, row["email"], _("is not an email address in lower case.")
            )
            yield from _known((part, number, "team"), row.get("team"), teams, _("is no team of this file."))
    members = {member["email"] for member in data["members"]}
    for number, row in enumerate(data["invitations"]):
        yield from _known(("invitations", number, "invited_by"), row.get("invited_by"), members, _no_member())
    if members and not any(member["role"] == Role.OWNER for member in data["members"]):
        yield ("members",), _("an organization with members needs an owner among them.")


def _email(text: str) -> None:
    validate_email(text)
    if text != text.lower():
        raise ValueError(text)


def _no_member() -> str:
    return _("is no member of this file.")


def _known(at: KeyPath, value: Any, known: Iterable[Any], message: str) -> Iterator[Finding]:
    if value is not None and value not in known:
        yield at, message


def _twice(rows: Iterable[tuple[KeyPath, Any]]) -> Iterator[Finding]:
    seen = set()
    for at, value in rows:
        if value in seen:
            yield at, _("is there twice.")
        seen.add(value)


def _versions(data: Mapping[str, Any], definitions: dict[VersionKey, Definition | None]) -> Iterator[Finding]:
    """Find what is wrong with questionnaires, and put what each version asks into `definitions`: None for a draft."""
    own = data["questionnaires"]
    yield from _twice([(("questionnaires", n, "slug"), row["slug"]) for n, row in enumerate(own)])
    rows: list[tuple[KeyPath, VersionKey, Mapping[str, Any]]] = [
        (("questionnaires", n, "versions", m), (questionnaire["slug"], version["number"], True), version)
        for n, questionnaire in enumerate(own)
        for m, version in enumerate(questionnaire["versions"])
    ]
    rows += [
        (("shared_versions", n), (version["slug"], version["number"], False), version)
        for n, version in enumerate(data["shared_versions"])
    ]
    yield from _twice([((*at, "number"), key) for at, key, _version in rows])
    for at, key, version in rows:
        if version.get("status") == "draft":
            definitions[key] = None
        elif problems := validate_mapping(version["definition"]):
            yield (*at, "definition"), f"{problems[0].place}: {problems[0].message}"
            definitions[key] = None
        else:
            definitions[key] = Definition.from_mapping(version["definition"])


def _in_round(
    round_: Mapping[str, Any], at: KeyPath, teams: set[str], members: set[str], definition: Definition | None
) -> Iterator[Finding]:
    if round_["ends_on"] < round_["starts_on"]:
        yield (*at, "ends_on"), _("is before the first day.")
    yield from _twice([((*at, "teams", n), name) for n, name in enumerate(round_["teams"])])
    for n, name in enumerate(round_["teams"]):
        yield from _known((*at, "teams", n), name, teams, _("is no team of this file."))
    for part in ("participants", "responses", "remarks", "results"):
        for n, row in enumerate(round_.get(part, [])):
            yield from _known((*at, part, n, "team"), row.get("team"), teams, _("is no team of this file."))
    if definition is None:
        answered = any("response" in row for row in round_.get("participants", []))
        if answered or round_.get("responses") or round_["results"]:
            yield at, _("has answers or results, but the version it asks is a draft.")
        return
    yield from _results(round_["results"], (*at, "results"), definition)
    yield from _participants(round_.get("participants", []), (*at, "participants"), members, definition)
    if round_["anonymous"]:
        yield from _anonymous(round_, at, teams, definition)


def _results(rows: list[dict[str, Any]], at: KeyPath, definition: Definition) -> Iterator[Finding]:
    yield from _twice([((*at, n), row.get("team")) for n, row in enumerate(rows)])
    for n, row in enumerate(rows):
        try:
            intact = scoring.to_mapping(scoring.from_mapping(definition, row["card"])) == row["card"]
        except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError):
            intact = False
        if not intact or type(row["card"]["respondents"]) is not int or row["card"]["respondents"] < 0:
            yield (*at, n, "card"), _("is no score card of this round's questionnaire.")


def _participants(
    rows: list[dict[str, Any]], at: KeyPath, members: set[str], definition: Definition
) -> Iterator[Finding]:
    yield from _twice([((*at, n, "email"), row["email"].lower()) for n, row in enumerate(rows)])
    for n, row in enumerate(rows):
        yield from _known((*at, n, "member"), row.get("member"), members, _no_member())
        for question, answer in row.get("response", {}).get("answers", {}).items():
            place = (*at, n, "response", "answers", question)
            yield from _answer(place, definition, question, answer.get("choice", ""))
            yield from _evidence((*place, "evidence_url"), answer)


def _anonymous(round_: Mapping[str, Any], at: KeyPath, teams: set[str], definition: Definition) -> Iterator[Finding]:
    """Find more responses than people asked, and remarks that go with no response."""
    free: dict[tuple[str, str, str], int] = {}
    given: dict[str, int] = {}
    for team in round_["asked"]:
        yield from _known((*at, "asked", team), team, teams, _("is no team of this file."))
    for n, row in enumerate(round_["responses"]):
        given[row["team"]] = given.get(row["team"], 0) + 1
        if given[row["team"]] > round_["asked"].get(row["team"], 0):
            yield (*at, "responses", n), _("is more than were asked in this team.")
        for question, choice in row["answers"].items():
            yield from _answer((*at, "responses", n, "answers", question), definition, question, choice)
            free[row["team"], question, choice] = free.get((row["team"], question, choice), 0) + 1
    for n, row in enumerate(round_["remarks"]):
        key = (row["team"], row["question"], row["choice"])
        free[key] = free.get(key, 0) - 1
        if free[key] < 0:
            yield (*at, "remarks", n), _("goes with no response.")
        yield from _evidence((*at, "remarks", n, "evidence_url"), row)


def _evidence(at: KeyPath, answer: Mapping[str, str]) -> Iterator[Finding]:
    if url := answer.get("evidence_url"):
        yield from _tried(at, URLValidator(), url, _("is not a web address."))


def _answer(at: KeyPath, definition: Definition, question: str, choice: str) -> Iterator[Finding]:
    if question not in definition.questions:
        yield at, _("is no question of this round's questionnaire.")
    elif choice and choice not in {known.key for known in definition.questions[question].choices}:
        yield at, _("%s is none of the question's choices.") % shown(choice)
