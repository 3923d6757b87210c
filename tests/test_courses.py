"""How benchmarks tell by what power a cost grows."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.courses import Course, Point, chart, table


def course(*pairs: tuple[int, float]) -> Course:
    return Course("a page", "rows", [Point(amount, cost, cost) for amount, cost in pairs])


@pytest.mark.parametrize(
    ("pairs", "slope", "last_slope", "is_worse"),
    [
        ([(10, 7), (100, 7), (1000, 7)], 0, 0, False),
        ([(10, 2), (100, 20), (1000, 200)], 1, 1, False),
        ([(50, 1), (150, 9), (500, 100)], 2, 2, True),
        ([(10, 100), (100, 100), (1000, 10_000)], 1, 2, True),
    ],
)
def test_a_course_has_the_exponent_of_its_power_law(
    pairs: Sequence[tuple[int, float]], *, slope: float, last_slope: float, is_worse: bool
) -> None:
    found = course(*pairs)

    assert found.slope == pytest.approx(slope, abs=1e-9)
    assert found.last_slope == pytest.approx(last_slope, abs=1e-9)
    assert found.is_worse_than_linear is is_worse
    assert ("worse than linear" in table([found])) is is_worse


def test_the_chart_shows_every_course_beside_a_linear_one() -> None:
    drawn = chart([course((10, 2), (100, 2.5), (1000, 3))])

    assert "a page (rows)" in drawn
    assert "linear" in drawn
