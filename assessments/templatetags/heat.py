"""The cells of heat maps, of which many are alike: each different one is made once for a row or table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from assessments.definition import Definition
from assessments.selectors.heat import TeamScores
from assessments.templatetags.scores import level_class, score

register = template.Library()


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A team's row; `cells` are empty where its result is withheld."""

    team_id: int
    team: str
    cells: SafeString


@register.filter
def heat_rows(teams: Sequence[TeamScores], definition: Definition) -> Iterator[HeatRow]:
    """Yield the row of each team: a cell for each dimension, for the overall score, and for the level."""
    levels = {level.number: level for level in definition.levels}
    exact = cache(Fraction)

    @cache
    def badge(number: int | None) -> str:
        level = levels.get(-1 if number is None else number)
        return format_html(
            '<td class="text-center"><span class="level-badge {}">{}</span></td>',
            level_class(level, definition),
            level.number if level else "–",
        )

    cell = cache(partial(_cell, definition=definition))
    for team in teams:
        scores = [value and exact(value) for value in team.scores]
        cells = [cell(score, 1) for score in scores]
        if cells:
            cells += [cell(team.overall and exact(team.overall), 1, "cell fw-semibold"), badge(team.level)]
        yield HeatRow(team.team_id, team.team, mark_safe("".join(cells)))  # noqa: S308 - each is escaped


@register.filter
def heat_cells(scores: Iterable[Fraction | None], definition: Definition) -> SafeString:
    """Return a cell for each score, with two decimals."""
    cell = cache(partial(_cell, definition=definition))
    return mark_safe("".join([cell(score, 2) for score in scores]))  # noqa: S308 - each is escaped


def _cell(value: Fraction | None, decimals: int, css_class: str = "cell", *, definition: Definition) -> str:
    shade, text = level_class(value, definition), score(value, decimals)
    return format_html('<td class="{} {}">{}</td>', css_class, shade, text)
