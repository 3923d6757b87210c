"""Which roles a maturity level calls for beside those of another one, and who is missing; the controls it asks for.

Roles are told apart by their names as a questionnaire was written; what is shown may be in another language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from assessments.definition import Definition, Level, Question, TeamRole

Change = Literal["new", "stays", "ends"]


@dataclass(frozen=True, slots=True)
class RoleBeside:
    """A role at the current and at the target level, None where a level does not call for it.

    `people` is how many the organization has, None where nobody recorded it. `practices` and `weeks` are what the
    roadmap asks of it: how many practices name the role, and the person-weeks these take of all roles together.
    """

    key: str
    current: TeamRole | None
    target: TeamRole | None
    people: int | None
    practices: int
    weeks: Fraction

    @property
    def name(self) -> str:
        """What the role is called."""
        role = self.target or self.current
        return role.role if role else self.key

    @property
    def change(self) -> Change:
        """Whether the target level brings the role, keeps it, or does without."""
        if self.target is None:
            return "ends"
        return "stays" if self.current else "new"

    @property
    def is_missing(self) -> bool:
        """Whether the target level calls for it and the organization has said that there is nobody."""
        return self.target is not None and self.people == 0

    @property
    def is_unknown(self) -> bool:
        """Whether the target level calls for it and nobody has recorded who is there."""
        return self.target is not None and self.people is None

    @property
    def new_responsibilities(self) -> tuple[str, ...]:
        """What the role does at the target level and not at the current one."""
        return _added("responsibilities", self.current, self.target)

    @property
    def new_skills(self) -> tuple[str, ...]:
        """What the role has to know at the target level and not at the current one."""
        return _added("skills", self.current, self.target)

    @property
    def lost_responsibilities(self) -> tuple[str, ...]:
        """What the role does at the current level and no longer at the target one."""
        return _added("responsibilities", self.target, self.current)


@dataclass(frozen=True, slots=True)
class RoleOfPractices:
    """A role that practices of the roadmap name and no level calls for; `weeks` as of `RoleBeside`."""

    name: str
    practices: int
    weeks: Fraction


@dataclass(frozen=True, slots=True)
class ControlAsked:
    """A control to put in place: `topic` and what it takes; `question` is the practice that brings it, if one does."""

    key: str
    topic: str
    practice: str
    question: Question | None


def roles_beside(
    written: Definition,
    shown: Definition,
    *,
    current: int,
    target: int,
    people: Mapping[str, int],
    efforts: Mapping[str, Fraction],
) -> tuple[RoleBeside, ...]:
    """Return the roles of two levels (their numbers) side by side: those of the target first, then those that end.

    `written` and `shown` are a questionnaire as it was written and in the reader's language; `people` are how many
    there are by role, whatever its case; `efforts` are the roadmap's person-weeks by question key. Raises KeyError for
    a level or a practice that the questionnaire lacks.
    """
    now, then = (_team(written, shown, number) for number in (current, target))
    counted = {role.casefold(): number for role, number in people.items()}
    asked = {key: _roles(written.questions[key]) for key in efforts}
    return tuple(
        RoleBeside(
            key=key,
            current=now.get(key),
            target=then.get(key),
            people=counted.get(key.casefold()),
            practices=sum(key in roles for roles in asked.values()),
            weeks=sum((efforts[question] for question, roles in asked.items() if key in roles), Fraction()),
        )
        for key in [*then, *(key for key in now if key not in then)]
    )


def roles_of_practices(
    written: Definition, shown: Definition, *, levels: Iterable[int], efforts: Mapping[str, Fraction]
) -> tuple[RoleOfPractices, ...]:
    """Return the roles that practices name and none of the levels (their numbers) does, in the practices' order.

    The rest is as of `roles_beside`.
    """
    known = {role for number in levels for role in _team(written, shown, number)}
    weeks: dict[str, list[Fraction]] = {}
    names: dict[str, str] = {}
    for key, effort in efforts.items():
        for role, said in zip(_roles(written.questions[key]), _roles(shown.questions[key]), strict=True):
            if role not in known:
                weeks.setdefault(role, []).append(effort)
                names[role] = said
    return tuple(RoleOfPractices(names[role], len(some), sum(some, Fraction())) for role, some in weeks.items())


def controls_asked(
    written: Definition, shown: Definition, *, target: int, practices: Iterable[str]
) -> tuple[tuple[ControlAsked, ...], tuple[ControlAsked, ...]]:
    """Return the controls of the target level's framework, and those of the practices (question keys), in their order.

    Raises KeyError for a level or a practice that the questionnaire lacks.
    """
    controls = zip(level_of(written, target).governance, level_of(shown, target).governance, strict=True)
    framework = tuple(
        ControlAsked(f"level:{target}:{control.topic}", said.topic, said.practice, None) for control, said in controls
    )
    adopted = tuple(
        ControlAsked(f"practice:{key}", shown.dimension_of(key).title, question.guidance.governance, question)
        for key in practices
        if (question := shown.questions[key]).guidance and question.guidance.governance
    )
    return framework, adopted


def level_of(definition: Definition, number: int) -> Level:
    """Return a level by its number. Raises KeyError where there is none."""
    for level in definition.levels:
        if level.number == number:
            return level
    raise KeyError(number)


def _team(written: Definition, shown: Definition, number: int) -> dict[str, TeamRole]:
    """Return a level's roles as they are shown, by their names as written."""
    teams = zip(level_of(written, number).team, level_of(shown, number).team, strict=True)
    return {role.role: said for role, said in teams}


def _roles(question: Question) -> Sequence[str]:
    return question.guidance.roles if question.guidance else ()


def _added(name: str, before: TeamRole | None, after: TeamRole | None) -> tuple[str, ...]:
    if after is None:
        return ()
    had = getattr(before, name) if before else ()
    return tuple(one for one in getattr(after, name) if one not in had)
