"""How sure a level is: would other people of the same kind have given it? Specified in docs/scoring.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import cache
from math import lcm
from random import Random

from assessments.definition import Definition
from assessments.scoring import Aggregate, Answers, level_for, score_patterns

MOST_RESAMPLES, FEWEST_RESAMPLES = 500, 50
DRAWS = 250_000
"""About as many respondents are drawn in all, within these numbers of resamples: large groups need fewer."""
SEED = 1979
MISSING = -1
"""Stands for no score, in a column of whole numbers."""

Column = Sequence[int]
Score = tuple[int, int] | None
"""A score as numerator and denominator, on the scale of the columns; None: nothing to score."""


def resamples_of(respondents: int) -> int:
    """Return how many resamples are drawn of so many respondents (1 or more)."""
    return min(max(DRAWS // respondents, FEWEST_RESAMPLES), MOST_RESAMPLES)


def level_confidence(
    definition: Definition, responses: Iterable[Answers], *, aggregate: Aggregate = "mean"
) -> dict[int, float]:
    """Return, by level number, the share (over 0, up to 1) of bootstrap resamples of responses that give that level.

    The same responses, in whatever order, always give the same shares. A resample without a level adds to none of
    them; without responses there are none. The responses are such as `score_card` takes.
    """
    patterns = score_patterns(definition, responses)
    if not patterns:
        return {}
    scale = lcm(*(score.denominator for pattern in patterns for score in pattern if score is not None))
    columns = _columns(patterns, scale)
    combine = _mean if aggregate == "mean" else _median
    level_of = _levels(definition, scale)
    chance = Random(SEED)  # noqa: S311 - no secret, but the same at every run
    respondents = patterns.total()
    resamples = resamples_of(respondents)
    levels: Counter[int | None] = Counter()
    for _ in range(resamples):
        drawn = chance.choices(range(respondents), k=respondents)
        levels[level_of(tuple(combine([column[row] for row in drawn]) for column in columns))] += 1
    return {number: times / resamples for number, times in levels.items() if number is not None}


def _columns(patterns: Counter[tuple[Fraction | None, ...]], scale: int) -> list[Column]:
    """Return each dimension's scores, a row for each respondent in an order that is always the same.

    As whole numbers, which are added and sorted many times faster than fractions.
    """
    rows = Counter(
        {
            tuple(MISSING if score is None else int(score * scale) for score in pattern): count
            for pattern, count in patterns.items()
        }
    )
    return list(zip(*sorted(rows.elements()), strict=True))


def _levels(definition: Definition, scale: int) -> Callable[[tuple[Score, ...]], int | None]:
    """Return the function from dimension scores to the level's number; it reckons equal scores once."""
    keys = [dimension.key for dimension in definition.dimensions]

    @cache
    def level_of(scores: tuple[Score, ...]) -> int | None:
        exact = [None if score is None else Fraction(score[0], score[1] * scale) for score in scores]
        level = level_for(definition, dict(zip(keys, exact, strict=True)))
        return level.number if level else None

    return level_of


def _mean(column: Column) -> Score:
    missing = column.count(MISSING)
    scored = len(column) - missing
    return (sum(column) - missing * MISSING, scored) if scored else None


def _median(column: Column) -> Score:
    scored = sorted(column)[column.count(MISSING) :]
    return (scored[(len(scored) - 1) // 2] + scored[len(scored) // 2], 2) if scored else None
