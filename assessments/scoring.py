"""Scores from answers. Every rule here is specified in docs/scoring.md, whose golden table the tests run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import lcm, sqrt
from typing import Any, Literal

from assessments.definition import Definition, Dimension, Level, Question, Scoring

Aggregate = Literal["mean", "median"]
Answers = Mapping[str, str]
"""One response: choice key by question key. A question that is not in it is unanswered."""
Scores = Mapping[str, Fraction | None]
"""Score by dimension key; None: nothing to score."""
Whole = Sequence[int | None]
"""Score of each dimension in the definition's order, as the numerator over a denominator that all have in common."""
Pattern = tuple[str | None, ...]
"""What one response answers to a dimension's questions in their order."""
RUNS = ("staged", "levels")
"""Methods by which practices count up to the first level that lacks one."""
Scored = tuple[Fraction | None, tuple[tuple[str, Fraction], ...]]
"""A pattern's score, and by question key what each scored question lacks of it."""


class UnknownAnswer(ValueError):
    """An answer names a question, or a choice of it, that the definition has not. `choice` is None for the former."""

    def __init__(self, question: str, choice: str | None = None) -> None:
        super().__init__(f"unknown question {question!r}" if choice is None else f"{question}: no choice {choice!r}")
        self.question = question
        self.choice = choice


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """A dimension over all responses, on the scale 0 to `Scoring.max`.

    `spread` is the population standard deviation of the responses' scores. `respondents` counts the responses that have
    a score here; without one, the four numbers are None. After a consensus `score` and `respondents` are as agreed, the
    others those of the independent answers.
    """

    key: str
    title: str
    score: Fraction | None
    spread: float | None
    minimum: Fraction | None
    maximum: Fraction | None
    respondents: int


@dataclass(frozen=True, slots=True)
class QuestionTally:
    """What was answered to a question.

    `counts` has every choice of the question; `mean` is the mean value of the scored answers (0 to 1 for a practice, 0
    to `Scoring.max` for a ladder), None without any. `headroom` is what the dimension's score would gain were each of
    them worth the most; a dimension's headrooms and its score sum up to `Scoring.max`. It is None without scored
    answers, and where gains do not add up: for the methods `staged` and `levels` and for the median. After a consensus
    `mean` and `headroom` are as agreed; `counts` and `unanswered` stay those of the independent answers.
    """

    key: str
    counts: Mapping[str, int]
    unanswered: int
    mean: Fraction | None
    headroom: Fraction | None


@dataclass(frozen=True, slots=True)
class ScoreCard:
    """The result of some responses: dimensions and questions in the definition's order, `scale` its `Scoring.max`."""

    dimensions: tuple[DimensionScore, ...]
    questions: tuple[QuestionTally, ...]
    overall: Fraction | None
    level: Level | None
    respondents: int
    aggregate: Aggregate
    scale: Fraction

    @property
    def scores(self) -> dict[str, Fraction | None]:
        """The score of each dimension by its key."""
        return {dimension.key: dimension.score for dimension in self.dimensions}


def score_response(definition: Definition, answers: Answers) -> dict[str, Fraction | None]:
    """Return each dimension's score (0 to `Scoring.max`) in one response, None where it has nothing to score.

    Raises UnknownAnswer.
    """
    return score_card(definition, [answers]).scores


def score_card(
    definition: Definition,
    responses: Sequence[Answers],
    *,
    aggregate: Aggregate = "mean",
    agreed: Sequence[Answers] | None = None,
) -> ScoreCard:
    """Score responses, of a team or of a whole organization, together; none at all give a card without scores.

    `aggregate` is how the responses' scores become a dimension's. `agreed` are the same responses as they stand after
    consensus, each with the choices that its team agreed on in place of its own. Raises UnknownAnswer.
    """
    card = _card(definition, responses, aggregate)
    return card if agreed is None else _as_agreed(card, _card(definition, agreed, aggregate))


def score_patterns(definition: Definition, responses: Iterable[Answers]) -> Counter[tuple[Fraction | None, ...]]:
    """Return how many responses, such as `score_card` takes, have which scores in the definition's dimensions."""
    scorers = [
        (_scorer(definition.scoring, definition.levels, dimension), [question.key for question in dimension.questions])
        for dimension in definition.dimensions
    ]
    return Counter(tuple(scorer(tuple(map(answers.get, keys)))[0] for scorer, keys in scorers) for answers in responses)


def overall_score(definition: Definition, scores: Scores) -> Fraction | None:
    """Combine dimension scores (all of the definition's keys): the smallest under `minimum`, else the weighted mean.

    Dimensions without a score are left out; None where all are.
    """
    return _combined(_combination(definition, is_smallest=definition.scoring.combine == "minimum"), definition, scores)


def deciding_score(definition: Definition, scores: Scores) -> Fraction | None:
    """Return the score that thresholds are compared with: the smallest dimension's under `gate`, else the overall."""
    return _combined(_deciding(definition), definition, scores)


def level_for(definition: Definition, scores: Scores) -> Level | None:
    """Return the highest level whose threshold is reached, None where no dimension has a score or none is reached."""
    return level_rule(definition)(*_whole(definition, scores))


def level_rule(definition: Definition) -> Callable[[Whole, int], Level | None]:
    """Return `level_for` as a function of whole numbers, made once where it is asked thousands of times.

    It takes the dimensions' scores as numerators in the definition's order, and their common denominator.
    """
    deciding = _deciding(definition)

    def level_of(scores: Whole, denominator: int) -> Level | None:
        combined = deciding(scores)
        return definition.level_reached(combined[0], combined[1] * denominator) if combined else None

    return level_of


def disagreement(question: Question, tally: QuestionTally) -> float | None:
    """Return how much the scored answers to a question differ: 0 is one opinion, 1 an even split between the ends.

    None with fewer than two scored answers, or where every choice is worth the same.
    """
    values = [(choice.value, tally.counts[choice.key]) for choice in question.choices if choice.value is not None]
    answers = sum(count for _, count in values)
    reach = max((value for value, _ in values), default=Fraction()) - min((v for v, _ in values), default=Fraction())
    if answers < 2 or not reach:
        return None
    mean = sum((value * count for value, count in values), Fraction()) / answers
    variance = sum((count * (value - mean) ** 2 for value, count in values), Fraction()) / answers
    return 2 * sqrt(variance) / float(reach)


def to_mapping(card: ScoreCard) -> dict[str, Any]:
    """Return the card as plain JSON values; fractions are exact strings ("7/3"), the level is its number."""
    return {
        "dimensions": [_plain(dimension, drop="title") for dimension in card.dimensions],
        "questions": [_plain(question) for question in card.questions],
        "overall": None if card.overall is None else str(card.overall),
        "level": None if card.level is None else card.level.number,
        "respondents": card.respondents,
        "aggregate": card.aggregate,
    }


def from_mapping(definition: Definition, data: Mapping[str, Any]) -> ScoreCard:
    """Return the card that `to_mapping` made from answers to this very definition; it may come without questions."""
    return ScoreCard(
        dimensions=tuple(
            DimensionScore(
                title=definition.dimension(row["key"]).title, **_with_fractions(row, "score", "minimum", "maximum")
            )
            for row in data["dimensions"]
        ),
        questions=tuple(QuestionTally(**_with_fractions(row, "mean", "headroom")) for row in data.get("questions", ())),
        overall=_fraction(data["overall"]),
        level=next((level for level in definition.levels if level.number == data["level"]), None),
        respondents=data["respondents"],
        aggregate=data["aggregate"],
        scale=definition.scoring.max,
    )


def _combination(definition: Definition, *, is_smallest: bool) -> Callable[[Whole], tuple[int, int] | None]:
    """Return the function from scores to the smallest, or the weighted mean, of those there are.

    In whole numbers, as numerator and denominator, as fractions take ten times as long; None without any score.
    """
    unit = lcm(*(dimension.weight.denominator for dimension in definition.dimensions))
    weights = [int(dimension.weight * unit) for dimension in definition.dimensions]

    def combine(scores: Whole) -> tuple[int, int] | None:
        scored = [(weight, score) for weight, score in zip(weights, scores, strict=True) if score is not None]
        if not scored:
            return None
        if is_smallest:
            return min(score for _, score in scored), 1
        return sum(weight * score for weight, score in scored), sum(weight for weight, _ in scored)

    return combine


def _deciding(definition: Definition) -> Callable[[Whole], tuple[int, int] | None]:
    return _combination(definition, is_smallest=definition.scoring.combine in ("minimum", "gate"))


def _combined(
    combine: Callable[[Whole], tuple[int, int] | None], definition: Definition, scores: Scores
) -> Fraction | None:
    whole, denominator = _whole(definition, scores)
    combined = combine(whole)
    return None if combined is None else Fraction(combined[0], combined[1] * denominator)


def _whole(definition: Definition, scores: Scores) -> tuple[Whole, int]:
    """Return scores as whole numbers in the definition's order, and the denominator that they have in common."""
    own = [scores[dimension.key] for dimension in definition.dimensions]
    common = lcm(*(score.denominator for score in own if score is not None))
    return [None if score is None else score.numerator * (common // score.denominator) for score in own], common


def _as_agreed(independent: ScoreCard, agreed: ScoreCard) -> ScoreCard:
    """Return the agreed card with the tallies and the spread of the independent answers."""
    return replace(
        agreed,
        dimensions=tuple(
            replace(after, spread=before.spread, minimum=before.minimum, maximum=before.maximum)
            for before, after in zip(independent.dimensions, agreed.dimensions, strict=True)
        ),
        questions=tuple(
            replace(after, counts=before.counts, unanswered=before.unanswered)
            for before, after in zip(independent.questions, agreed.questions, strict=True)
        ),
    )


def _card(definition: Definition, responses: Sequence[Answers], aggregate: Aggregate) -> ScoreCard:
    _refuse_unknown_questions(definition, responses)
    dimensions: list[DimensionScore] = []
    questions: list[QuestionTally] = []
    for dimension in definition.dimensions:
        tallies = [Counter(answers.get(question.key) for answers in responses) for question in dimension.questions]
        _refuse_unknown_choices(dimension, tallies)
        scores, headrooms = _score_dimension(definition, dimension, responses)
        dimensions.append(_dimension_score(dimension, scores, aggregate))
        additive = aggregate == "mean" and definition.scoring.method not in RUNS
        questions += [
            _question_tally(question, tally, headrooms.get(question.key) if additive else None)
            for question, tally in zip(dimension.questions, tallies, strict=True)
        ]
    scores_by_key = {dimension.key: dimension.score for dimension in dimensions}
    return ScoreCard(
        dimensions=tuple(dimensions),
        questions=tuple(questions),
        overall=overall_score(definition, scores_by_key),
        level=level_for(definition, scores_by_key),
        respondents=len(responses),
        aggregate=aggregate,
        scale=definition.scoring.max,
    )


def _plain(part: DimensionScore | QuestionTally, *, drop: str = "") -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Fraction) else value
        for name, value in asdict(part).items()
        if name != drop
    }


def _with_fractions(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**row, **{name: _fraction(row[name]) for name in names}}


@lru_cache(maxsize=4096)  # the same few in all cards of a round, and slow to read
def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _refuse_unknown_questions(definition: Definition, responses: Iterable[Answers]) -> None:
    known = definition.questions.keys()
    for answers in responses:
        if not answers.keys() <= known:
            raise UnknownAnswer(next(key for key in answers if key not in known))


def _refuse_unknown_choices(dimension: Dimension, tallies: Iterable[Counter[str | None]]) -> None:
    for question, tally in zip(dimension.questions, tallies, strict=True):
        known = {choice.key for choice in question.choices}
        for choice in tally:
            if choice is not None and choice not in known:
                raise UnknownAnswer(question.key, choice)


def _score_dimension(
    definition: Definition, dimension: Dimension, responses: Iterable[Answers]
) -> tuple[Counter[Fraction], dict[str, Fraction]]:
    """Return how many responses have which score, and the headroom of each question that has a scored answer.

    Equal answers are scored once: ten thousand responses to five questions are a few hundred patterns.
    """
    patterns = Counter(tuple(answers.get(question.key) for question in dimension.questions) for answers in responses)
    scorer = _scorer(definition.scoring, definition.levels, dimension)
    scores: Counter[Fraction] = Counter()
    lost: defaultdict[str, Counter[Fraction]] = defaultdict(Counter)
    for pattern, count in patterns.items():
        score, losses = scorer(pattern)
        if score is None:
            continue
        scores[score] += count
        for key, loss in losses:
            lost[key][loss] += count
    respondents = scores.total()
    return scores, {
        key: sum((count * loss for loss, count in losses.items()), Fraction()) / respondents
        for key, losses in lost.items()
    }


@lru_cache(maxsize=64)
def _scorer(scoring: Scoring, levels: tuple[Level, ...], dimension: Dimension) -> Callable[[Pattern], Scored]:
    """Return the function that scores a pattern of answers in a dimension; it remembers what many cards share."""

    @lru_cache(maxsize=4096)
    def scored(pattern: Pattern) -> Scored:
        marks = _marks(scoring, levels, dimension, pattern)
        score = sum((share * mark for _, share, mark in marks), Fraction()) if marks else None
        return score, tuple((question.key, share * (scoring.max - mark)) for question, share, mark in marks)

    return scored


def _marks(
    scoring: Scoring, levels: tuple[Level, ...], dimension: Dimension, pattern: Sequence[str | None]
) -> list[tuple[Question, Fraction, Fraction]]:
    """Return each scored question with its share of the dimension (they sum to 1) and its mark (0 to `Scoring.max`)."""
    chosen = [
        (question, question.choice(choice).value)
        for question, choice in zip(dimension.questions, pattern, strict=True)
        if choice is not None
    ]
    scored = [(question, value) for question, value in chosen if value is not None]
    weight = sum(question.weight for question, _ in scored)
    run = _run(scoring, levels, scored) if scoring.method in RUNS else None

    def mark(question: Question, value: Fraction) -> Fraction:
        if question.kind == "ladder":
            return value
        return scoring.max * value if run is None else run

    return [(question, question.weight / weight, mark(question, value)) for question, value in scored]


def _run(scoring: Scoring, levels: Iterable[Level], scored: Iterable[tuple[Question, Fraction]]) -> Fraction:
    """Return the mark of the unbroken run of levels whose practices are in place, by `staged` or `levels`."""
    practices = [(question.level, value) for question, value in scored if question.kind == "practice"]
    first_open = min((level for level, value in practices if value < 1), default=None)
    if first_open is None and practices:
        return scoring.max
    if scoring.method == "levels":
        held = (level.min_score for level in levels if first_open is not None and level.number < first_open)
        return max(held, default=Fraction())
    asked = {level for level, _ in practices}
    return scoring.max * Fraction(sum(level < (first_open or 0) for level in asked), len(asked) or 1)


def _dimension_score(dimension: Dimension, scores: Counter[Fraction], aggregate: Aggregate) -> DimensionScore:
    if not scores:
        return DimensionScore(dimension.key, dimension.title, None, None, None, None, 0)
    respondents = scores.total()
    mean = sum((score * count for score, count in scores.items()), Fraction()) / respondents
    variance = sum((count * (score - mean) ** 2 for score, count in scores.items()), Fraction()) / respondents
    return DimensionScore(
        key=dimension.key,
        title=dimension.title,
        score=mean if aggregate == "mean" else _median(scores),
        spread=sqrt(variance),
        minimum=min(scores),
        maximum=max(scores),
        respondents=respondents,
    )


def _median(scores: Counter[Fraction]) -> Fraction:
    ordered = [score for score in sorted(scores) for _ in range(scores[score])]
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def _question_tally(question: Question, tally: Counter[str | None], headroom: Fraction | None) -> QuestionTally:
    scored = [(choice.value, tally[choice.key]) for choice in question.choices if choice.value is not None]
    answers = sum(count for _, count in scored)
    return QuestionTally(
        key=question.key,
        counts={choice.key: tally[choice.key] for choice in question.choices},
        unanswered=tally[None],
        mean=sum((value * count for value, count in scored), Fraction()) / answers if answers else None,
        headroom=headroom,
    )
