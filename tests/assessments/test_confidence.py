"""The confidence of a level is what resampling the respondents gives, whatever the questionnaire's rule."""

from __future__ import annotations

import time
from collections import Counter
from itertools import product
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import confidence
from assessments.confidence import FEWEST_RESAMPLES, MOST_RESAMPLES, level_confidence, resamples_of
from assessments.definition import Definition
from assessments.scoring import Aggregate, Answers, score_card
from tests.definitions import counting, definitions, five_by_five, responses

AGGREGATES: tuple[Aggregate, ...] = ("mean", "median")
aggregates = st.sampled_from(AGGREGATES)
NOTHING, EVERYTHING = counting([0] * 5), counting([5] * 5)


@st.composite
def answered(draw: st.DrawFn, *, max_size: int) -> tuple[Definition, list[dict[str, str]]]:
    drawn = draw(definitions())
    return drawn, draw(st.lists(responses(drawn), min_size=1, max_size=max_size))


@given(answered(max_size=3), aggregates)
def test_shares_are_those_of_all_possible_resamples(
    case: tuple[Definition, list[dict[str, str]]], aggregate: Aggregate
) -> None:
    drawn, given_answers = case
    levels = Counter(
        score_card(drawn, resample, aggregate=aggregate).level
        for resample in product(given_answers, repeat=len(given_answers))
    )

    shares = level_confidence(drawn, given_answers, aggregate=aggregate)

    exact = {level.number: times / levels.total() for level, times in levels.items() if level}
    assert shares.keys() <= exact.keys()
    # Six standard errors of a share from 500 resamples.
    assert all(abs(shares.get(number, 0) - share) < 6 * 0.5 / MOST_RESAMPLES**0.5 for number, share in exact.items())


@given(answered(max_size=8))
def test_many_different_scores_are_sorted_to_the_same_effect(case: tuple[Definition, list[dict[str, str]]]) -> None:
    counted = level_confidence(*case, aggregate="median")

    with patch.object(confidence, "MOST_VALUES", 0):
        assert level_confidence(*case, aggregate="median") == counted


@given(answered(max_size=8), aggregates, st.data())
def test_the_order_of_respondents_does_not_matter(
    case: tuple[Definition, list[dict[str, str]]], aggregate: Aggregate, data: st.DataObject
) -> None:
    drawn, given_answers = case
    shuffled = data.draw(st.permutations(given_answers))

    shares = level_confidence(drawn, given_answers, aggregate=aggregate)

    assert shares == level_confidence(drawn, shuffled, aggregate=aggregate)
    assert sum(shares.values()) <= 1.000001


@given(definitions().flatmap(lambda drawn: st.tuples(st.just(drawn), responses(drawn))), st.integers(1, 5), aggregates)
def test_people_who_agree_leave_no_doubt(
    case: tuple[Definition, dict[str, str]], people: int, aggregate: Aggregate
) -> None:
    drawn, answers = case
    level = score_card(drawn, [answers]).level

    assert level_confidence(drawn, [answers] * people, aggregate=aggregate) == ({level.number: 1.0} if level else {})


def test_two_who_see_the_opposite() -> None:
    shares = level_confidence(five_by_five(), [NOTHING, EVERYTHING])

    assert shares.keys() == {0, 2, 5}
    assert shares[2] == pytest.approx(0.5, abs=0.07)
    assert shares[0] == pytest.approx(0.25, abs=0.07)


def test_without_responses_there_is_none() -> None:
    assert level_confidence(five_by_five(), []) == {}


@pytest.mark.parametrize(("people", "resamples"), [(1, 500), (500, 500), (1000, 250), (5000, 50), (10**6, 50)])
def test_large_groups_need_fewer_resamples(people: int, resamples: int) -> None:
    assert FEWEST_RESAMPLES <= resamples <= MOST_RESAMPLES
    assert resamples_of(people) == resamples


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_ten_thousand_people_take_no_time(aggregate: Aggregate) -> None:
    definition, chance = five_by_five(), Random(1)  # noqa: S311 - no secret
    people: list[Answers] = [
        {key: chance.choice(("yes", "no")) for key in definition.questions} for _person in range(10_000)
    ]
    started = time.process_time()

    shares = level_confidence(definition, people, aggregate=aggregate)

    assert time.process_time() - started < 1  # a tenth of a second on an idle machine
    assert max(shares, key=shares.__getitem__) == 2
