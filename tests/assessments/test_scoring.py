"""docs/scoring.md, its golden table and the properties that hold for every questionnaire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import cycle
from statistics import mean, median, pstdev
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.definition import Combine, Definition, Dimension, Method
from assessments.scoring import (
    Aggregate,
    Answers,
    DimensionScore,
    UnknownAnswer,
    disagreement,
    from_mapping,
    level_for,
    overall_score,
    score_card,
    score_response,
    to_mapping,
)
from mlops_maturity.env import CHECKOUT
from tests.definitions import (
    CHOICES,
    FIVE,
    METHODS,
    counting,
    definition,
    definitions,
    dimension,
    five_by_five,
    question,
    responses,
    statements,
)

CHOICE_OF = {"y": "yes", "n": "no", "s": "not_sure", "h": "partly", "x": "not_applicable"}
NO_SCORE = "–"
AGGREGATES: tuple[Aggregate, ...] = ("mean", "median")


@dataclass(frozen=True)
class Golden:
    """A row of the golden table, as text."""

    case: str
    rule: str
    weights: str
    responses: str
    scores: str
    spread: str
    range: str
    overall: str
    level: str

    @property
    def patterns(self) -> list[list[str]]:
        """One list a response, in it one word a dimension, in that one character a question."""
        return _words(self.responses.partition("→")[0])

    @property
    def aggregate(self) -> Aggregate:
        return "median" if "median" in self.rule else "mean"

    def definition(self) -> Definition:
        method, combine, *options = self.rule.split()
        top = next((int(option.removeprefix("max=")) for option in options if option.startswith("max=")), 5)
        whose, *numbers = self.weights.split() or [""]
        question_weights = iter(numbers) if whose == "q" else cycle("1")
        dimension_weights = iter(numbers) if whose == "d" else cycle("1")

        def as_asked(key: str, level: int, given: str) -> Any:
            ladder = method == "ladder" or any(character.isdigit() for character in given)
            return question(
                key,
                kind="ladder" if ladder else "practice",
                level=level,
                weight=Fraction(next(question_weights)),
                choices=statements(top) if ladder else CHOICES,
            )

        return definition(
            *(
                dimension(
                    f"d{d}",
                    *(as_asked(f"d{d}.{q}", q, "".join(given)) for q, given in enumerate(zip(*words, strict=True), 1)),
                    weight=Fraction(next(dimension_weights)),
                )
                for d, words in enumerate(zip(*self.patterns, strict=True))
            ),
            method=cast("Method", method),
            combine=cast("Combine", combine),
            top=top,
        )

    def answers(self) -> list[dict[str, str]]:
        return _answers(self.patterns)

    def agreed(self) -> list[dict[str, str]] | None:
        agreed = self.responses.partition("→")[2]
        return _answers(_words(agreed)) if agreed else None


def _words(responses: str) -> list[list[str]]:
    return [response.split() for response in responses.split("/")]


def _answers(patterns: list[list[str]]) -> list[dict[str, str]]:
    return [
        {
            f"d{d}.{q}": CHOICE_OF.get(character, character)
            for d, word in enumerate(words)
            for q, character in enumerate(word, 1)
            if character != "."
        }
        for words in patterns
    ]


def golden_table() -> list[Golden]:
    section = (CHECKOUT / "docs" / "scoring.md").read_text().partition("## Golden table")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split("|") for line in section.splitlines() if line.startswith("|")]
    return [Golden(*(cell.strip() for cell in row)) for row in rows[2:]]


GOLDEN = golden_table()


def number(text: str) -> Fraction | None:
    return None if text == NO_SCORE else Fraction(text)


def test_golden_table_is_read_whole() -> None:
    assert len(GOLDEN) >= 68


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row.case)
def test_golden(row: Golden) -> None:
    card = score_card(row.definition(), row.answers(), aggregate=row.aggregate, agreed=row.agreed())

    assert [dimension.score for dimension in card.dimensions] == [number(text) for text in row.scores.split()]
    assert card.overall == number(row.overall)
    assert (str(card.level.number) if card.level else NO_SCORE) == row.level
    assert card.respondents == len(row.patterns)
    if len(row.patterns) == 1:
        assert not row.spread + row.range
        assert all(d.spread == 0 and d.minimum == d.maximum == d.score for d in card.dimensions if d.respondents)
    else:
        spreads, ranges = row.spread.split(), [pair.split("..") for pair in row.range.split()]
        assert [round(d.spread or 0, 4) for d in card.dimensions] == [float(text) for text in spreads]
        assert [[d.minimum, d.maximum] for d in card.dimensions] == [[number(end) for end in pair] for pair in ranges]


def lecture_maturity(scores: dict[str, int]) -> int:
    """The lecture's `calculate_maturity`."""
    avg_score = sum(scores.values()) / len(scores)
    if avg_score < 1:
        return 0
    if avg_score < 2:
        return 1
    if avg_score < 3:
        return 2
    if avg_score < 4:
        return 3
    return 4


@given(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=5, max_size=5))
def test_single_response_scores_as_in_the_lecture(practices: list[list[bool]]) -> None:
    answers = {
        f"{key}.{n}": "yes" if yes else "no"
        for key, row in zip(FIVE, practices, strict=True)
        for n, yes in enumerate(row, 1)
    }
    counts = {key: sum(row) for key, row in zip(FIVE, practices, strict=True)}

    card = score_card(five_by_five(), [answers])

    assert card.scores == counts
    assert card.level is not None
    assert card.level.number == (5 if all(map(all, practices)) else lecture_maturity(counts))


@st.composite
def scored(
    draw: st.DrawFn,
    *,
    methods: Sequence[Method] = METHODS,
    min_size: int = 0,
) -> tuple[Definition, list[dict[str, str]]]:
    drawn = draw(definitions(methods=methods))
    return drawn, draw(st.lists(responses(drawn), min_size=min_size, max_size=6))


aggregates = st.sampled_from(AGGREGATES)


@given(scored(min_size=1), aggregates, st.data())
def test_a_better_answer_never_lowers_anything(
    case: tuple[Definition, list[dict[str, str]]], aggregate: Aggregate, data: st.DataObject
) -> None:
    drawn, given_answers = case
    key = data.draw(st.sampled_from(list(drawn.questions)))
    rising = sorted((c.value, c.key) for c in drawn.questions[key].choices if c.value is not None)
    (_, worse), (_, better) = sorted(data.draw(st.tuples(st.sampled_from(rising), st.sampled_from(rising))))
    first, *others = given_answers

    before = score_card(drawn, [first | {key: worse}, *others], aggregate=aggregate)
    after = score_card(drawn, [first | {key: better}, *others], aggregate=aggregate)

    assert all(after.scores[d] >= score for d, score in before.scores.items() if score is not None)  # type: ignore[operator]
    assert before.overall is not None
    assert after.overall is not None
    assert after.overall >= before.overall
    assert before.level is not None
    assert after.level is not None
    assert after.level.number >= before.level.number


@given(scored(), aggregates, st.data())
def test_order_of_questions_and_respondents_does_not_matter(
    case: tuple[Definition, list[dict[str, str]]], aggregate: Aggregate, data: st.DataObject
) -> None:
    drawn, given_answers = case

    def shuffled(part: Dimension) -> Dimension:
        return replace(part, questions=tuple(data.draw(st.permutations(part.questions))))

    reordered = replace(drawn, dimensions=tuple(shuffled(d) for d in data.draw(st.permutations(drawn.dimensions))))

    card = score_card(drawn, given_answers, aggregate=aggregate)
    other = score_card(reordered, data.draw(st.permutations(given_answers)), aggregate=aggregate)

    assert {d.key: d for d in other.dimensions} == {d.key: d for d in card.dimensions}
    assert {q.key: q for q in other.questions} == {q.key: q for q in card.questions}
    assert (other.overall, other.level) == (card.overall, card.level)


@given(
    st.integers(1, 5),
    st.fractions(min_value=Fraction(1, 10**9), max_value=10**9),
    st.fractions(min_value=Fraction(1, 10**30), max_value=Fraction(1, 2)),
)
def test_level_is_exact_at_its_threshold(threshold: int, scale: Fraction, epsilon: Fraction) -> None:
    def level_at(score: Fraction) -> int | None:
        """Weigh a practice in place against one that is not, so that the score comes out as asked."""
        questions = [question("d.in", weight=scale * score)]
        if score < 5:
            questions.append(question("d.out", weight=scale * (5 - score)))
        answers = {"d.in": "yes", "d.out": "no"}
        card = score_card(definition(dimension("d", *questions)), [{q.key: answers[q.key] for q in questions}])
        assert card.overall == score
        return card.level.number if card.level else None

    assert level_at(Fraction(threshold)) == threshold
    assert level_at(threshold - epsilon) == threshold - 1


@given(scored(), aggregates)
def test_a_card_sums_up_its_responses(case: tuple[Definition, list[dict[str, str]]], aggregate: Aggregate) -> None:
    drawn, given_answers = case
    singly = [score_response(drawn, answers) for answers in given_answers]

    for part in score_card(drawn, given_answers, aggregate=aggregate).dimensions:
        scores = [score for response in singly if (score := response[part.key]) is not None]
        assert part.respondents == len(scores)
        if scores:
            assert part.score == (mean(scores) if aggregate == "mean" else median(scores))
            assert part.spread == pytest.approx(pstdev(map(float, scores)), abs=1e-7)
            assert (part.minimum, part.maximum) == (min(scores), max(scores))
        else:
            assert part == DimensionScore(part.key, part.title, None, None, None, None, 0)


@given(scored(min_size=1, methods=("count", "ladder")))
def test_headrooms_and_score_make_up_the_scale(case: tuple[Definition, list[dict[str, str]]]) -> None:
    drawn, given_answers = case
    card = score_card(drawn, given_answers)
    headrooms = {tally.key: tally.headroom for tally in card.questions}

    for part, result in zip(drawn.dimensions, card.dimensions, strict=True):
        known = [gain for q in part.questions if (gain := headrooms[q.key]) is not None]
        if result.score is None:
            assert not known
        else:
            assert result.score + sum(known) == drawn.scoring.max


@given(scored(min_size=1, methods=("count", "ladder")), st.data())
def test_headroom_is_what_perfect_answers_to_a_question_would_gain(
    case: tuple[Definition, list[dict[str, str]]], data: st.DataObject
) -> None:
    drawn, given_answers = case
    asked = drawn.questions[data.draw(st.sampled_from(list(drawn.questions)))]
    best = max((c for c in asked.choices if c.value is not None), key=lambda choice: choice.value or 0)
    excluded = {c.key for c in asked.choices if c.excluded}

    def perfect(answers: dict[str, str]) -> dict[str, str]:
        return answers if answers.get(asked.key) in {None, *excluded} else answers | {asked.key: best.key}

    card = score_card(drawn, given_answers)
    after = score_card(drawn, [perfect(answers) for answers in given_answers])

    headroom = next(tally.headroom for tally in card.questions if tally.key == asked.key)
    own = drawn.dimension_of(asked.key).key
    before_score, after_score = card.scores[own], after.scores[own]
    if headroom is None:
        assert after_score == before_score
    else:
        assert before_score is not None
        assert after_score == before_score + headroom


@pytest.mark.parametrize(("method", "aggregate"), [("staged", "mean"), ("count", "median")], ids=["staged", "median"])
def test_no_headroom_where_gains_do_not_add_up(method: Method, aggregate: Aggregate) -> None:
    card = score_card(five_by_five(method=method), [counting([1, 2, 3, 4, 5])], aggregate=aggregate)

    assert [tally.headroom for tally in card.questions] == [None] * 25


@given(scored())
def test_a_dimension_without_score_is_left_out(case: tuple[Definition, list[dict[str, str]]]) -> None:
    drawn, given_answers = case
    empty = dimension("empty", question("empty.1"), question("empty.2"), weight=7)
    with_empty = replace(drawn, dimensions=(empty, *drawn.dimensions))

    card = score_card(drawn, given_answers)
    other = score_card(with_empty, [answers | {"empty.2": "not_applicable"} for answers in given_answers])

    assert other.scores == {"empty": None} | card.scores
    assert (other.overall, other.level) == (card.overall, card.level)


@given(scored(), aggregates)
def test_a_card_survives_json(case: tuple[Definition, list[dict[str, str]]], aggregate: Aggregate) -> None:
    drawn, given_answers = case
    card = score_card(drawn, given_answers, aggregate=aggregate)

    assert from_mapping(drawn, json.loads(json.dumps(to_mapping(card)))) == card


@given(scored(min_size=1), aggregates, st.data())
def test_a_consensus_scores_as_if_all_had_given_the_agreed_choice(
    case: tuple[Definition, list[dict[str, str]]], aggregate: Aggregate, data: st.DataObject
) -> None:
    drawn, given_answers = case
    consensus = data.draw(responses(drawn))
    agreed = [answers | consensus for answers in given_answers]

    card = score_card(drawn, given_answers, aggregate=aggregate, agreed=agreed)

    alone = score_card(drawn, given_answers, aggregate=aggregate)
    as_agreed = score_card(drawn, agreed, aggregate=aggregate)
    assert (card.scores, card.overall, card.level) == (as_agreed.scores, as_agreed.overall, as_agreed.level)
    for now, own, after in zip(card.questions, alone.questions, as_agreed.questions, strict=True):
        assert (now.counts, now.unanswered) == (own.counts, own.unanswered)
        assert (now.mean, now.headroom) == (after.mean, after.headroom)
    for part, own_part in zip(card.dimensions, alone.dimensions, strict=True):
        assert (part.spread, part.minimum, part.maximum) == (own_part.spread, own_part.minimum, own_part.maximum)
    if not consensus:
        assert card == alone


def test_a_kept_card_holds_exact_fractions() -> None:
    card = score_card(
        definition(dimension("d", *(question(f"d.{n}") for n in range(3)))), [{"d.0": "yes", "d.1": "no", "d.2": "no"}]
    )

    kept = to_mapping(card)

    assert kept["overall"] == kept["dimensions"][0]["score"] == "5/3"
    assert kept["level"] == 1


def test_each_question_is_tallied() -> None:
    given_answers: list[Answers] = [
        {"d.1": "yes"},
        {"d.1": "partly"},
        {"d.1": "not_sure"},
        {"d.1": "not_applicable"},
        {},
    ]

    (tally,) = score_card(definition(dimension("d", question("d.1"))), given_answers).questions

    assert tally.counts == {"yes": 1, "partly": 1, "no": 0, "not_sure": 1, "not_applicable": 1}
    assert tally.unanswered == 1
    assert tally.mean == Fraction(1, 2)
    assert tally.headroom == Fraction(5, 2)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("yyyy", 0),
        ("yynn", 1),
        ("yyyn", 0.75**0.5),
        ("yn", 1),
        ("hhhn", 0.75**0.5 / 2),
        ("ns", 0),  # not sure is worth what no is
        ("ynx", 1),
        ("y", None),
        ("yxx", None),
        ("x.", None),
    ],
)
def test_disagreement(answers: str, expected: float | None) -> None:
    asked = question("d.1")
    given_answers = [{"d.1": CHOICE_OF[character]} for character in answers if character != "."]

    (tally,) = score_card(definition(dimension("d", asked)), given_answers).questions

    assert disagreement(asked, tally) == (None if expected is None else pytest.approx(expected))


def test_where_all_choices_are_worth_the_same_nobody_disagrees() -> None:
    asked = question("d.1", choices=CHOICES[:1])
    (tally,) = score_card(definition(dimension("d", asked)), [{"d.1": "yes"}] * 3).questions

    assert disagreement(asked, tally) is None


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_no_responses_no_scores(aggregate: Aggregate) -> None:
    card = score_card(five_by_five(), [], aggregate=aggregate)

    assert card.scores == dict.fromkeys(FIVE)
    assert (card.overall, card.level, card.respondents) == (None, None, 0)


def test_below_the_lowest_threshold_there_is_no_level() -> None:
    demanding = replace(five_by_five(), levels=five_by_five().levels[1:])

    card = score_card(demanding, [counting([1, 1, 1, 1, 0])])

    assert (card.overall, card.level) == (Fraction(4, 5), None)


@pytest.mark.parametrize("combine", ["mean", "minimum", "gate"])
def test_nothing_combines_to_nothing(combine: Combine) -> None:
    without = dict.fromkeys(FIVE)

    assert overall_score(five_by_five(combine=combine), without) is None
    assert level_for(five_by_five(combine=combine), without) is None


@pytest.mark.parametrize(
    ("wrong", "named", "choice"),
    [
        ({"governance.6": "yes"}, "governance.6", None),
        ({"governance.5": "maybe"}, "governance.5", "maybe"),
        ({"governance.5": ""}, "governance.5", ""),
    ],
    ids=["question", "choice", "empty choice"],
)
def test_an_unknown_answer_is_named(wrong: dict[str, str], named: str, choice: str | None) -> None:
    right = counting([3, 3, 3, 3, 3])

    with pytest.raises(UnknownAnswer) as caught:
        score_card(five_by_five(), [right, right | wrong])

    assert (caught.value.question, caught.value.choice) == (named, choice)
    assert named in str(caught.value)
    with pytest.raises(UnknownAnswer):
        score_response(five_by_five(), wrong)
