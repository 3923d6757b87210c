"""Questionnaire files: reading YAML safely and with line numbers, writing it canonically, and the shipped files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from io import StringIO
from itertools import takewhile
from operator import getitem
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import CollectionEndEvent, Event, MappingStartEvent, NodeEvent, ScalarEvent
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import SafeRepresenter

from assessments.definition import Definition
from assessments.questionnaires.rules import KeyPath, shown
from assessments.questionnaires.validation import SCHEMA, Problem, QuestionnaireError, validate_mapping

MAX_BYTES = 2_000_000
MAX_VALUES = 50_000
MAX_DEPTH = 20
LINE_WIDTH = 110
LONG_TEXT = 70

WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
WHOLE_NUMBER = re.compile(r"[-+]?[0-9]{1,100}")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# Readers of YAML 1.1 take them for true and false unless they are quoted.
BOOLEANS_OF_OLD_YAML = {"y", "n", "yes", "no", "on", "off"}


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, as plain dicts, lists and scalars, and the line (from 1) on which each value stands."""

    name: str
    text: str
    data: Any
    lines: Mapping[KeyPath, int]


def read(source: Path | bytes | str, name: str = "") -> Document:
    """Read a questionnaire file's YAML, without judging what it says.

    `source` is a path or the content itself; `name` is what problems call it, the path where left out. Raises
    QuestionnaireError for what cannot be read or is unsafe to: a missing file, an encoding other than UTF-8, broken
    YAML, anchors, aliases, tags, duplicate keys, several documents, more than 2 MB, 50,000 values or 20 nested groups.
    """
    name = name or (str(source) if isinstance(source, Path) else "")
    reader = _Reader()
    try:
        text = _text(source)
        return Document(name, text, reader.document(text), reader.lines)
    except _UnreadableError as error:
        raise QuestionnaireError(name, [Problem(_("the file"), error.line, error.message)]) from error


def read_valid(source: Path | bytes | str, name: str = "") -> dict[str, Any]:
    """Return the mapping that a questionnaire file says. Raises QuestionnaireError if unreadable or invalid."""
    return valid(read(source, name))


def valid(document: Document) -> dict[str, Any]:
    """Return the mapping that a questionnaire file says. Raises QuestionnaireError if it is no questionnaire."""
    problems = validate_mapping(document.data, document.lines)
    if problems:
        raise QuestionnaireError(document.name, problems)
    mapping: dict[str, Any] = document.data
    return mapping


def dump(mapping: Mapping[str, Any]) -> str:
    """Return a valid questionnaire's mapping as canonical YAML: keys in the schema's order. `read` gives it back."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = LINE_WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(_in_order(mapping, SCHEMA), stream)
    return stream.getvalue()


def shipped() -> dict[str, Path]:
    """Return the files of the questionnaires that come with the application, by slug."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.yaml"))}


@cache
def load_shipped(slug: str) -> Definition:
    """Return a shipped questionnaire, read once. Raises KeyError where there is none."""
    return Definition.from_mapping(read_valid(shipped()[slug]))


class _UnreadableError(Exception):
    def __init__(self, line: int | None, message: str) -> None:
        super().__init__(line, message)
        self.line = line
        self.message = message


def _text(source: Path | bytes | str) -> str:
    if isinstance(source, Path):
        try:
            with source.open("rb") as file:
                source = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise _UnreadableError(None, _("cannot be read: %s.") % error.strerror) from error
    if len(source) > MAX_BYTES:
        raise _UnreadableError(None, _("is larger than 2 MB; shorten its texts."))
    if isinstance(source, str):
        return source
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(line, _("is not UTF-8 text; save the file with that encoding.")) from error


class _Reader:
    """Turns a YAML parser's events into plain values, so that what is unsafe is refused before anything is built."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.values = 0

    def document(self, text: str) -> Any:
        try:
            return self.only_document(YAML(typ="safe", pure=True).parse(text))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise _UnreadableError(
                mark.line + 1 if mark else None,
                _("is not valid YAML: %s. Check quotes, colons and indentation here and just above.") % error.problem,
            ) from error
        except ReaderError as error:
            raise _UnreadableError(
                text.count("\n", 0, error.position) + 1,
                _("holds the invisible character U+%04X; delete it.") % error.character,
            ) from error
        except (ValueError, OverflowError) as error:
            raise _UnreadableError(
                None, _('an escape such as "\\UFFFFFFFF" stands for no character; delete it.')
            ) from error

    def only_document(self, events: Iterator[Event]) -> Any:
        nodes = (event for event in events if isinstance(event, NodeEvent | CollectionEndEvent))
        first = next(nodes, None)
        if first is None:
            raise _UnreadableError(1, _("is empty; the files in docs/ show what to write."))
        data = self.value(first, nodes, ())
        second = next(nodes, None)
        if second is not None:
            raise _UnreadableError(_line(second), _("a second document starts here; keep one questionnaire in a file."))
        return data

    def value(self, event: Event, events: Iterator[Event], path: KeyPath) -> Any:
        self.check(event)
        self.lines.setdefault(path, _line(event))
        if len(path) > MAX_DEPTH:
            raise _UnreadableError(
                _line(event), _("groups are nested more than 20 deep here; a questionnaire needs 8.")
            )
        if isinstance(event, ScalarEvent):
            return event.value if event.style else _plain(event.value)
        if isinstance(event, MappingStartEvent):
            return self.mapping(events, path)
        return [self.value(item, events, (*path, n)) for n, item in enumerate(_until_end(events))]

    def mapping(self, events: Iterator[Event], path: KeyPath) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in _until_end(events):
            self.check(key)
            if not isinstance(key, ScalarEvent):
                raise _UnreadableError(_line(key), _("a group or list cannot be a key; put quotes around the text."))
            if key.value in found:
                raise _UnreadableError(
                    _line(key), _("the key %s stands twice in one group; delete one of them.") % shown(key.value)
                )
            here = (*path, key.value)
            self.lines[here] = _line(key)
            found[key.value] = self.value(next(events), events, here)
        return found

    def check(self, event: Any) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            raise _UnreadableError(_line(event), _("there are more than 50,000 values up to here; leave some out."))
        if event.anchor:
            raise _UnreadableError(
                _line(event), _("anchors (&name) and aliases (*name) are not allowed; write it out, or quote the text.")
            )
        if event.tag is not None:
            raise _UnreadableError(_line(event), _("tags (!name) are not allowed; delete it, or quote the text."))


def _until_end(events: Iterator[Event]) -> Iterator[Event]:
    """The events up to the end of this group or list, given that each group and list inside is read when met."""
    return takewhile(lambda event: not isinstance(event, CollectionEndEvent), events)


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _plain(text: str) -> Any:
    """Return what an unquoted scalar means: nothing, a truth value, a number, else text. A `yes` or a date is text."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else text


def _in_order(value: Any, schema: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        schema = reduce(getitem, schema["$ref"].removeprefix("#/").split("/"), SCHEMA)
    if isinstance(value, Mapping) and "properties" not in schema:
        return {key: _in_order(value[key], schema["additionalProperties"]) for key in sorted(value)}
    if isinstance(value, Mapping):
        return {key: _in_order(value[key], inner) for key, inner in schema["properties"].items() if key in value}
    if isinstance(value, list):
        return [_in_order(item, schema["items"]) for item in value]
    return value


def style_of(text: str) -> str:
    """The style that reads best among those that keep the text: quoted, by lines, folded or left to the writer."""
    lines = text.split("\n")
    if text.lower() in BOOLEANS_OF_OLD_YAML or not all(line.isprintable() for line in lines):
        return '"'
    if any(line != " ".join(line.split()) for line in lines) or not lines[0]:
        return ""
    if len(lines) > 1:
        return "|"
    return ">" if len(text) > LONG_TEXT else ""


class _Representer(SafeRepresenter):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> ScalarNode:
        # Quoted because readers of YAML 1.1 take a bare yes for true.
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style_of(text))


_Representer.add_representer(str, _Representer.represent_text)
