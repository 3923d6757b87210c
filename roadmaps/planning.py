"""What to raise next, from a score card: the lecture's recommendations, the biggest gap and the next level.

The rules stand in docs/scoring.md, "What to raise next".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import floor
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
    """A practice that not everybody calls in place.

    `key` is the question's, `level` its level, `mean` that of its answers (0 to under 1), `gain` what the overall score
    becomes more once it is fully in place; None where a card cannot tell (`QuestionTally.headroom`).
    """

    key: str
    dimension: str
    level: int
    mean: Fraction
    gain: Fraction | None


@dataclass(frozen=True, slots=True)
class NextLevel:
    """What is between a card and the level above its own.

    `shortfall` is what the deciding score lacks to the level's threshold. `missing` are the practices to look at first,
    by dimension and level. `practices_needed` is the least number of practices, of any level, that reach the threshold;
    None where missing practices alone do not reach it or their gains do not add up.
    """

    level: Level
    shortfall: Fraction
    missing: tuple[MissingPractice, ...]
    practices_needed: int | None


def recommendations(card: ScoreCard) -> tuple[Recommendation, ...]:
    """Return the lecture's rule (`generate_roadmap`) on any scale, in the order of the card's dimensions.

    Every scored dimension under 3/5 of the scale gets that as its target, with priority high under 2/5, else medium.
    """
    return tuple(
        Recommendation(
            dimension=dimension.key,
            current_score=dimension.score,
            target_score=TARGET * card.scale,
            priority="high" if dimension.score < HIGH_BELOW * card.scale else "medium",
        )
        for dimension in card.dimensions
        if dimension.score is not None and dimension.score < TARGET * card.scale
    )


def biggest_gap(card: ScoreCard) -> tuple[str, ...]:
    """Return the keys of the dimensions that share the lowest score; none where no dimension is below the top."""
    gaps = {d.key: card.scale - d.score for d in card.dimensions if d.score is not None and d.score < card.scale}
    return tuple(key for key, gap in gaps.items() if gap == max(gaps.values()))


def levels_held(definition: Definition, card: ScoreCard) -> tuple[int, ...]:
    """Return for each dimension up to which level its practices are in place without a gap, 0 where not even level 1.

    A practice is in place where the mean of its answers is at least 1/2. A dimension without practices holds the whole
    levels of its score.
    """
    tallies = {tally.key: tally for tally in card.questions}
    return tuple(_held(dimension, card.scores[dimension.key], tallies) for dimension in definition.dimensions)


def _held(dimension: Dimension, score: Fraction | None, tallies: dict[str, QuestionTally]) -> int:
    practices = [question for question in dimension.questions if question.kind == "practice"]
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
    missing = [list(_missing_practices(definition, card, dimension, tallies)) for dimension in definition.dimensions]
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
        practices_needed=(
            _practices_needed([practice.gain for practices in missing for practice in practices], shortfall)
            if definition.scoring.combine == "mean"
            else None
        ),
    )


def _missing_practices(
    definition: Definition, card: ScoreCard, dimension: Dimension, tallies: dict[str, QuestionTally]
) -> Iterator[MissingPractice]:
    for question in sorted(dimension.questions, key=lambda question: question.level):
        tally = tallies[question.key]
        if question.kind == "practice" and tally.mean is not None and tally.mean < 1:
            yield MissingPractice(
                key=question.key,
                dimension=dimension.key,
                level=question.level,
                mean=tally.mean,
                gain=_gain(definition, card, dimension.key, tally.headroom),
            )


def _gain(definition: Definition, card: ScoreCard, dimension: str, headroom: Fraction | None) -> Fraction | None:
    score = card.scores[dimension]
    if headroom is None or score is None or card.overall is None:
        return None
    raised = overall_score(definition, {**card.scores, dimension: score + headroom})
    return None if raised is None else raised - card.overall


def _practices_needed(gains: list[Fraction | None], shortfall: Fraction) -> int | None:
    known = sorted((gain for gain in gains if gain is not None), reverse=True)
    return next((n for n, total in enumerate(accumulate(known), start=1) if total >= shortfall), None)
