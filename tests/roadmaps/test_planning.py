"""docs/scoring.md, "What to raise next"."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assessments.definition import Combine, Definition, Method
from assessments.scoring import Aggregate, deciding_score, score_card
from roadmaps.planning import NextLevel, Recommendation, biggest_gap, levels_held, next_level, recommendations
from tests.definitions import (
    FIVE,
    counting,
    definition,
    definitions,
    dimension,
    five_by_five,
    question,
    responses,
    statements,
)


def lecture_roadmap(scores: dict[str, int]) -> list[dict[str, Any]]:
    """The lecture's `generate_roadmap`."""
    return [
        {
            "dimension": name,
            "current_score": score,
            "target_score": 3,
            "priority": "high" if score < 2 else "medium",
        }
        for name, score in scores.items()
        if score < 3
    ]


@given(st.lists(st.integers(0, 5), min_size=5, max_size=5))
def test_recommendations_are_the_lectures(counts: list[int]) -> None:
    card = score_card(five_by_five(), [counting(counts)])

    assert list(recommendations(five_by_five(), card)) == [
        Recommendation(**row) for row in lecture_roadmap(dict(zip(FIVE, counts, strict=True)))
    ]


def test_recommendations_hold_the_same_shares_on_other_scales() -> None:
    """Of ten, the target is six, and under four is a high priority."""
    choices = statements(10)
    scores = {"a": 6, "b": 5, "c": 4, "d": 3}
    ladders = [dimension(key, question(f"{key}.1", kind="ladder", choices=choices)) for key in scores]
    unscored = dimension("e", question("e.1"))

    ten = definition(*ladders, unscored, method="ladder", top=10)
    card = score_card(ten, [{f"{key}.1": str(n) for key, n in scores.items()}])

    assert recommendations(ten, card) == (
        Recommendation("b", Fraction(5), Fraction(6), "medium"),
        Recommendation("c", Fraction(4), Fraction(6), "medium"),
        Recommendation("d", Fraction(3), Fraction(6), "high"),
    )


@pytest.mark.parametrize(
    ("answers", "gap"),
    [
        (counting([3, 1, 4, 5, 2]), ("model_development",)),
        (counting([3, 1, 4, 1, 2]), ("model_development", "monitoring")),
        (counting([4, 5, 5, 5, 5]), ("data_management",)),
        (counting([5, 5, 5, 5, 5]), ()),
        (counting([2, 2, 2, 2, 2]), ()),
        ({"governance.1": "yes", "governance.2": "no"}, ("governance",)),
        ({}, ()),
    ],
    ids=["one", "tied", "just under the top", "all in place", "all equal", "others without score", "no scores"],
)
def test_biggest_gap(answers: dict[str, str], gap: tuple[str, ...]) -> None:
    assert biggest_gap(score_card(five_by_five(), [answers])) == gap


def leading_on(drawn: Definition, *answers: dict[str, str], aggregate: Aggregate = "mean") -> NextLevel:
    above = next_level(drawn, score_card(drawn, answers, aggregate=aggregate))
    assert above is not None
    return above


def test_next_level_names_what_is_missing_up_to_it() -> None:
    above = leading_on(five_by_five(), counting([3, 2, 2, 1, 1]))

    assert (above.level.number, above.shortfall, above.practices_needed) == (2, Fraction(1, 5), 1)
    assert [(p.key, p.level, p.mean, p.gain) for p in above.missing] == [
        # The first three dimensions have all up to level 2: there it is their lowest missing level.
        ("data_management.4", 4, Fraction(0), Fraction(1, 5)),
        ("model_development.3", 3, Fraction(0), Fraction(1, 5)),
        ("model_deployment.3", 3, Fraction(0), Fraction(1, 5)),
        ("monitoring.2", 2, Fraction(0), Fraction(1, 5)),
        ("governance.2", 2, Fraction(0), Fraction(1, 5)),
    ]


def test_missing_practices_come_by_level_with_what_they_would_gain() -> None:
    """Half of two people have b.1; nobody has the weightier b.2, asked first."""
    drawn = definition(
        dimension("a", question("a.1", level=1)),
        dimension("b", question("b.2", level=2, weight=3), question("b.1", level=1), weight=3),
    )

    above = leading_on(drawn, {"a.1": "yes", "b.1": "yes", "b.2": "no"}, {"a.1": "yes", "b.1": "no", "b.2": "no"})

    assert [(p.key, p.mean, p.gain) for p in above.missing] == [
        ("b.1", Fraction(1, 2), Fraction(3, 4) * Fraction(5, 8)),
        ("b.2", Fraction(0), Fraction(3, 4) * Fraction(15, 4)),
    ]


def test_no_next_level_at_the_top_or_without_scores() -> None:
    assert next_level(five_by_five(), score_card(five_by_five(), [counting([5, 5, 5, 5, 5])])) is None
    assert next_level(five_by_five(), score_card(five_by_five(), [])) is None


def test_below_every_threshold_the_lowest_level_is_next() -> None:
    full = five_by_five()
    demanding = replace(full, levels=full.levels[2:])

    above = leading_on(demanding, counting([1, 1, 1, 1, 0]))

    assert (above.level.number, above.shortfall, above.practices_needed) == (2, Fraction(6, 5), 6)


def test_under_gate_the_shortfall_is_that_of_the_weakest_dimension() -> None:
    above = leading_on(five_by_five(combine="gate"), counting([4, 4, 4, 4, 1]))

    assert (above.level.number, above.shortfall) == (2, Fraction(1))


def test_recommendations_by_levels_aim_at_a_threshold() -> None:
    """On a scale of two, 3/5 of it is no level, and 1 the nearest one; of three people one is under it."""
    two = definition(dimension("a", question("a.1", level=1), question("a.2", level=2)), method="levels", top=2)
    answers = [{"a.1": "yes", "a.2": "no"}, {"a.1": "yes", "a.2": "no"}, {"a.1": "no", "a.2": "yes"}]
    card = score_card(two, answers)

    assert recommendations(two, card) == (Recommendation("a", Fraction(2, 3), Fraction(1), "high"),)
    assert recommendations(two, score_card(two, answers[:2])) == ()
    assert levels_held(two, card) == (0,)


@pytest.mark.parametrize(
    ("method", "combine", "aggregate"),
    [("staged", "mean", "mean"), ("levels", "gate", "mean"), ("count", "gate", "median"), ("count", "mean", "median")],
)
def test_practices_needed_is_left_open_where_gains_do_not_add_up(
    method: Method, combine: Combine, aggregate: Aggregate
) -> None:
    above = leading_on(five_by_five(method=method, combine=combine), counting([1, 1, 1, 1, 1]), aggregate=aggregate)

    assert above.practices_needed is None


def test_practices_needed_is_left_open_where_a_ladder_must_rise_too() -> None:
    drawn = definition(
        dimension("a", question("a.1")), dimension("b", question("b.1", kind="ladder", choices=statements()))
    )

    above = leading_on(drawn, {"a.1": "yes", "b.1": "0"})

    assert (above.level.number, above.practices_needed) == (3, None)
    assert [(p.key, p.level, p.mean, p.gain) for p in above.missing] == [("b.1", 1, Fraction(0), Fraction(1, 2))]


def test_the_next_value_of_a_ladder_is_missing() -> None:
    """Of two people at 2 and 3 the mean is 2.5; from there to 3 the other dimension gains nothing."""
    drawn = definition(
        *(dimension(key, question(f"{key}.1", kind="ladder", choices=statements())) for key in ("a", "b")),
        method="ladder",
    )

    above = leading_on(drawn, {"a.1": "2", "b.1": "5"}, {"a.1": "3", "b.1": "5"})

    assert [(p.key, p.level, p.mean, p.gain) for p in above.missing] == [("a.1", 3, Fraction(1, 2), Fraction(1, 4))]


def test_a_threshold_that_is_not_part_of_its_level_must_be_passed() -> None:
    drawn = definition(dimension("a", *(question(f"a.{n}", level=0) for n in range(7))), combine="minimum", top=7)
    bands = replace(drawn, levels=(*drawn.levels[:1], *(replace(row, exclusive=True) for row in drawn.levels[1:])))

    above = leading_on(bands, {f"a.{n}": "yes" if n < 2 else "no" for n in range(7)})

    assert (above.level.number, above.shortfall, above.practices_needed) == (2, Fraction(0), 1)


@given(definitions(methods=("count",)), st.data())
def test_practices_needed_is_the_least_number_that_reaches_the_next_level(
    drawn: Definition, data: st.DataObject
) -> None:
    """Against trying every set of missing practices, smallest first, and scoring the answers again."""
    given_answers = data.draw(st.lists(responses(drawn), min_size=1, max_size=3))
    card = score_card(drawn, given_answers)
    above = next_level(drawn, card)
    if above is None:
        return
    missing = [
        tally.key
        for tally in card.questions
        if drawn.questions[tally.key].kind == "practice" and tally.mean is not None and tally.mean < 1
    ]
    assume(len(missing) <= 8)  # more would take long, and show nothing else

    def reaches(keys: tuple[str, ...]) -> bool:
        """Whether these practices, put fully in place, are enough."""
        after = [
            answers | {key: "yes" for key in keys if answers.get(key) not in {None, "not_applicable"}}
            for answers in given_answers
        ]
        score = deciding_score(drawn, score_card(drawn, after).scores)
        return score is not None and above.level.is_reached(score)

    fewest = next((n for n in range(1, len(missing) + 1) if any(map(reaches, combinations(missing, n)))), None)

    assert above.practices_needed == fewest


def test_a_dimension_holds_the_levels_below_its_first_gap() -> None:
    questionnaire = definition(dimension("data", *(question(f"data.{level}", level=level) for level in range(1, 6))))

    def held(*responses: str) -> tuple[int, ...]:
        answers = [dict(zip(questionnaire.questions, response.split(), strict=True)) for response in responses]
        return levels_held(questionnaire, score_card(questionnaire, answers))

    assert held("no yes yes yes yes") == (0,)
    assert held("yes yes no yes no") == (2,)
    assert held("yes yes yes yes yes") == (5,)
    assert held("yes not_applicable yes no no") == (3,)
    assert held("yes yes no no no", "yes no no no no") == (2,)
    assert held("yes yes no no no", "yes no no no no", "yes no no no no") == (1,)


def test_a_dimension_of_ladders_holds_the_whole_levels_of_its_score() -> None:
    questionnaire = definition(dimension("data", question("data.ladder", kind="ladder", choices=statements())))

    assert levels_held(questionnaire, score_card(questionnaire, [{"data.ladder": "3"}, {"data.ladder": "4"}])) == (3,)


@given(data=st.data())
def test_one_respondent_holds_no_more_than_the_score(data: st.DataObject) -> None:
    questionnaire = five_by_five()
    choices = st.sampled_from(["yes", "no", "not_sure"])
    answers = {key: data.draw(choices) for key in questionnaire.questions}
    card = score_card(questionnaire, [answers])

    assert all(
        held <= score
        for held, score in zip(levels_held(questionnaire, card), card.scores.values(), strict=True)
        if score is not None
    )
