"""What the report on a closed round says, for people who see neither the site nor single answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from assessments import charts
from assessments.comparison import Change
from assessments.models import Round
from assessments.models.rounds import RoundStatus
from assessments.selectors.comparison import Choice, ComparisonPage, comparison_page, rounds_to_compare
from assessments.selectors.opinions import Coverage, Opinion, coverage_of, most_disputed_first, opinions_on
from assessments.selectors.results import (
    FEWEST_AXES,
    DimensionRow,
    KeptResult,
    MissingRow,
    ResultPage,
    kept_results,
    result_page,
)

MOST_ROUNDS = 8
MOST_STEPS = 6
MOST_DISPUTED = 3


@dataclass(frozen=True, slots=True)
class Report:
    """A closed round's result of the whole organization; `comparison` is None for its first round."""

    round: Round
    whole: KeptResult
    teams: Sequence[KeptResult]
    page: ResultPage
    comparison: ComparisonPage | None
    disputed: Sequence[Opinion]
    coverage: Coverage

    @property
    def change(self) -> Change | None:
        """How the overall score changed since the round before."""
        return self.comparison.closely.comparison.overall.latest if self.comparison else None

    @property
    def ranked(self) -> list[DimensionRow]:
        """The dimensions with a score, the strongest first."""
        rows = [row for row in self.page.dimensions if row.result.score is not None]
        return sorted(rows, key=lambda row: -(row.result.score or 0))

    @property
    def steps(self) -> Sequence[MissingRow]:
        """The practices to adopt first."""
        return self.page.missing[: min(self.page.enough or MOST_STEPS, MOST_STEPS)]

    @property
    def radar(self) -> str:
        """The dimensions as a radar, with those of the round before; empty with too few of them."""
        drawn = self.comparison.radar if self.comparison else {}
        data = drawn or {**self.page.chart, "name": self.round.period, "earlier": []}
        if len(data["names"]) < FEWEST_AXES:
            return ""
        lines = [charts.Line(row["name"], row["scores"]) for row in data["earlier"][-1:]]
        lines.append(charts.Line(data["name"], data["scores"], stands_out=True))
        return charts.as_address(charts.radar(data["names"], lines, data["top"]))

    @property
    def trend(self) -> str:
        """The scores over the rounds; empty for the first round."""
        if self.comparison is None:
            return ""
        data = self.comparison.trend
        lines = [charts.Line(row["name"], row["scores"]) for row in data["dimensions"]]
        lines.append(charts.Line(_("Overall"), data["overall"], stands_out=True))
        return charts.as_address(charts.trend(data["rounds"], lines, data["top"]))


def report_on(round_: Round) -> Report | None:
    """Return the report on a round that has closed, None where nothing can be shown of it.

    Five queries, and those of scoring earlier rounds anew where versions differ.
    """
    whole, *teams = kept_results([round_])
    if whole.card is None or whole.card.level is None:
        return None
    return Report(
        round=round_,
        whole=whole,
        teams=teams,
        page=result_page(whole.definition, whole.card),
        comparison=_comparison(round_),
        disputed=[
            opinion
            for opinion in most_disputed_first(opinions_on(whole, [whole, *teams], {}))[:MOST_DISPUTED]
            if opinion.disagreement
        ],
        coverage=coverage_of(whole),
    )


def _comparison(round_: Round) -> ComparisonPage | None:
    """Return the round beside those before it, None for the first one and for one that is open again."""
    rounds = rounds_to_compare(round_.organization)
    alike = (row for row in rounds if row.version.questionnaire_id == round_.version.questionnaire_id)
    closed = [row for row in alike if row.status == RoundStatus.CLOSED]
    if round_ not in closed:
        return None
    before = closed[: closed.index(round_) + 1][-MOST_ROUNDS:]
    if len(before) < 2:
        return None
    choice = Choice(
        rounds=before, teams=[], team=None, round=before[-1], since=before[-2], until=before[-1], target=None
    )
    page = comparison_page(choice, rounds)
    return page if page.definition.dimensions else None
