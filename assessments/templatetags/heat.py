"""The cells of a heat map, of which many are alike: each different one is made once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

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

    @cache
    def cell(value: str | None, css_class: str) -> str:
        exact = None if value is None else Fraction(value)
        return format_html('<td class="{} {}">{}</td>', css_class, level_class(exact, definition), score(exact, 1))

    @cache
    def badge(number: int | None) -> str:
        level = levels.get(-1 if number is None else number)
        return format_html(
            '<td class="text-center"><span class="level-badge {}">{}</span></td>',
            level_class(level, definition),
            level.number if level else "–",
        )

    for team in teams:
        cells = [cell(value, "cell") for value in team.scores]
        if cells:
            cells += [cell(team.overall, "cell fw-semibold"), badge(team.level)]
        yield HeatRow(team.team_id, team.team, mark_safe("".join(cells)))  # noqa: S308 - each is escaped
