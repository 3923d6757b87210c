"""The steps that a result leaves open, what each takes and needs, and what scores become (docs/planning.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import floor

from assessments.definition import Choice, Definition, Dimension, Question
from assessments.scoring import RUNS, Answers, QuestionTally, ScoreCard, level_for, overall_score, score_card

USUAL_EFFORT = Fraction(4)
"""Person-weeks of a practice whose questionnaire does not say."""

StepKey = tuple[str, str]
"""A question's key, and for a ladder the key of the choice to reach, else empty."""
Steps = Collection[StepKey]


@dataclass(frozen=True, slots=True)
class Step:
    """A practice to put in place, or with a `rung` one statement up a ladder.

    `level` is the practice's level, or the whole part of what the rung is worth; `effort` is in person-weeks,
    `is_usual_effort` where the questionnaire does not say; `requires` are the steps that come directly before it;
    `is_lowest` says that no open rung of the ladder lies under it.
    """

    key: StepKey
    dimension: str
    level: int
    effort: Fraction
    is_usual_effort: bool
    requires: frozenset[StepKey]
    is_lowest: bool

    @property
    def question(self) -> str:
        return self.key[0]

    @property
    def rung(self) -> str:
        return self.key[1]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an organization or team is: scores by dimension, overall, and the number of its level."""

    scores: Mapping[str, Fraction | None]
    overall: Fraction | None
    level: int | None


class NeedsAnswers(ValueError):
    """What steps gain cannot be told from the card alone."""


@dataclass(frozen=True)
class Outlook:
    """A result seen forward: which steps there are, and what scores become with any of them.

    `answers` are the responses that the card was made from, as they stand after consensus. They may be left out where
    `needs_answers` is False. Efforts of steps may be set by the user.
    """

    definition: Definition
    card: ScoreCard
    answers: Sequence[Answers] | None = None
    efforts: Mapping[StepKey, Fraction] = field(default_factory=dict)
    _known: dict[tuple[str, frozenset[StepKey]], Fraction | None] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.answers is None and needs_answers(self.definition, self.card):
            raise NeedsAnswers

    @cached_property
    def adds_up(self) -> bool:
        """Whether each step gains the same whatever else is in place."""
        return self.card.aggregate == "mean" and self.definition.scoring.method not in RUNS

    @cached_property
    def steps(self) -> dict[StepKey, Step]:
        """Every step that is open, in the questionnaire's order, a ladder's from the bottom."""
        own = {key: list(self._keys(question)) for key, question in self.definition.questions.items()}
        return {
            key: step
            for dimension in self.definition.dimensions
            for question in dimension.questions
            for key, step in self._steps(dimension, question, own)
        }

    @cached_property
    def current(self) -> Standing:
        """Where the result stands."""
        return self.standing(frozenset())

    def mean(self, step: Step) -> Fraction | None:
        """Return the mean of the answers to a step's question: 0 to 1 for a practice, 0 to the scale for a ladder."""
        return self._tallies[step.question].mean

    def standing(self, steps: Steps) -> Standing:
        """Return where it stands with these steps done, whether or not they can be."""
        by_dimension: dict[str, set[StepKey]] = {dimension.key: set() for dimension in self.definition.dimensions}
        for key in steps:
            by_dimension[self.steps[key].dimension].add(key)
        scores = {key: self.score(key, frozenset(done)) for key, done in by_dimension.items()}
        return self._standing(scores)

    def after(self, before: Standing, dimension: str, steps: frozenset[StepKey]) -> Standing:
        """Return where it stands when a dimension has these steps and the others are as before."""
        return self._standing({**before.scores, dimension: self.score(dimension, steps)})

    def score(self, dimension: str, steps: frozenset[StepKey]) -> Fraction | None:
        """Return a dimension's score with steps of it done; None where it has none."""
        start = self.card.scores[dimension]
        if start is None or not steps:
            return start
        if self.adds_up:
            return start + sum(self.gains[key] for key in steps)
        if (dimension, steps) not in self._known:
            self._known[dimension, steps] = self._scored(self.definition.dimension(dimension), steps)
        return self._known[dimension, steps]

    @cached_property
    def gains(self) -> dict[StepKey, Fraction]:
        """What each step adds to its dimension's score, the rungs under it done; where gains add up."""
        gains = {}
        below = Fraction()
        for step in self.steps.values():
            if not step.rung:
                gains[step.key] = self._tallies[step.question].headroom or Fraction()
                continue
            if step.is_lowest:
                below = self.card.scores[step.dimension] or Fraction()
            score = self._scored(self.definition.dimension(step.dimension), frozenset({step.key})) or Fraction()
            gains[step.key], below = score - below, score
        return gains

    def _standing(self, scores: Mapping[str, Fraction | None]) -> Standing:
        level = level_for(self.definition, scores)
        return Standing(scores, overall_score(self.definition, scores), None if level is None else level.number)

    def _keys(self, question: Question) -> Iterator[StepKey]:
        tally = self._tallies[question.key]
        if question.kind == "practice" and tally.mean is not None and tally.mean < 1:
            yield question.key, ""
        elif question.kind == "ladder" and tally.mean is not None and tally.mean < self.card.scale:
            given = [choice.value for choice in map(question.choice, self._given(question)) if choice.value is not None]
            yield from ((question.key, rung.key) for rung in _rungs(question) if (rung.value or 0) > min(given))

    def _given(self, question: Question) -> Iterator[str]:
        return (answers[question.key] for answers in self.answers or () if question.key in answers)

    def _steps(
        self, dimension: Dimension, question: Question, own: Mapping[str, Sequence[StepKey]]
    ) -> Iterator[tuple[StepKey, Step]]:
        guidance = question.guidance
        required = {key for name in (guidance.requires if guidance else ()) for key in own.get(name, ())}
        if question.kind == "practice":
            lower = [
                other for other in dimension.questions if other.kind == "practice" and other.level < question.level
            ]
            required |= {key for other in lower for key in own[other.key]}
        for key in own[question.key]:
            effort = self.efforts.get(key, guidance.effort_weeks if guidance else USUAL_EFFORT)
            level = question.level if not key[1] else floor(question.choice(key[1]).value or 0)
            usual = guidance is None and key not in self.efforts
            lowest = key == own[question.key][0]
            yield key, Step(key, dimension.key, level, effort, usual, frozenset(required), lowest)
            required = {key, *required}

    @cached_property
    def _tallies(self) -> dict[str, QuestionTally]:
        return {tally.key: tally for tally in self.card.questions}

    def _scored(self, dimension: Dimension, steps: frozenset[StepKey]) -> Fraction | None:
        alone = replace(self.definition, dimensions=(dimension,), translations={})
        raised = [dict(answers) for answers in self._answers_in[dimension.key]]
        raise_answers(dimension, raised, steps)
        return score_card(alone, raised, aggregate=self.card.aggregate).scores[dimension.key]

    @cached_property
    def _answers_in(self) -> dict[str, list[Answers]]:
        """The answers to each dimension's questions."""
        return {
            dimension.key: [
                {question.key: answers[question.key] for question in dimension.questions if question.key in answers}
                for answers in self.answers or ()
            ]
            for dimension in self.definition.dimensions
        }


def needs_answers(definition: Definition, card: ScoreCard) -> bool:
    """Whether what steps gain shows in the answers only: for runs of levels, the median, and ladders that can rise."""
    tallies = {tally.key: tally for tally in card.questions}
    rising = (
        question.kind == "ladder" and (mean := tallies[key].mean) is not None and mean < card.scale
        for key, question in definition.questions.items()
    )
    return card.aggregate != "mean" or definition.scoring.method in RUNS or any(rising)


def raise_answers(dimension: Dimension, responses: Iterable[dict[str, str]], steps: Iterable[StepKey]) -> None:
    """Answer in each response as if steps were done: what is scored less becomes the choice that they reach."""
    reached: dict[str, Choice] = {}
    for question in dimension.questions:
        choices = {choice.key: choice for choice in question.choices}
        best = max((c for c in question.choices if c.value is not None), key=lambda c: c.value or 0, default=None)
        for key, rung in steps:
            if key == question.key and (choice := choices[rung] if rung else best):
                reached[key] = max(reached.get(key, choice), choice, key=lambda c: c.value or 0)
    values = {
        question.key: {choice.key: choice.value for choice in question.choices} for question in dimension.questions
    }
    for answers in responses:
        for key, choice in reached.items():
            value = values[key].get(answers.get(key, ""))
            if value is not None and value < (choice.value or 0):
                answers[key] = choice.key


def _rungs(question: Question) -> list[Choice]:
    """Return a choice of each value of a ladder, from the least."""
    rungs: dict[Fraction, Choice] = {}
    for choice in question.choices:
        if choice.value is not None:
            rungs.setdefault(choice.value, choice)
    return [rungs[value] for value in sorted(rungs)]
