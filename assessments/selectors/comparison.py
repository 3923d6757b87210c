"""What the page that compares rounds shows: which rounds there are, and what the chosen ones say side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Q
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from assessments.comparison import (
    Change,
    Column,
    Comparison,
    Gap,
    Moves,
    Period,
    Projection,
    Quarter,
    Shared,
    compare,
    moves,
    scores_alike,
    shared_definition,
)
from assessments.definition import Definition, Level
from assessments.models import Round
from assessments.models.rounds import RoundStatus
from assessments.scoring import ScoreCard, deciding_score
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.rescoring import rescored
from assessments.selectors.results import FEWEST_AXES, KeptResult, kept_results
from organizations.models import Organization, Team

DRAWN_IN_RADAR = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to compare: rounds from the oldest, teams (none: the organization), and what to look at.

    `team` is the one looked at closely, None for the organization; `round` is the one in which teams are compared; the
    practices are those gained and lost from `since` to `until`; `target` is a level's number, None for the next one.
    """

    rounds: Sequence[Round]
    teams: Sequence[Team]
    team: Team | None
    round: Round
    since: Round
    until: Round
    target: int | None


@dataclass(frozen=True, slots=True)
class Cell:
    score: Fraction | None
    change: Change | None


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A round, a gap, or a team in a round, against the overall score and each dimension."""

    column: Column | Gap
    cells: Sequence[Cell]
    title: str = ""

    @property
    def level(self) -> Level | None:
        return self.column.card.level if isinstance(self.column, Column) and self.column.card else None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """The last score, overall or of a dimension, and what it lacks to the target: None without one of the two."""

    title: str
    score: Fraction | None
    missing: Fraction | None
    is_reached: bool


@dataclass(frozen=True, slots=True)
class Series:
    """A team, or with `team` None the organization, over the rounds."""

    team: Team | None
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Everything the page shows; `series` are those chosen, `closely` the one looked at closely."""

    choice: Choice
    shared: Shared
    versions: Sequence[tuple[str, Sequence[str]]]  # each version and the rounds that asked it, where there are several
    scored_differently: bool  # some rounds by the mean, others by the median
    series: Sequence[Series]
    closely: Series
    teams: Sequence[HeatRow]
    moves: Moves | None
    target: Level | None

    @property
    def definition(self) -> Definition:
        return self.shared.definition

    @property
    def rounds(self) -> list[HeatRow]:
        """The rounds and gaps against the dimensions, of what is looked at closely."""
        comparison = self.closely.comparison
        return [
            HeatRow(column, [Cell(row.scores[n], row.changes[n]) for row in comparison.rows])
            for n, column in enumerate(comparison.columns)
        ]

    @property
    def last(self) -> Column:
        """The last round, of what is looked at closely."""
        return self.closely.comparison.rounds[-1]

    @property
    def ahead(self) -> Projection | None:
        """Where the overall score leads."""
        return self.closely.comparison.overall.projection

    @property
    def way(self) -> list[TargetRow]:
        """What the last round lacks to the target, overall and in each dimension."""
        card = self.last.card
        decides = deciding_score(self.definition, card.scores) if card else None
        rows = ((row.title, row.scores[-1], bool(row.key)) for row in self.closely.comparison.rows)
        return [self._way(title, score, score if is_dimension else decides) for title, score, is_dimension in rows]

    def _way(self, title: str, score: Fraction | None, decisive: Fraction | None) -> TargetRow:
        if score is None or decisive is None or self.target is None:
            return TargetRow(title, score, None, is_reached=False)
        missing = max(self.target.min_score - decisive, Fraction())
        return TargetRow(title, score, missing, is_reached=self.target.is_reached(decisive))

    @property
    def trend(self) -> dict[str, Any]:
        """What the trend draws: the overall score and each dimension's over the rounds, and what may come next."""
        _overall, *dimensions = self.closely.comparison.rows
        ahead = self.ahead
        return {
            **_lines(self.definition, self.closely.comparison, [(row.title, row.scores) for row in dimensions]),
            "projected": {"round": quarter_name(ahead.quarter), "score": _number(ahead.score)} if ahead else None,
        }

    @property
    def side_by_side(self) -> dict[str, Any]:
        """What the chart of several teams draws: the overall score of each over the rounds."""
        lines = [(_name(series.team), series.comparison.overall.scores) for series in self.series]
        return {**_lines(self.definition, self.series[0].comparison, lines), "overall": None}

    @property
    def radar(self) -> dict[str, Any]:
        """What the radar draws: the last round, those before it and the target; nothing with too few dimensions."""
        scored = [column for column in self.closely.comparison.rounds if column.card and column.overall is not None]
        drawn = scored[-DRAWN_IN_RADAR:]
        axes = [d for d in self.definition.dimensions if all(column.score(d.key) is not None for column in drawn)]
        if not drawn or len(axes) < FEWEST_AXES:
            return {}
        *earlier, last = (
            {"name": column.label, "scores": [_number(column.score(d.key)) for d in axes]} for column in drawn
        )
        return {
            "top": float(self.definition.scoring.max),
            "names": [dimension.title for dimension in axes],
            "name": last["name"],
            "scores": last["scores"],
            "earlier": earlier,
            "target": {
                "name": _("Target: %(level)s") % {"level": self.target.name},
                "scores": [float(self.target.min_score)] * len(axes),
            }
            if self.target
            else None,
        }


def rounds_to_compare(organization: Organization) -> list[Round]:
    """Return an organization's rounds, open ones and drafts too, from the oldest, with their versions. One query."""
    rounds = Round.objects.filter(organization=organization).select_related("version__questionnaire")
    return list(rounds.defer("version__definition", "version__source").order_by("starts_on", "id"))


def comparison_page(choice: Choice, rounds: Collection[Round]) -> ComparisonPage:
    """Return what the page shows, from the choice and all rounds of the organization.

    One query, two more where versions differ (and one for each version not yet read).
    """
    shared, versions = _shared(choice.rounds)
    kept = kept_results(choice.rounds, questions=_with_questions(choice, shared.definition, versions))
    cards = rescored(kept, shared.definition, versions)
    labels = round_names(rounds)
    results = {(row.round.pk, row.team_id): row for row in kept}
    asked = {row.version.questionnaire_id for row in choice.rounds}
    alike = (row for row in rounds if row.version.questionnaire_id in asked)
    closed = [Period(row.starts_on, row.ends_on) for row in alike if row.status == RoundStatus.CLOSED]

    def column(round_: Round, team_id: int | None) -> Column:
        return _column(round_, labels[round_.pk], results.get((round_.pk, team_id)), cards)

    def series(team: Team | None) -> Series:
        columns = [column(round_, team.pk if team else None) for round_ in choice.rounds]
        return Series(team, compare(shared.definition, columns, closed))

    team_id = choice.team.pk if choice.team else None
    closely = series(choice.team)
    before, after = column(choice.since, team_id).card, column(choice.until, team_id).card
    return ComparisonPage(
        choice=choice,
        shared=shared,
        versions=_versions(choice.rounds, labels) if len(versions) > 1 else [],
        scored_differently=len({row.aggregate for row in choice.rounds}) > 1,
        series=[series(team) for team in choice.teams] or [closely],
        closely=closely,
        teams=[
            _team_row(column(choice.round, team_id), name, shared.definition)
            for team_id, name in _teams_in(choice, kept).items()
        ],
        moves=moves(shared.definition, before, after) if before and after else None,
        target=_target(choice, shared.definition, closely.comparison.rounds[-1].card),
    )


def round_names(rounds: Iterable[Round]) -> dict[int, str]:
    """Return how rounds are called by id: by their period, of those with the same one by the day they closed, too."""
    rounds = list(rounds)
    times = Counter(row.period for row in rounds)

    def name(row: Round) -> str:
        if times[row.period] == 1 or row.closed_at is None:
            return row.period
        return _("%(period)s, closed %(day)s") % {
            "period": row.period,
            "day": formats.date_format(timezone.localtime(row.closed_at), "SHORT_DATE_FORMAT"),
        }

    return {row.pk: name(row) for row in rounds}


def quarter_name(quarter: Quarter) -> str:
    """Write a quarter as people say it: "Q3 2026"."""
    return _("Q%(quarter)d %(year)d") % {"quarter": quarter.number, "year": quarter.year}


def gap_name(gap: Gap) -> str:
    """Write the quarters of a gap: "Q3 2025", or "Q3 2025 to Q1 2026"."""
    first, last = quarter_name(gap.first), quarter_name(gap.last)
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}


def _shared(rounds: Sequence[Round]) -> tuple[Shared, list[int]]:
    """Return what the rounds' versions have in common, and the ids of these, the newest round's last."""
    newest = rounds[-1].version_id
    ids = [*sorted({row.version_id for row in rounds} - {newest}), newest]
    return shared_definition([definition_of(version_id) for version_id in ids]), ids


def _with_questions(choice: Choice, shared: Definition, versions: Iterable[int]) -> Q | bool:
    """Return of which results the questions are needed: the two that practices move between, all to score anew."""
    if not all(scores_alike(definition_of(version_id), shared) for version_id in versions):
        return True
    return Q(round__in=(choice.since.pk, choice.until.pk), team=choice.team)


def _versions(rounds: Iterable[Round], names: Mapping[int, str]) -> list[tuple[str, Sequence[str]]]:
    asked: dict[str, list[str]] = {}
    for row in rounds:
        asked.setdefault(str(row.version), []).append(names[row.pk])
    return list(asked.items())


def _column(round_: Round, label: str, row: KeptResult | None, cards: Mapping[int, ScoreCard | None]) -> Column:
    period = Period(round_.starts_on, round_.ends_on)
    if row is None:
        return Column(round_.pk, label, period, None, "no part")
    if row.card is None:
        return Column(round_.pk, label, period, None, "withheld")
    if not row.respondents:
        return Column(round_.pk, label, period, None, "no answers")
    card = cards[row.pk]
    return Column(round_.pk, label, period, card, "" if card else "answers changed")


def _teams_in(choice: Choice, kept: Iterable[KeptResult]) -> dict[int, str]:
    """Return the names of the teams to compare in one round by id: the chosen ones, else all that took part."""
    if choice.teams:
        return {team.pk: team.name for team in choice.teams}
    return {row.team_id: row.team or "" for row in kept if row.round == choice.round and row.team_id is not None}


def _team_row(column: Column, name: str, definition: Definition) -> HeatRow:
    scores = [column.overall, *(column.score(dimension.key) for dimension in definition.dimensions)]
    return HeatRow(column, [Cell(score, None) for score in scores], name)


def _target(choice: Choice, definition: Definition, card: ScoreCard | None) -> Level | None:
    """Return the chosen level, else the one above the card's, None without one."""
    if choice.target is not None:
        return next(level for level in definition.levels if level.number == choice.target)
    return definition.next_level(card.level) if card and card.level else None


def _name(team: Team | None) -> str:
    return team.name if team else _("All teams")


def _lines(
    definition: Definition, comparison: Comparison, lines: Iterable[tuple[str, Sequence[Fraction | None]]]
) -> dict[str, Any]:
    return {
        "top": float(definition.scoring.max),
        "rounds": [column.label if isinstance(column, Column) else gap_name(column) for column in comparison.columns],
        "overall": [_number(score) for score in comparison.overall.scores],
        "dimensions": [{"name": name, "scores": [_number(score) for score in scores]} for name, scores in lines],
    }


def _number(score: Fraction | None) -> float | None:
    return None if score is None else round(float(score), 4)
