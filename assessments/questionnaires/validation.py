"""Decides whether a mapping is a valid questionnaire, and says in plain words what to mend where it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from assessments.questionnaires.rules import Finding, KeyPath, did_you_mean, is_number, semantic_findings, shown

MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a questionnaire: the place in it, the line of its file where known, what to mend and how."""

    place: str
    line: int | None
    message: str


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
    findings = (_schema_findings(error) for error in _VALIDATOR.iter_errors(data))
    semantic = semantic_findings(data) if isinstance(data, dict) else ()
    found = dict.fromkeys(islice(chain(chain.from_iterable(findings), semantic), MAX_PROBLEMS))
    problems = [Problem(_place(data, path), _line(lines or {}, path), message) for path, message in found]
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
            name = step if isinstance(step, str) and step.replace("_", "").isalnum() else shown(step)
            place += f".{name}" if place else name
    return place or _("the whole file")


def _name(row: Any) -> str:
    if not isinstance(row, dict):
        return ""
    key = row.get("key", row.get("number"))
    plain = (
        isinstance(key, str) and len(key) <= 100 and all(part.isalnum() for part in key.replace("_", ".").split("."))
    )
    return str(key) if plain or type(key) is int else ""


def _schema_findings(error: ValidationError) -> Iterator[Finding]:
    """Say a schema's complaint in plain words, as one finding or several."""
    at = tuple(error.absolute_path)
    explain = _EXPLANATIONS.get(str(error.validator))
    messages: Iterable[Finding | str] = explain(error) if explain else [error.message]
    for message in messages:
        yield (at, message) if isinstance(message, str) else ((*at, *message[0]), message[1])


def _missing(error: ValidationError) -> Iterator[Finding]:
    for key in error.validator_value:
        if key not in error.instance:
            yield (key,), _("is missing; add a line '%s: …' here.") % key


def _unknown(error: ValidationError) -> Iterator[Finding]:
    known = list(error.schema["properties"])
    for key in error.instance:
        if key not in known:
            hint = did_you_mean(str(key), [name for name in known if name not in error.instance])
            yield (key,), _("is not a key that belongs here (%s do).") % ", ".join(known) + hint


def _type(error: ValidationError) -> Iterator[str]:
    wanted, value = error.validator_value, error.instance
    if value is None:
        yield _("has no value; fill it in, or delete the line where it is optional.")
    elif wanted == "string" and isinstance(value, int | float):
        yield _('must be text, not %s; put quotes around it: "%s".') % (shown(value), str(value).lower())
    elif wanted in ("number", "integer") and isinstance(value, str):
        yield _("must be a number, not the text %s; write digits without quotes.") % shown(value)
    elif wanted == "integer":
        yield _("must be a whole number, such as 3, not %s.") % shown(value)
    elif wanted == "array":
        yield _("must be a list; start each entry on its own line with a dash.")
    elif wanted == "object":
        yield _("must be a group of keys: %s.") % ", ".join(error.schema["properties"])
    else:
        yield {"string": _("must be text."), "number": _("must be a number.")}[wanted]


def _enum(error: ValidationError) -> Iterator[str]:
    hint = did_you_mean(error.instance, error.validator_value) if isinstance(error.instance, str) else ""
    yield (
        _("%(value)s is none of the words allowed here: %(allowed)s.")
        % {"value": shown(error.instance), "allowed": ", ".join(error.validator_value)}
        + hint
    )


def _too_long(error: ValidationError) -> Iterator[str]:
    yield (
        _("is %(length)d characters long, and %(limit)d are allowed; shorten it.")
        % {"length": len(error.instance), "limit": error.validator_value}
    )


def _pattern(error: ValidationError) -> Iterator[str]:
    if not error.instance.strip() and error.schema["$anchor"] != "url":
        yield _("is empty; fill it in, or delete the line where it is optional.")
        return
    yield (
        shown(error.instance)
        + " "
        + {
            "key": _(
                "is not a key; use lower-case letters, digits, '_', '.' and '-', and start with a letter or digit."
            ),
            "slug": _("is not a slug; use lower-case letters and digits, in words joined by '-'."),
            "url": _("is not a web address; start it with https:// and leave out spaces."),
            "locale": _("is not a language tag; write it like en, de or pt-BR."),
            "line": _("must stay on one line; take out the line breaks."),
            "sentence": _("must stay on one line; take out the line breaks."),
        }[error.schema["$anchor"]]
    )


def _bounds(error: ValidationError) -> Iterator[str]:
    message = {
        "minimum": _("must be at least %(limit)s, not %(value)s."),
        "maximum": _("must be at most %(limit)s, not %(value)s."),
        "exclusiveMinimum": _("must be above %(limit)s, not %(value)s."),
    }[str(error.validator)]
    yield message % {"limit": error.validator_value, "value": shown(error.instance)}


def _too_few(error: ValidationError) -> Iterator[str]:
    yield (
        _("needs at least %(limit)d entries and has %(count)d; add what is missing.")
        % {"limit": error.validator_value, "count": len(error.instance)}
    )


def _too_many(error: ValidationError) -> Iterator[str]:
    yield (
        _("has %(count)d entries, and %(limit)d are allowed; leave some out.")
        % {"limit": error.validator_value, "count": len(error.instance)}
    )


def _excluded(error: ValidationError) -> Iterator[str]:
    yield _("must be true; give the choice a value instead where it counts.")


def _value_or_excluded(error: ValidationError) -> Iterator[str]:
    yield _("a choice needs either a value, such as 'value: 1', or 'excluded: true', and not both.")


_EXPLANATIONS: dict[str, Callable[[ValidationError], Iterable[Finding | str]]] = {
    "required": _missing,
    "additionalProperties": _unknown,
    "type": _type,
    "enum": _enum,
    "const": _excluded,
    "maxLength": _too_long,
    "pattern": _pattern,
    "minimum": _bounds,
    "maximum": _bounds,
    "exclusiveMinimum": _bounds,
    "minItems": _too_few,
    "maxItems": _too_many,
    "oneOf": _value_or_excluded,
}

SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("questionnaire.schema.json").read_text("utf-8"))

# JSON Schema takes 3.0 for an integer and infinity for a number; a level's number and a weight must be neither.
_STRICT_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "integer": lambda _checker, value: type(value) is int,
        "number": lambda _checker, value: is_number(value),
    }
)
_VALIDATOR = extend(Draft202012Validator, type_checker=_STRICT_TYPES)(SCHEMA)
