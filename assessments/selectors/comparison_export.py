"""What people take away of rounds side by side: all that the page shows, to four places (docs/comparison.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from django.utils.text import slugify
from django.utils.translation import gettext as _

from assessments.comparison import Column, Gap, Move, Row
from assessments.exports import Cell, Document, Table
from assessments.selectors.comparison import ComparisonPage, HeatRow, Series, gap_name, quarter_name
from assessments.selectors.round_export import definition_tables, number, rounded
from organizations.models import Organization

_SCORES = (
    *("team", "round", "starts_on", "ends_on", "dimension", "title", "score", "change", "since", "level"),
    "missing",
)
_MOVES = ("what", "question", "dimension", "text", "before", "after")


def comparison_document(organization: Organization, page: ComparisonPage) -> Document:
    """Return what may be taken away of a comparison. No query."""
    first, last = page.choice.rounds[0], page.choice.rounds[-1]
    own = [page.closely] if page.closely.team not in [series.team for series in page.series] else []
    tables = [
        Table("about", ("item", "value"), _about(organization, page)),
        Table("scores", _SCORES, chain.from_iterable(map(_scores, [*page.series, *own]))),
        Table("teams", ("team", "round", "dimension", "score", "level", "missing"), _teams(page)),
        Table("moves", _MOVES, _moves(page)),
        Table("target", ("dimension", "score", "target", "lacking"), _target(page)),
        Table("projection", ("dimension", "quarter", "score", "low", "high"), _projections(page)),
        Table("left_out", ("question", "dimension", "text", "why"), _left_out(page)),
        *definition_tables(page.definition),
    ]
    name = f"{organization.slug}-{slugify(first.period)}-to-{slugify(last.period)}-comparison"
    return Document(name, tables)


def _about(organization: Organization, page: ComparisonPage) -> Iterator[Sequence[Cell]]:
    choice, definition = page.choice, page.definition
    yield "organization", organization.name
    for column in page.closely.comparison.rounds:
        yield "round", column.label
    for series in page.series:
        yield "team", _team(series)
    yield "looked_at_closely", _team(page.closely)
    yield "teams_in", choice.round.period
    yield "moves_from", choice.since.period
    yield "moves_to", choice.until.period
    yield "target", page.target.number if page.target else None
    yield "questionnaire", definition.slug
    yield "top_score", number(definition.scoring.max)
    for version, rounds in page.versions:
        yield "version", f"{version}: {', '.join(rounds)}"
    if page.versions:
        yield "scored_by", _("The newest version, and only on the questions that all versions share.")
    if page.scored_differently:
        yield "aggregates", _("Some of these rounds score teams by the mean, others by the median.")


def _scores(series: Series) -> Iterator[Sequence[Cell]]:
    """Yield the overall score, of which the dimension is empty, and each dimension's, round by round."""
    for place, column in enumerate(series.comparison.columns):
        if isinstance(column, Gap):
            yield _team(series), gap_name(column), *[None] * 8, "no round"
            continue
        days = [day.isoformat() for day in column.period]
        for row in series.comparison.rows:
            yield _team(series), column.label, *days, *_score(row, place, column)


def _score(row: Row, place: int, column: Column) -> Sequence[Cell]:
    change = row.changes[place]
    level = column.card.level.number if row.key is None and column.card and column.card.level else None
    since = (rounded(change.amount), change.since) if change else (None, None)
    return row.key or "", row.title or _("Overall"), rounded(row.scores[place]), *since, level, column.missing


def _teams(page: ComparisonPage) -> Iterator[Sequence[Cell]]:
    keys = ["", *(dimension.key for dimension in page.definition.dimensions)]
    for row in page.teams:
        for key, cell in zip(keys, row.cells, strict=True):
            level = row.level.number if row.level and not key else None
            yield row.title, page.choice.round.period, key, rounded(cell.score), level, _missing(row)


def _missing(row: HeatRow) -> str:
    return row.column.missing if isinstance(row.column, Column) else ""


def _moves(page: ComparisonPage) -> Iterator[Sequence[Cell]]:
    """Yield means of answers as shares of what an answer can be worth."""
    if page.moves is None:
        return
    groups: dict[str, Sequence[Move]] = {
        "gained": page.moves.gained,
        "lost": page.moves.lost,
        "moved": page.moves.movers,
    }
    for what, moves in groups.items():
        for move in moves:
            shares = rounded(move.before), rounded(move.after)
            yield what, move.question.key, move.dimension.key, move.question.text, *shares


def _target(page: ComparisonPage) -> Iterator[Sequence[Cell]]:
    target = rounded(page.target.min_score) if page.target else None
    for row, own in zip(page.way, page.closely.comparison.rows, strict=True):
        yield own.key or "", rounded(row.score), target, rounded(row.missing)


def _projections(page: ComparisonPage) -> Iterator[Sequence[Cell]]:
    for row in page.closely.comparison.rows:
        if ahead := row.projection:
            yield row.key or "", quarter_name(ahead.quarter), *map(rounded, (ahead.score, ahead.low, ahead.high))


def _left_out(page: ComparisonPage) -> Iterator[Sequence[Cell]]:
    for row in page.shared.left_out:
        yield row.question.key, row.dimension.key, row.question.text, row.why


def _team(series: Series) -> str:
    """Return the team's name, empty for the whole organization."""
    return series.team.name if series.team else ""
