"""How far a survey has got: pure counting over a definition, for the survey's and the dashboard's progress bars."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil

from assessments.definition import Definition, Dimension, Question

# The 25 of the questionnaire that is offered first take ten minutes.
SECONDS_A_QUESTION = 24


@dataclass(frozen=True, slots=True)
class Step:
    """One dimension of the survey and its questions that have no answer yet."""

    dimension: Dimension
    open_questions: tuple[Question, ...]

    @property
    def total(self) -> int:
        return len(self.dimension.questions)

    @property
    def answered(self) -> int:
        return self.total - len(self.open_questions)


@dataclass(frozen=True, slots=True)
class Progress:
    """The steps of a survey in order."""

    steps: tuple[Step, ...]

    @property
    def total(self) -> int:
        return sum(step.total for step in self.steps)

    @property
    def answered(self) -> int:
        return sum(step.answered for step in self.steps)

    @property
    def open_count(self) -> int:
        return self.total - self.answered

    @property
    def offers_not_sure(self) -> bool:
        """Whether every question that is open can be answered with “not sure”."""
        return all(question.offers_not_sure for step in self.steps for question in step.open_questions)

    @property
    def percent(self) -> int:
        """How much is answered, 0 to 100; 100 only when everything is."""
        return 100 * self.answered // self.total if self.total else 100

    @property
    def next_step(self) -> Step:
        """The first step with an open question, the last one where none is."""
        return next((step for step in self.steps if step.open_questions), self.steps[-1])


def minutes_of(definition: Definition) -> int:
    """Return about how many minutes a questionnaire takes."""
    return ceil(len(definition.questions) * SECONDS_A_QUESTION / 60)


def progress_of(definition: Definition, answered: Collection[str]) -> Progress:
    """Return the progress of a response in which the questions of the keys `answered` have a choice. No query."""
    return Progress(
        tuple(
            Step(dimension, tuple(question for question in dimension.questions if question.key not in answered))
            for dimension in definition.dimensions
        )
    )
