"""Changing a questionnaire's draft, one step at a time: pure, on plain mappings as in questionnaire files.

No function changes what it is given. Elements are found by their place, as in `assessments.differences`: ("dimension",
KEY), ("question", KEY), ("level", NUMBER); whatever hangs on their keys (translations, what comes first) goes along.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
Row = dict[str, Any]
Place = tuple[str | int, ...]

MAX_DIMENSIONS = 50
MAX_QUESTIONS = 500
MAX_LEVELS = 50
LONGEST_LINE = 200
_KEY_WORDS = 6
_LONGEST_KEY = 40


class Gone(LookupError):
    """There is no such element, or no longer."""


class TooMany(ValueError):
    """A questionnaire has as many of these as it may have; `limit` says how many."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Merged:
    """What comes of two changes of one row: each field as whoever changed it has it; those both changed, as `mine`."""

    row: Row
    conflicts: tuple[str, ...]


def questions_of(document: Mapping[str, Any]) -> list[Row]:
    """Return every question, in the order in which they are asked."""
    return [question for dimension in document["dimensions"] for question in dimension.get("questions", [])]


def find(document: Mapping[str, Any], place: Place) -> Row:
    """Return the element at a place, for ("questionnaire",) the document. Raises Gone."""
    rows, position = _home(document, place)
    row: Row = rows[position]
    return row


def dimension_with(document: Mapping[str, Any], question_key: str) -> Row:
    """Return the dimension that a question is in. Raises Gone."""
    for dimension in document["dimensions"]:
        if any(question["key"] == question_key for question in dimension.get("questions", [])):
            found: Row = dimension
            return found
    raise Gone(question_key)


def is_untouched(base: Mapping[str, Any] | None, now: Mapping[str, Any], place: Place) -> bool:
    """Return whether an element is as it was in `base`, which may be unknown (then it is taken as changed)."""
    try:
        return base is not None and find(base, place) == find(now, place)
    except Gone:
        return False


def merge(base: Mapping[str, Any] | None, now: Mapping[str, Any], mine: Mapping[str, Any]) -> Merged:
    """Return one's own change of a row (from `base` to `mine`) made on what it is now; `base` may be unknown.

    A field that only one of both changed is as that one has it. One that both changed, to different values, is a
    conflict; the names of fields in an inner group are joined by a dot.
    """
    row: Row = {}
    conflicts: list[str] = []
    known = base or {}
    for name in {**now, **mine}:
        was, is_now, wanted = known.get(name), now.get(name), mine.get(name)
        if isinstance(wanted, Mapping) and isinstance(is_now, Mapping):
            inner = merge(was if isinstance(was, Mapping) else None, is_now, wanted)
            row[name] = inner.row
            conflicts += [f"{name}.{each}" for each in inner.conflicts]
            continue
        if is_now != wanted and (base is None or was not in (is_now, wanted)):
            conflicts.append(name)
        value = is_now if base is not None and wanted == was else wanted
        if value is not None:
            row[name] = value
    return Merged(row, tuple(conflicts))


def replace(document: Mapping[str, Any], place: Place, fields: Mapping[str, Any]) -> Document:
    """Return the document with these fields of an element set; one that is None is left out. Raises Gone.

    An element whose key or number changes takes along what hangs on it.
    """
    new = copy.deepcopy(dict(document))
    row = find(new, place)
    before = row.get("number" if place[0] == "level" else "key")
    row.update(copy.deepcopy(dict(fields)))
    for name in [name for name, value in row.items() if value is None]:
        del row[name]
    after = row.get("number" if place[0] == "level" else "key")
    if after != before:
        _rename(new, str(place[0]), before, after)
    return new


def add_dimension(document: Mapping[str, Any], title: str) -> tuple[Document, str]:
    """Return the document with one more dimension at its end, and its key. Raises TooMany."""
    new = copy.deepcopy(dict(document))
    _refuse_more(new["dimensions"], MAX_DIMENSIONS)
    key = new_key(title, {dimension["key"] for dimension in new["dimensions"]}, "dimension")
    new["dimensions"].append({"key": key, "title": title[:LONGEST_LINE], "questions": []})
    return new, key


def add_question(document: Mapping[str, Any], dimension_key: str, text: str) -> tuple[Document, str]:
    """Return the document with one more question at the end of a dimension, and its key. Raises Gone and TooMany.

    It is of the kind of the one before; a practice stands for the level after that of the one before.
    """
    new = copy.deepcopy(dict(document))
    _refuse_more(questions_of(new), MAX_QUESTIONS)
    dimension = find(new, ("dimension", dimension_key))
    questions = dimension.setdefault("questions", [])
    last = questions[-1] if questions else {}
    is_ladder = new["scoring"]["method"] == "ladder" or last.get("kind") == "ladder"
    key = _question_key(new, dimension_key, text)
    question: Row = {"key": key, "kind": "ladder" if is_ladder else "practice", "text": text}
    if is_ladder:
        question["choices"] = copy.deepcopy(last["choices"]) if "choices" in last else _rungs(new)
    else:
        question["level"] = _level_after(new, last.get("level", 0))
    questions.append(question)
    return new, key


def add_level(document: Mapping[str, Any], name: str) -> tuple[Document, int]:
    """Return the document with one more level on top, and its number. Raises TooMany."""
    new = copy.deepcopy(dict(document))
    levels = new["levels"]
    _refuse_more(levels, MAX_LEVELS)
    number = max((level["number"] for level in levels), default=-1) + 1
    reached = max((level["min_score"] for level in levels), default=-1) + 1
    levels.append({"number": number, "name": name[:LONGEST_LINE], "min_score": min(reached, new["scoring"]["max"])})
    return new, number


def duplicate(document: Mapping[str, Any], place: Place, title: str) -> tuple[Document, str]:
    """Return the document with a copy of a dimension or question right after it, called `title`, and its key.

    Keys are new throughout, translations are copied, and what requires the original goes on requiring that. Raises
    Gone and TooMany.
    """
    new = copy.deepcopy(dict(document))
    rows, position = _home(new, place)
    row = copy.deepcopy(rows[position])
    if place[0] == "question":
        _refuse_more(questions_of(new), MAX_QUESTIONS)
        row["text"] = title
        _give_new_key(new, row, dimension_with(new, str(place[1]))["key"], is_copy=True)
    else:
        _refuse_more(rows, MAX_DIMENSIONS)
        _refuse_more(questions_of(new), MAX_QUESTIONS - len(row.get("questions", [])) + 1)
        old, row["title"] = row["key"], title[:LONGEST_LINE]
        row["key"] = new_key(title, {dimension["key"] for dimension in rows}, "dimension")
        _copy_translation(new, "dimensions", old, row["key"], without="title")
        taken = {question["key"] for question in questions_of(new)}
        for question in row.get("questions", []):
            _give_new_key(new, question, row["key"], is_copy=False, taken=taken)
            taken.add(question["key"])
    rows.insert(position + 1, row)
    return new, row["key"]


def move(document: Mapping[str, Any], place: Place, *, to: int) -> Document:
    """Return the document with a dimension or question at another position (from 0) of its list. Raises Gone."""
    new = copy.deepcopy(dict(document))
    rows, position = _home(new, place)
    rows.insert(max(to, 0), rows.pop(position))
    return new


def position_of(document: Mapping[str, Any], place: Place) -> tuple[int, int]:
    """Return at which position (from 0) of how many an element is in its list. Raises Gone."""
    rows, position = _home(document, place)
    return position, len(rows)


def move_question(document: Mapping[str, Any], key: str, dimension_key: str) -> Document:
    """Return the document with a question at the end of another dimension; it keeps its key. Raises Gone."""
    new = copy.deepcopy(dict(document))
    rows, position = _home(new, ("question", key))
    target = find(new, ("dimension", dimension_key)).setdefault("questions", [])
    if target is not rows:
        target.append(rows.pop(position))
    return new


def remove(document: Mapping[str, Any], place: Place) -> Document:
    """Return the document without an element, its translations, and what others say of it. Raises Gone."""
    new = copy.deepcopy(dict(document))
    rows, position = _home(new, place)
    row = rows.pop(position)
    if place[0] == "level":
        _forget(new, "levels", [str(place[1])])
        return new
    gone = [question["key"] for question in row.get("questions", [])] if place[0] == "dimension" else [row["key"]]
    if place[0] == "dimension":
        _forget(new, "dimensions", [row["key"]])
    _forget(new, "questions", gone)
    _rewrite_requirements(new, lambda keys: [key for key in keys if key not in gone])
    return new


def set_choices(document: Mapping[str, Any], place: Place, choices: Sequence[Mapping[str, Any]]) -> Document:
    """Return the document with the choices of a question, or the shared ones; none are left out. Raises Gone.

    Choices without a key get one of their label. Translations of labels that are gone go with them.
    """
    taken = {choice["key"] for choice in choices if choice.get("key")}
    rows: list[Row] = []
    for choice in choices:
        key = choice.get("key") or new_key(str(choice["label"]), taken, "choice")
        taken.add(key)
        rows.append({"key": key, **{name: value for name, value in choice.items() if name != "key"}})
    new = replace(document, place, {"choices": rows or None})
    for texts in _translations(new):
        known = texts if place[0] == "questionnaire" else texts.get("questions", {}).get(place[1], {})
        labels = known.get("choices", {})
        for key in [key for key in labels if key not in taken]:
            del labels[key]
    return _without_empty_translations(new)


def new_key(text: str, taken: set[str], otherwise: str, prefix: str = "") -> str:
    """Return a key made of a text's first words, not among `taken`."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall("[a-z0-9]+", ascii_text)[:_KEY_WORDS]
    stem = prefix + ("_".join(words)[:_LONGEST_KEY].strip("_") or otherwise)
    return next(key for n in range(1, len(taken) + 2) if (key := stem if n == 1 else f"{stem}_{n}") not in taken)


def give_question_new_key(document: Mapping[str, Any], key: str) -> tuple[Document, str]:
    """Return the document with a question under a new key, made of its text, as it asks for something else now."""
    question = find(document, ("question", key))
    fresh = _question_key(document, dimension_with(document, key)["key"], str(question["text"]))
    return replace(document, ("question", key), {"key": fresh}), fresh


def set_translation(document: Mapping[str, Any], locale: str, texts: Mapping[tuple[str, ...], Any]) -> Document:
    """Return the document with some texts of a language set, by their paths; one that is None is taken out."""
    new = copy.deepcopy(dict(document))
    whole = new.setdefault("translations", {}).setdefault(locale, {})
    for path, text in texts.items():
        group = whole
        for step in path[:-1]:
            group = group.setdefault(step, {})
        if text is None:
            group.pop(path[-1], None)
        else:
            group[path[-1]] = copy.deepcopy(text)
    return _without_empty_translations(new)


def remove_translation(document: Mapping[str, Any], locale: str) -> Document:
    """Return the document without a language. Raises Gone."""
    new = copy.deepcopy(dict(document))
    if locale not in new.get("translations", {}):
        raise Gone(locale)
    del new["translations"][locale]
    return _without_empty_translations(new)


def can_be_shown(document: Mapping[str, Any]) -> bool:
    """Return whether something is asked at all, so that a preview has something to show."""
    return bool(questions_of(document))


def filled(document: Mapping[str, Any]) -> Document:
    """Return the document of an unfinished draft with what is missing made up, so that it can be read and shown."""
    new = copy.deepcopy(dict(document))
    new["source"] = {"title": "", "url": "", "licence": "", **new.get("source", {})}
    if not new["levels"]:
        new["levels"] = [{"number": 0, "name": "…", "min_score": 0}]
    new["dimensions"] = [dimension for dimension in new["dimensions"] if dimension.get("questions")]
    for question in questions_of(new):
        guidance = question.get("guidance", {})
        if not {"action", "success_metric", "effort_weeks"} <= guidance.keys():
            question.pop("guidance", None)
    for holder in (new, *questions_of(new)):
        for choice in holder.get("choices", ()):
            if "value" not in choice and "excluded" not in choice:
                choice["value"] = 0
    new.pop("translations", None)
    return new


def _home(document: Mapping[str, Any], place: Place) -> tuple[list[Any], int]:
    """Return the list that an element stands in, and its position there. Raises Gone."""
    kind, *rest = place
    if kind == "questionnaire":
        return [document], 0
    lists = {
        "dimension": [document["dimensions"]],
        "level": [document["levels"]],
        "question": [dimension.get("questions", []) for dimension in document["dimensions"]],
    }[str(kind)]
    name = "number" if kind == "level" else "key"
    for rows in lists:
        for position, row in enumerate(rows):
            if row.get(name) == rest[0]:
                return rows, position
    raise Gone(rest[0])


def _refuse_more(rows: Sequence[Any], limit: int) -> None:
    if len(rows) >= limit:
        raise TooMany(limit)


def _question_key(document: Mapping[str, Any], dimension_key: str, text: str, taken: set[str] | None = None) -> str:
    taken = {question["key"] for question in questions_of(document)} if taken is None else taken
    return new_key(text, taken, "question", f"{dimension_key[:_LONGEST_KEY]}.")


def _level_after(document: Mapping[str, Any], number: int) -> int:
    """Return the number of the level after, the highest where there is none; practices stand for 1 or above."""
    numbers = sorted(level["number"] for level in document["levels"] if level["number"] >= 1)
    return next((each for each in numbers if each > number), numbers[-1] if numbers else 1)


def _rungs(document: Mapping[str, Any]) -> list[Row]:
    """Return a statement for each whole score of the scale."""
    top = document["scoring"]["max"]
    values = [*range(int(top)), top] if top <= 20 else [0, top]
    return [{"key": str(value).replace(".", "_"), "label": f"{value}: …", "value": value} for value in values]


def _give_new_key(
    document: Document, question: Row, dimension_key: str, *, is_copy: bool, taken: set[str] | None = None
) -> None:
    """Give a copied question a key of its own, with a copy of its translations; of its text too if that is the same."""
    old = question["key"]
    question["key"] = _question_key(document, dimension_key, str(question["text"]), taken)
    _copy_translation(document, "questions", old, question["key"], without="text" if is_copy else "")


def _translations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from document.get("translations", {}).values()


def _copy_translation(document: Document, group: str, old: str, new: str, *, without: str) -> None:
    for texts in _translations(document):
        known = texts.get(group, {})
        if old in known:
            known[new] = {name: copy.deepcopy(text) for name, text in known[old].items() if name != without}


def _forget(document: Document, group: str, keys: Sequence[str]) -> None:
    for texts in _translations(document):
        for key in keys:
            texts.get(group, {}).pop(key, None)
    _without_empty_translations(document)


def _rename(document: Document, kind: str, old: Any, new: Any) -> None:
    for texts in _translations(document):
        group = texts.get(f"{kind}s", {})
        if str(old) in group:
            group[str(new)] = group.pop(str(old))
    if kind == "question":
        _rewrite_requirements(document, lambda keys: [new if key == old else key for key in keys])
    if kind == "level":
        for question in questions_of(document):
            if question.get("level") == old:
                question["level"] = new


def _rewrite_requirements(document: Document, rewrite: Callable[[list[str]], list[str]]) -> None:
    for question in questions_of(document):
        guidance = question.get("guidance", {})
        if "requires" in guidance:
            guidance["requires"] = rewrite(guidance["requires"])
            if not guidance["requires"]:
                del guidance["requires"]


def _without_empty_translations(document: Document) -> Document:
    """Take out groups of texts in which nothing is left, in place; languages stay. Returns the document."""

    def prune(group: dict[str, Any]) -> None:
        for name in list(group):
            if isinstance(group[name], dict):
                prune(group[name])
                if not group[name]:
                    del group[name]

    translations = document.get("translations")
    if translations is not None:
        for texts in translations.values():
            prune(texts)
        if not translations:
            del document["translations"]
    return document
