"""Small questionnaires for tests, and Hypothesis strategies for questionnaires and responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from assessments.definition import (
    Choice,
    Combine,
    Definition,
    Dimension,
    Kind,
    Level,
    Method,
    Question,
    Scoring,
    Source,
)
from assessments.translations import texts_of

CHOICES = (
    Choice("yes", "Yes", Fraction(1)),
    Choice("partly", "Partly", Fraction(1, 2)),
    Choice("no", "No", Fraction(0)),
    Choice("not_sure", "Not sure", Fraction(0)),
    Choice("not_applicable", "Not applicable", None),
)
METHODS: tuple[Method, ...] = ("count", "staged", "levels", "ladder")
COMBINES: tuple[Combine, ...] = ("mean", "minimum", "gate")
FIVE = ("data_management", "model_development", "model_deployment", "monitoring", "governance")


def statements(top: int = 5) -> tuple[Choice, ...]:
    """Return a ladder's choices: "0" to str(top), each worth its number, and not_applicable."""
    rungs = (Choice(str(value), f"Statement {value}", Fraction(value)) for value in range(top + 1))
    return (*rungs, Choice("not_applicable", "Not applicable", None))


def question(
    key: str,
    *,
    kind: Kind = "practice",
    level: int = 1,
    weight: Fraction | int = 1,
    choices: Sequence[Choice] = CHOICES,
) -> Question:
    return Question(key, kind, level, Fraction(weight), f"{key}?", "", "", tuple(choices), None)


def dimension(key: str, *questions: Question, weight: Fraction | int = 1) -> Dimension:
    return Dimension(key, key.replace("_", " ").capitalize(), "", Fraction(weight), (), questions)


def levels(top: int = 5) -> tuple[Level, ...]:
    """Return a level for each whole score from 0 to top."""
    return tuple(Level(n, f"Level {n}", Fraction(n), "", (), (), (), ()) for n in range(top + 1))


def definition(
    *dimensions: Dimension, method: Method = "count", combine: Combine = "mean", top: int = 5, highest_level: int = 5
) -> Definition:
    return Definition(
        slug="test",
        title="Test",
        description="",
        source=Source("", "", ""),
        locale="en",
        scoring=Scoring(method, combine, Fraction(top)),
        levels=levels(highest_level),
        dimensions=dimensions,
    )


def five_by_five(**scoring: Any) -> Definition:
    """Return the shipped questionnaire's shape: five dimensions of five practices, `FIVE[n].1` to `FIVE[n].5`."""
    return definition(
        *(dimension(key, *(question(f"{key}.{n}", level=n) for n in range(1, 6))) for key in FIVE), **scoring
    )


def counting(counts: Sequence[int]) -> dict[str, str]:
    """Return a response to `five_by_five` with that many yes from the bottom in each dimension."""
    return {
        f"{key}.{n}": "yes" if n <= count else "no"
        for key, count in zip(FIVE, counts, strict=True)
        for n in range(1, 6)
    }


def weights() -> st.SearchStrategy[Fraction]:
    return st.fractions(min_value=Fraction(1, 10), max_value=10, max_denominator=10)


@st.composite
def definitions(
    draw: st.DrawFn, *, methods: Sequence[Method] = METHODS, combines: Sequence[Combine] = COMBINES
) -> Definition:
    """Draw a questionnaire of up to four dimensions with up to five questions; `ladder` has ladders only."""
    method = draw(st.sampled_from(methods))
    top = draw(st.integers(1, 7))

    def draw_question(key: str) -> Question:
        kind: Kind = "ladder" if method == "ladder" or draw(st.integers(0, 3)) == 3 else "practice"
        return question(
            key,
            kind=kind,
            level=draw(st.integers(1, 4)),
            weight=draw(weights()),
            choices=CHOICES if kind == "practice" else statements(top),
        )

    drawn = definition(
        *(
            dimension(
                f"d{d}", *(draw_question(f"d{d}.{q}") for q in range(draw(st.integers(1, 5)))), weight=draw(weights())
            )
            for d in range(draw(st.integers(1, 4)))
        ),
        method=method,
        combine=draw(st.sampled_from(combines)),
        top=top,
        highest_level=top,
    )
    if method == "levels":
        return drawn
    # The lowest level is from its score on, and the highest can be reached.
    exclusive = [0 < level.number < top and draw(st.booleans()) for level in drawn.levels]
    pairs = zip(drawn.levels, exclusive, strict=True)
    return replace(drawn, levels=tuple(replace(level, exclusive=above) for level, above in pairs))


def lines(max_size: int = 30) -> st.SearchStrategy[str]:
    """Return a strategy of texts on one line that a questionnaire may hold."""
    words = st.sampled_from(["yes", "No", "null", "5", "# no", "a: b", "- x", "Ünïcode", "2026-01-01", "x " * 40 + "x"])
    characters = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
    return words | st.text(characters, min_size=1, max_size=max_size).filter(lambda text: bool(text.strip()))


def texts() -> st.SearchStrategy[str]:
    """Return a strategy of texts, of several lines at times."""
    return lines() | st.lists(lines(), min_size=2, max_size=3).map("\n".join)


@st.composite
def mappings(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid questionnaire as a plain mapping, with whatever texts and translations."""
    top = draw(st.integers(1, 4))
    numbers = st.integers(1, 9) | st.sampled_from([0.5, 2.25])

    def group(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> dict[str, Any]:
        return required | draw(st.fixed_dictionaries({}, optional=optional))

    def draw_question(key: str) -> dict[str, Any]:
        guidance = st.fixed_dictionaries(
            {"action": texts(), "success_metric": texts(), "effort_weeks": numbers},
            optional={"tools": st.lists(lines(), max_size=2), "roles": st.lists(lines(), max_size=2)},
        )
        required = {"key": key, "kind": "practice", "level": draw(st.integers(1, top)), "text": draw(lines())}
        same = st.fixed_dictionaries(
            {
                "questionnaire": st.sampled_from(["elsewhere", "far-away"]),
                "question": st.sampled_from(["a", "b.c"]),
                "choices": st.dictionaries(st.sampled_from(["yes", "no"]), st.sampled_from(["1", "yes"]), min_size=1),
            }
        )
        same_as = st.lists(same, max_size=2, unique_by=lambda row: (row["questionnaire"], row["question"]))
        return group(required, weight=numbers, help=texts(), evidence=texts(), guidance=guidance, same_as=same_as)

    def draw_dimension(n: int) -> dict[str, Any]:
        questions = [draw_question(f"d{n}.{q}") for q in draw(st.permutations(range(draw(st.integers(1, 3)))))]
        required = {"key": f"d{n}", "title": draw(lines()), "questions": questions}
        return group(required, description=texts(), weight=numbers)

    level = {"description": texts(), "characteristics": st.lists(lines(), max_size=2)}
    method = draw(st.sampled_from(["count", "staged", "levels"]))

    def draw_level(n: int) -> dict[str, Any]:
        exclusive = {"exclusive": st.booleans()} if method != "levels" and 0 < n < top else {}
        return group({"number": n, "name": draw(lines()), "min_score": n}, **level, **exclusive)

    data = group(
        {
            "slug": "generated",
            "title": draw(lines()),
            "source": {"title": draw(lines()), "url": "", "licence": "MIT"},
            "locale": "en",
            "scoring": {"method": method, "combine": draw(st.sampled_from(COMBINES)), "max": top},
            "choices": [
                {"key": "yes", "label": draw(lines()), "value": 1},
                {"key": "no", "label": draw(lines()), "value": 0},
                {"key": "not_applicable", "label": draw(lines()), "excluded": True},
            ],
            "levels": [draw_level(n) for n in range(top + 1)],
            "dimensions": [draw_dimension(n) for n in draw(st.permutations(range(draw(st.integers(1, 3)))))],
        },
        description=texts(),
    )
    translation: dict[str, Any] = {}
    for path, row, name in texts_of(data):
        if isinstance(row[name], str) and draw(st.integers(0, 3)) == 3:
            inner = translation
            for step in path[:-1]:
                inner = inner.setdefault(step, {})
            inner[path[-1]] = draw(lines())
    return data | ({"translations": {"de": translation}} if translation else {})


def responses(definition: Definition) -> st.SearchStrategy[dict[str, str]]:
    """Return a strategy of responses to the definition; any question may be unanswered."""
    return st.fixed_dictionaries(
        {}, optional={key: st.sampled_from([c.key for c in q.choices]) for key, q in definition.questions.items()}
    )
