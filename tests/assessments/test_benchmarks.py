"""The rules of docs/benchmarks.md: tools against lists, percentiles, and of whom nothing is told."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.benchmarks import (
    FEWEST_ORGANIZATIONS,
    BenchmarkSet,
    Figures,
    adoption,
    cut_points,
    groups_to_tell,
    percentile,
)
from assessments.definition import Definition
from tests.factories import shipped_definition

SCORES = st.fractions(0, 5, max_denominator=60)
MANY = st.lists(SCORES, min_size=FEWEST_ORGANIZATIONS, max_size=60)


@pytest.fixture(scope="module")
def definition() -> Definition:
    return Definition.from_mapping(shipped_definition())


class TestAdoption:
    def test_it_counts_what_is_used_of_each_level(self, definition: Definition) -> None:
        found = adoption(definition, ["git", "Docker", "MLflow", "Our own tool"])

        first, second = (found.of(definition.levels[number]) for number in (1, 2))
        assert first
        assert second
        assert first.used == ("Git", "Docker")
        assert first.lacking == ("GitHub Actions", "GitLab CI/CD", "pytest", "FastAPI", "Container registry")
        assert (first.share, second.share) == (Fraction(2, 7), Fraction(1, 7))
        assert found.own == ("Our own tool",)

    def test_without_a_level_there_is_no_part(self, definition: Definition) -> None:
        assert adoption(definition, []).of(None) is None

    def test_an_empty_list_has_no_share(self) -> None:
        data = shipped_definition()
        data["levels"][0]["tools"] = []
        row = adoption(Definition.from_mapping(data), []).levels[0]

        assert (row.total, row.share) == (0, None)

    @given(data=st.data())
    def test_used_and_lacking_make_up_the_list(self, definition: Definition, data: st.DataObject) -> None:
        listed = [tool for level in definition.levels for tool in level.tools]
        tools = data.draw(st.lists(st.sampled_from([*listed, "Own", "Another"]), unique=True))

        found = adoption(definition, tools)

        for row in found.levels:
            assert sorted(row.used + row.lacking) == sorted(row.level.tools)
            assert set(row.used) <= set(tools)
        assert set(found.own) == set(tools) - set(listed)


class TestPercentile:
    @pytest.mark.parametrize(
        ("score", "expected"),
        [("0", 0), ("0.94", 0), ("0.95", 10), ("1", 10), ("4.96", 50), ("8.9", 80), ("9", 90), ("10", 90)],
    )
    def test_it_is_the_highest_step_reached(self, score: str, expected: int) -> None:
        points = cut_points([Fraction(number) for number in range(11)])

        assert points == tuple(Fraction(number) for number in range(1, 10))
        assert percentile(points, Fraction(score)) == expected

    def test_of_nine_nothing_is_said(self) -> None:
        assert cut_points([Fraction(1)] * (FEWEST_ORGANIZATIONS - 1)) is None

    @given(scores=MANY, score=SCORES)
    def test_it_tells_no_more_than_a_step(self, scores: list[Fraction], score: Fraction) -> None:
        points = cut_points(scores)

        assert points is not None
        assert all((point * 10).denominator == 1 for point in points)
        assert list(points) == sorted(points)
        assert percentile(points, score) in range(0, 100, 10)

    @given(scores=MANY)
    def test_the_highest_score_stands_at_the_top_and_a_lower_one_nowhere_above(self, scores: list[Fraction]) -> None:
        points = cut_points(scores)

        assert points is not None
        standings = [percentile(points, score) for score in sorted(scores)]
        assert standings == sorted(standings)
        assert standings[-1] == 90


class TestGroupsToTell:
    @pytest.mark.parametrize(
        ("sizes", "told"),
        [
            ({}, set()),
            ({"a": 9}, set()),
            ({"a": 10}, {"a"}),
            ({"a": 10, "b": 10}, {"a", "b"}),
            ({"a": 10, "b": 9}, set()),
            ({"a": 10, "b": 12, "c": 1}, {"b"}),
            ({"a": 30, "b": 5, "c": 5}, {"a"}),
        ],
    )
    def test_examples(self, sizes: dict[str, int], told: set[str]) -> None:
        assert set(groups_to_tell(sizes)) == told

    @given(sizes=st.dictionaries(st.integers(0, 5), st.integers(0, 40)))
    def test_what_can_be_worked_out_is_never_about_fewer_than_ten(self, sizes: dict[int, int]) -> None:
        told = groups_to_tell(sizes)

        assert all(sizes[group] >= FEWEST_ORGANIZATIONS for group in told)
        others = sum(size for group, size in sizes.items() if group not in told)
        assert not told or others == 0 or others >= FEWEST_ORGANIZATIONS


def test_a_published_set_is_read_exactly() -> None:
    found = BenchmarkSet.from_mapping(
        {
            "slug": "invented",
            "title": "Invented",
            "source": {"title": "Nobody", "url": "https://example.org/", "licence": "CC0", "year": 2026},
            "questionnaire": "mlops-maturity",
            "overall": {"mean": 2.1},
            "dimensions": [{"key": "governance", "percentiles": {"50": 2, "25": 1.1}}],
        }
    )

    assert found.figures[None] == Figures(Fraction(21, 10), [])
    assert found.figures["governance"].points == [(25, Fraction(11, 10)), (50, Fraction(2))]


@pytest.mark.parametrize(("score", "reached"), [(None, None), ("1", 0), ("1.1", 25), ("2", 50), ("5", 50)])
def test_which_published_percentile_a_score_reaches(score: str | None, reached: int | None) -> None:
    figures = Figures(None, [(25, Fraction("1.1")), (50, Fraction(2))])

    assert figures.reached(Fraction(score) if score else None) == reached
    assert Figures(Fraction(1), []).reached(Fraction(1)) is None
