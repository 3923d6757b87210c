"""How scores are written: rounded, and yet never as a level that is not reached."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from assessments.questionnaires.files import load_shipped
from assessments.templatetags import scores


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (Fraction(0), "0.00"),
        (Fraction(7, 3), "2.33"),
        (Fraction(8, 3), "2.67"),
        (Fraction(29999, 10000), "2.99"),
        (Fraction(5), "5.00"),
        (0.8164, "0.82"),
    ],
)
def test_a_score_is_rounded_to_two_decimals(value: Fraction | float | None, text: str) -> None:
    assert scores.score(value) == text


def test_a_score_is_written_in_the_readers_number_format() -> None:
    with override("de"):
        assert scores.score(Fraction(7, 3)) == "2,33"
        assert scores.plain(Fraction(7, 3)) == "2.3333"


@given(st.fractions(min_value=0, max_value=7), st.integers(min_value=1, max_value=3))
def test_a_written_score_has_the_whole_part_of_the_exact_one(value: Fraction, decimals: int) -> None:
    written = Fraction(scores.score(value, decimals))

    assert floor(written) == floor(value)
    assert abs(written - value) <= Fraction(1, 10**decimals)


@given(st.fractions(min_value=Fraction(1, 10**9), max_value=5))
def test_what_is_missing_never_reads_as_nothing(value: Fraction) -> None:
    assert Fraction(scores.missing_score(value)) >= value


@pytest.mark.parametrize(
    ("share", "percent"),
    [(0, 0), (Fraction(1, 1000), 1), (Fraction(2, 3), 67), (Fraction(999, 1000), 99), (1, 100)],
)
def test_only_all_and_none_read_as_such(share: Fraction, percent: int) -> None:
    assert scores.percent(Fraction(share)) == percent


@pytest.mark.parametrize(
    ("change", "text"), [(Fraction(1, 2), "+0.50"), (Fraction(-1, 3), "−0.33"), (Fraction(0), "±0.00")]
)
def test_a_change_has_its_sign(change: Fraction, text: str) -> None:
    assert scores.signed(change) == text


@pytest.mark.parametrize(
    ("slug", "score", "name"),
    [
        ("mlops-maturity", None, "level-none"),
        ("mlops-maturity", Fraction(29, 10), "level-2"),
        ("mlops-maturity", Fraction(5), "level-5"),
        ("google-mlops", Fraction(0), "level-0"),
        ("google-mlops", Fraction(1), "level-2"),
        ("google-mlops", Fraction(2), "level-5"),
        ("ml-test-score", Fraction(3), "level-3"),
        ("ml-test-score", Fraction(7), "level-5"),
    ],
)
def test_what_reaches_a_level_has_its_colour(slug: str, score: Fraction | None, name: str) -> None:
    definition = load_shipped(slug)

    assert scores.level_class(score, definition) == name
    assert score is None or scores.level_class(definition.level_reached(score), definition) == name


@pytest.mark.parametrize(("value", "text"), [(Fraction(3), "3"), (Fraction(21, 5), "4.2"), (Fraction(1, 3), "0.33")])
def test_a_score_is_written_with_as_few_decimals_as_it_needs(value: Fraction, text: str) -> None:
    assert scores.short(value) == text


@pytest.mark.parametrize(("value", "number"), [(Fraction(3), 3), (Fraction(5, 2), 2.5)])
def test_an_exact_number_counts_in_templates(value: Fraction, number: float) -> None:
    assert scores.number(value) == number
