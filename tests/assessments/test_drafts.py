"""Changing a draft step by step: what hangs on keys goes along, nothing given is changed, merges lose nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments import drafts
from assessments.definition import Definition
from assessments.drafts import Document, Gone, TooMany
from assessments.questionnaires.blank import blank
from assessments.questionnaires.validation import is_well_formed, validate_mapping
from tests.factories import shipped_definition

FIRST = ("question", "data_management.versioning")


@pytest.fixture
def document() -> Document:
    """The shipped questionnaire with a translation of a question, and of the dimension and the level it belongs to."""
    texts = {
        "dimensions": {"data_management": {"title": "Datenhaltung"}},
        "levels": {"1": {"name": "DevOps"}},
        "questions": {FIRST[1]: {"text": "Sind Daten versioniert?"}},
    }
    return shipped_definition() | {"translations": {"de": texts}}


def keys(document: Document) -> list[str]:
    return [question["key"] for question in drafts.questions_of(document)]


def test_what_is_added_is_a_valid_question(document: Document) -> None:
    new, dimension = drafts.add_dimension(document, "Cost & Carbon")
    new, key = drafts.add_question(new, dimension, "Is the cost of each model known?")
    assert (dimension, key) == ("cost_carbon", "cost_carbon.is_the_cost_of_each_model")
    assert validate_mapping(new) == []
    assert drafts.find(new, ("question", key))["level"] == 1
    again, second = drafts.add_question(new, dimension, "Is the cost of each model known?")
    assert second == f"{key}_2"
    assert drafts.find(again, ("question", second))["level"] == 2


def test_a_question_under_another_key_takes_along_what_hangs_on_it(document: Document) -> None:
    needing = next(q for q in drafts.questions_of(document) if q["key"] != FIRST[1])
    needing["guidance"]["requires"] = [FIRST[1]]
    new, key = drafts.give_question_new_key(drafts.replace(document, FIRST, {"text": "Is lineage known?"}), FIRST[1])
    assert key == "data_management.is_lineage_known"
    assert keys(new).index(key) == keys(document).index(FIRST[1])
    assert new["translations"]["de"]["questions"] == {key: {"text": "Sind Daten versioniert?"}}
    assert drafts.find(new, ("question", needing["key"]))["guidance"]["requires"] == [key]


def test_a_level_with_another_number_takes_its_practices_along(document: Document) -> None:
    new = drafts.replace(document, ("level", 1), {"number": 7})
    assert {q["level"] for q in drafts.questions_of(new)} == {2, 3, 4, 5, 7}
    assert new["translations"]["de"]["levels"] == {"7": {"name": "DevOps"}}


def test_what_is_removed_leaves_nothing_behind(document: Document) -> None:
    for question in drafts.questions_of(document):
        if not question["key"].startswith("data_management"):
            question["guidance"]["requires"] = [FIRST[1]]
    new = drafts.remove(document, ("dimension", "data_management"))
    assert validate_mapping(new) == []
    assert drafts.questions_of(new)[0]["guidance"]["requires"] == []
    assert new["translations"] == {"de": {"levels": {"1": {"name": "DevOps"}}}}


def test_a_copy_has_keys_of_its_own(document: Document) -> None:
    new, key = drafts.duplicate(document, ("dimension", "data_management"), "Data (copy)")
    assert validate_mapping(new) == []
    assert [dimension["key"] for dimension in new["dimensions"][:2]] == ["data_management", key]
    assert len(set(keys(new))) == 30
    new, question = drafts.duplicate(document, FIRST, "Is data versioned? (copy)")
    assert keys(new)[keys(new).index(FIRST[1]) + 1] == question
    assert validate_mapping(new) == []


def test_moving_keeps_every_key(document: Document) -> None:
    moved = drafts.move(document, FIRST, to=2)
    assert drafts.position_of(moved, FIRST) == (2, 5)
    elsewhere = drafts.move_question(document, FIRST[1], "governance")
    assert drafts.dimension_with(elsewhere, FIRST[1])["key"] == "governance"
    assert sorted(keys(moved)) == sorted(keys(elsewhere)) == sorted(keys(document))


def test_limits(document: Document) -> None:
    full = document | {"dimensions": [{"key": f"d{n}", "title": "D", "questions": []} for n in range(50)]}
    with pytest.raises(TooMany) as error:
        drafts.add_dimension(full, "One more")
    assert error.value.limit == 50
    many = [{"key": f"d0.{n}", "kind": "practice", "text": "T"} for n in range(500)]
    full["dimensions"][0]["questions"] = many
    acts: list[Callable[[], object]] = [
        lambda: drafts.add_question(full, "d1", "One more"),
        lambda: drafts.duplicate(full, ("question", "d0.1"), "T"),
        lambda: drafts.duplicate(full, ("dimension", "d0"), "T"),
    ]
    for act in acts:
        with pytest.raises(TooMany):
            act()


def test_choices_get_keys_and_lose_the_translations_of_what_is_gone(document: Document) -> None:
    document["translations"]["de"]["choices"] = {"yes": "Ja", "not_sure": "Unklar"}
    choices = [{"key": "yes", "label": "Yes", "value": 1}, {"key": "", "label": "Not at all", "value": 0}]
    new = drafts.set_choices(document, ("questionnaire",), choices)
    assert [choice["key"] for choice in new["choices"]] == ["yes", "not_at_all"]
    assert new["translations"]["de"]["choices"] == {"yes": "Ja"}
    own = drafts.set_choices(new, FIRST, choices)
    assert "choices" not in drafts.find(drafts.set_choices(own, FIRST, []), FIRST)


@pytest.mark.parametrize(
    ("base", "now", "mine", "row", "conflicts"),
    [
        ({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}, ()),
        ({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}, ()),
        ({"a": 1}, {"a": 2}, {"a": 2}, {"a": 2}, ()),
        ({"a": 1}, {"a": 2}, {"a": 3}, {"a": 3}, ("a",)),
        ({"a": 1}, {"a": 2}, {}, {}, ("a",)),
        ({"a": 1}, {}, {"a": 1, "b": 1}, {"b": 1}, ()),
        ({"g": {"x": 1, "y": 1}}, {"g": {"x": 2, "y": 1}}, {"g": {"x": 1, "y": 3}}, {"g": {"x": 2, "y": 3}}, ()),
        ({"g": {"x": 1}}, {"g": {"x": 2}}, {"g": {"x": 3}}, {"g": {"x": 3}}, ("g.x",)),
        (None, {"a": 1}, {"a": 2}, {"a": 2}, ("a",)),
    ],
)
def test_merging(
    base: dict[str, Any] | None, now: dict[str, Any], mine: dict[str, Any], row: dict[str, Any], conflicts: tuple[str]
) -> None:
    merged = drafts.merge(base, now, mine)
    assert (merged.row, merged.conflicts) == (row, conflicts)


ROWS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))


@given(ROWS, ROWS, ROWS)
def test_a_merge_overwrites_nothing_unseen(base: dict[str, int], now: dict[str, int], mine: dict[str, int]) -> None:
    merged = drafts.merge(base, now, mine)
    for name in "abc":
        was, theirs, wanted, value = (row.get(name) for row in (base, now, mine, merged.row))
        assert value == (theirs if wanted == was else wanted)
        assert (name in merged.conflicts) == (theirs != wanted and was not in (theirs, wanted))


STEPS: list[Callable[[Document, st.DataObject], Document]] = [
    lambda d, data: drafts.add_dimension(d, data.draw(st.text(min_size=1, max_size=20)))[0],
    lambda d, data: drafts.add_question(d, _one(d["dimensions"], data)["key"], "Is it done?")[0],
    lambda d, data: drafts.duplicate(d, ("question", _one(drafts.questions_of(d), data)["key"]), "Copy?")[0],
    lambda d, data: drafts.duplicate(d, ("dimension", _one(d["dimensions"], data)["key"]), "Copy")[0],
    lambda d, data: drafts.remove(d, ("question", _one(drafts.questions_of(d), data)["key"])),
    lambda d, data: drafts.move(d, ("dimension", _one(d["dimensions"], data)["key"]), to=data.draw(st.integers(0, 4))),
    lambda d, data: drafts.move_question(
        d, _one(drafts.questions_of(d), data)["key"], _one(d["dimensions"], data)["key"]
    ),
    lambda d, data: drafts.give_question_new_key(d, _one(drafts.questions_of(d), data)["key"])[0],
]


def _one(rows: list[Any], data: st.DataObject) -> Any:
    return rows[data.draw(st.integers(0, len(rows) - 1))]


@settings(max_examples=30)
@given(st.data())
def test_any_steps_leave_what_is_made_as_a_questionnaire(data: st.DataObject) -> None:
    """Keys stay unique, and what is given stays as it is."""
    document = shipped_definition()
    for step in data.draw(st.lists(st.sampled_from(STEPS), max_size=5)):
        before = copy.deepcopy(document)
        changed = step(document, data)
        assert document == before
        document = changed
    assert is_well_formed(document)
    assert len(keys(document)) == len(set(keys(document)))


def test_a_blank_questionnaire_needs_questions_only() -> None:
    document = blank(slug="own", title="Own", locale="en", owner="Acme")
    assert [problem.place for problem in validate_mapping(document)] == ["dimensions"]
    assert is_well_formed(document)
    new, key = drafts.add_dimension(document, "Monitoring")
    new, _key = drafts.add_question(new, key, "Is drift watched?")
    assert validate_mapping(new) == []


def test_an_unfinished_draft_can_be_shown(document: Document) -> None:
    document["levels"], document["choices"] = [], []
    document["dimensions"].append({"key": "empty", "title": "Empty"})
    del drafts.questions_of(document)[0]["guidance"]["action"]
    assert len(Definition.from_mapping(drafts.filled(document)).dimensions) == 5


@pytest.mark.parametrize("place", [("question", "no.such"), ("dimension", "no"), ("level", 99)])
def test_what_is_not_there_is_gone(document: Document, place: tuple[str, str | int]) -> None:
    for act in (drafts.find, drafts.remove):
        with pytest.raises(Gone):
            act(document, place)
    assert not drafts.is_untouched(document, document, place)


@pytest.mark.parametrize("broken", [[], {}, {"dimensions": {}}, {"dimensions": [{"key": "a/b"}]}])
def test_what_is_no_questionnaire_is_told_apart(broken: Any) -> None:
    assert not is_well_formed(shipped_definition() | broken if broken else broken)
