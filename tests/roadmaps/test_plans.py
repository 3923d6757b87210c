"""docs/planning.md: the cheapest plan against trying every set of steps, and plans laid out in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assessments.definition import Definition, Guidance, Question
from assessments.scoring import Aggregate, score_card
from roadmaps.plans import Resources, Target, best_in_time, cheapest_plan, default_target
from roadmaps.schedule import lay_out
from roadmaps.steps import NeedsAnswers, Outlook, StepKey, raise_answers
from tests.definitions import counting, definition, definitions, dimension, five_by_five, question, responses

Responses = list[dict[str, str]]


def guided(asked: Question, effort: Fraction | int = 1, requires: Sequence[str] = ()) -> Question:
    return replace(asked, guidance=Guidance("Do it.", "Done.", Fraction(effort), (), (), "", tuple(requires)))


def with_guidance(drawn: Definition, guidance: Mapping[str, tuple[Fraction | int, Sequence[str]]]) -> Definition:
    """Return the definition with (effort, requires) by question key; the others take one week."""
    return replace(
        drawn,
        dimensions=tuple(
            replace(one, questions=tuple(guided(asked, *guidance.get(asked.key, (1, ()))) for asked in one.questions))
            for one in drawn.dimensions
        ),
    )


def has_an_order(drawn: Definition, requires: Mapping[str, Sequence[str]]) -> bool:
    graph = {key: {*requires.get(key, ())} for key in drawn.questions}
    for one in drawn.dimensions:
        for asked in one.questions:
            graph[asked.key] |= {other.key for other in one.questions if other.level < asked.level}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        return False
    return True


@st.composite
def situations(draw: st.DrawFn) -> tuple[Definition, Responses, Aggregate]:
    """Draw a questionnaire with efforts and requirements, answers, and how they are put together."""
    drawn = draw(definitions())
    keys = st.sampled_from(sorted(drawn.questions))
    requires: dict[str, list[str]] = {}
    for key, other in draw(st.lists(st.tuples(keys, keys), max_size=6)):
        tried = requires | {key: [*requires.get(key, []), other]}
        if has_an_order(drawn, tried):
            requires = tried
    efforts = st.integers(1, 6) | st.sampled_from([Fraction(1, 2), Fraction(7, 4)])
    guidance = {key: (draw(efforts), requires.get(key, ())) for key in drawn.questions}
    given_answers = draw(st.lists(responses(drawn), min_size=1, max_size=3))
    return with_guidance(drawn, guidance), given_answers, draw(st.sampled_from(["mean", "mean", "median"]))


def outlook_of(drawn: Definition, answers: Responses, aggregate: Aggregate = "mean") -> Outlook:
    return Outlook(drawn, score_card(drawn, answers, aggregate=aggregate), answers)


def reached(outlook: Outlook, answers: Responses, steps: frozenset[StepKey], target: Target) -> bool:
    """Whether the answers, given again with these steps done, reach the target."""
    after = [dict(one) for one in answers]
    for one in outlook.definition.dimensions:
        raise_answers(one, after, [key for key in steps if outlook.steps[key].dimension == one.key])
    card = score_card(outlook.definition, after, aggregate=outlook.card.aggregate)
    if target.level is not None and (card.level is None or card.level.number < target.level.number):
        return False
    return all(
        (score := card.scores[key]) is not None and level.is_reached(score) for key, level in target.dimensions.items()
    )


def closed_sets(outlook: Outlook) -> Iterator[frozenset[StepKey]]:
    for size in range(len(outlook.steps) + 1):
        for some in map(frozenset, combinations(outlook.steps, size)):
            if all(outlook.steps[key].requires <= some for key in some):
                yield some


@settings(max_examples=100)
@given(situations(), st.data())
def test_no_plan_is_cheaper(situation: tuple[Definition, Responses, Aggregate], data: st.DataObject) -> None:
    """Against trying every set that leaves no step without what it needs."""
    drawn, answers, aggregate = situation
    outlook = outlook_of(drawn, answers, aggregate)
    assume(0 < len(outlook.steps) <= 9)
    some_levels = st.sampled_from(drawn.levels)
    targeted = data.draw(
        st.dictionaries(st.sampled_from([one.key for one in drawn.dimensions]), some_levels, max_size=2)
    )
    target = Target(data.draw(some_levels if not targeted else some_levels | st.none()), targeted)
    some_steps = st.sets(st.sampled_from(sorted(outlook.steps)), max_size=2)
    pinned, dropped = data.draw(st.just(set()) | some_steps), data.draw(st.just(set()) | some_steps)

    found = cheapest_plan(outlook, target, pinned=pinned, dropped=dropped)

    costs = [
        sum(outlook.steps[key].effort for key in some)
        for some in closed_sets(outlook)
        if pinned <= some and not dropped & some and reached(outlook, answers, some, target)
    ]
    if found is None:
        assert not costs
    else:
        assert found.is_proven
        assert found.effort == sum(outlook.steps[key].effort for key in found.steps) == min(costs)
        assert all(outlook.steps[key].requires <= found.steps for key in found.steps)
        assert pinned <= found.steps
        assert not dropped & found.steps
        assert reached(outlook, answers, found.steps, target)
        assert found == cheapest_plan(outlook_of(drawn, answers, aggregate), target, pinned=pinned, dropped=dropped)


@settings(max_examples=60)
@given(situations(), st.data())
def test_what_is_laid_out_is_what_the_answers_would_score(
    situation: tuple[Definition, Responses, Aggregate], data: st.DataObject
) -> None:
    drawn, answers, aggregate = situation
    outlook = outlook_of(drawn, answers, aggregate)
    assume(outlook.steps)
    chosen = data.draw(st.sets(st.sampled_from(sorted(outlook.steps))))
    wish = data.draw(st.permutations(sorted(outlook.steps)))
    resources = Resources(data.draw(st.integers(1, 12)), Fraction(data.draw(st.integers(1, 12))))

    for order in ((), wish):
        plan = lay_out(outlook, chosen, default_target(drawn, outlook.current), resources, order=order)

        steps = [planned.step.key for planned in plan.steps]
        assert {*steps, *(one.step.key for one in plan.blocked)} == chosen
        for place, planned in enumerate(plan.steps):
            assert planned.step.requires <= set(steps[:place])
        assert all(set(one.lacking) and not set(one.lacking) & chosen for one in plan.blocked)
        after = [dict(one) for one in answers]
        for one in drawn.dimensions:
            raise_answers(one, after, [key for key in steps if outlook.steps[key].dimension == one.key])
        card = score_card(drawn, after, aggregate=aggregate)
        assert plan.projected.scores == card.scores
        assert plan.projected.overall == card.overall
        if card.overall is not None and outlook.current.overall is not None:
            assert sum((planned.gain for planned in plan.steps), outlook.current.overall) == card.overall
        assert plan.fits == all(planned.fits for planned in plan.steps)
        assert [one.number for one in plan.phases] == list(range(1, len(plan.phases) + 1))
        assert [planned for phase in plan.phases for planned in phase.steps] == list(plan.steps)


def test_a_card_without_answers_tells_the_same_where_gains_add_up() -> None:
    answers = [counting([3, 2, 2, 1, 1]), counting([1, 2, 0, 5, 1])]
    drawn = five_by_five()
    card = score_card(drawn, answers)

    alone, with_answers = Outlook(drawn, card), Outlook(drawn, card, answers)

    assert alone.gains == with_answers.gains
    assert cheapest_plan(alone, Target(drawn.levels[4])) == cheapest_plan(with_answers, Target(drawn.levels[4]))


@pytest.mark.parametrize(("method", "aggregate"), [("staged", "mean"), ("count", "median")])
def test_where_gains_do_not_add_up_the_answers_are_needed(method: Any, aggregate: Aggregate) -> None:
    drawn = five_by_five(method=method)
    with pytest.raises(NeedsAnswers):
        Outlook(drawn, score_card(drawn, [counting([1, 1, 1, 1, 1])], aggregate=aggregate))


def test_of_equally_cheap_plans_the_weaker_dimension_is_raised() -> None:
    """One more practice is enough; data management has 3, governance 1."""
    drawn = with_guidance(five_by_five(), {})
    outlook = outlook_of(drawn, [counting([3, 2, 2, 2, 0])])
    target = default_target(drawn, outlook.current)

    found = cheapest_plan(outlook, target)

    assert target.level == drawn.levels[2]
    assert found is not None
    assert found.steps == {("governance.1", "")}


def test_what_fits_is_told_where_the_target_does_not() -> None:
    drawn = with_guidance(five_by_five(), {})
    outlook = outlook_of(drawn, [counting([1, 1, 1, 1, 1])])
    target, resources = Target(drawn.levels[4]), Resources(6, Fraction(2))
    found = cheapest_plan(outlook, target)
    assert found is not None

    plan = lay_out(outlook, found.steps, target, resources)
    lower = best_in_time(outlook, target, resources)

    assert (plan.effort, plan.fits, plan.months_needed, plan.capacity_needed) == (
        Fraction(15),
        False,
        8,
        Fraction(5, 2),
    )
    assert (plan.projected.level, plan.in_time.level, bool(plan.missed), plan.missed_in_time.level) == (
        4,
        3,
        False,
        drawn.levels[4],
    )
    assert [(one.number, one.first, one.last, one.effort) for one in plan.phases] == [
        (1, 1, 3, Fraction(6)),
        (2, 4, 6, Fraction(6)),
        (3, 7, 9, Fraction(3)),
    ]
    assert lower is not None
    assert (lower[0].number, lower[1].effort) == (3, Fraction(10))


def large(dimensions: int, per_level: int, requirements: int) -> tuple[Definition, Responses]:
    """Return a questionnaire of 500 questions at the most, and answers of three people."""
    chance = Random(5)  # noqa: S311 - no secret, but the same at every run
    drawn = definition(
        *(
            dimension(
                f"d{d}",
                *(question(f"d{d}.{level}.{n}", level=level) for level in range(1, 6) for n in range(per_level)),
            )
            for d in range(dimensions)
        )
    )
    keys = list(drawn.questions)
    requires: dict[str, list[str]] = {}
    while sum(map(len, requires.values())) < requirements:
        above, below = chance.choice(keys), chance.choice(keys)
        if above.split(".")[1] > below.split(".")[1]:
            requires.setdefault(above, []).append(below)
    guidance = {key: (Fraction(chance.randint(2, 56), 4), requires.get(key, ())) for key in keys}
    answers = [{key: chance.choice(["yes", "no", "no", "partly"]) for key in keys} for _ in range(3)]
    return with_guidance(drawn, guidance), answers


@pytest.mark.parametrize(
    ("dimensions", "per_level", "requirements"), [(5, 20, 0), (5, 20, 60), (20, 5, 60), (1, 100, 0), (100, 1, 60)]
)
def test_plans_of_five_hundred_questions_are_proven(dimensions: int, per_level: int, requirements: int) -> None:
    drawn, answers = large(dimensions, per_level, requirements)
    outlook = outlook_of(drawn, answers)
    target = default_target(drawn, outlook.current)

    found = cheapest_plan(outlook, target)
    assert found is not None
    plan = lay_out(outlook, found.steps, target, Resources())

    assert found.is_proven
    assert not plan.missed
