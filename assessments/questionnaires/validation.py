"""Decides whether a mapping is a valid questionnaire, and says in plain words what to mend where it is not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from assessments.questionnaires.rules import Finding, KeyPath, did_you_mean, is_number, semantic_findings, shown

MAX_PROBLEMS = 200
_FORGIVABLE = {"minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum"}
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a questionnaire: the place in it, the line of its file where known, what to mend and how.

    `path` are the keys and positions that lead to the place.
    """

    place: str
    line: int | None
    message: str
    path: KeyPath = field(default=(), compare=False, repr=False)


class QuestionnaireError(ValueError):
    """A questionnaire that cannot be used; says one problem a line, as FILE:LINE: PLACE: MESSAGE."""

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__(name, problems)
        self.name = name
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(
            f"{self.name}{'' if problem.line is None else f':{problem.line}'}: {problem.place}: {problem.message}"
            for problem in self.problems
        )


def validate_mapping(data: Any, lines: Mapping[KeyPath, int] | None = None) -> list[Problem]:
    """Return every problem of a questionnaire's plain mapping (docs/questionnaires.md), none where it is valid.

    `lines` says on which line of its file each value stands, by the path of keys and positions that leads to it. The
    list is in the order of the lines. From the 200th problem on, the rest is left for the next attempt.
    """
    return find_problems(_VALIDATOR, semantic_findings, data, lines)


def is_well_formed(data: Any) -> bool:
    """Return whether a draft is made as a questionnaire is, whatever is missing or wrong with what it says.

    Every key and number is there and of its kind, so that elements can be found, and changed one by one.
    """
    return not any(_is_malformed(error) for error in _VALIDATOR.iter_errors(data))


def _is_malformed(error: Any) -> bool:
    if error.validator == "pattern":
        return error.schema.get("form") not in ("line", "text", "url")
    return error.validator not in _FORGIVABLE


def find_problems(
    validator: Any,
    rules: Callable[[dict[str, Any]], Iterable[Finding]],
    data: Any,
    lines: Mapping[KeyPath, int] | None = None,
) -> list[Problem]:
    """Return every problem of a file's plain mapping, as `validate_mapping` does, by a `strict_validator` and rules."""
    findings = (_schema_findings(error) for error in validator.iter_errors(data))
    semantic = rules(data) if isinstance(data, dict) else ()
    found = dict.fromkeys(islice(chain(chain.from_iterable(findings), semantic), MAX_PROBLEMS))
    problems = [Problem(_place(data, path), _line(lines or {}, path), message, path) for path, message in found]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _line(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of the value at that path; of what would hold it, where it is missing."""
    return next((lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in lines), None)


def _place(data: Any, path: KeyPath) -> str:
    """The path as a person reads it, an entry of a list named by its key: `dimensions[monitoring].title`."""
    place = ""
    for step in path:
        if isinstance(data, list) and isinstance(step, int):
            data = data[step]
            place += f"[{_name(data) or f'#{step + 1}'}]"
        else:
            data = data.get(step) if isinstance(data, dict) else None
            name = str(step) if _PLAIN_NAME.fullmatch(str(step)) else shown(step)
            place += f".{name}" if place else name
    return place or _("the file")


def _name(row: Any) -> str:
    name = str(row.get("key", row.get("number", ""))) if isinstance(row, dict) else ""
    return name if _PLAIN_NAME.fullmatch(name) else ""


def _schema_findings(error: Any) -> Iterator[Finding]:
    """Say a schema's complaint in plain words, as one finding or several."""
    at = tuple(error.absolute_path)
    if error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield (*at, key), _("is missing; add a line '%s: …' here.") % key
    elif error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        for key in error.instance:
            if key not in known:
                hint = did_you_mean(str(key), [name for name in known if name not in error.instance])
                yield (*at, key), _("is not a key that belongs here (%s do).") % ", ".join(known) + hint
    else:
        yield at, _message(str(error.validator), error.validator_value, error.instance, error.schema)


def _message(keyword: str, wanted: Any, value: Any, schema: Any) -> str:
    if value is None:
        return _("has no value; fill it in, or delete the line where it is optional.")
    if keyword == "type":
        return _wrong_type(wanted, value, schema)
    if keyword == "pattern":
        return _wrong_pattern(value, schema["form"])
    if keyword == "enum":
        hint = did_you_mean(value, wanted) if isinstance(value, str) else ""
        return (
            _("%(value)s is none of the words allowed here: %(words)s.")
            % {
                "value": shown(value),
                "words": ", ".join(wanted),
            }
            + hint
        )
    return {
        "const": _("must be true; give the choice a value instead where it counts."),
        "oneOf": _("a choice needs either a value, such as 'value: 1', or 'excluded: true', and not both."),
        "minimum": _("must be at least %(wanted)s, not %(value)s."),
        "maximum": _("must be at most %(wanted)s, not %(value)s."),
        "exclusiveMinimum": _("must be above %(wanted)s, not %(value)s."),
        "maxLength": _("is %(length)d characters long, and %(wanted)d are allowed; shorten it."),
        "minItems": ngettext(
            "needs at least %(wanted)d entry and has %(length)d; add what is missing.",
            "needs at least %(wanted)d entries and has %(length)d; add what is missing.",
            wanted if isinstance(wanted, int) else 2,
        ),
        "minProperties": _("has no entries; fill it in, or delete the line."),
        "maxProperties": _("has %(length)d entries, and %(wanted)d are allowed; leave some out."),
        "maxItems": _("has %(length)d entries, and %(wanted)d are allowed; leave some out."),
    }[keyword] % {
        "wanted": wanted,
        "value": shown(value),
        "length": len(value) if isinstance(value, str | list | dict) else 0,
    }


def _wrong_type(wanted: str, value: Any, schema: Any) -> str:
    if wanted == "string" and isinstance(value, int | float):
        return _('must be text, not %s; put quotes around it: "%s".') % (shown(value), str(value).lower())
    return {
        "string": _("must be text."),
        "number": _("must be a number without quotes, such as 3 or 0.5, not %s.") % shown(value),
        "integer": _("must be a whole number without quotes, such as 3, not %s.") % shown(value),
        "boolean": _("must be true or false, not %s.") % shown(value),
        "array": _("must be a list; start each entry on its own line with a dash."),
        "object": _("must be a group of keys: %s.") % ", ".join(schema["properties"])
        if "properties" in schema
        else _("must be a group, with an entry for each key."),
    }[wanted]


def _wrong_pattern(value: str, form: str) -> str:
    if not value.strip():
        return _("is empty; fill it in, or delete the line where it is optional.")
    return {
        "key": _(
            "%s is not a key; use lower-case letters, digits, '_', '.' and '-', and start with a letter or digit."
        ),
        "slug": _("%s is not a slug; use lower-case letters and digits, in words joined by '-'."),
        "url": _("%s is not a web address; start it with https:// and leave out spaces."),
        "locale": _("%s is not a language tag; write it like en, de or pt-BR."),
        "line": _("%s must stay on one line; take out the line breaks, or write >- instead of > or |."),
    }[form] % shown(value)


SCHEMA_FILE = Path(__file__).with_name("questionnaire.schema.json")
SCHEMA: dict[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))

# JSON Schema takes 3.0 for an integer and infinity for a number; a level's number and a weight must be neither.
_STRICT_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _checker, value: type(value) is int,
        "number": lambda _checker, value: is_number(value),
    }
)


def strict_validator(schema: dict[str, Any]) -> Any:
    """Return a validator of a schema whose patterns each have a `form` that `_wrong_pattern` knows."""
    return extend(Draft202012Validator, type_checker=_STRICT_TYPES)(schema)  # type: ignore[no-untyped-call]


_VALIDATOR = strict_validator(SCHEMA)
