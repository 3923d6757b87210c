"""Recording who is there, and how far controls are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from organizations.models import Member, Organization
from roadmaps.models import Control, ControlStatus, Roadmap, StaffedRole


@dataclass(frozen=True, slots=True)
class Staff:
    """How many people there are in a role, None to leave it unrecorded, and a note."""

    people: int | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ControlState:
    """How far a control is."""

    status: ControlStatus = ControlStatus.OPEN
    owner: Member | None = None
    note: str = ""


@transaction.atomic
def record_roles(*, organization: Organization, roles: Mapping[str, Staff]) -> None:
    """Record for the roles named, whatever their case, who is there; roles that are not named stay as they are."""
    Organization.objects.select_for_update().get(pk=organization.pk)
    kept = {row.role.casefold(): row for row in StaffedRole.objects.filter(organization=organization)}
    for role, staff in roles.items():
        row = kept.get(role.casefold()) or StaffedRole(organization=organization, role=role)
        if staff.people is None:
            if row.pk:
                row.delete()
        elif row.pk is None or (row.people, row.note) != (staff.people, staff.note):
            row.people, row.note = staff.people, staff.note
            row.save()


@transaction.atomic
def save_controls(*, roadmap: Roadmap, states: Mapping[str, ControlState]) -> None:
    """Keep the state of the controls named (by key); the others stay as they are."""
    Roadmap.objects.select_for_update().get(pk=roadmap.pk)
    kept = {row.key: row for row in Control.objects.filter(roadmap=roadmap, key__in=states)}
    for key, state in states.items():
        row = kept.get(key) or Control(organization_id=roadmap.organization_id, roadmap=roadmap, key=key)
        if (row.status, row.owner_id, row.note) != (state.status, state.owner.pk if state.owner else None, state.note):
            row.status, row.owner, row.note = state.status, state.owner, state.note
            row.save()
