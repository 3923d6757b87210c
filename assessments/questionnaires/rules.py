"""The rules of a questionnaire that a JSON Schema cannot say; they keep scoring and planning from nonsense.

Each rule takes a mapping of any quality, looks only at its well-formed parts and yields findings: where, and what is
wrong and how to mend it. What is malformed is reported by the schema, so a rule passes it over in silence.
"""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import chain, groupby, pairwise
from typing import Any

from django.utils.translation import gettext as _

from assessments.translations import texts_of

KeyPath = tuple[str | int, ...]
"""The keys and positions (from 0) that lead to a value; empty for the whole."""

MAX_QUESTIONS = 500

Finding = tuple[KeyPath, str]
Row = tuple[KeyPath, dict[str, Any]]


def is_number(value: Any) -> bool:
    """Return whether the value is a finite number; true and false are none."""
    return type(value) is int or (isinstance(value, float) and math.isfinite(value))


def shown(value: Any) -> str:
    """Return the value on one line of printable characters, cut short, as a message quotes it."""
    text = repr(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "…"


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return a sentence that offers the nearest known word, empty where none is near."""
    near = difflib.get_close_matches(wrong, known, 1) if len(wrong) <= 100 else []
    return " " + _("Did you mean %s?") % shown(near[0]) if near else ""


def semantic_findings(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield what every rule finds in a questionnaire mapping, which may have any malformed parts."""
    return chain.from_iterable(rule(data) for rule in RULES)


def _rows(parent: dict[str, Any], key: str, at: KeyPath = ()) -> list[Row]:
    rows = parent.get(key)
    return [((*at, key, n), row) for n, row in enumerate(rows if isinstance(rows, list) else ()) if type(row) is dict]


def _questions(data: dict[str, Any]) -> list[Row]:
    return [row for at, dimension in _rows(data, "dimensions") for row in _rows(dimension, "questions", at)]


def _scoring(data: dict[str, Any], key: str) -> Any:
    scoring = data.get("scoring")
    return scoring.get(key) if isinstance(scoring, dict) else None


def _top(data: dict[str, Any]) -> float:
    """The top score of a dimension, infinite where it is malformed, so that nothing is held against it."""
    top = _scoring(data, "max")
    return top if is_number(top) and top > 0 else math.inf


def _numbers(rows: Iterable[Row], key: str) -> list[tuple[KeyPath, float]]:
    return [((*at, key), row[key]) for at, row in rows if is_number(row.get(key))]


def keys_are_unique(data: dict[str, Any]) -> Iterator[Finding]:
    questions = _questions(data)
    lists = [_rows(data, "dimensions"), questions, _rows(data, "choices")]
    for rows in chain(lists, (_rows(question, "choices", at) for at, question in questions)):
        seen = set()
        for at, row in rows:
            key = row.get("key")
            if isinstance(key, str) and key in seen:
                yield (*at, "key"), _("%s is used above already; give this one a key of its own.") % shown(key)
            elif isinstance(key, str):
                seen.add(key)


def questions_are_not_too_many(data: dict[str, Any]) -> Iterator[Finding]:
    count = len(_questions(data))
    if count > MAX_QUESTIONS:
        yield (
            ("dimensions",),
            _("there are %(count)d questions in all, and %(limit)d are allowed; leave some out.")
            % {"count": count, "limit": MAX_QUESTIONS},
        )


def levels_ascend(data: dict[str, Any]) -> Iterator[Finding]:
    exclusive = {at for at, level in _rows(data, "levels") if level.get("exclusive") is True}
    for key in ("number", "min_score"):
        for (below_at, below), (at, number) in pairwise(_numbers(_rows(data, "levels"), key)):
            # From the very score on, and from just above it, are two levels.
            opens = key == "min_score" and at[:-1] in exclusive and below_at[:-1] not in exclusive
            if number < below or (number == below and not opens):
                yield (
                    at,
                    _("must be above %(below)s, that of the level before; list the levels from lowest to highest.")
                    % {"below": below},
                )


def thresholds_lie_on_the_scale(data: dict[str, Any]) -> Iterator[Finding]:
    thresholds = _numbers(_rows(data, "levels"), "min_score")
    if thresholds and thresholds[0][1] != 0:
        yield thresholds[0][0], _("must be 0 for the first level, so that every score has a level.")
    levels = _rows(data, "levels")
    if levels and levels[0][1].get("exclusive") is True:
        yield (*levels[0][0], "exclusive"), _("must be left out of the first level, so that every score has a level.")
    top = _top(data)
    exclusive = {at for at, level in levels if level.get("exclusive") is True}
    for at, threshold in thresholds:
        if threshold > top:
            yield (
                at,
                _("is above the top score, %s, so nobody can reach the level; lower it or raise scoring.max.") % top,
            )
        elif threshold == top and at[:-1] in exclusive:
            yield (
                (*at[:-1], "exclusive"),
                _("nothing is above the top score, %s, so nobody can reach the level; delete it or lower min_score.")
                % top,
            )


def levels_method_has_closed_thresholds(data: dict[str, Any]) -> Iterator[Finding]:
    if _scoring(data, "method") != "levels":
        return
    for at, level in _rows(data, "levels"):
        if level.get("exclusive") is True:
            yield (
                (*at, "exclusive"),
                _("cannot be reached by the method 'levels', whose scores are thresholds; delete it."),
            )


def ladder_method_has_ladders_only(data: dict[str, Any]) -> Iterator[Finding]:
    if _scoring(data, "method") != "ladder":
        return
    for at, question in _questions(data):
        if question.get("kind") == "practice":
            yield (*at, "kind"), _("the scoring method 'ladder' has no practices; make it 'ladder', or use 'count'.")


def choices_span_the_scale(data: dict[str, Any]) -> Iterator[Finding]:
    for at, question in _questions(data):
        owner, owner_at = (question, at) if "choices" in question else (data, ())
        if "choices" not in owner:
            yield at, _("has no choices; add 'choices' here, or shared ones at the top of the file.")
            continue
        kind = question.get("kind")
        values = [value for _at, value in _numbers(_rows(owner, "choices"), "value")]
        top = {"practice": 1, "ladder": _top(data)}.get(str(kind), math.inf)
        if math.isinf(top):
            continue
        if not values or max(values) != top or min(values) == top:
            yield (
                (*owner_at, "choices"),
                _("the best choice of a question of kind %(kind)s must be worth %(top)s, and another one less.")
                % {"kind": kind, "top": top},
            )


def practices_stand_for_a_level(data: dict[str, Any]) -> Iterator[Finding]:
    practices = [question for _at, question in _questions(data) if question.get("kind") == "practice"]
    # Where practices are counted they may all be alike.
    may_lack = _scoring(data, "method") == "count" and not any("level" in question for question in practices)
    known = {number for _at, number in _numbers(_rows(data, "levels"), "number")}
    for at, question in _questions(data):
        level = question.get("level")
        if question.get("kind") == "practice" and "level" not in question and not may_lack:
            yield (*at, "level"), _("is missing; a practice needs the number of the maturity level it stands for.")
        elif type(level) is int and known and level not in known:
            yield (
                (*at, "level"),
                _("%(level)d is not the number of a level; use one of %(known)s.")
                % {"level": level, "known": ", ".join(str(number) for number in sorted(known) if number >= 1)},
            )


def statements_cover_the_scale(data: dict[str, Any]) -> Iterator[Finding]:
    top = _top(data)
    if top % 1 != 0:
        return
    for at, dimension in _rows(data, "dimensions"):
        statements = dimension.get("statements")
        if isinstance(statements, list) and len(statements) != top + 1:
            yield (
                (*at, "statements"),
                _("there are %(count)d statements; write %(wanted)d, one for each score from 0 to %(top)d.")
                % {"count": len(statements), "wanted": top + 1, "top": top},
            )


def counterparts_are_of_other_questionnaires(data: dict[str, Any]) -> Iterator[Finding]:
    for at, question in _questions(data):
        owner = question if "choices" in question else data
        known = {row["key"] for _at, row in _rows(owner, "choices") if isinstance(row.get("key"), str)}
        seen = set()
        for place, same in _rows(question, "same_as", at):
            where = same.get("questionnaire"), same.get("question")
            if where[0] is not None and where[0] == data.get("slug"):
                yield (*place, "questionnaire"), _("is this very questionnaire; name another one.")
            elif all(isinstance(name, str) for name in where) and where in seen:
                yield (*place, "question"), _("%s is named above already; put its choices together.") % shown(where[1])
            seen.add(where if all(isinstance(name, str) for name in where) else None)
            choices = same.get("choices")
            for key in choices if isinstance(choices, dict) and known else ():
                if key not in known:
                    yield (
                        (*place, "choices", key),
                        _("this question has no choice %s.") % shown(key) + did_you_mean(key, known),
                    )


def _requires(question: dict[str, Any]) -> list[tuple[int, str]]:
    guidance = question.get("guidance")
    keys = guidance.get("requires") if isinstance(guidance, dict) else None
    return [(n, key) for n, key in enumerate(keys if isinstance(keys, list) else ()) if isinstance(key, str)]


def requirements_exist(data: dict[str, Any]) -> Iterator[Finding]:
    known = {question["key"] for _at, question in _questions(data) if isinstance(question.get("key"), str)}
    for at, question in _questions(data):
        for n, key in _requires(question):
            place = (*at, "guidance", "requires", n)
            if key == question.get("key"):
                yield place, _("a question cannot require itself; delete this entry.")
            elif key not in known:
                yield place, _("no question has the key %s.") % shown(key) + did_you_mean(key, known)


def _prerequisites(data: dict[str, Any]) -> dict[str, set[str]]:
    """Every question's prerequisites: what it requires, and the next lower level of its dimension."""
    graph: dict[str, set[str]] = {}
    for at, dimension in _rows(data, "dimensions"):
        questions = [row for _at, row in _rows(dimension, "questions", at) if isinstance(row.get("key"), str)]
        for question in questions:
            graph[question["key"]] = {key for _n, key in _requires(question)} - {question["key"]}
        leveled = sorted((row for row in questions if is_number(row.get("level"))), key=lambda row: row["level"])
        by_level = [[row["key"] for row in rows] for _level, rows in groupby(leveled, key=lambda row: row["level"])]
        for below, above in pairwise(by_level):
            for key in above:
                graph[key].update(set(below) - {key})
    return graph


def requirements_have_an_order(data: dict[str, Any]) -> Iterator[Finding]:
    try:
        TopologicalSorter(_prerequisites(data)).prepare()
    except CycleError as error:
        circle = error.args[1]
        at = next(
            at
            for at, question in _questions(data)
            if question.get("key") in circle and any(key in circle for _n, key in _requires(question))
        )
        yield (
            (*at, "guidance", "requires"),
            _(
                "goes round in a circle, each before the next: %s. A practice also comes after the lower levels of its "
                "dimension. Delete one of the requirements."
            )
            % " → ".join(shown(key) for key in circle),
        )


def translations_are_of_what_exists(data: dict[str, Any]) -> Iterator[Finding]:
    translations = data.get("translations")
    known: dict[tuple[str, ...], Any] = {(): None}
    for path, row, name in texts_of(data):
        known |= {path[:end]: None for end in range(len(path))} | {path: row[name]}
    for locale, texts in translations.items() if isinstance(translations, dict) else ():
        if locale == data.get("locale"):
            yield ("translations", locale), _("is the questionnaire's own language; write these texts in their places.")
        yield from _unlike(("translations", locale), texts, (), known)


def _unlike(at: KeyPath, texts: Any, path: tuple[str, ...], known: dict[tuple[str, ...], Any]) -> Iterator[Finding]:
    """Yield where a translation has what the questionnaire has not, or a list of another length."""
    if path not in known:
        near = (found[-1] for found in known if found and found[:-1] == path[:-1])
        yield at, _("translates what the questionnaire does not have; delete it.") + did_you_mean(path[-1], near)
    elif isinstance(texts, dict):
        for name, inner in texts.items():
            yield from _unlike((*at, name), inner, (*path, name), known)
    elif isinstance(texts, list) and isinstance(known[path], list) and len(texts) != len(known[path]):
        yield (
            at,
            _("has %(count)d entries, and the questionnaire has %(wanted)d here; write one for each.")
            % {"count": len(texts), "wanted": len(known[path])},
        )


def texts_can_be_stored(data: dict[str, Any]) -> Iterator[Finding]:
    pending: list[tuple[KeyPath, Any]] = [((), data)]
    while pending:
        at, value = pending.pop()
        if isinstance(value, dict):
            pending.extend(((*at, key), child) for key, child in value.items())
        elif isinstance(value, list):
            pending.extend(((*at, n), child) for n, child in enumerate(value))
        elif isinstance(value, str):
            bad = next((character for character in value if _is_control(character)), None)
            if bad:
                yield at, _("holds the invisible character U+%04X, which cannot be kept; delete it.") % ord(bad)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r"


RULES: tuple[Callable[[dict[str, Any]], Iterator[Finding]], ...] = (
    keys_are_unique,
    questions_are_not_too_many,
    levels_ascend,
    thresholds_lie_on_the_scale,
    levels_method_has_closed_thresholds,
    ladder_method_has_ladders_only,
    choices_span_the_scale,
    practices_stand_for_a_level,
    statements_cover_the_scale,
    counterparts_are_of_other_questionnaires,
    requirements_exist,
    requirements_have_an_order,
    translations_are_of_what_exists,
    texts_can_be_stored,
)
