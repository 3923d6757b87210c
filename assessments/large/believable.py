"""How large organizations are and what their people answer: from a seed, the same at every run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from random import Random

from assessments.definition import Definition, Dimension, Question

PEOPLE_A_TEAM = 8
NOTES = (
    "Only for the models that customers see.",
    "Written down, but not everyone follows it.",
    "Planned for the next quarter.",
    "Done by hand before each release.",
)
NOTE_SHARE = 0.01
BIASES = (-0.5, 0.0, 0.0, 0.5)
"""How many levels better than it is the sceptical, two plain and the keen person in four see their team."""


@dataclass(frozen=True, slots=True)
class Size:
    """An organization's teams, and the people who respond in each of its rounds; at least one of each."""

    teams: int
    respondents: int


@dataclass(frozen=True, slots=True)
class Given:
    """What one person answers in one round: choices in the order of the questions, and notes by question index."""

    choices: tuple[str, ...]
    notes: Mapping[int, str]


def sizes(*, organizations: int, respondents: int, teams: int | None, seed: int) -> list[Size]:
    """Return the sizes of so many organizations with so many respondents in all: many small ones, a few large.

    Each has `teams` teams, by default one for eight people, and a respondent for each team at least.
    Raises ValueError where there are fewer respondents than that takes.
    """
    least = teams or 1
    spare = respondents - organizations * least
    if organizations < 1 or spare < 0:
        raise ValueError("fewer respondents than teams")
    chance = _chance(seed, "sizes")
    weights = [chance.lognormvariate(0, 0.8) for _ in range(organizations)]
    ends, total, reached = [], sum(weights), 0.0
    for weight in weights:
        reached += weight
        ends.append(round(spare * reached / total))
    people = [least + end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return [Size(teams or max(1, round(count / PEOPLE_A_TEAM)), count) for count in people]


def answers(definition: Definition, size: Size, *, rounds: int, seed: object) -> Iterator[Iterator[Given]]:
    """Yield, for each round, what each respondent answers; person n is of team n modulo the number of teams.

    A team has a maturity in each dimension, which grows from round to round, and people see it more or less kindly.
    """
    chance = _chance(seed, "answers")
    teams = [
        [_Course(chance.gauss(1.4, 0.9), chance.gauss(0.12, 0.08)) for _ in definition.dimensions]
        for _ in range(size.teams)
    ]
    for number in range(rounds):
        scales = [
            [_scales(definition.dimensions, [course.at(number) + bias for course in team]) for bias in BIASES]
            for team in teams
        ]
        yield _round(scales, size.respondents, _chance(seed, f"round {number}"))


@dataclass(frozen=True, slots=True)
class _Course:
    start: float
    pace: float

    def at(self, number: int) -> float:
        return self.start + self.pace * number


Scale = Sequence[tuple[float, str]]
"""Choices with the share of people who choose it or one before it."""


def _scales(dimensions: Sequence[Dimension], maturities: Sequence[float]) -> list[Scale]:
    return [
        _scale(question, maturity)
        for dimension, maturity in zip(dimensions, maturities, strict=True)
        for question in dimension.questions
    ]


def _scale(question: Question, maturity: float) -> Scale:
    """Return how people answer a question of a team of some maturity, in levels."""
    values = {choice.key: float(choice.value) for choice in question.choices if choice.value is not None}
    if question.kind == "ladder":
        weights = {key: exp(-2 * (maturity - value) ** 2) + 0.01 for key, value in values.items()}
    else:
        # A practice is in place where the team is past its level; of those who cannot say yes, few are between.
        in_place, top = 1 / (1 + exp(3 * (question.level - maturity - 0.5))), max(values.values())
        weights = {
            key: in_place if value == top else (1 - in_place) / 4**position
            for position, (key, value) in enumerate(sorted(values.items(), key=lambda each: each[1]))
        }
    reached = accumulate(weight / sum(weights.values()) for weight in weights.values())
    return list(zip(reached, weights, strict=True))


def _round(scales: Sequence[Sequence[Sequence[Scale]]], respondents: int, chance: Random) -> Iterator[Given]:
    draw = chance.random
    for person in range(respondents):
        own = scales[person % len(scales)][(person // len(scales)) % len(BIASES)]
        choices = tuple(_choose(scale, draw()) for scale in own)
        notes = {chance.randrange(len(own)): chance.choice(NOTES)} if draw() < NOTE_SHARE * len(own) else {}
        yield Given(choices, notes)


def _choose(scale: Scale, drawn: float) -> str:
    for reached, key in scale:
        if drawn < reached:
            return key
    return scale[-1][1]


def _chance(*seed: object) -> Random:
    return Random(" ".join(map(str, seed)))  # noqa: S311 - no secret, but the same at every run
