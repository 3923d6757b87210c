"""Every rule of the questionnaire schema, and every one beyond it: the place it names and what it says to mend."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from assessments.questionnaires.rules import RULES, shown
from assessments.questionnaires.validation import MAX_PROBLEMS, SCHEMA, QuestionnaireError, validate_mapping
from tests.factories import shipped_definition

GONE = object()
"""Stands for a key that is deleted."""

QUESTION = "dimensions/0/questions/0"
AT_QUESTION = "dimensions[data_management].questions[data_management.versioning]"
LADDER = [{"key": str(value), "label": f"Statement {value}", "value": value} for value in range(6)]
LADDER_QUESTION = {"kind": "ladder", "text": "Which fits best?", "choices": LADDER}
GERMAN = {"choices": {"yes": "Ja"}, "dimensions": {"data_management": {"title": "Daten", "description": "Was da ist"}}}
EXCLUDED = {"key": "not_applicable", "label": "Not applicable", "excluded": True}
COUNTERPART = {"questionnaire": "ml-test-score", "question": "data.schema", "choices": {"yes": "automated"}}


def changed(*changes: tuple[str, Any]) -> Any:
    """Return the shipped definition with the values at some paths, such as `levels/0/name`, replaced or deleted."""
    data: Any = shipped_definition()
    for path, value in changes:
        *steps, last = [int(step) if step.isdecimal() else step for step in path.split("/")]
        inner = data
        for step in steps:
            inner = inner[step]
        if value is GONE:
            del inner[last]
        else:
            inner[last] = value
    return data


def problems(data: Any) -> list[tuple[str, str]]:
    return [(problem.place, problem.message) for problem in validate_mapping(data)]


def missing(key: str) -> str:
    return f"is missing; add a line '{key}: …' here."


def test_the_shipped_definition_is_valid() -> None:
    assert problems(shipped_definition()) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(("source/url", "https://example.org/model"), id="address"),
        pytest.param((f"{QUESTION}/choices", [*LADDER[:2], EXCLUDED]), id="own choices"),
        pytest.param((f"{QUESTION}/guidance", GONE), id="no guidance"),
        pytest.param(("dimensions/0/statements", GONE), id="no statements"),
        pytest.param(("levels/2/exclusive", True), id="from above a score on"),
        pytest.param(("levels/2/exclusive", False), id="from a score on"),
        pytest.param((f"{QUESTION}/same_as", [COUNTERPART]), id="a counterpart elsewhere"),
        pytest.param((f"{QUESTION}/weight", 0.5), id="fraction as weight"),
        pytest.param(("locale", "pt-BR"), id="regional language"),
        pytest.param(("translations", {"de": GERMAN, "pt-BR": {}}), id="other languages"),
        pytest.param((f"{QUESTION}/help", "Two\n\nparagraphs"), id="paragraphs"),
    ],
)
def test_what_is_optional_may_be_used_or_left_out(change: tuple[str, Any]) -> None:
    assert problems(changed(change)) == []


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [
        *((key, key, key) for key in SCHEMA["required"]),
        *((f"source/{key}", key, f"source.{key}") for key in ("title", "url", "licence")),
        *((f"scoring/{key}", key, f"scoring.{key}") for key in ("method", "combine", "max")),
        *((f"levels/1/{key}", key, f"levels[1].{key}") for key in ("name", "min_score")),
        ("levels/1/number", "number", "levels[#2].number"),
        ("levels/0/team/0/role", "role", "levels[0].team[#1].role"),
        *((f"levels/0/governance/0/{key}", key, f"levels[0].governance[#1].{key}") for key in ("topic", "practice")),
        ("dimensions/0/key", "key", "dimensions[#1].key"),
        *((f"dimensions/0/{key}", key, f"dimensions[data_management].{key}") for key in ("title", "questions")),
        *((f"{QUESTION}/{key}", key, f"{AT_QUESTION}.{key}") for key in ("kind", "text")),
        *(
            (f"{QUESTION}/guidance/{key}", key, f"{AT_QUESTION}.guidance.{key}")
            for key in ("action", "success_metric", "effort_weeks")
        ),
        ("choices/2/key", "key", "choices[#3].key"),
        ("choices/2/label", "label", "choices[not_sure].label"),
    ],
)
def test_what_is_required(path: str, key: str, place: str) -> None:
    assert (place, missing(key)) in problems(changed((path, GONE)))


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("titel", "titel"),
        ("source/titel", "source.titel"),
        ("levels/0/titel", "levels[0].titel"),
        ("levels/0/team/0/titel", "levels[0].team[#1].titel"),
        ("levels/0/governance/0/titel", "levels[0].governance[#1].titel"),
        ("scoring/titel", "scoring.titel"),
        ("dimensions/0/titel", "dimensions[data_management].titel"),
        (f"{QUESTION}/titel", f"{AT_QUESTION}.titel"),
        (f"{QUESTION}/guidance/titel", f"{AT_QUESTION}.guidance.titel"),
        ("choices/0/titel", "choices[yes].titel"),
    ],
)
def test_no_group_takes_an_unknown_key(path: str, place: str) -> None:
    [(found, message)] = problems(changed((path, "x")))
    assert found == place
    assert message.startswith("is not a key that belongs here (")


def test_an_unknown_key_gets_the_nearest_one_that_is_free() -> None:
    changes = [("source/licence", GONE), ("source/license", "MIT")]
    assert (
        "source.license",
        "is not a key that belongs here (title, url, licence do). Did you mean 'licence'?",
    ) in problems(changed(*changes))


EMPTY = "is empty; fill it in, or delete the line where it is optional."
NO_VALUE = "has no value; fill it in, or delete the line where it is optional."
ONE_LINE = "must stay on one line; take out the line breaks, or write >- instead of > or |."
NOT_KEY = "is not a key; use lower-case letters, digits, '_', '.' and '-', and start with a letter or digit."
NOT_SLUG = "is not a slug; use lower-case letters and digits, in words joined by '-'."
NOT_URL = "is not a web address; start it with https:// and leave out spaces."
NOT_LOCALE = "is not a language tag; write it like en, de or pt-BR."
VALUE_OR_EXCLUDED = "a choice needs either a value, such as 'value: 1', or 'excluded: true', and not both."


@pytest.mark.parametrize(
    ("path", "value", "place", "message"),
    [
        # text
        ("title", None, "title", NO_VALUE),
        ("title", "", "title", EMPTY),
        ("title", " \n", "title", EMPTY),
        ("description", " ", "description", EMPTY),
        ("title", "A title\n", "title", f"'A title\\n' {ONE_LINE}"),
        (f"{QUESTION}/text", "Is it\nso?", f"{AT_QUESTION}.text", f"'Is it\\nso?' {ONE_LINE}"),
        ("title", "x" * 201, "title", "is 201 characters long, and 200 are allowed; shorten it."),
        (
            f"{QUESTION}/text",
            "x" * 501,
            f"{AT_QUESTION}.text",
            "is 501 characters long, and 500 are allowed; shorten it.",
        ),
        ("description", "x" * 2001, "description", "is 2001 characters long, and 2000 are allowed; shorten it."),
        ("title", 5, "title", 'must be text, not 5; put quotes around it: "5".'),
        ("title", True, "title", 'must be text, not True; put quotes around it: "true".'),
        ("title", ["x"], "title", "must be text."),
        ("slug", "MLOps", "slug", f"'MLOps' {NOT_SLUG}"),
        ("slug", "mlops--maturity", "slug", f"'mlops--maturity' {NOT_SLUG}"),
        ("slug", "mlops\n", "slug", f"'mlops\\n' {NOT_SLUG}"),
        ("slug", "x" * 61, "slug", "is 61 characters long, and 60 are allowed; shorten it."),
        ("locale", "English", "locale", f"'English' {NOT_LOCALE}"),
        ("locale", "e" * 36, "locale", f"{'e' * 36!r} {NOT_LOCALE}"),
        ("source/url", "javascript:alert(1)", "source.url", f"'javascript:alert(1)' {NOT_URL}"),
        ("source/url", "https://a b", "source.url", f"'https://a b' {NOT_URL}"),
        ("choices/2/key", "Not sure", "choices[#3].key", f"'Not sure' {NOT_KEY}"),
        ("choices/2/key", "_", "choices[_].key", f"'_' {NOT_KEY}"),
        # words
        (
            "scoring/method",
            "cuont",
            "scoring.method",
            "'cuont' is none of the words allowed here: count, staged, levels, ladder. Did you mean 'count'?",
        ),
        (
            "scoring/combine",
            "max",
            "scoring.combine",
            "'max' is none of the words allowed here: mean, minimum, gate.",
        ),
        ("scoring/combine", 1, "scoring.combine", "1 is none of the words allowed here: mean, minimum, gate."),
        (f"{QUESTION}/kind", None, f"{AT_QUESTION}.kind", NO_VALUE),
        (
            f"{QUESTION}/kind",
            "laddre",
            f"{AT_QUESTION}.kind",
            "'laddre' is none of the words allowed here: practice, ladder. Did you mean 'ladder'?",
        ),
        # numbers
        ("scoring/max", "5", "scoring.max", "must be a number without quotes, such as 3 or 0.5, not '5'."),
        (
            "scoring/max",
            float("inf"),
            "scoring.max",
            "must be a number without quotes, such as 3 or 0.5, not inf.",
        ),
        ("scoring/max", 0, "scoring.max", "must be above 0, not 0."),
        ("levels/5/number", 101, "levels[101].number", "must be at most 100, not 101."),
        ("levels/1/number", 1.0, "levels[1.0].number", "must be a whole number without quotes, such as 3, not 1.0."),
        ("levels/1/number", True, "levels[True].number", "must be a whole number without quotes, such as 3, not True."),
        ("levels/0/number", -1, "levels[-1].number", "must be at least 0, not -1."),
        (f"{QUESTION}/level", 0, f"{AT_QUESTION}.level", "must be at least 1, not 0."),
        (f"{QUESTION}/weight", 0, f"{AT_QUESTION}.weight", "must be above 0, not 0."),
        (f"{QUESTION}/weight", 1001, f"{AT_QUESTION}.weight", "must be at most 1000, not 1001."),
        ("dimensions/0/weight", -1, "dimensions[data_management].weight", "must be above 0, not -1."),
        (
            f"{QUESTION}/guidance/effort_weeks",
            0,
            f"{AT_QUESTION}.guidance.effort_weeks",
            "must be above 0, not 0.",
        ),
        ("choices/1/value", -0.5, "choices[no].value", "must be at least 0, not -0.5."),
        # choices
        ("choices/2/value", GONE, "choices[not_sure]", VALUE_OR_EXCLUDED),
        ("choices/2/excluded", True, "choices[not_sure]", VALUE_OR_EXCLUDED),
        (
            "choices/2",
            EXCLUDED | {"excluded": False},
            "choices[not_applicable].excluded",
            "must be true; give the choice a value instead where it counts.",
        ),
        # translations
        ("translations", {}, "translations", "has no entries; fill it in, or delete the line."),
        ("translations", {"German": {}}, "translations", f"'German' {NOT_LOCALE}"),
        ("translations/de/title", 5, "translations.de.title", 'must be text, not 5; put quotes around it: "5".'),
        ("translations/de/choices", [], "translations.de.choices", "must be a group, with an entry for each key."),
        (
            "translations",
            {f"de-{n:02}": {} for n in range(21)},
            "translations",
            "has 21 entries, and 20 are allowed; leave some out.",
        ),
        # lists and groups
        ("levels", {}, "levels", "must be a list; start each entry on its own line with a dash."),
        ("levels", [], "levels", "needs at least 1 entry and has 0; add what is missing."),
        ("dimensions", [], "dimensions", "needs at least 1 entry and has 0; add what is missing."),
        (
            "dimensions/0/questions",
            [],
            "dimensions[data_management].questions",
            "needs at least 1 entry and has 0; add what is missing.",
        ),
        ("levels/0/tools", ["x"] * 51, "levels[0].tools", "has 51 entries, and 50 are allowed; leave some out."),
        ("levels/0/tools/0", "", "levels[0].tools[#1]", EMPTY),
        ("source", "a book", "source", "must be a group of keys: title, url, licence."),
        ("levels/0", "No MLOps", "levels[#1]", None),
        (f"{QUESTION}/guidance/requires/0", "A b", f"{AT_QUESTION}.guidance.requires[#1]", f"'A b' {NOT_KEY}"),
    ],
)
def test_what_the_schema_says(path: str, value: Any, place: str, message: str | None) -> None:
    data = changed(
        (f"{QUESTION}/guidance/requires", ["governance.documentation"]), ("translations", {"de": {}}), (path, value)
    )
    found = problems(data)
    assert (place, message) in found if message else place in dict(found)


DIMENSION = "dimensions[data_management]"
TEXT = 'must be text, not 5; put quotes around it: "5".'
NUMBER = "must be a number without quotes, such as 3 or 0.5, not '5'."
WHOLE_NUMBER = "must be a whole number without quotes, such as 3, not '5'."
LIST = "must be a list; start each entry on its own line with a dash."


@pytest.mark.parametrize(
    ("value", "message", "path", "place"),
    [
        (5, TEXT, "slug", "slug"),
        (5, TEXT, "locale", "locale"),
        (5, TEXT, "source/url", "source.url"),
        (5, TEXT, "levels/0/characteristics/0", "levels[0].characteristics[#1]"),
        (5, TEXT, "dimensions/0/key", "dimensions[5].key"),
        (5, TEXT, f"{QUESTION}/help", f"{AT_QUESTION}.help"),
        ("5", NUMBER, "levels/1/min_score", "levels[1].min_score"),
        ("5", NUMBER, "dimensions/0/weight", f"{DIMENSION}.weight"),
        ("5", NUMBER, "choices/0/value", "choices[yes].value"),
        ("5", NUMBER, f"{QUESTION}/guidance/effort_weeks", f"{AT_QUESTION}.guidance.effort_weeks"),
        ("5", WHOLE_NUMBER, f"{QUESTION}/level", f"{AT_QUESTION}.level"),
        ("x", LIST, "choices", "choices"),
        ("x", LIST, "levels/0/characteristics", "levels[0].characteristics"),
        ("x", LIST, "levels/0/tools", "levels[0].tools"),
        ("x", LIST, "levels/0/team", "levels[0].team"),
        ("x", LIST, "levels/0/team/0/responsibilities", "levels[0].team[#1].responsibilities"),
        ("x", LIST, "levels/0/team/0/skills", "levels[0].team[#1].skills"),
        ("x", LIST, "levels/0/governance", "levels[0].governance"),
        ("x", LIST, "dimensions", "dimensions"),
        ("x", LIST, "dimensions/0/statements", f"{DIMENSION}.statements"),
        ("x", LIST, "dimensions/0/questions", f"{DIMENSION}.questions"),
        ("x", LIST, f"{QUESTION}/guidance/requires", f"{AT_QUESTION}.guidance.requires"),
        ("x", "must be a group of keys: method, combine, max.", "scoring", "scoring"),
        ("x", "must be a group of keys: role, responsibilities, skills.", "levels/0/team/0", "levels[0].team[#1]"),
        ("x", "must be a group of keys: topic, practice.", "levels/0/governance/0", "levels[0].governance[#1]"),
        ("x", "must be a group of keys: key, label, value, excluded.", "choices/0", "choices[#1]"),
        (
            "x",
            "must be a group of keys: key, title, description, weight, statements, questions.",
            "dimensions/0",
            "dimensions[#1]",
        ),
        (
            "x",
            "must be a group of keys: key, kind, level, weight, text, help, evidence, choices, guidance, same_as.",
            QUESTION,
            f"{DIMENSION}.questions[#1]",
        ),
        (
            "x",
            "must be a group of keys: action, success_metric, effort_weeks, tools, roles, governance, requires.",
            f"{QUESTION}/guidance",
            f"{AT_QUESTION}.guidance",
        ),
    ],
)
def test_each_value_has_its_type(value: Any, message: str, path: str, place: str) -> None:
    assert (place, message) in problems(changed((path, value)))


@pytest.mark.parametrize(
    ("path", "limit", "place"),
    [
        ("levels", 50, "levels"),
        ("levels/0/characteristics", 50, "levels[0].characteristics"),
        ("levels/0/team", 50, "levels[0].team"),
        ("levels/0/team/0/responsibilities", 50, "levels[0].team[#1].responsibilities"),
        ("levels/0/team/0/skills", 50, "levels[0].team[#1].skills"),
        ("levels/0/governance", 50, "levels[0].governance"),
        ("choices", 50, "choices"),
        ("dimensions", 50, "dimensions"),
        ("dimensions/0/statements", 101, f"{DIMENSION}.statements"),
        ("dimensions/0/questions", 500, f"{DIMENSION}.questions"),
        (f"{QUESTION}/guidance/requires", 50, f"{AT_QUESTION}.guidance.requires"),
    ],
)
def test_no_list_is_endless(path: str, limit: int, place: str) -> None:
    message = f"has {limit + 1} entries, and {limit} are allowed; leave some out."
    assert (place, message) in problems(changed((path, [None] * (limit + 1))))


@pytest.mark.parametrize(
    ("path", "value", "place", "message"),
    [
        ("scoring/max", 101, "scoring.max", "must be at most 100, not 101."),
        ("levels/0/min_score", -1, "levels[0].min_score", "must be at least 0, not -1."),
        ("levels/5/min_score", 101, "levels[5].min_score", "must be at most 100, not 101."),
        ("choices/0/value", 101, "choices[yes].value", "must be at most 100, not 101."),
        ("choices", [LADDER[0]], "choices", "needs at least 2 entries and has 1; add what is missing."),
        (f"{QUESTION}/level", 101, f"{AT_QUESTION}.level", "must be at most 100, not 101."),
        (
            f"{QUESTION}/guidance/effort_weeks",
            1001,
            f"{AT_QUESTION}.guidance.effort_weeks",
            "must be at most 1000, not 1001.",
        ),
        (
            "source/url",
            f"https://{'x' * 500}",
            "source.url",
            "is 508 characters long, and 500 are allowed; shorten it.",
        ),
        (
            "dimensions/0/key",
            "x" * 101,
            "dimensions[#1].key",
            "is 101 characters long, and 100 are allowed; shorten it.",
        ),
    ],
)
def test_every_value_has_its_limits(path: str, value: Any, place: str, message: str) -> None:
    assert (place, message) in problems(changed((path, value)))


@pytest.mark.parametrize("data", [None, [], "questionnaire", 5])
def test_a_questionnaire_is_a_group_of_keys(data: Any) -> None:
    [(place, message)] = problems(data)
    assert place == "the file"
    assert message == (NO_VALUE if data is None else f"must be a group of keys: {', '.join(SCHEMA['properties'])}.")


def duplicated(path: str) -> list[tuple[str, Any]]:
    """Return the change that puts a list's first entry at its end again."""
    inner: Any = shipped_definition()
    for step in path.split("/"):
        inner = inner[int(step) if step.isdecimal() else step]
    return [(path, [*inner, copy.deepcopy(inner[0])])]


USED = "is used above already; give this one a key of its own."
SPAN = "the best choice of a question of kind {} must be worth {}, and another one less."
CIRCLE = (
    "goes round in a circle, each before the next: {}. A practice also comes after the lower levels of its dimension. "
    "Delete one of the requirements."
)


@pytest.mark.parametrize(
    ("rule", "changes", "place", "message"),
    [
        ("keys_are_unique", duplicated("choices"), "choices[yes].key", f"'yes' {USED}"),
        (
            "keys_are_unique",
            [("dimensions/1/key", "governance")],
            "dimensions[governance].key",
            f"'governance' {USED}",
        ),
        (
            "keys_are_unique",
            [("dimensions/1/questions/0/key", "data_management.versioning")],
            "dimensions[model_development].questions[data_management.versioning].key",
            f"'data_management.versioning' {USED}",
        ),
        (
            "keys_are_unique",
            [(f"{QUESTION}/choices", [LADDER[0], LADDER[1], LADDER[0]])],
            f"{AT_QUESTION}.choices[0].key",
            f"'0' {USED}",
        ),
        (
            "questions_are_not_too_many",
            [
                ("dimensions/0/questions", [LADDER_QUESTION | {"key": f"q.{n}"} for n in range(401)]),
                ("dimensions/1/questions", [LADDER_QUESTION | {"key": f"r.{n}"} for n in range(85)]),
            ],
            "dimensions",
            "there are 501 questions in all, and 500 are allowed; leave some out.",
        ),
        (
            "levels_ascend",
            [("levels/2/number", 1), ("levels/3/number", 2)],
            "levels[1].number",
            "must be above 1, that of the level before; list the levels from lowest to highest.",
        ),
        (
            "levels_ascend",
            [("levels/2/min_score", 1)],
            "levels[2].min_score",
            "must be above 1, that of the level before; list the levels from lowest to highest.",
        ),
        (
            "thresholds_lie_on_the_scale",
            [("levels/0/min_score", 0.5)],
            "levels[0].min_score",
            "must be 0 for the first level, so that every score has a level.",
        ),
        (
            "thresholds_lie_on_the_scale",
            [("levels/5/min_score", 5.5)],
            "levels[5].min_score",
            "is above the top score, 5, so nobody can reach the level; lower it or raise scoring.max.",
        ),
        (
            "levels_ascend",
            [("levels/2/min_score", 1), ("levels/2/exclusive", True), ("levels/1/exclusive", True)],
            "levels[2].min_score",
            "must be above 1, that of the level before; list the levels from lowest to highest.",
        ),
        (
            "thresholds_lie_on_the_scale",
            [("levels/0/exclusive", True)],
            "levels[0].exclusive",
            "must be left out of the first level, so that every score has a level.",
        ),
        (
            "thresholds_lie_on_the_scale",
            [("levels/5/exclusive", True)],
            "levels[5].exclusive",
            "nothing is above the top score, 5, so nobody can reach the level; delete it or lower min_score.",
        ),
        (
            "levels_method_has_closed_thresholds",
            [("scoring/method", "levels"), ("levels/2/exclusive", True)],
            "levels[2].exclusive",
            "cannot be reached by the method 'levels', whose scores are thresholds; delete it.",
        ),
        (
            "counterparts_are_of_other_questionnaires",
            [(f"{QUESTION}/same_as", [COUNTERPART | {"questionnaire": "mlops-maturity"}])],
            f"{AT_QUESTION}.same_as[#1].questionnaire",
            "is this very questionnaire; name another one.",
        ),
        (
            "counterparts_are_of_other_questionnaires",
            [(f"{QUESTION}/same_as", [COUNTERPART, COUNTERPART])],
            f"{AT_QUESTION}.same_as[#2].question",
            "'data.schema' is named above already; put its choices together.",
        ),
        (
            "counterparts_are_of_other_questionnaires",
            [(f"{QUESTION}/same_as", [COUNTERPART | {"choices": {"yess": "automated"}}])],
            f"{AT_QUESTION}.same_as[#1].choices.yess",
            "this question has no choice 'yess'. Did you mean 'yes'?",
        ),
        (
            "ladder_method_has_ladders_only",
            [("scoring/method", "ladder")],
            f"{AT_QUESTION}.kind",
            "the scoring method 'ladder' has no practices; make it 'ladder', or use 'count'.",
        ),
        (
            "choices_span_the_scale",
            [("choices", GONE)],
            AT_QUESTION,
            "has no choices; add 'choices' here, or shared ones at the top of the file.",
        ),
        ("choices_span_the_scale", [("choices/0/value", 0.9)], "choices", SPAN.format("practice", 1)),
        ("choices_span_the_scale", [("choices/0/value", 2)], "choices", SPAN.format("practice", 1)),
        (
            "choices_span_the_scale",
            [("choices/1/value", 1), ("choices/2/value", 1)],
            "choices",
            SPAN.format("practice", 1),
        ),
        (
            "choices_span_the_scale",
            [(f"{QUESTION}/kind", "ladder"), (f"{QUESTION}/choices", LADDER[:5])],
            f"{AT_QUESTION}.choices",
            SPAN.format("ladder", 5),
        ),
        (
            "choices_span_the_scale",
            [(f"{QUESTION}/choices", [EXCLUDED, EXCLUDED | {"key": "unknown"}])],
            f"{AT_QUESTION}.choices",
            SPAN.format("practice", 1),
        ),
        (
            "practices_stand_for_a_level",
            [(f"{QUESTION}/level", GONE)],
            f"{AT_QUESTION}.level",
            "is missing; a practice needs the number of the maturity level it stands for.",
        ),
        (
            "practices_stand_for_a_level",
            [("dimensions/0/questions/4/level", 6)],
            "dimensions[data_management].questions[data_management.feature_discovery].level",
            "6 is not the number of a level; use one of 1, 2, 3, 4, 5.",
        ),
        (
            "statements_cover_the_scale",
            [("dimensions/0/statements", ["Nothing", "All"])],
            "dimensions[data_management].statements",
            "there are 2 statements; write 6, one for each score from 0 to 5.",
        ),
        (
            "requirements_exist",
            [(f"{QUESTION}/guidance/requires", ["data_management.versioning"])],
            f"{AT_QUESTION}.guidance.requires[#1]",
            "a question cannot require itself; delete this entry.",
        ),
        (
            "requirements_exist",
            [(f"{QUESTION}/guidance/requires", ["governance.documentatoin"])],
            f"{AT_QUESTION}.guidance.requires[#1]",
            "no question has the key 'governance.documentatoin'. Did you mean 'governance.documentation'?",
        ),
        (
            "requirements_have_an_order",
            [(f"{QUESTION}/guidance/requires", ["data_management.validation"])],
            f"{AT_QUESTION}.guidance.requires",
            CIRCLE.format("'data_management.versioning' → 'data_management.validation' → 'data_management.versioning'"),
        ),
        (
            "translations_are_of_what_exists",
            [("translations", {"de": {"dimensions": {"data_managment": {"title": "Daten"}}}})],
            "translations.de.dimensions.data_managment",
            "translates what the questionnaire does not have; delete it. Did you mean 'data_management'?",
        ),
        (
            "translations_are_of_what_exists",
            [("dimensions/0/description", GONE), ("translations", {"de": GERMAN})],
            "translations.de.dimensions.data_management.description",
            "translates what the questionnaire does not have; delete it.",
        ),
        (
            "translations_are_of_what_exists",
            [("translations", {"de": GERMAN | {"levels": {"0": {"characteristics": ["Von Hand"]}}}})],
            "translations.de.levels.0.characteristics",
            "has 1 entries, and the questionnaire has 7 here; write one for each.",
        ),
        (
            "translations_are_of_what_exists",
            [("translations", {"en": {}})],
            "translations.en",
            "is the questionnaire's own language; write these texts in their places.",
        ),
        (
            "texts_can_be_stored",
            [("levels/0/name", "No\0MLOps")],
            "levels[0].name",
            "holds the invisible character U+0000, which cannot be kept; delete it.",
        ),
        (
            "texts_can_be_stored",
            [("title", "half \ud83d")],
            "title",
            "holds the invisible character U+D83D, which cannot be kept; delete it.",
        ),
    ],
)
def test_what_the_rules_beyond_the_schema_say(
    rule: str, changes: list[tuple[str, Any]], place: str, message: str
) -> None:
    assert (place, message) in problems(changed(*changes))


def test_every_rule_beyond_the_schema_has_a_case() -> None:
    [mark] = [m for m in test_what_the_rules_beyond_the_schema_say.pytestmark if m.name == "parametrize"]
    assert {case[0] for case in mark.args[1]} == {rule.__name__ for rule in RULES}


def test_a_circle_across_dimensions_is_found() -> None:
    data = changed(
        (f"{QUESTION}/guidance/requires", ["governance.lineage"]),
    )
    [(place, message)] = problems(data)
    assert place.endswith(".guidance.requires")
    assert "'data_management.versioning'" in message
    assert "'governance.lineage'" in message


def test_a_list_of_problems_has_an_end() -> None:
    data = shipped_definition()
    data |= {f"unknown{n}": n for n in range(MAX_PROBLEMS + 50)}
    assert len(problems(data)) == MAX_PROBLEMS


@pytest.mark.parametrize("value", [None, True, {}, [None], [[]], {"key": None}, [{"key": []}]])
@pytest.mark.parametrize(
    "path",
    [
        *SCHEMA["properties"],
        "scoring/max",
        "levels/0",
        "levels/0/team/0",
        "dimensions/0",
        "dimensions/0/statements",
        "dimensions/0/questions",
        QUESTION,
        f"{QUESTION}/key",
        f"{QUESTION}/choices",
        f"{QUESTION}/guidance",
        f"{QUESTION}/guidance/requires",
    ],
)
def test_malformed_parts_are_reported_and_break_no_rule(path: str, value: Any) -> None:
    assert problems(changed((path, value)))


def test_an_error_says_one_problem_a_line_after_the_name_of_the_file() -> None:
    found = validate_mapping(changed(("title", 5), ("locale", "?")), {(): 1, ("title",): 2, ("locale",): 8})
    assert str(QuestionnaireError("q.yaml", found)) == (
        f"q.yaml:2: title: must be text, not 5; put quotes around it: \"5\".\nq.yaml:8: locale: '?' {NOT_LOCALE}"
    )


def test_without_lines_an_error_says_places_only() -> None:
    found = validate_mapping(changed(("title", 5)))
    assert str(QuestionnaireError("upload", found)).startswith("upload: title: must be text")


@pytest.mark.parametrize(
    ("value", "text"),
    [("a\nb", r"'a\nb'"), (3, "3"), ("x" * 100, f"'{'x' * 56}…"), (["x" * 100], f"['{'x' * 55}…")],
)
def test_a_quoted_value_stays_short_and_on_one_line(value: Any, text: str) -> None:
    assert shown(value) == text


def test_five_hundred_questions_are_not_too_many() -> None:
    data = changed(("dimensions/0/questions", [LADDER_QUESTION | {"key": f"q.{n}"} for n in range(500)]))
    assert problems(data | {"dimensions": data["dimensions"][:1]}) == []
