"""How scores are written for people."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

from django import template
from django.utils.formats import number_format
from django.utils.translation import get_language

from assessments.charts import shade_at, shade_of
from assessments.definition import Definition, Level, Question

register = template.Library()

SCORES_KEPT = 4096
"""Different scores whose text a process keeps: pages of many results have few."""


@register.filter
def score(value: Fraction | float | None, decimals: int = 2) -> str:
    """Write a score with so many decimals, in the reader's number format; "–" where there is none.

    It is rounded, but never up to a whole number that it has not reached: 2.9999 is written 2.99, as its level is 2.
    """
    return "–" if value is None else _score(value, decimals, get_language() or "")


@lru_cache(maxsize=SCORES_KEPT)
def _score(value: Fraction | float, decimals: int, language: str) -> str:
    scale = 10**decimals
    rounded = Fraction(floor(value * scale + Fraction(1, 2)), scale)
    if floor(rounded) > floor(value):
        rounded = Fraction(floor(value * scale), scale)
    return number_format(f"{float(rounded):.{decimals}f}", decimals)


@register.filter
def level_class(value: Level | Fraction | None, definition: Definition) -> str:
    """Return the style class of a level of the definition, of the level that a score reaches by itself, or of none.

    There are six; fewer levels, or more, are spread over them (`charts.shade_of`).
    """
    level = definition.level_reached(value) if isinstance(value, Fraction) else value
    return "level-none" if level is None else f"level-{shade_of(level, definition)}"


@register.filter
def place_class(place: int, levels: Sized) -> str:
    """Return the style class of the level at a place, from 0, among levels that may be a draft's."""
    return f"level-{shade_at(place, len(levels))}"


@register.filter
def signed(value: Fraction) -> str:
    """Write a change of a score with its sign and two decimals."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return sign + number_format(f"{float(abs(value)):.2f}", 2)


@register.filter
def missing_score(value: Fraction) -> str:
    """Write what a score lacks with two decimals, rounded up, so that what is missing never reads 0.00."""
    return number_format(f"{ceil(value * 100) / 100:.2f}", 2)


@register.filter
def percent(value: Fraction | float) -> int:
    """Return a share (0 to 1) as whole percent, 0 and 100 only where exact."""
    return min(max(round(value * 100), 1), 99) if 0 < value < 1 else round(value * 100)


@register.filter
def number(value: Fraction) -> int | float:
    """Return an exact number as one that templates count and write in the reader's number format."""
    return value.numerator if value.denominator == 1 else float(value)


@register.filter
def short(value: Fraction) -> str:
    """Write a score with as few decimals as it needs, two at most, in the reader's number format: 3 or 4.2."""
    return number_format(f"{float(value):.2f}".rstrip("0").rstrip("."))


@register.filter
def plain(value: Fraction | float) -> str:
    """Write a number as HTML attributes take it, whatever the reader's number format: 2 or 2.3333."""
    return f"{float(value):.4f}".rstrip("0").rstrip(".")


@register.filter
def get(mapping: Mapping[str, object], key: str) -> object:
    """Return a mapping's value, None without one."""
    return mapping.get(key)


@register.filter
def choice_label(question: Question, key: str) -> str:
    """Write the label of a choice of the question."""
    return question.choice(key).label
