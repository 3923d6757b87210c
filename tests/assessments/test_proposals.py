"""What answers to one questionnaire propose for another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.definition import Counterpart, Definition, Question
from assessments.proposals import Proposal, proposals
from assessments.questionnaires.files import load_shipped, shipped
from tests.definitions import definition, dimension, question

FULL = load_shipped("mlops-maturity")
QUICK = load_shipped("mlops-maturity-quick")
TEST_SCORE = load_shipped("ml-test-score")
DATA = [question.key for question in FULL.dimension("data_management").questions]


def named(slug: str, *questions: Question) -> Definition:
    return replace(definition(dimension("a", *questions)), slug=slug)


def same(key: str, **choices: str) -> Question:
    return replace(question("q"), same_as=(Counterpart("there", key, tuple(choices.items())),))


def one(asked: Definition, answered: Definition, answers: dict[str, str]) -> dict[str, str]:
    return {key: row.choice for key, row in proposals(asked, answered, answers).items()}


@pytest.mark.parametrize(
    ("pairs", "given", "proposed"),
    [
        ({"yes": "yes", "no": "no", "not_sure": "no", "partly": "no", "not_applicable": "no"}, "yes", "yes"),
        ({"yes": "yes", "no": "no", "not_sure": "no", "partly": "no", "not_applicable": "no"}, "no", None),
        ({"yes": "yes"}, "no", None),
        ({"no": "no", "not_sure": "no", "partly": "no", "not_applicable": "no"}, "yes", "yes"),
        ({"yes": "no", "no": "no", "not_sure": "no", "partly": "no"}, "yes", None),
        ({"yes": "yes", "no": "yes", "not_sure": "yes", "partly": "yes", "not_applicable": "no"}, "no", None),
        ({"yes": "no", "no": "no", "partly": "no", "not_applicable": "no"}, "yes", None),
        ({"yes": "gone"}, "gone", None),
    ],
    ids=[
        "only one is left",
        "several are left",
        "it rules one out only",
        "what is left out stays possible",
        "two that are left out",
        "a choice out of the score",
        "not sure",
        "nothing but what is left out is possible anyway",
    ],
)
def test_what_is_answered_there_leaves_one_choice_here(pairs: dict[str, str], given: str, proposed: str | None) -> None:
    there = named("there", question("q"))

    found = one(named("here", same("q", **pairs)), there, {"q": given})

    assert found == ({"q": proposed} if proposed else {})


def test_an_answer_here_proposes_the_one_there() -> None:
    here, there = named("here", same("other", yes="no")), named("there", question("other"))

    assert proposals(there, here, {"q": "yes"}) == {"other": Proposal("other", "no", ("q",))}
    assert proposals(there, here, {"q": "no"}) == {}
    assert proposals(there, here, {}) == {}
    assert proposals(there, named("here", same("other", yes="gone")), {"q": "yes"}) == {}
    assert proposals(there, named("here", same("gone", yes="no")), {"q": "yes"}) == {}
    assert proposals(there, named("here", same("other", yes="not_applicable")), {"q": "yes"}) == {}


def test_another_questionnaire_with_the_same_keys_is_not_meant() -> None:
    assert one(named("here", same("q", yes="yes")), named("elsewhere", question("q")), {"q": "yes"}) == {}


@pytest.mark.parametrize("rung", range(6))
def test_a_statement_is_proposed_from_its_practices_and_proposes_them(rung: int) -> None:
    practices = {key: "yes" if level <= rung else "no" for level, key in enumerate(DATA, 1)}
    ladder = {"data_management.ladder": str(rung)}

    assert one(QUICK, FULL, practices) == ladder
    assert one(FULL, QUICK, ladder) == practices
    assert set(proposals(QUICK, FULL, practices)["data_management.ladder"].sources) == set(DATA)


def test_practices_with_a_gap_propose_no_statement() -> None:
    assert one(QUICK, FULL, dict(zip(DATA, ["yes", "no", "yes", "no", "no"], strict=True))) == {}


def test_what_is_not_automatic_may_be_done_by_hand() -> None:
    tuning, test = "model_development.hyperparameter_tuning", "model.hyperparameters"

    assert one(TEST_SCORE, FULL, {tuning: "yes"}) == {test: "automated"}
    assert one(TEST_SCORE, FULL, {tuning: "no"}) == {}
    assert one(FULL, TEST_SCORE, {test: "by_hand"}) == {tuning: "no"}


@pytest.mark.parametrize("slug", shipped())
def test_shipped_questionnaires_name_what_there_is(slug: str) -> None:
    for row in load_shipped(slug).questions.values():
        for counterpart in row.same_as:
            other = load_shipped(counterpart.questionnaire).questions[counterpart.question]
            assert {there for _, there in counterpart.choices} <= {choice.key for choice in other.choices}


@given(st.dictionaries(st.sampled_from(list(FULL.questions)), st.sampled_from(["yes", "no", "not_sure"])))
def test_a_proposal_never_contradicts_what_it_comes_from(answers: dict[str, str]) -> None:
    """Whoever confirms it would be proposed nothing else for what was answered."""
    for slug in shipped().keys() - {FULL.slug}:
        asked = load_shipped(slug)
        back = one(FULL, asked, one(asked, FULL, answers))
        assert all(answers.get(key, choice) == choice for key, choice in back.items())
