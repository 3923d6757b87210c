"""Questionnaires in other languages: what falls back to what, what is missing, and that scores stay out of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from assessments.definition import Definition
from assessments.questionnaires.files import dump, read_valid
from assessments.questionnaires.validation import validate_mapping
from assessments.scoring import score_card, to_mapping
from assessments.selectors.questionnaires import definition_of
from assessments.translations import missing_translations, texts_of
from tests.factories import make_version, shipped_definition

VERSIONING = "data_management.versioning"
TRANSLATIONS: dict[str, Any] = {
    "de": {
        "title": "MLOps-Reifegrad",
        "choices": {"yes": "Ja", "no": "Nein"},
        "levels": {"0": {"name": "Kein MLOps"}},
        "dimensions": {"data_management": {"title": "Daten"}},
        "questions": {VERSIONING: {"text": "Sind Daten versioniert?", "guidance": {"action": "Versionieren."}}},
    },
    "de-AT": {"choices": {"yes": "Jo"}},
}


def translated() -> dict[str, Any]:
    return shipped_definition() | {"translations": copy.deepcopy(TRANSLATIONS)}


def in_full(prefix: str = "") -> dict[str, Any]:
    """Return a translation of every text of the shipped questionnaire, made by writing `prefix` before it."""

    def say(value: Any) -> Any:
        if isinstance(value, list):
            return [say(item) for item in value]
        if isinstance(value, dict):
            return {key: say(item) for key, item in value.items()}
        return f"{prefix}{value}"

    texts: dict[str, Any] = {}
    for path, row, name in texts_of(shipped_definition()):
        inner = texts
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = say(row[name])
    return texts


def test_each_text_falls_back_to_the_more_general_language_and_then_to_its_own() -> None:
    base = Definition.from_mapping(translated())
    austrian, german = base.in_locale("de-at"), base.in_locale("de-CH")
    assert [choice.label for choice in austrian.questions[VERSIONING].choices] == ["Jo", "Nein", "Not sure"]
    assert [choice.label for choice in german.questions[VERSIONING].choices] == ["Ja", "Nein", "Not sure"]
    assert (austrian.title, german.levels[0].name, base.levels[0].name) == (
        "MLOps-Reifegrad",
        "Kein MLOps",
        "No MLOps",
    )
    assert german.dimensions[0].title == "Daten"
    assert german.dimensions[0].description == base.dimensions[0].description
    question = german.questions[VERSIONING]
    assert (question.text, question.help) == ("Sind Daten versioniert?", base.questions[VERSIONING].help)
    assert question.guidance is not None
    assert question.guidance.action == "Versionieren."


@pytest.mark.parametrize("locale", ["", "en", "en-gb", "fr", "d", "not a language"])
def test_other_languages_are_shown_as_it_was_written(locale: str) -> None:
    base = Definition.from_mapping(translated())
    assert base.in_locale(locale) is base


def test_a_regional_questionnaire_is_not_replaced_by_a_more_general_translation() -> None:
    data = translated() | {"locale": "de-DE"}
    base = Definition.from_mapping(data)
    assert base.in_locale("de-de") is base
    assert base.in_locale("de").title == "MLOps-Reifegrad"


def test_every_text_can_be_translated_and_nothing_else_changes() -> None:
    data = shipped_definition() | {"translations": {"de": in_full("x ")}}
    assert missing_translations(data, "de") == ()
    back = shipped_definition() | {"translations": {"de": in_full("")}}
    assert Definition.from_mapping(back).in_locale("de") == Definition.from_mapping(back)
    shown = str(Definition.from_mapping(data).in_locale("de"))
    left = [row[name] for _path, row, name in texts_of(data) if isinstance(row[name], str)]
    assert left
    assert [text for text in left if f"'{text}'" in shown or f'"{text}"' in shown] == []


def test_own_choices_are_translated_apart_from_the_shared_ones() -> None:
    data = translated()
    question = data["dimensions"][0]["questions"][0]
    question["choices"] = [{"key": "yes", "label": "Always", "value": 1}, {"key": "no", "label": "No", "value": 0}]
    data["translations"]["de"]["questions"][VERSIONING]["choices"] = {"no": "Nie"}
    assert validate_mapping(data) == []
    asked = Definition.from_mapping(data).in_locale("de").questions[VERSIONING]
    assert [choice.label for choice in asked.choices] == ["Always", "Nie"]


def test_what_is_missing_is_named_in_the_order_of_the_questionnaire() -> None:
    missing = missing_translations(translated(), "de-AT")
    assert missing[:3] == (("description",), ("choices", "not_sure"), ("levels", "0", "description"))
    assert ("questions", VERSIONING, "text") not in missing
    assert ("questions", VERSIONING, "guidance", "success_metric") in missing
    assert not [path for path in missing if path[-1] == "tools"]
    every = [path for path, _row, name in texts_of(translated()) if name != "tools"]
    assert list(missing_translations(translated(), "fr")) == every
    assert missing_translations(translated(), "en-GB") != ()


def test_a_file_carries_its_translations() -> None:
    written = dump(translated())
    assert read_valid(written) == translated()
    assert dump(read_valid(written)) == written


@given(st.lists(st.sampled_from(["yes", "no", "not_sure"]), min_size=25, max_size=25))
def test_scores_do_not_depend_on_the_language(choices: list[str]) -> None:
    base = Definition.from_mapping(translated())
    answers = dict(zip(base.questions, choices, strict=True))
    assert to_mapping(score_card(base.in_locale("de"), [answers])) == to_mapping(score_card(base, [answers]))


@pytest.mark.django_db
def test_a_version_is_read_once_for_all_languages(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    version = make_version(translated())
    with django_assert_num_queries(1):
        titles = []
        for language in ("en", "de", "de-at", "fr"):
            with override(language):
                assert definition_of(version.pk) is definition_of(version.pk)
                titles.append(definition_of(version.pk).title)
    assert titles == ["MLOps maturity assessment", "MLOps-Reifegrad", "MLOps-Reifegrad", "MLOps maturity assessment"]


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "text", "label"), [("de", "Sind Daten versioniert?", "Ja"), ("en", "", "Yes")])
def test_the_survey_asks_in_the_language_of_the_reader(
    client: Client, settings: Settings, language: str, text: str, label: str
) -> None:
    # Taken before the languages change, as it loads forms that offer those there are.
    start, step = reverse("try"), reverse("try_questions", args=["data_management"])
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    make_version(translated())
    client.post(start, headers={"accept-language": language})
    page = client.get(step, headers={"accept-language": language}).content.decode()
    assert (text or shipped_definition()["dimensions"][0]["questions"][0]["text"]) in page
    assert label in page
