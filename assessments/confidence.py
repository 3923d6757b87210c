"""How sure a level is: would other people of the same kind have given it? Specified in docs/scoring.md."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import accumulate
from math import lcm
from random import Random
from typing import Any

from assessments.definition import Definition
from assessments.scoring import Aggregate, Answers, Whole, level_rule, score_patterns

MOST_RESAMPLES, FEWEST_RESAMPLES = 500, 50
DRAWS = 250_000
"""About as many respondents are drawn in all, within these numbers of resamples: large groups need fewer."""
SEED = 1979
MOST_VALUES = 500
"""Packed numbers that count more different scores than these are so long that adding takes longer than sorting."""

Row = tuple[int | None, ...]
"""One respondent's score in each dimension, as a whole number of the scale; None: nothing to score."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """How resamples are scored: a number for each respondent, drawn from these with replacement.

    `add` makes of the numbers drawn what `scores_of` turns into each dimension's score, whole numbers and their common
    denominator on the scale of the rows.
    """

    numbers: Sequence[int]
    add: Callable[[list[int]], Hashable]
    scores_of: Callable[[Any], tuple[Whole, int]]


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
    rows = _rows(patterns, scale)
    resampling = _by_mean(rows) if aggregate == "mean" else _by_median(rows)
    chance = Random(SEED)  # noqa: S311 - no secret, but the same at every run
    resamples = resamples_of(len(rows))
    drawn = Counter(resampling.add(chance.choices(resampling.numbers, k=len(rows))) for _ in range(resamples))
    level_of = level_rule(definition)
    levels: Counter[int] = Counter()
    for added, times in drawn.items():
        scores, denominator = resampling.scores_of(added)
        if level := level_of(scores, denominator * scale):
            levels[level.number] += times
    return {number: times / resamples for number, times in levels.items()}


def _rows(patterns: Counter[tuple[Fraction | None, ...]], scale: int) -> list[Row]:
    """Return every respondent's scores, in an order that is always the same.

    As whole numbers, which are added and sorted many times faster than fractions.
    """
    rows: Counter[Row] = Counter()
    for pattern, count in patterns.items():
        rows[tuple(None if score is None else int(score * scale) for score in pattern)] += count
    return sorted(rows.elements(), key=lambda row: [-1 if score is None else score for score in row])


def _by_mean(rows: Sequence[Row]) -> Resampling:
    """Pack for each respondent every dimension's score and whether there is one: their sums give the means."""
    dimensions = len(rows[0])
    largest = max((score for row in rows for score in row if score), default=1)
    width = (len(rows) * largest).bit_length()

    @cache
    def packed(row: Row) -> int:
        return _packed([*(score or 0 for score in row), *(score is not None for score in row)], width)

    def scores_of(added: int) -> tuple[Whole, int]:
        sums = _unpacked(added, width, 2 * dimensions)
        totals, scored = sums[:dimensions], sums[dimensions:]
        common = lcm(*filter(None, scored))
        return [
            total * (common // people) if people else None for total, people in zip(totals, scored, strict=True)
        ], common

    return Resampling([packed(row) for row in rows], sum, scores_of)


def _by_median(rows: Sequence[Row]) -> Resampling:
    """Pack for each respondent which of every dimension's scores is theirs: their sums count who has which."""
    values = [sorted({score for score in column if score is not None}) for column in zip(*rows, strict=True)]
    fields = [(n, score) for n, own in enumerate(values) for score in own]
    if len(fields) > MOST_VALUES:
        return _by_sorting(rows)
    width = len(rows).bit_length()

    @cache
    def packed(row: Row) -> int:
        return _packed([row[n] == score for n, score in fields], width)

    def scores_of(added: int) -> tuple[Whole, int]:
        counts = iter(_unpacked(added, width, len(fields)))
        return [_twice_the_median(own, list(accumulate(next(counts) for _score in own))) for own in values], 2

    return Resampling([packed(row) for row in rows], sum, scores_of)


def _by_sorting(rows: Sequence[Row]) -> Resampling:
    """Give the medians too, at a pace that hardly depends on how many different scores there are."""
    columns = list(zip(*rows, strict=True))

    def twice_the_median(column: Row, drawn: Sequence[int]) -> int | None:
        scored = sorted(score for n in drawn if (score := column[n]) is not None)
        return _twice_the_median(scored, range(1, len(scored) + 1))

    return Resampling(range(len(rows)), tuple, lambda drawn: ([twice_the_median(own, drawn) for own in columns], 2))


def _twice_the_median(scores: Sequence[int], up_to: Sequence[int]) -> int | None:
    """Return the sum of the middle two of sorted scores, of which there are `up_to` from the first to each."""
    if not up_to or not up_to[-1]:
        return None
    middle = ((up_to[-1] - 1) // 2, up_to[-1] // 2)
    return sum(scores[bisect_right(up_to, place)] for place in middle)


def _packed(numbers: Sequence[int], width: int) -> int:
    """Return numbers of up to `width` bits as one: adding two of these adds all of their numbers at once."""
    return sum(number << width * place for place, number in enumerate(numbers))


def _unpacked(packed: int, width: int, count: int) -> list[int]:
    mask = (1 << width) - 1
    return [packed >> width * place & mask for place in range(count)]
