"""What the pages of structure and governance show of a roadmap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from assessments.definition import Definition, Level
from assessments.selectors.questionnaires import definition_as_written, definition_of
from roadmaps import wording
from roadmaps.models import Control, ControlStatus, ItemStatus, Roadmap, StaffedRole
from roadmaps.structure import (
    ControlAsked,
    RoleBeside,
    RoleOfPractices,
    controls_asked,
    level_of,
    roles_beside,
    roles_of_practices,
)


@dataclass(frozen=True)
class StructurePage:
    """The roles of the current and the target level side by side, with what the organization has recorded."""

    definition: Definition
    current: Level
    target: Level
    roles: Sequence[RoleBeside]
    staffed: dict[str, StaffedRole]
    besides: Sequence[RoleOfPractices]

    @cached_property
    def missing(self) -> list[RoleBeside]:
        """The roles of the target level that nobody holds."""
        return [role for role in self.roles if role.is_missing]

    @cached_property
    def unknown(self) -> list[RoleBeside]:
        """The roles of the target level of which nobody has recorded who is there."""
        return [role for role in self.roles if role.is_unknown]

    @cached_property
    def unknown_and_new(self) -> list[RoleBeside]:
        """Those of the unknown roles that the current level does not call for."""
        return [role for role in self.unknown if role.change == "new"]

    @cached_property
    def asked(self) -> list[RoleBeside]:
        """The roles of the target level."""
        return [role for role in self.roles if role.target]

    def staff(self, key: str) -> StaffedRole | None:
        """Return what is recorded for a role."""
        return self.staffed.get(key.casefold())


@dataclass(frozen=True, slots=True)
class ControlRow:
    """A control with its state; one without a row of its own is open."""

    asked: ControlAsked
    state: Control

    @property
    def name(self) -> str:
        """What the control is called: by the practice that brings it, else by its topic."""
        return wording.name_of(self.asked.question) if self.asked.question else self.asked.topic

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing left to do."""
        return self.state.status in (ControlStatus.IN_PLACE, ControlStatus.NOT_NEEDED)


@dataclass(frozen=True)
class GovernancePage:
    """The target level's framework and the controls of the roadmap's practices."""

    target: Level
    framework: Sequence[ControlRow]
    adopted: Sequence[ControlRow]

    @property
    def rows(self) -> list[ControlRow]:
        """All controls."""
        return [*self.framework, *self.adopted]

    @property
    def settled(self) -> int:
        """How many controls are in place or not needed."""
        return sum(row.is_settled for row in self.rows)

    @property
    def total(self) -> int:
        """How many controls there are."""
        return len(self.rows)


def structure_page(roadmap: Roadmap) -> StructurePage:
    """Return the roles of a roadmap's levels. At most three queries, as definitions are read once."""
    version = roadmap.result.round.version_id
    written, shown = definition_as_written(version), definition_of(version)
    current, target = _levels(roadmap)
    efforts = _efforts(roadmap)
    staffed = StaffedRole.objects.filter(organization_id=roadmap.organization_id)
    by_role = {row.role.casefold(): row for row in staffed}
    return StructurePage(
        definition=shown,
        current=level_of(shown, current),
        target=level_of(shown, target),
        roles=roles_beside(
            written,
            shown,
            current=current,
            target=target,
            people={row.role: row.people for row in by_role.values()},
            efforts=efforts,
        ),
        staffed=by_role,
        besides=roles_of_practices(written, shown, levels=(current, target), efforts=efforts),
    )


def governance_page(roadmap: Roadmap) -> GovernancePage:
    """Return the controls that a roadmap asks for, each with its state. At most three queries."""
    version = roadmap.result.round.version_id
    written, shown = definition_as_written(version), definition_of(version)
    _current, target = _levels(roadmap)
    framework, adopted = controls_asked(written, shown, target=target, practices=_efforts(roadmap))
    kept = {row.key: row for row in Control.objects.filter(roadmap=roadmap).select_related("owner__user")}

    def rows(asked: Sequence[ControlAsked]) -> list[ControlRow]:
        return [
            ControlRow(one, kept.get(one.key) or Control(roadmap=roadmap, key=one.key, status=ControlStatus.OPEN))
            for one in asked
        ]

    return GovernancePage(level_of(shown, target), rows(framework), rows(adopted))


def _levels(roadmap: Roadmap) -> tuple[int, int]:
    """Return the numbers of the result's level and of the target; of targets by dimension the highest."""
    numbers = [level.number for level in definition_as_written(roadmap.result.round.version_id).levels]
    current = numbers[0] if roadmap.result.level is None else roadmap.result.level
    if roadmap.target_level is not None:
        return current, roadmap.target_level
    highest = max(roadmap.dimension_targets.values(), default=current)
    return current, max((number for number in numbers if number <= highest), default=numbers[0])


def _efforts(roadmap: Roadmap) -> dict[str, Fraction]:
    """Return the person-weeks of the items that are not dropped, by question key, in their order. One query."""
    efforts: dict[str, Fraction] = {}
    for key, weeks in roadmap.items.exclude(status=ItemStatus.DROPPED).values_list("question_key", "effort_weeks"):
        efforts[key] = efforts.get(key, Fraction()) + Fraction(weeks)
    return efforts
