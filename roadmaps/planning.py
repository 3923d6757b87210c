"""What to raise next, from a score card: the lecture's recommendations, the biggest gap and the next level.

The rules stand in docs/scoring.md, "What to raise next".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import ceil, floor
from typing import Literal

from assessments.definition import Definition, Dimension, Level
from assessments.scoring import QuestionTally, ScoreCard, deciding_score, overall_score

Priority = Literal["high", "medium"]

TARGET = Fraction(3, 5)
"""The lecture's target 3 of 5, as a share of the scale; so is the next."""
HIGH_BELOW = Fraction(2, 5)
IN_PLACE = Fraction(1, 2)
"""From this mean of its answers on, a practice is told as in place: at least half say so."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A dimension (its key) to raise; scores are on the card's scale."""

    dimension: str
    current_score: Fraction
    target_score: Fraction
    priority: Priority


@dataclass(frozen=True, slots=True)
class MissingPractice:
    """A practice that not everybody calls in place, or a ladder that has not been climbed to its end.

    `key` is the question's, `level` its level (0 without one), of a ladder the next whole value on it; `mean` that of
    its answers as a share (0 to under 1), `gain` what the overall score becomes more once it is fully in place, of a
    ladder once its mean is at that value; None where a card cannot tell (`QuestionTally.headroom`).
    """

    key: str
    dimension: str
    level: int
    mean: Fraction
    gain: Fraction | None


@dataclass(frozen=True, slots=True)
class NextLevel:
    """What is between a card and the level above its own.

    `shortfall` is what the deciding score lacks to the level's threshold; where that is not part of the level
    (`Level.exclusive`), a little more is needed. `missing` are the practices to look at first,
    by dimension and level. `practices_needed` is the least number of practices, of any level, that reach the threshold;
    None where missing practices alone do not reach it or their gains do not add up.
    """

    level: Level
    shortfall: Fraction
    missing: tuple[MissingPractice, ...]
    practices_needed: int | None


def recommended_score(definition: Definition) -> Fraction:
    """Return what every dimension should reach first: 3/5 of the scale, by `levels` the threshold nearest to that."""
    target = TARGET * definition.scoring.max
    if definition.scoring.method != "levels":
        return target
    return min((level.min_score for level in definition.levels), key=lambda threshold: abs(threshold - target))


def recommendations(definition: Definition, card: ScoreCard) -> tuple[Recommendation, ...]:
    """Return the lecture's rule (`generate_roadmap`) on any scale, in the order of the card's dimensions.

    Every scored dimension under the recommended score gets that as its target, with priority high under 2/5 of the
    scale, else medium.
    """
    target = recommended_score(definition)
    return tuple(
        Recommendation(
            dimension=dimension.key,
            current_score=dimension.score,
            target_score=target,
            priority="high" if dimension.score < HIGH_BELOW * card.scale else "medium",
        )
        for dimension in card.dimensions
        if dimension.score is not None and dimension.score < target
    )


def biggest_gap(card: ScoreCard) -> tuple[str, ...]:
    """Return the keys of the dimensions that share the lowest score.

    None where no dimension is below the top, nor where several have a score and it is the same for all.
    """
    gaps = {d.key: card.scale - d.score for d in card.dimensions if d.score is not None}
    if len(gaps) > 1 and len(set(gaps.values())) == 1:
        return ()
    return tuple(key for key, gap in gaps.items() if gap and gap == max(gaps.values()))


def levels_held(definition: Definition, card: ScoreCard) -> tuple[int, ...]:
    """Return for each dimension up to which level its practices are in place without a gap, 0 where not even level 1.

    A practice is in place where the mean of its answers is at least 1/2. A dimension without practices that stand for a
    level holds the whole levels of its score, and so does every one by the method `levels`.
    """
    if definition.scoring.method == "levels":
        return tuple(floor(card.scores[dimension.key] or 0) for dimension in definition.dimensions)
    tallies = {tally.key: tally for tally in card.questions}
    return tuple(_held(dimension, card.scores[dimension.key], tallies) for dimension in definition.dimensions)


def _held(dimension: Dimension, score: Fraction | None, tallies: dict[str, QuestionTally]) -> int:
    practices = [question for question in dimension.questions if question.kind == "practice" and question.level]
    if not practices:
        return floor(score or 0)
    means = {question.key: tallies[question.key].mean for question in practices}
    open_levels = [q.level for q in practices if (mean := means[q.key]) is not None and mean < IN_PLACE]
    below = [q.level for q in practices if means[q.key] is not None and q.level < min(open_levels, default=q.level + 1)]
    return max(below, default=0)


def next_level(definition: Definition, card: ScoreCard) -> NextLevel | None:
    """Return what leads to the level above the card's; None at the top and for a card without scores."""
    score = deciding_score(definition, card.scores)
    target = definition.levels[0] if card.level is None else definition.next_level(card.level)
    if score is None or target is None:
        return None
    tallies = {tally.key: tally for tally in card.questions}
    missing = [
        [] if _needs_nothing(definition, card, dimension.key, target) else rows
        for dimension in definition.dimensions
        for rows in [list(_missing_practices(definition, card, dimension, tallies))]
    ]
    shortfall = target.min_score - score
    return NextLevel(
        level=target,
        shortfall=shortfall,
        missing=tuple(
            practice
            for practices in missing
            for practice in practices
            if practice.level <= max(target.number, practices[0].level)
        ),
        practices_needed=_practices_needed(definition, card, target, missing),
    )


def _needs_nothing(definition: Definition, card: ScoreCard, dimension: str, target: Level) -> bool:
    """Return whether a dimension does not keep a level back, where it is not the mean that decides."""
    score = card.scores[dimension]
    return definition.scoring.combine != "mean" and score is not None and target.is_reached(score)


def _missing_practices(
    definition: Definition, card: ScoreCard, dimension: Dimension, tallies: dict[str, QuestionTally]
) -> Iterator[MissingPractice]:
    for question in sorted(dimension.questions, key=lambda question: question.level):
        tally = tallies[question.key]
        top = card.scale if question.kind == "ladder" else Fraction(1)
        if tally.mean is None or tally.mean >= top:
            continue
        rung = min(Fraction(floor(tally.mean) + 1), top)
        share = (rung - tally.mean) / (top - tally.mean) if question.kind == "ladder" else Fraction(1)
        yield MissingPractice(
            key=question.key,
            dimension=dimension.key,
            level=ceil(rung) if question.kind == "ladder" else question.level,
            mean=tally.mean / top,
            gain=_gain(definition, card, dimension.key, None if tally.headroom is None else tally.headroom * share),
        )


def _gain(definition: Definition, card: ScoreCard, dimension: str, headroom: Fraction | None) -> Fraction | None:
    score = card.scores[dimension]
    if headroom is None or score is None or card.overall is None:
        return None
    raised = overall_score(definition, {**card.scores, dimension: score + headroom})
    return None if raised is None else raised - card.overall


def _practices_needed(
    definition: Definition, card: ScoreCard, target: Level, missing: Sequence[Sequence[MissingPractice]]
) -> int | None:
    """Return the least number of practices that reach a level; of dimensions that must each reach it, their sum."""
    practices = [[row for row in rows if definition.questions[row.key].kind == "practice"] for rows in missing]
    if definition.scoring.combine == "mean":
        gains = [row.gain for rows in practices for row in rows if row.gain is not None]
        return None if card.overall is None else _fewest(gains, card.overall, target)
    headrooms = {tally.key: tally.headroom for tally in card.questions}
    needed = [
        _fewest([gain for row in rows if (gain := headrooms[row.key]) is not None], score, target)
        for dimension, rows in zip(card.dimensions, practices, strict=True)
        if (score := dimension.score) is not None and not target.is_reached(score)
    ]
    return None if None in needed else sum(n for n in needed if n is not None)


def _fewest(gains: Iterable[Fraction], score: Fraction, target: Level) -> int | None:
    """Return how many of the largest gains bring a score to a level, None where all do not."""
    scores = accumulate(sorted(gains, reverse=True), initial=score)
    return next((n for n, reached in enumerate(scores) if target.is_reached(reached)), None)
