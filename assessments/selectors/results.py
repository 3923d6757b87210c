"""What a result's page says, from a definition and a score card; and the results that rounds have kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from typing import Any

from django.db.models import Case, F, JSONField, Q, TextField, Value, When
from django.db.models.expressions import Combinable, CombinedExpression
from django.db.models.functions import Cast

from assessments import scoring
from assessments.definition import NOT_SURE, Definition, Dimension, Level, Question
from assessments.models import Response, Result, Round
from assessments.scoring import DimensionScore, ScoreCard, score_card
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.responses import choices_of
from roadmaps import planning

FEWEST_AXES = 3
"""Of a radar."""
KEPT_AS_THEY_ARE = ("revision", "level", "respondents", "withheld", "consensus", "confidence")
"""Columns that a kept result takes from its row; the card comes in full or in part."""
MOST_LEVELS = 3
FEW_PRACTICES, MOST_PRACTICES = 5, 8
"""So many of the missing practices are shown at once."""


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """A dimension with its score; `statement` says what is in place without a gap, `next_statement` what comes next."""

    dimension: Dimension
    result: DimensionScore
    statement: str
    next_statement: str
    advice: planning.Recommendation | None
    is_biggest_gap: bool


@dataclass(frozen=True, slots=True)
class MissingRow:
    """A practice to look at first for the next level."""

    question: Question
    dimension: Dimension
    practice: planning.MissingPractice

    @property
    def next_statement(self) -> str:
        """The statement of a ladder that comes next, empty for a practice."""
        return self.question.statement(self.practice.level) if self.question.kind == "ladder" else ""


@dataclass(frozen=True, slots=True)
class UnsureRow:
    """A question that some respondents could not answer."""

    question: Question
    dimension: Dimension
    count: int


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Everything the page of one result shows, of a team, an organization or one person."""

    definition: Definition
    card: ScoreCard
    next_level: planning.NextLevel | None
    dimensions: Sequence[DimensionRow]
    missing: Sequence[MissingRow]  # dimensions to raise first, then the largest gain, then the lowest level
    unsure: Sequence[UnsureRow]  # what most are unsure of first

    @property
    def level(self) -> Level | None:
        return self.card.level

    @property
    def recommended(self) -> Fraction:
        """What every dimension should reach first."""
        return planning.recommended_score(self.definition)

    @property
    def urgent(self) -> Fraction:
        """Under which score a dimension comes first."""
        return planning.HIGH_BELOW * self.card.scale

    @property
    def tells_statements(self) -> bool:
        return any(row.statement for row in self.dimensions)

    @property
    def draws_radar(self) -> bool:
        """Whether there are enough dimensions with a score for a radar to be one."""
        return len(self.chart["names"]) >= FEWEST_AXES

    @property
    def gaps(self) -> list[DimensionRow]:
        """The dimensions that share the lowest score."""
        return [row for row in self.dimensions if row.is_biggest_gap]

    @property
    def enough(self) -> int | None:
        """How many of the missing practices, from the first, reach the next level; None where all do not.

        Only for the mean of the dimensions, where what they gain adds up.
        """
        if self.next_level is None or self.definition.scoring.combine != "mean" or self.card.overall is None:
            return None
        gains = accumulate(row.practice.gain or Fraction() for row in self.missing)
        target = self.next_level.level
        return next((n for n, gain in enumerate(gains, start=1) if target.is_reached(self.card.overall + gain)), None)

    @property
    def missing_first(self) -> Sequence[MissingRow]:
        """Those that reach the next level together, or some to begin with where that takes many or all."""
        return self.missing[: min(self.enough or FEW_PRACTICES, MOST_PRACTICES)]

    @property
    def missing_then(self) -> Sequence[MissingRow]:
        """The others, which a page folds away."""
        return self.missing[len(self.missing_first) :]

    @property
    def advised(self) -> list[DimensionRow]:
        """The dimensions the lecture's rule recommends to raise, high priority first, then the lowest score."""
        rows = [row for row in self.dimensions if row.advice]
        return sorted(rows, key=lambda row: (row.advice.priority != "high", row.advice.current_score))  # type: ignore[union-attr]

    @property
    def chart(self) -> dict[str, Any]:
        """What the radar draws: scores as JSON numbers, the scale's top."""
        scored = [row for row in self.dimensions if row.result.score is not None]
        return {
            "top": float(self.card.scale),
            "names": [row.dimension.title for row in scored],
            "scores": [_rounded(row.result.score) for row in scored],
        }


def result_page(definition: Definition, card: ScoreCard) -> ResultPage:
    """Return what the page of a card shows. No query."""
    advice = {item.dimension: item for item in planning.recommendations(definition, card)}
    gaps = planning.biggest_gap(card)
    above = planning.next_level(definition, card)
    tallies = {tally.key: tally for tally in card.questions}
    return ResultPage(
        definition=definition,
        card=card,
        next_level=above,
        dimensions=[
            DimensionRow(
                dimension=dimension,
                result=result,
                statement=_statement(dimension, result, held),
                next_statement=_statement(dimension, result, held + 1),
                advice=advice.get(dimension.key),
                is_biggest_gap=dimension.key in gaps,
            )
            for dimension, result, held in zip(
                definition.dimensions, card.dimensions, planning.levels_held(definition, card), strict=True
            )
        ],
        missing=[
            MissingRow(definition.questions[practice.key], definition.dimension(practice.dimension), practice)
            for practice in sorted(
                above.missing if above else (),
                key=lambda practice: (practice.dimension not in advice, -(practice.gain or 0), practice.level),
            )
        ],
        unsure=sorted(
            (
                UnsureRow(question, definition.dimension_of(key), count)
                for key, question in definition.questions.items()
                if (count := tallies[key].counts.get(NOT_SURE, 0))
            ),
            key=lambda row: -row.count,
        ),
    )


def own_card(response: Response) -> tuple[Definition, ScoreCard]:
    """Return what one person's response asks and scores. One query."""
    definition = definition_of(response.version_id)
    return definition, score_card(definition, [choices_of(response)])


@dataclass(frozen=True, slots=True)
class Agreed:
    """The choice that a team agreed on for a question, and why."""

    choice: str
    rationale: str


@dataclass(frozen=True)
class KeptResult:
    """A closed round's result of a team, or with `team` None of the organization; no card where it is withheld.

    An anonymous round withholds what would give a small group away. `consensus` has what the team agreed on,
    by question key; `confidence` the share (0 to 1) of resamples by level number, the card's own level first, then the
    most frequent. Both are empty where the card is withheld.
    """

    pk: int
    round: Round
    revision: int
    team_id: int | None
    team: str | None
    definition: Definition
    kept: Mapping[str, Any] | None
    respondents: int
    consensus: Mapping[str, Agreed]
    confidence: Mapping[int, float]

    @cached_property
    def card(self) -> ScoreCard | None:
        """The score card, read from what is `kept` where it is asked for; None where it is withheld."""
        return None if self.kept is None else scoring.from_mapping(self.definition, self.kept)

    @property
    def likely_levels(self) -> list[tuple[int, int]]:
        """Up to three level numbers with their shares in whole percent, its own first, together no more than 100."""
        whole = {number: int(share * 100) for number, share in self.confidence.items()}
        short = round(sum(self.confidence.values()) * 100) - sum(whole.values())
        for number in sorted(whole, key=lambda number: whole[number] - self.confidence[number] * 100)[:short]:
            whole[number] += 1
        return [(number, share) for n, (number, share) in enumerate(whole.items()) if not n or share][:MOST_LEVELS]


def kept_results(
    rounds: Iterable[Round], *, revision: int | None = None, with_teams: bool = True, questions: Q | bool = True
) -> list[KeptResult]:
    """Return the results of closed rounds, the organization's before the teams', by the rounds' order. One query.

    They are those of the rounds' newest revision, or of the one asked for. `questions` says of which results the
    questions are read as well, nine tenths of a card; the cards of the others have none.
    """
    by_id = {round_.pk: round_ for round_ in rounds}
    wanted = Result.objects.current() if revision is None else Result.objects.filter(revision=revision)
    if not with_teams:
        wanted = wanted.filter(team=None)
    rows = (
        wanted.filter(round__in=by_id)
        .annotate(kept=_card(questions=questions), name=F("team__name"))
        .order_by("name")
        .values("pk", "round", "team", "name", *KEPT_AS_THEY_ARE, "kept")
    )
    order = {pk: position for position, pk in enumerate(by_id)}
    kept = [_kept(by_id[row["round"]], row) for row in rows]
    return sorted(kept, key=lambda row: (order[row.round.pk], row.team is not None, (row.team or "").lower()))


def revisions_of(kept: KeptResult) -> list[Result]:
    """Return every revision of a result, the newest first, without its card. One query."""
    return list(
        Result.objects.filter(round=kept.round, team=kept.team_id).order_by("-revision").only("revision", "created_at")
    )


def _card(*, questions: Q | bool) -> Combinable:
    """Return the card as the database is to give it: in full where `questions` says so, else without its questions."""
    whole = F("card")
    # Its type is told, as minus takes numbers and arrays too.
    less = CombinedExpression(whole, "-", Cast(Value("questions"), TextField()), output_field=JSONField())
    if isinstance(questions, bool):
        return whole if questions else less
    return Case(When(questions, then=whole), default=less)


def _kept(round_: Round, row: Mapping[str, Any]) -> KeptResult:
    is_shown, level = not row["withheld"], str(row["level"])
    shares = sorted(row["confidence"].items(), key=lambda share: (share[0] != level, -share[1]))
    return KeptResult(
        pk=row["pk"],
        round=round_,
        revision=row["revision"],
        team_id=row["team"],
        team=row["name"],
        definition=definition_of(round_.version_id),
        kept=row["kept"] if is_shown else None,
        respondents=row["respondents"],
        consensus={key: Agreed(**agreed) for key, agreed in row["consensus"].items()} if is_shown else {},
        confidence={int(number): share for number, share in shares} if is_shown else {},
    )


def _statement(dimension: Dimension, result: DimensionScore, number: int) -> str:
    """Return the dimension's statement of that number, empty without a score or such a statement."""
    return "" if result.score is None else dimension.statement(number)


def _rounded(score: Fraction | None) -> float | None:
    return None if score is None else round(float(score), 4)
