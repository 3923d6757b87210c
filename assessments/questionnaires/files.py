"""Questionnaire files: reading YAML (or JSON) safely and with line numbers, writing it canonically, the shipped ones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path as FilePath
from typing import Any

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import SafeRepresenter
from ruamel.yaml.resolver import implicit_resolvers

from assessments.definition import Definition
from assessments.questionnaires.rules import Path, shown
from assessments.questionnaires.validation import SCHEMA, Problem, QuestionnaireError, validate_mapping

MAX_BYTES = 2_000_000
MAX_VALUES = 50_000
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, as plain dicts, lists and scalars, and the line (from 1) on which each value stands.

    A value's path is the keys and positions (from 0) that lead to it; that of the whole document is empty.
    """

    name: str
    data: Any
    lines: Mapping[Path, int]


def read(source: FilePath | bytes | str, name: str = "") -> Document:
    """Read a questionnaire file's YAML or JSON, without judging what it says.

    `source` is a path or the content itself; `name` is what problems call it, the path where left out. Raises
    QuestionnaireError for what cannot be read or is unsafe to: a missing file, other encodings than UTF-8, broken YAML,
    anchors, aliases, tags, duplicate keys, several documents, more than 2 MB, 50,000 values or 20 nested groups.
    """
    reader = _Reader(name or str(source) if isinstance(source, FilePath) else name)
    data = reader.document(reader.text(source))
    return Document(reader.name, data, reader.lines)


def read_valid(source: FilePath | bytes | str, name: str = "") -> dict[str, Any]:
    """Return the mapping that a questionnaire file says. Raises QuestionnaireError where it is unreadable or invalid."""
    document = read(source, name)
    problems = validate_mapping(document.data, document.lines)
    if problems:
        raise QuestionnaireError(document.name, problems)
    mapping: dict[str, Any] = document.data
    return mapping


def dump(mapping: Mapping[str, Any]) -> str:
    """Return a questionnaire's mapping as canonical YAML: keys in the schema's order, `read` gives the mapping back."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = LINE_WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(_in_order(mapping, SCHEMA), stream)
    return stream.getvalue()


def shipped() -> dict[str, FilePath]:
    """Return the files of the questionnaires that come with the application, by slug."""
    return {path.stem: path for path in sorted(FilePath(__file__).parent.glob("*.yaml"))}


@cache
def load_shipped(slug: str) -> Definition:
    """Return a shipped questionnaire, read once (some tenths of a second). Raises KeyError where there is none."""
    return Definition.from_mapping(read_valid(shipped()[slug]))


class _Reader:
    """Turns the events of a YAML parser into plain values; one reader reads one document.

    Working on events, before anything is built, keeps what is unsafe from ever taking effect.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Path, int] = {}
        self.values = 0
        self.problems: list[Problem] = []

    def text(self, source: FilePath | bytes | str) -> str:
        if isinstance(source, FilePath):
            try:
                with source.open("rb") as file:
                    source = file.read(MAX_BYTES + 1)
            except OSError as error:
                raise self.refusal(None, _("cannot be read: %s.") % error.strerror) from None
        if len(source) > MAX_BYTES:
            raise self.refusal(None, _("is larger than 2 MB; split the questionnaire or shorten its texts."))
        if isinstance(source, bytes):
            try:
                source = source.decode()
            except UnicodeDecodeError as error:
                line = source.count(b"\n", 0, error.start) + 1
                raise self.refusal(line, _("is not UTF-8 text; save the file with that encoding.")) from None
        text = source.removeprefix("\ufeff")
        return text.replace("\t", " ") if _is_json(text) else text

    def document(self, text: str) -> Any:
        data = None
        documents = 0
        events = YAML(typ="safe", pure=True).parse(text)
        try:
            for event in events:
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    self.check_document(event, documents)
                elif isinstance(event, NodeEvent):
                    data = self.value(event, events, ())
        except MarkedYAMLError as error:
            raise self.syntax_refusal(error) from None
        except ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise self.refusal(line, _invisible(error.character)) from None
        except (ValueError, OverflowError):
            escape = _IMPOSSIBLE_ESCAPE.search(text)
            line = text.count("\n", 0, escape.start()) + 1 if escape else None
            raise self.refusal(line, _("an escape such as \\UFFFFFFFF stands for no character; delete it.")) from None
        if not documents:
            raise self.refusal(1, _("is empty; docs/questionnaires.md shows what to write."))
        if self.problems:
            raise QuestionnaireError(self.name, self.problems)
        return data

    def check_document(self, event: Any, number: int) -> None:
        line = event.start_mark.line + 1
        if event.version or event.tags:
            raise self.refusal(line, _("delete the lines that start with %; a questionnaire needs none."))
        if number > 1:
            raise self.refusal(line, _("a second document starts here; keep one questionnaire in a file."))

    def value(self, event: NodeEvent, events: Iterator[Any], path: Path) -> Any:
        line = event.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.values += 1
        if self.values > MAX_VALUES:
            raise self.refusal(line, _("there are more than 50,000 values up to here; leave some out."))
        if len(path) > MAX_DEPTH:
            raise self.refusal(line, _("groups are nested more than 20 deep here; a questionnaire needs 8."))
        if event.anchor:
            raise self.refusal(line, _("anchors (&name) and aliases (*name) are not allowed; write the text out, or quote it."))
        if event.tag is not None:
            raise self.refusal(line, _("tags (!name) are not allowed; delete it, or put quotes around the text."))
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if isinstance(event, MappingStartEvent):
            return self.mapping(events, path)
        return [self.value(item, events, (*path, n)) for n, item in enumerate(_until_end(events))]

    def mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key in _until_end(events):
            ...
