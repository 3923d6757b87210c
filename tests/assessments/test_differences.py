"""What two questionnaires differ in: every single edit is named as what it is, and in plain words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.differences import Difference, differences
from assessments.questionnaires.wording import FIELDS, in_words
from assessments.templatetags import questionnaires
from tests.definitions import mappings
from tests.factories import shipped_definition

VERSIONING = "data_management.versioning"
FIRST = shipped_definition()["dimensions"][0]
QUESTION = FIRST["questions"][0]
QUESTION_TEXT = QUESTION["text"]
OTHER = "Is every dataset of a production model kept?"


def edited(edit: Callable[[Any], object]) -> tuple[Difference, ...]:
    new = shipped_definition()
    edit(new)
    return differences(shipped_definition(), new)


def first(data: Any) -> Any:
    return data["dimensions"][0]["questions"][0]


def move_to_other_dimension(data: Any) -> None:
    data["dimensions"][1]["questions"].append(data["dimensions"][0]["questions"].pop(0))


# What is edited, the difference it makes, and its sentence.
EDITS: list[tuple[Callable[[Any], object], tuple[str, tuple[str | int, ...], str], str]] = [
    (
        lambda data: first(data).update(text=OTHER),
        ("reworded", ("question", VERSIONING), "text"),
        f"Reworded “{OTHER}”: was “{QUESTION_TEXT}”.",
    ),
    (
        lambda data: first(data).pop("help"),
        ("reworded", ("question", VERSIONING), "help"),
        f"Reworded “{QUESTION_TEXT}”, help: left out, was “{QUESTION['help'][:159]}…”.",
    ),
    (
        lambda data: first(data).update(weight=2),
        ("rescored", ("question", VERSIONING), "weight"),
        f"Rescored “{QUESTION_TEXT}”, weight: now “2”, was “1”.",
    ),
    (
        lambda data: data["dimensions"][0].update(weight=2),
        ("rescored", ("dimension", "data_management"), "weight"),
        "Rescored “Data management”, weight: now “2”, was “1”.",
    ),
    (
        lambda data: first(data).pop("weight"),
        ("changed", ("question", VERSIONING), "weight"),
        f"Changed “{QUESTION_TEXT}”, weight: left out, was “1”.",
    ),
    (
        lambda data: first(data).update(level=2),
        ("rescored", ("question", VERSIONING), "level"),
        f"Rescored “{QUESTION_TEXT}”, level: now “2”, was “1”.",
    ),
    (
        lambda data: first(data)["guidance"].update(effort_weeks=9),
        ("changed", ("question", VERSIONING), "guidance.effort_weeks"),
        f"Changed “{QUESTION_TEXT}”, effort in weeks: now “9”, was “{QUESTION['guidance']['effort_weeks']}”.",
    ),
    (
        lambda data: first(data).update(choices=data["choices"][:2]),
        ("rescored", ("question", VERSIONING), "choices"),
        f"Rescored “{QUESTION_TEXT}”, own choices: now “Yes No”.",
    ),
    (
        lambda data: data["choices"][2].update(value=0.5),
        ("rescored", ("choice", "not_sure"), "value"),
        "Rescored “Not sure”, value: now “0.5”, was “0”.",
    ),
    (
        lambda data: data["choices"].append({"key": "na", "label": "Does not apply", "excluded": True}),
        ("added", ("choice", "na"), ""),
        "Added the choice “Does not apply”.",
    ),
    (
        lambda data: data["levels"][3].update(min_score=2.5),
        ("rescored", ("level", 3), "min_score"),
        "Rescored “Automated Deployment”, threshold: now “2.5”, was “3”.",
    ),
    (
        lambda data: data["scoring"].update(combine="gate"),
        ("rescored", ("questionnaire",), "scoring.combine"),
        "Rescored “MLOps maturity assessment”, way dimensions combine: now “gate”, was “mean”.",
    ),
    (
        lambda data: data.update(title="New"),
        ("reworded", ("questionnaire",), "title"),
        "Reworded “New”: was “MLOps maturity assessment”.",
    ),
    (
        lambda data: data["dimensions"][0]["questions"].pop(0),
        ("removed", ("question", VERSIONING), ""),
        f"Removed the question “{QUESTION_TEXT}”.",
    ),
    (
        move_to_other_dimension,
        ("moved", ("question", VERSIONING), "dimension"),
        f"Moved “{QUESTION_TEXT}” from “Data management” to “Model development”.",
    ),
    (
        lambda data: data["dimensions"].insert(0, data["dimensions"].pop(2)),
        ("moved", ("dimension", "model_deployment"), "order"),
        "Moved “Model deployment” up or down.",
    ),
    (
        lambda data: data.update(translations={"de": {"title": "Reifegrad"}}),
        ("added", ("translation", "de"), ""),
        "Added the language “de”.",
    ),
]


@pytest.mark.parametrize(("edit", "difference", "sentence"), EDITS)
def test_an_edit_is_named(
    edit: Callable[[Any], object], difference: tuple[str, tuple[str | int, ...], str], sentence: str
) -> None:
    [found] = edited(edit)
    assert (found.kind, found.place, found.field) == difference
    assert in_words(found) == sentence
    assert questionnaires.register.filters["in_words"](found) == sentence


def test_own_choices_are_compared_one_by_one() -> None:
    old, new = shipped_definition(), shipped_definition()
    first(old)["choices"] = old["choices"]
    first(new)["choices"] = [new["choices"][1], new["choices"][0] | {"label": "Always"}]
    assert [(d.kind, d.place, d.field) for d in differences(old, new)] == [
        ("moved", ("question", VERSIONING, "choice", "yes"), "order"),
        ("reworded", ("question", VERSIONING, "choice", "yes"), "label"),
        ("removed", ("question", VERSIONING, "choice", "not_sure"), ""),
    ]


def test_an_added_dimension_comes_before_its_questions_and_what_was_removed_last() -> None:
    def replace(data: Any) -> None:
        data["dimensions"][0] = {"key": "team", "title": "Team", "questions": [first(data)]}

    assert [(d.kind, d.place[-1]) for d in edited(replace)] == [
        ("added", "team"),
        ("moved", VERSIONING),
        ("removed", "data_management"),
        *(("removed", question["key"]) for question in FIRST["questions"][1:]),
    ]


def test_translated_texts_are_compared_one_by_one() -> None:
    old = shipped_definition() | {"translations": {"de": {"choices": {"yes": "Ja"}}}}
    new = shipped_definition() | {"translations": {"de": {"choices": {"yes": "Immer"}}}}
    [found] = differences(old, new)
    assert in_words(found) == "Reworded “de”, choices.yes: now “Immer”, was “Ja”."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {"levels": "none"}),
        ({"levels": [1, {"number": [2]}]}, {"levels": [1, {"number": [3]}]}),
        ({"dimensions": [{"key": "a"}, {"key": "a"}]}, {"dimensions": [{"key": "a"}]}),
        ({"choices": {}}, {"choices": None}),
        ({"translations": {"de": 1}}, {"translations": {"de": {}}}),
        ({"dimensions": [{"questions": [{"guidance": {}}]}]}, {"dimensions": [{"questions": [{}]}]}),
    ],
)
def test_a_malformed_draft_is_compared_as_well_as_it_can_be(old: Any, new: Any) -> None:
    assert [sentence for difference in differences(old, new) if (sentence := in_words(difference))]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every text and number of a document."""
    if isinstance(value, dict | list):
        rows = value.items() if isinstance(value, dict) else enumerate(value)
        return [path for key, inner in rows for path in paths(inner, (*at, key))]
    return [at]


PATHS = paths(shipped_definition())


@given(st.sampled_from(PATHS))
def test_any_single_edit_is_named_alone(path: tuple[Any, ...]) -> None:
    old, new = shipped_definition(), shipped_definition()
    inner = new
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = inner[path[-1]] + 1 if isinstance(inner[path[-1]], int) else "changed"
    found = differences(old, new)
    kinds = sorted(difference.kind for difference in found)
    # A new key or number makes another element of it, and takes what is inside along.
    is_identity = path[-1] in ("key", "number")
    assert ("added" in kinds and "removed" in kinds) if is_identity else len(kinds) == 1
    assert all(difference.field in {"", "dimension", "text", "title", "label", "name", *FIELDS} for difference in found)
    assert all(in_words(difference) for difference in found)


@given(st.permutations(range(5)), st.permutations(range(5)))
def test_putting_all_in_another_order_moves_and_nothing_else(dimensions: list[int], questions: list[int]) -> None:
    old, new = shipped_definition(), shipped_definition()
    new["dimensions"] = [new["dimensions"][n] for n in dimensions]
    new["dimensions"][0]["questions"] = [new["dimensions"][0]["questions"][n] for n in questions]
    found = differences(old, new)
    assert {difference.kind for difference in found} <= {"moved"}
    assert bool(found) == (old != new)
    assert len(found) <= 8


@settings(max_examples=50)
@given(mappings(), mappings())
def test_there_are_differences_exactly_where_questionnaires_differ(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert differences(old, copy.deepcopy(old)) == ()
    assert bool(differences(old, new)) == (old != new)
    assert all(in_words(difference) for difference in differences(old, new))
