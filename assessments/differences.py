"""What is different between two questionnaires, element by element: pure, for drafts of any quality.

Both are plain mappings as in questionnaire files (docs/questionnaires.md). Elements are matched by key, levels by
number, wherever they stand, so a question that was moved or reworded is still the same question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

DifferenceKind = Literal["added", "removed", "reworded", "rescored", "moved", "changed"]
Place = tuple[str | int, ...]
Row = Mapping[str, Any]

WHOLE: Place = ("questionnaire",)
NAMES = ("title", "text", "label", "name")
SCORED = {"scoring", "weight", "value", "level", "kind", "excluded", "min_score", "exclusive", "choices"}
"""Fields on which scores and levels depend."""
PLANNING = {"slug", "locale", "source", "effort_weeks", "requires", "same_as"}
"""Fields that are neither scored nor worded."""
DEFAULTS: Row = {"weight": 1, "exclusive": False}


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: of an element as a whole (then `field` is empty), or in one of its fields.

    `place` leads to the element: ("questionnaire",), ("choice", KEY), ("level", NUMBER), ("dimension", KEY),
    ("question", KEY), ("question", KEY, "choice", KEY) or ("translation", LOCALE). `label` is what people know it by.
    `field` is a name such as `help` or `guidance.action`; of what moved it is `dimension`, or `order` within the list.
    `before` and `after` are the field's values as text, for `dimension` the titles; empty where there is none.
    """

    kind: DifferenceKind
    place: Place
    label: str
    before: str
    after: str
    field: str


@dataclass(frozen=True, slots=True)
class _Element:
    parent: Place
    row: Row
    label: str


def differences(old: Row, new: Row) -> tuple[Difference, ...]:
    """Return every difference in the order of `new`, what was removed last; nothing exactly where both are equal."""
    if old == new:
        return ()
    before, after = dict(_elements(old)), dict(_elements(new))
    moved = _out_of_order(before, after)
    found: list[Difference] = []
    for place, element in after.items():
        known = before.get(place)
        if known is None:
            found += _as_a_whole("added", place, element, before)
            continue
        found += _moved(place, known, element, before, after, is_out_of_order=place in moved)
        found += _fields(place, known.row, element)
    for place, element in before.items():
        if place not in after:
            found += _as_a_whole("removed", place, element, after)
    # What is left differs only in malformed parts, such as text where a list belongs.
    return tuple(found) or (Difference("changed", WHOLE, after[WHOLE].label, "", "", ""),)


def _elements(document: Row) -> Iterator[tuple[Place, _Element]]:
    """Yield every element of a document with its place, in the order of the document."""
    yield WHOLE, _element((), document, "", without={"choices", "levels", "dimensions", "translations"})
    for key, row in _rows(document, "choices"):
        yield ("choice", key), _element(WHOLE, row, key)
    for key, row in _rows(document, "levels", "number"):
        yield ("level", key), _element(WHOLE, row, key)
    seen: set[str | int] = set()
    for key, row in _rows(document, "dimensions"):
        yield ("dimension", key), _element(WHOLE, row, key, without={"questions"})
        yield from _questions(row, ("dimension", key), seen)
    translations = document.get("translations")
    if isinstance(translations, Mapping):
        for locale, texts in translations.items():
            row = texts if isinstance(texts, Mapping) else {"": texts}
            yield ("translation", locale), _Element(WHOLE, row, str(locale))


def _questions(dimension: Row, parent: Place, seen: set[str | int]) -> Iterator[tuple[Place, _Element]]:
    for key, row in _rows(dimension, "questions", seen=seen):
        place = ("question", key)
        yield place, _element(parent, row, key)
        for choice, choice_row in _rows(row, "choices"):
            yield (*place, "choice", choice), _element(place, choice_row, choice)


def _element(parent: Place, row: Row, key: str | int, *, without: Iterable[str] = ()) -> _Element:
    names = (row[name] for name in NAMES if isinstance(row.get(name), str))
    return _Element(parent, {name: row[name] for name in row if name not in without}, next(names, str(key)))


def _rows(
    parent: Row, name: str, identity: str = "key", *, seen: set[str | int] | None = None
) -> Iterator[tuple[str | int, Row]]:
    """Yield a list's entries by key; one without a key of its own, as a draft may have, by its position, `#1`."""
    seen = set() if seen is None else seen
    rows = parent.get(name)
    for n, entry in enumerate(rows if isinstance(rows, Sequence) and not isinstance(rows, str) else (), 1):
        row = entry if isinstance(entry, Mapping) else {"": entry}
        key = row.get(identity)
        if not isinstance(key, str | int) or key in seen:
            key = f"#{n}"
        seen.add(key)
        yield key, row


def _as_a_whole(
    kind: DifferenceKind, place: Place, element: _Element, others: Mapping[Place, _Element]
) -> Iterator[Difference]:
    """Yield that an element was added or removed; a question's own choices go without saying where all of them were."""
    if len(place) > 2 and "choices" not in getattr(others.get(element.parent), "row", ()):
        return
    yield Difference(kind, place, element.label, "", "", "")


def _moved(
    place: Place,
    old: _Element,
    new: _Element,
    before: Mapping[Place, _Element],
    after: Mapping[Place, _Element],
    *,
    is_out_of_order: bool,
) -> Iterator[Difference]:
    if old.parent != new.parent:
        titles = before[old.parent].label, after[new.parent].label
        yield Difference("moved", place, new.label, *titles, "dimension")
    elif is_out_of_order:
        yield Difference("moved", place, new.label, "", "", "order")


def _out_of_order(before: Mapping[Place, _Element], after: Mapping[Place, _Element]) -> set[Place]:
    """Return the fewest elements whose move explains the new order of those that stayed in their list."""
    positions = {place: n for n, place in enumerate(before)}
    lists: defaultdict[tuple[Place, str | int], list[Place]] = defaultdict(list)
    for place, element in after.items():
        if place in before and before[place].parent == element.parent and place[0] != "translation":
            lists[element.parent, place[-2] if len(place) > 1 else ""].append(place)
    return {
        place
        for places in lists.values()
        for stay in [_longest_run([positions[place] for place in places])]
        for place in places
        if positions[place] not in stay
    }


def _longest_run(numbers: list[int]) -> frozenset[int]:
    """Return the members of a longest ascending subsequence of distinct numbers."""
    runs: list[tuple[int, ...]] = [()]
    for number in numbers:
        longest = max((run for run in runs if not run or run[-1] < number), key=len)
        runs.append((*longest, number))
    longest = max(runs, key=len)
    return frozenset(longest)


def _fields(place: Place, old: Row, new: _Element) -> Iterator[Difference]:
    """Yield the fields that differ, in the new element's order; of own choices only whether there are any."""
    translated = place[0] == "translation"
    before, after = (dict(_leaves(row, deep=translated)) for row in (old, new.row))
    for field in after | before:
        was, now = before.get(field), after.get(field)
        both = field in before and field in after
        if (both and was == now) or (both and field == "choices"):
            continue
        kind = "reworded" if translated else _kind(field)
        if not both and (was or now) == DEFAULTS.get(field, ()):
            kind = "changed"
        # A weight that is left out counts as its default.
        if kind == "rescored" and field == "weight":
            was, now = (DEFAULTS[field] if each is None else each for each in (was, now))
        yield Difference(kind, place, new.label, _text(was), _text(now), field)


def _leaves(row: Row, path: str = "", *, deep: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield the values of a group by their names, joined by dots in an inner group."""
    for name, value in row.items():
        if isinstance(value, Mapping) and value and (deep or not path):
            yield from _leaves(value, f"{path}{name}.", deep=deep)
        else:
            yield f"{path}{name}", value


def _kind(field: str) -> DifferenceKind:
    names = set(field.split("."))
    if names & SCORED:
        return "rescored"
    return "changed" if names & PLANNING or not field else "reworded"


def _text(value: Any) -> str:
    """Return a field's value as a person reads it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        names = [value[name] for name in NAMES if isinstance(value.get(name), str)]
        return names[0] if names else ", ".join(map(_text, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
