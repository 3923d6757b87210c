"""Files of answers, as the commands `score` and `plan` read them (docs/scoring.md): YAML or JSON, all scalars text."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from assessments.definition import Definition
from assessments.questionnaires.files import load_shipped, shipped
from assessments.questionnaires.rules import did_you_mean, shown
from assessments.scoring import Answers

MAX_BYTES = 10_000_000
"""About ten thousand responses of 25 answers."""


class AnswerFileError(ValueError):
    """A file of answers that cannot be used; one line that says why and names the file."""


def read_answers(name: str) -> tuple[Definition, list[Answers]]:
    """Return the shipped questionnaire that a file names, and its responses, each of them complete.

    `name` is a path, or `-` for standard input. Raises AnswerFileError.
    """
    try:
        return _answers(_parse(_content(name)))
    except OSError as error:
        raise AnswerFileError(f"{name}: {error.strerror}") from error
    except RecursionError as error:
        raise AnswerFileError(_("%s: nested too deeply.") % name) from error
    except AnswerFileError as error:
        raise AnswerFileError(f"{name}: {error}") from error


def _content(name: str) -> str:
    if name == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise AnswerFileError(_("larger than %d MB; score it in parts.") % (MAX_BYTES // 1_000_000))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnswerFileError(_("not UTF-8 text (byte %d); save it as UTF-8.") % (error.start + 1)) from error


def _parse(text: str) -> Any:
    """Return dicts, lists and strings. JSON is tried first only because large files are read much faster so."""
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        try:
            return _parse_yaml(text)
        except AnswerFileError:
            if text.lstrip().startswith("{"):
                raise AnswerFileError(_broken_json(error)) from error
            raise


def _broken_json(error: json.JSONDecodeError) -> str:
    place = {"line": error.lineno, "column": error.colno, "problem": error.msg}
    return _("line %(line)d, column %(column)d: this is not valid JSON (%(problem)s).") % place


def _parse_yaml(text: str) -> Any:
    # The base loader leaves every scalar the text it was written as: an unquoted yes stays "yes" in any YAML version.
    try:
        return YAML(typ="base", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = " ".join(str(error.problem).split())
        raise AnswerFileError(_("line %(line)d: %(problem)s") % {"line": line, "problem": problem[:200]}) from error
    except (YAMLError, ValueError, OverflowError) as error:
        raise AnswerFileError(_("neither YAML nor JSON.")) from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique: dict[str, Any] = {}
    for key, value in pairs:
        if key in unique:
            raise AnswerFileError(_("the key %s stands twice in one place.") % shown(key))
        unique[key] = value
    return unique


def _answers(data: Any) -> tuple[Definition, list[Answers]]:
    problem = _wrong_shape(data)
    if problem:
        raise AnswerFileError(problem)
    definition = _definition(data["questionnaire"])
    for number, response in enumerate(data["responses"], start=1):
        problem = _wrong_response(definition, response)
        if problem:
            raise AnswerFileError(_("response %(number)d: %(problem)s") % {"number": number, "problem": problem})
    return definition, data["responses"]


def _wrong_shape(data: Any) -> str | None:
    keys = ("questionnaire", "responses")
    if not isinstance(data, dict):
        return _("must say “questionnaire: …” and “responses: …”.")
    unknown = next((key for key in data if key not in keys), None)
    if unknown is not None:
        return _("unknown key %s; use questionnaire and responses.") % _name(unknown)
    missing = next((key for key in keys if key not in data), None)
    if missing is not None:
        return _("the key %s is missing.") % missing
    if not isinstance(data["responses"], list) or not data["responses"]:
        return _("responses must be a list with at least one response.")
    return None


def _definition(slug: Any) -> Definition:
    slugs = sorted(shipped())
    if slug not in slugs:
        raise AnswerFileError(
            _("unknown questionnaire %(slug)s; use one of %(slugs)s.")
            % {"slug": _name(slug), "slugs": ", ".join(slugs)}
        )
    return load_shipped(slug)


def _wrong_response(definition: Definition, response: Any) -> str | None:
    """Return the first thing wrong with a response, None where it answers every question with one of its choices."""
    if not isinstance(response, dict):
        return _("must be answers, one “question: choice” a line.")
    unknown = next((key for key in response if key not in definition.questions), None)
    if unknown is not None:
        return _("unknown question %s.") % _name(unknown) + did_you_mean(str(unknown), definition.questions)
    missing = [key for key in definition.questions if response.get(key) in (None, "")]
    if missing:
        return _("no answer to %(question)s (%(count)d missing).") % {"question": missing[0], "count": len(missing)}
    return _wrong_choice(definition, response)


def _wrong_choice(definition: Definition, response: Mapping[str, Any]) -> str | None:
    for key, question in definition.questions.items():
        choices = [choice.key for choice in question.choices]
        if response[key] not in choices:
            return _("unknown choice %(choice)s for %(question)s; use one of %(choices)s.") % {
                "choice": _name(response[key]),
                "question": key,
                "choices": ", ".join(choices),
            }
    return None


def _name(value: Any) -> str:
    """Return the value as a message quotes it; what holds other values is not spelled out."""
    if isinstance(value, str):
        return shown(value)
    return _("(not a text)") if isinstance(value, dict | list | tuple) else json.dumps(value)
