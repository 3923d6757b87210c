"""The cells of heat maps, thousands on a page, which are written without a template for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from assessments.comparison import Change
from assessments.definition import Definition, Level
from assessments.selectors import comparison
from assessments.selectors.heat import TeamScores
from assessments.templatetags.comparison import change_arrow, change_size, change_words
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
    levels: Mapping[int | None, Level] = {level.number: level for level in definition.levels}
    exact = cache(Fraction)
    badge = cache(lambda number: _badge(levels.get(number), definition))
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
    return mark_safe("".join([_cell(score, 2, definition=definition) for score in scores]))  # noqa: S308 - each is escaped


@register.filter
def compared_cells(row: comparison.HeatRow, definition: Definition) -> SafeString:
    """Return the cells of a round or a team in a comparison: its level, and each score with its change, if any."""
    overall, *others = row.cells
    cells = [
        _badge(row.level, definition),
        _cell(overall.score, 2, "cell fw-semibold", definition=definition, more=_change(overall.change)),
        *(_cell(cell.score, 2, definition=definition, more=_change(cell.change)) for cell in others),
    ]
    return mark_safe("".join(cells))  # noqa: S308 - each is escaped


def _badge(level: Level | None, definition: Definition) -> str:
    number = level.number if level else "–"
    return f'<td class="text-center"><span class="level-badge {level_class(level, definition)}">{number}</span></td>'


def _cell(
    value: Fraction | None, decimals: int, css_class: str = "cell", *, definition: Definition, more: str = ""
) -> str:
    # Nothing in it is anybody's text but what `more` has escaped.
    return f'<td class="{css_class} {level_class(value, definition)}">{score(value, decimals)}{more}</td>'


def _change(change: Change | None) -> str:
    if change is None or change.amount is None:
        return ""
    size = f" {change_size(change)}" if change.amount else ""
    return format_html(
        '<span class="change"><span aria-hidden="true">{}{}</span><span class="visually-hidden">{}</span></span>',
        change_arrow(change),
        size,
        change_words(change),
    )
