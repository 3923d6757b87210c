"""What the shipped questionnaire must say, whoever edits it next."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from assessments.definition import Definition, Dimension, Level, Question, Scoring
from assessments.questionnaires.files import load_shipped, shipped

DEFINITION: Definition = load_shipped("mlops-maturity")
LEVELS = {
    0: "No MLOps",
    1: "DevOps but no MLOps",
    2: "Automated Training",
    3: "Automated Deployment",
    4: "Full MLOps Automation",
    5: "Fully Automated ML Platform",
}


def test_scoring_is_the_count_of_practices_in_place() -> None:
    assert DEFINITION.scoring == Scoring("count", "mean", Fraction(5))
    assert all(dimension.weight == 1 for dimension in DEFINITION.dimensions)
    assert all(question.weight == 1 for question in DEFINITION.questions.values())


def test_the_dimensions() -> None:
    assert [dimension.key for dimension in DEFINITION.dimensions] == [
        "data_management",
        "model_development",
        "model_deployment",
        "monitoring",
        "governance",
    ]


def test_the_levels_and_their_thresholds() -> None:
    assert {level.number: level.name for level in DEFINITION.levels} == LEVELS
    assert [level.min_score for level in DEFINITION.levels] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("level", DEFINITION.levels, ids=lambda level: level.name)
def test_each_level_tells_its_tools_team_and_governance(level: Level) -> None:
    assert level.description
    assert len(level.characteristics) >= 5
    assert len(level.tools) >= 5
    assert len(level.team) >= 2
    assert all(role.role and role.responsibilities and role.skills for role in level.team)
    assert [control.topic for control in level.governance] == ["Approval workflow", "Compliance", "Audit trail"]
    assert all(control.practice for control in level.governance)


@pytest.mark.parametrize("dimension", DEFINITION.dimensions, ids=lambda dimension: dimension.key)
def test_each_dimension_has_a_practice_for_each_level_and_a_statement_for_each_score(dimension: Dimension) -> None:
    assert dimension.title
    assert dimension.description
    assert [(question.kind, question.level) for question in dimension.questions] == [
        ("practice", level) for level in range(1, 6)
    ]
    assert len(set(dimension.statements)) == 6


@pytest.mark.parametrize("question", DEFINITION.questions.values(), ids=lambda question: question.key)
def test_each_question_can_be_answered_and_acted_on(question: Question) -> None:
    assert question.key.startswith(f"{DEFINITION.dimension_of(question.key).key}.")
    assert {choice.key: choice.value for choice in question.choices} == {"yes": 1, "no": 0, "not_sure": 0}
    assert question.text.endswith("?")
    assert question.help
    assert question.evidence
    guidance = question.guidance
    assert guidance is not None
    assert guidance.action
    assert guidance.effort_weeks > 0
    assert guidance.governance
    assert len(guidance.tools) >= 3
    assert re.search(r"\d", guidance.success_metric), "a success metric says a number"


@pytest.mark.parametrize("question", DEFINITION.questions.values(), ids=lambda question: question.key)
def test_roles_who_act_are_in_the_team_of_a_level(question: Question) -> None:
    assert question.guidance is not None
    known = {role.role for level in DEFINITION.levels for role in level.team}
    assert question.guidance.roles
    assert set(question.guidance.roles) <= known


def test_no_text_stands_twice() -> None:
    texts = [
        text
        for question in DEFINITION.questions.values()
        if question.guidance
        for text in (
            question.text,
            question.help,
            question.evidence,
            question.guidance.action,
            question.guidance.success_metric,
            question.guidance.governance,
        )
    ]
    assert len(texts) == len(set(texts)) == 25 * 6


OTHERS = {slug: load_shipped(slug) for slug in shipped() if slug != "mlops-maturity"}
ASKED = [
    pytest.param(row, question, id=f"{slug}: {key}")
    for slug, row in OTHERS.items()
    for key, question in row.questions.items()
]


@pytest.mark.parametrize(
    ("slug", "scoring", "questions", "thresholds"),
    [
        ("mlops-maturity-quick", Scoring("ladder", "mean", Fraction(5)), [1] * 5, [0, 1, 2, 3, 4, 5]),
        ("microsoft-mlops", Scoring("levels", "gate", Fraction(4)), [5] * 4, [0, 1, 2, 3, 4]),
        ("google-mlops", Scoring("levels", "gate", Fraction(2)), [5] * 3, [0, 1, 2]),
        ("ml-test-score", Scoring("count", "minimum", Fraction(7)), [7] * 4, [0, 0, 1, 2, 3, 5]),
    ],
)
def test_the_published_models_have_their_structure(
    slug: str, scoring: Scoring, questions: list[int], thresholds: list[int]
) -> None:
    definition = OTHERS[slug]

    assert definition.scoring == scoring
    assert [len(dimension.questions) for dimension in definition.dimensions] == questions
    assert [level.min_score for level in definition.levels] == thresholds
    assert [level.number for level in definition.levels] == list(range(len(thresholds)))
    assert {level.exclusive for level in definition.levels[1:]} == {slug == "ml-test-score"}
    assert definition.source.url or slug == "mlops-maturity-quick"
    assert definition.source.licence.endswith(("MIT", "Microsoft", "Google"))


def test_microsofts_categories_have_something_new_where_the_source_has() -> None:
    new = {
        dimension.key: {question.level for question in dimension.questions}
        for dimension in OTHERS["microsoft-mlops"].dimensions
    }

    assert new == {
        "people": {2, 3, 4},
        "model_creation": {1, 2, 4},
        "model_release": {1, 2, 3},
        "application_integration": {1, 3},
    }


@pytest.mark.parametrize(("definition", "question"), ASKED)
def test_each_question_of_the_others_can_be_answered_and_acted_on(definition: Definition, question: Question) -> None:
    guidance = question.guidance

    assert question.key.startswith(f"{definition.dimension_of(question.key).key}.")
    assert question.text.endswith("?")
    assert question.help
    assert question.offers_not_sure
    assert guidance is not None
    assert guidance.action
    assert guidance.effort_weeks > 0
    assert guidance.governance
    assert len(guidance.tools) >= 3
    assert re.search(r"\d|two", guidance.success_metric), "a success metric says a number"
    known = {role.role for level in definition.levels for role in level.team}
    assert guidance.roles
    assert set(guidance.roles) <= known


@pytest.mark.parametrize("definition", OTHERS.values(), ids=OTHERS)
def test_no_text_of_the_others_stands_twice(definition: Definition) -> None:
    texts = [
        text
        for question in definition.questions.values()
        if question.guidance
        for text in (question.text, question.guidance.action, question.guidance.success_metric)
    ]

    assert len(texts) == len(set(texts)) == 3 * len(definition.questions)
