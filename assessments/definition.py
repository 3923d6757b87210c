"""What a questionnaire version says: its dimensions, questions, choices, levels and scoring rule, as plain values.

A definition travels as a plain mapping (YAML file, JSON column) and is read by `Definition.from_mapping`. Whether a
mapping is well-formed is decided by `assessments.questionnaires.validation`; here it is taken as valid.
Numbers are exact: every weight, value and threshold is a `Fraction`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from assessments.translations import fallbacks, in_locale

Method = Literal["count", "staged", "levels", "ladder"]
Combine = Literal["mean", "minimum", "gate"]
Kind = Literal["practice", "ladder"]
NOT_SURE = "not_sure"
"""The key of the choice that results tell apart: it counts as its value, and finding out may change it."""


def exact(number: int | float | str) -> Fraction:
    """Return the fraction a person means by a decimal: `0.1` is one tenth, not its nearest binary float."""
    return Fraction(str(number))


@dataclass(frozen=True, slots=True)
class Source:
    """Where a questionnaire comes from, and under which licence."""

    title: str
    url: str
    licence: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An allowed answer. `value` is 0 to 1 for a practice, 0 to the scale's top for a ladder; None: not scored."""

    key: str
    label: str
    value: Fraction | None

    @property
    def excluded(self) -> bool:
        return self.value is None


@dataclass(frozen=True, slots=True)
class Guidance:
    """How to get a practice in place. `effort_weeks` is in person-weeks; `requires` are keys of questions."""

    action: str
    success_metric: str
    effort_weeks: Fraction
    tools: tuple[str, ...]
    roles: tuple[str, ...]
    governance: str
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A question of another questionnaire that means the same; `questionnaire` is its slug, `question` its key.

    `choices` pairs a choice here with the one that whoever gives it answers there.
    """

    questionnaire: str
    question: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; a practice stands for one maturity `level` of its dimension."""

    key: str
    kind: Kind
    level: int
    weight: Fraction
    text: str
    help: str
    evidence: str
    choices: tuple[Choice, ...]
    guidance: Guidance | None
    same_as: tuple[Counterpart, ...] = ()

    @property
    def offers_not_sure(self) -> bool:
        return any(choice.key == NOT_SURE for choice in self.choices)

    def statement(self, value: int) -> str:
        """Return a ladder's choice of a value as people read it, empty for a practice and where there is none."""
        worth = (choice.label for choice in self.choices if choice.value == value and choice.key != NOT_SURE)
        return next(worth, "") if self.kind == "ladder" else ""

    def choice(self, key: str) -> Choice:
        """Return the choice with that key. Raises KeyError where there is none."""
        for choice in self.choices:
            if choice.key == key:
                return choice
        raise KeyError(key)

    def is_answered(self, choice_key: str, note: str) -> bool:
        """Return whether there is a choice, and a note that says why where it takes the question out of the score.

        Raises KeyError where the choice is none of the question's.
        """
        return bool(choice_key) and (bool(note) or not self.choice(choice_key).excluded)


@dataclass(frozen=True, slots=True)
class Dimension:
    """An area that gets a score; `statements[n]` says what a score of n means."""

    key: str
    title: str
    description: str
    weight: Fraction
    statements: tuple[str, ...]
    questions: tuple[Question, ...]

    def statement(self, score: int) -> str:
        """Return what a score means, empty where nothing says so; without statements a single ladder's say it."""
        if self.statements:
            return self.statements[score] if score < len(self.statements) else ""
        return self.questions[0].statement(score) if len(self.questions) == 1 else ""


@dataclass(frozen=True, slots=True)
class TeamRole:
    """A role that a maturity level calls for."""

    role: str
    responsibilities: tuple[str, ...]
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GovernanceControl:
    """A governance topic (approval workflow, compliance, audit trail) and how a maturity level handles it."""

    topic: str
    practice: str


@dataclass(frozen=True, slots=True)
class Level:
    """A maturity level; reached where the score is at least `min_score`, or with `exclusive`, above it."""

    number: int
    name: str
    min_score: Fraction
    description: str
    characteristics: tuple[str, ...]
    tools: tuple[str, ...]
    team: tuple[TeamRole, ...]
    governance: tuple[GovernanceControl, ...]
    exclusive: bool = False

    def is_reached(self, score: Fraction | int, parts: int = 1) -> bool:
        """Return whether a score, the one that decides (`scoring.deciding_score`), over so many parts reaches this."""
        given, least = score * self.min_score.denominator, self.min_score.numerator * parts
        return given > least if self.exclusive else given >= least


@dataclass(frozen=True, slots=True)
class Scoring:
    """How answers become scores; `max` is the top score of a dimension."""

    method: Method
    combine: Combine
    max: Fraction


@dataclass(frozen=True)
class Definition:
    """A whole questionnaire version; `levels` ascend by number and by threshold."""

    slug: str
    title: str
    description: str
    source: Source
    locale: str
    scoring: Scoring
    levels: tuple[Level, ...]
    dimensions: tuple[Dimension, ...]
    translations: Mapping[str, Definition] = field(default_factory=dict, compare=False, repr=False)
    """The same in other languages, by language tag in lower case."""

    def in_locale(self, locale: str) -> Definition:
        """Return it in a language: de-AT as de-AT, else as de, else as it was written; the same for each text."""
        for tag in fallbacks(locale):
            if tag == self.locale.lower():
                break
            if tag in self.translations:
                return self.translations[tag]
        return self

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """Every question by key, in the order in which they are asked."""
        return {question.key: question for dimension in self.dimensions for question in dimension.questions}

    @property
    def offers_not_sure(self) -> bool:
        """Whether every question can be answered with “not sure”."""
        return all(question.offers_not_sure for question in self.questions.values())

    @property
    def has_ladders(self) -> bool:
        return any(question.kind == "ladder" for question in self.questions.values())

    @cached_property
    def _dimension_by_question(self) -> Mapping[str, Dimension]:
        return {question.key: dimension for dimension in self.dimensions for question in dimension.questions}

    def dimension(self, key: str) -> Dimension:
        """Return the dimension with that key. Raises KeyError where there is none."""
        for dimension in self.dimensions:
            if dimension.key == key:
                return dimension
        raise KeyError(key)

    def dimension_of(self, question_key: str) -> Dimension:
        """Return the dimension a question belongs to. Raises KeyError where there is no such question."""
        return self._dimension_by_question[question_key]

    def level_reached(self, score: Fraction | int, parts: int = 1) -> Level | None:
        """Return the highest level that a score over so many parts reaches, None where it reaches none."""
        # In whole numbers, as fractions take ten times as long.
        whole, parts = score.numerator, parts * score.denominator
        return next((level for level in reversed(self.levels) if level.is_reached(whole, parts)), None)

    def next_level(self, level: Level) -> Level | None:
        """Return the level above, None at the top."""
        return next((above for above in self.levels if above.number > level.number), None)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Definition:
        """Read a valid mapping of the questionnaire file's shape (docs/questionnaires.md)."""
        shared_choices = tuple(_choices(data.get("choices", ())))
        return cls(
            slug=data["slug"],
            title=data["title"],
            description=data.get("description", ""),
            source=Source(**data["source"]),
            locale=data["locale"],
            scoring=Scoring(
                method=data["scoring"]["method"],
                combine=data["scoring"]["combine"],
                max=exact(data["scoring"]["max"]),
            ),
            levels=tuple(_level(level) for level in data["levels"]),
            dimensions=tuple(_dimension(dimension, shared_choices) for dimension in data["dimensions"]),
            translations={
                locale.lower(): cls.from_mapping(in_locale(data, locale)) for locale in data.get("translations", ())
            },
        )


def _choices(rows: Any) -> Iterator[Choice]:
    for row in rows:
        yield Choice(row["key"], row["label"], None if row.get("excluded") else exact(row["value"]))


def _dimension(row: Mapping[str, Any], shared_choices: tuple[Choice, ...]) -> Dimension:
    return Dimension(
        key=row["key"],
        title=row["title"],
        description=row.get("description", ""),
        weight=exact(row.get("weight", 1)),
        statements=tuple(row.get("statements", ())),
        questions=tuple(_question(question, shared_choices) for question in row["questions"]),
    )


def _question(row: Mapping[str, Any], shared_choices: tuple[Choice, ...]) -> Question:
    return Question(
        key=row["key"],
        kind=row["kind"],
        level=row.get("level", 0),
        weight=exact(row.get("weight", 1)),
        text=row["text"],
        help=row.get("help", ""),
        evidence=row.get("evidence", ""),
        choices=tuple(_choices(row["choices"])) if "choices" in row else shared_choices,
        guidance=_guidance(row["guidance"]) if "guidance" in row else None,
        same_as=tuple(
            Counterpart(same["questionnaire"], same["question"], tuple(same["choices"].items()))
            for same in row.get("same_as", ())
        ),
    )


def _guidance(row: Mapping[str, Any]) -> Guidance:
    return Guidance(
        action=row["action"],
        success_metric=row["success_metric"],
        effort_weeks=exact(row["effort_weeks"]),
        tools=tuple(row.get("tools", ())),
        roles=tuple(row.get("roles", ())),
        governance=row.get("governance", ""),
        requires=tuple(row.get("requires", ())),
    )


def _level(row: Mapping[str, Any]) -> Level:
    return Level(
        number=row["number"],
        name=row["name"],
        min_score=exact(row["min_score"]),
        description=row.get("description", ""),
        characteristics=tuple(row.get("characteristics", ())),
        tools=tuple(row.get("tools", ())),
        team=tuple(
            TeamRole(role["role"], tuple(role.get("responsibilities", ())), tuple(role.get("skills", ())))
            for role in row.get("team", ())
        ),
        governance=tuple(
            GovernanceControl(control["topic"], control["practice"]) for control in row.get("governance", ())
        ),
        exclusive=row.get("exclusive", False),
    )
