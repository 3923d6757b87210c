"""Rounds side by side. Every rule here is specified in docs/comparison.md, whose golden tables the tests run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from statistics import median
from typing import Any, Literal, NamedTuple

from assessments.definition import Definition, Dimension, Question
from assessments.scoring import QuestionTally, ScoreCard

Direction = Literal["up", "down", "unchanged", "unknown"]
WhyLeftOut = Literal["not asked", "changed"]
Missing = Literal["", "no part", "no answers", "withheld", "answers changed"]

ROUNDS_TO_PROJECT_FROM = 8
FEWEST_TO_PROJECT_FROM = 3
MOVERS = 5


class Quarter(NamedTuple):
    """A calendar quarter; `number` is 1 to 4."""

    year: int
    number: int

    @classmethod
    def of(cls, day: dt.date) -> Quarter:
        return cls(day.year, (day.month + 2) // 3)

    @property
    def position(self) -> int:
        """A number that is one more for the next quarter."""
        return 4 * self.year + self.number - 1

    @classmethod
    def at(cls, position: int) -> Quarter:
        return cls(position // 4, position % 4 + 1)


class Period(NamedTuple):
    """The first and the last day of a round's period."""

    starts_on: dt.date
    ends_on: dt.date

    @property
    def quarters(self) -> range:
        """The positions of the quarters it touches."""
        return _quarters(self)


@lru_cache(maxsize=1024)  # asked of each team's columns, which have the periods of a few rounds
def _quarters(period: Period) -> range:
    return range(Quarter.of(period.starts_on).position, Quarter.of(period.ends_on).position + 1)


@dataclass(frozen=True, slots=True)
class Column:
    """What a round (`key`, `label`) found for a team or the organization; without a card `missing` says why."""

    key: int
    label: str
    period: Period
    card: ScoreCard | None
    missing: Missing = ""

    @property
    def overall(self) -> Fraction | None:
        return self.card.overall if self.card else None

    def score(self, dimension: str) -> Fraction | None:
        """Return a dimension's score, None where there is none."""
        return self.card.scores.get(dimension) if self.card else None


@dataclass(frozen=True, slots=True)
class Gap:
    """Quarters between two rounds, `first` to `last`, in which none was closed."""

    first: Quarter
    last: Quarter


@dataclass(frozen=True)
class Change:
    """From one score to another; `since` is the label of the round that the earlier one is from."""

    since: str
    before: Fraction | None
    after: Fraction | None

    @cached_property
    def amount(self) -> Fraction | None:
        """The exact difference, None unless both have a score."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def direction(self) -> Direction:
        if self.amount is None:
            return "unknown"
        return "up" if self.amount > 0 else "down" if self.amount < 0 else "unchanged"


@dataclass(frozen=True, slots=True)
class Projection:
    """What the next quarter brings if it goes on like this, and between which bounds."""

    quarter: Quarter
    score: Fraction
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Row:
    """A dimension, or with `key` None the overall score, over the columns; None in a gap.

    `changes` has each column's change since the round before it: None for the first round and for a gap. `total` is the
    change from the first round to the last.
    """

    key: str | None
    title: str
    columns: tuple[Column | Gap, ...]
    scores: tuple[Fraction | None, ...]
    changes: tuple[Change | None, ...]
    total: Change | None
    top: Fraction

    @cached_property
    def projection(self) -> Projection | None:
        """Where the scores lead in the quarter after the last round, None with too few of them."""
        rounds = [
            (Quarter.at(column.period.quarters[-1]), score)
            for column, score in zip(self.columns, self.scores, strict=True)
            if isinstance(column, Column)
        ]
        scored = [(quarter, score) for quarter, score in rounds if score is not None]
        return project(scored, rounds[-1][0], self.top)

    @property
    def latest(self) -> Change | None:
        """The last round's change since the one before it."""
        return self.changes[-1]


@dataclass(frozen=True)
class Comparison:
    """Rounds of one team or of the organization, from the oldest, whose cards are all of the definition."""

    definition: Definition
    columns: tuple[Column | Gap, ...]

    @cached_property
    def overall(self) -> Row:
        """The overall score over the columns."""
        return _row(self.definition, self.columns, None, "")

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The overall score first, then each dimension's."""
        dimensions = self.definition.dimensions
        return (self.overall, *(_row(self.definition, self.columns, each.key, each.title) for each in dimensions))

    @property
    def rounds(self) -> list[Column]:
        return [column for column in self.columns if isinstance(column, Column)]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A question that not all versions have in common, as the newest version that has it asks it."""

    question: Question
    dimension: Dimension
    why: WhyLeftOut


@dataclass(frozen=True, slots=True)
class Shared:
    """What several versions have in common: the newest, less the questions left out."""

    definition: Definition
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """How the mean answer to a question moved, as shares (0 to 1) of what an answer can be worth."""

    question: Question
    dimension: Dimension
    before: Fraction
    after: Fraction

    @property
    def share(self) -> Fraction:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Moves:
    """What happened between two rounds: practices that got in place, that no longer are, and what else moved most."""

    gained: tuple[Move, ...]
    lost: tuple[Move, ...]
    movers: tuple[Move, ...]


def shared_definition(definitions: Sequence[Definition]) -> Shared:
    """Return what the definitions, from the oldest to the newest and at least one, have in common."""
    newest = definitions[-1]
    others = [definition for definition in definitions if definition is not newest]
    if not others:
        return Shared(newest, ())
    asked = {key: definition for definition in definitions for key in definition.questions}
    why = {key: _why_left_out(key, definitions) for key in (*newest.questions, *asked)}
    dimensions = (
        replace(
            dimension,
            questions=tuple(
                _with_excluded_choices(question, others) for question in dimension.questions if not why[question.key]
            ),
        )
        for dimension in newest.dimensions
    )
    return Shared(
        definition=replace(newest, dimensions=tuple(dimension for dimension in dimensions if dimension.questions)),
        left_out=tuple(
            LeftOut(asked[key].questions[key], asked[key].dimension_of(key), reason)
            for key, reason in why.items()
            if reason
        ),
    )


def scores_alike(one: Definition, other: Definition) -> bool:
    """Return whether two definitions give the same answers the same scores and levels, however they word them."""
    return one is other or bool(_rules(one) == _rules(other))


def with_gaps(columns: Sequence[Column], covered: Iterable[Period]) -> tuple[Column | Gap, ...]:
    """Return the columns, which are sorted by period, with the gaps between them.

    `covered` are the periods of all rounds that were closed: a round that is not compared leaves no gap.
    """
    taken = {position for period in (*covered, *(c.period for c in columns)) for position in period.quarters}
    result: list[Column | Gap] = list(columns[:1])
    for before, after in pairwise(columns):
        between = range(before.period.quarters[-1] + 1, after.period.quarters[0])
        result += [*_gaps([position for position in between if position not in taken]), after]
    return tuple(result)


def compare(definition: Definition, columns: Sequence[Column], covered: Iterable[Period] = ()) -> Comparison:
    """Return the columns side by side; their cards are all of the one definition, which may be a shared one."""
    spread = with_gaps(sorted(columns, key=lambda column: (column.period, column.key)), covered)
    return Comparison(definition, spread)


def project(scores: Sequence[tuple[Quarter, Fraction]], latest: Quarter, top: Fraction) -> Projection | None:
    """Return the projection to the quarter after `latest` from scores, oldest first, by the Theil-Sen line.

    None where the last scores lie in fewer than three different quarters.
    """
    points = [(quarter.position, score) for quarter, score in scores][-ROUNDS_TO_PROJECT_FROM:]
    if len({position for position, _ in points}) < FEWEST_TO_PROJECT_FROM:
        return None
    slope = median((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x1 != x2)
    start = median(y - slope * x for x, y in points)
    band = max(abs(y - start - slope * x) for x, y in points)
    quarter = Quarter.at(latest.position + 1)
    score = start + slope * quarter.position

    def clamped(value: Fraction) -> Fraction:
        return min(max(value, Fraction()), top)

    return Projection(quarter, clamped(score), clamped(score - band), clamped(score + band))


def moves(definition: Definition, before: ScoreCard, after: ScoreCard) -> Moves:
    """Return what moved between two cards of the definition; practices in its order, movers by how far they moved."""
    tallies: Mapping[str, QuestionTally] = {tally.key: tally for tally in before.questions}
    gained: list[Move] = []
    lost: list[Move] = []
    others: list[Move] = []
    for tally in after.questions:
        earlier = tallies[tally.key].mean
        if tally.mean is None or earlier is None or tally.mean == earlier:
            continue
        question = definition.questions[tally.key]
        top = Fraction(1) if question.kind == "practice" else definition.scoring.max
        move = Move(question, definition.dimension_of(tally.key), earlier / top, tally.mean / top)
        is_practice = question.kind == "practice"
        (gained if is_practice and tally.mean == 1 else lost if is_practice and earlier == 1 else others).append(move)
    movers = sorted(others, key=lambda move: -abs(move.share))[:MOVERS]
    return Moves(tuple(gained), tuple(lost), tuple(movers))


def _row(definition: Definition, columns: tuple[Column | Gap, ...], key: str | None, title: str) -> Row:
    scores = [_score(column, key) for column in columns]
    rounds = [(column, score) for column, score in zip(columns, scores, strict=True) if isinstance(column, Column)]
    changes: dict[int, Change] = {
        id(after): Change(before.label, earlier, score) for (before, earlier), (after, score) in pairwise(rounds)
    }
    (first, oldest), (_last, newest) = rounds[0], rounds[-1]
    return Row(
        key=key,
        title=title,
        columns=columns,
        scores=tuple(scores),
        changes=tuple(changes.get(id(column)) for column in columns),
        total=Change(first.label, oldest, newest) if len(rounds) > 1 else None,
        top=definition.scoring.max,
    )


def _score(column: Column | Gap, key: str | None) -> Fraction | None:
    if isinstance(column, Gap):
        return None
    return column.overall if key is None else column.score(key)


def _gaps(positions: Sequence[int]) -> Iterable[Gap]:
    starts = [at for at in positions if at - 1 not in positions]
    ends = [at for at in positions if at + 1 not in positions]
    return [Gap(Quarter.at(start), Quarter.at(end)) for start, end in zip(starts, ends, strict=True)]


def _why_left_out(key: str, definitions: Iterable[Definition]) -> WhyLeftOut | None:
    worths = []
    for definition in definitions:
        question = definition.questions.get(key)
        if question is None:
            return "not asked"
        worths.append(_worth(question, definition))
    return None if all(worth == worths[0] for worth in worths) else "changed"


def _with_excluded_choices(question: Question, others: Iterable[Definition]) -> Question:
    """Return a shared question with the choices that take it out of the score in other versions, as it was answered."""
    known = {choice.key: choice for choice in question.choices}
    for other in others:
        for choice in other.questions[question.key].choices:
            known.setdefault(choice.key, choice)
    return question if len(known) == len(question.choices) else replace(question, choices=tuple(known.values()))


def _worth(question: Question, definition: Definition) -> Any:
    """Return what two versions must agree on for the answers to a question to mean the same.

    Words may change, and a choice that takes the question out of the score may be there in one of them only.
    """
    top = definition.scoring.max if question.kind == "ladder" else None
    return question.kind, top, {choice.key: choice.value for choice in question.choices if choice.value is not None}


def _rules(definition: Definition) -> Any:
    return (
        definition.scoring,
        [(level.number, level.min_score, level.exclusive) for level in definition.levels],
        [
            (d.key, d.weight, [(q.key, q.level, q.weight, _worth(q, definition)) for q in d.questions])
            for d in definition.dimensions
        ],
    )
