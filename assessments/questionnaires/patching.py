"""Writes a changed questionnaire into the file that it came from, so that comments, order and line breaks stay."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from textwrap import wrap
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString, LiteralScalarString

from assessments.questionnaires.files import LINE_WIDTH, dump, read, style_of
from assessments.questionnaires.validation import QuestionnaireError

ENDLESS = 10**6
"""A width at which no line is broken anew; new texts bring their own breaks."""


def written(mapping: Mapping[str, Any], source: str = "") -> str:
    """Return a valid questionnaire as YAML: its source where that says it, else the source with the changes made.

    It is canonical without a source, and where the changes cannot be made in it. `read` gives the mapping back.
    """
    if not source:
        return dump(mapping)
    if _says(source, mapping):
        return source
    text = _patched(source, mapping)
    return text if _says(text, mapping) else dump(mapping)


def _says(text: str, mapping: Mapping[str, Any]) -> bool:
    try:
        return bool(read(text).data == mapping)
    except QuestionnaireError:
        return False


def _patched(source: str, mapping: Mapping[str, Any]) -> str:
    """Return the source with the changes made, empty where that cannot be: some texts are dates to this reader."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.allow_unicode = True
    yaml.width = ENDLESS
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    try:
        document = yaml.load(source)
        _change(document, read(source).data, mapping, 0)
        yaml.dump(document, stream)
    except (YAMLError, ValueError):
        return ""
    return stream.getvalue()


def _change(node: Any, old: Any, new: Any, depth: int) -> Any:
    """Return the node that says `old` so that it says `new`, itself where it can be changed."""
    if old == new:
        return node
    if isinstance(node, CommentedMap) and isinstance(new, Mapping):
        _change_group(node, old, new, depth)
        return node
    if isinstance(node, CommentedSeq) and isinstance(new, list):
        _change_list(node, list(old), new, depth)
        return node
    made = _made(new, depth)
    comment = getattr(node, "comment", None)
    if comment and isinstance(made, str):
        # What follows a folded text, such as a blank line, hangs on the text itself.
        made = _folded(made, depth) if style_of(made) != "|" else LiteralScalarString(made)
        made.comment = comment
    return made


def _change_group(node: Any, old: Mapping[str, Any], new: Mapping[str, Any], depth: int) -> None:
    for key in [key for key in node if str(key) not in new]:
        del node[key]
    names = {str(key): key for key in node}
    for position, (key, value) in enumerate(new.items()):
        if key in names:
            node[names[key]] = _change(node[names[key]], old.get(key), value, depth + 1)
        else:
            node.insert(min(position, len(node)), key, _made(value, depth + 1))


def _change_list(node: Any, old: list[Any], new: list[Any], depth: int) -> None:
    """Make a list say `new`; an entry with the same key or number is the same, and takes its comments along."""
    for position, value in enumerate(new):
        here = next((n for n in range(position, len(old)) if _identity(old[n]) == _identity(value)), None)
        if here is None:
            node.insert(position, _made(value, depth + 1))
            old.insert(position, value)
            continue
        if here != position:
            comment, entry = node.ca.items.pop(here, None), node.pop(here)
            node.insert(position, entry)
            old.insert(position, old.pop(here))
            if comment:
                node.ca.items[position] = comment
        node[position] = _change(node[position], old[position], value, depth + 1)
    del node[len(new) :]


def _identity(row: Any) -> Any:
    return row.get("key", row.get("number", row)) if isinstance(row, Mapping) else row


def _made(value: Any, depth: int) -> Any:
    """Return a plain value as a node of its own, texts in the style that reads best."""
    if isinstance(value, Mapping):
        return CommentedMap({_made(key, depth): _made(inner, depth + 1) for key, inner in value.items()})
    if isinstance(value, list):
        return CommentedSeq([_made(inner, depth + 1) for inner in value])
    if not isinstance(value, str):
        return value
    style = style_of(value)
    if style == '"':
        return DoubleQuotedScalarString(value)
    if style == "|":
        return LiteralScalarString(value)
    return _folded(value, depth) if style == ">" else value


def _folded(text: str, depth: int) -> Any:
    """Return a text that breaks its lines at blanks, so that they are about as long as in a canonical file."""
    folded: Any = FoldedScalarString(text)
    ends, end = [], -1
    for line in wrap(text, LINE_WIDTH - 2 * depth, break_long_words=False, break_on_hyphens=False)[:-1]:
        end += len(line) + 1
        ends.append(end)
    folded.fold_pos = ends
    return folded
