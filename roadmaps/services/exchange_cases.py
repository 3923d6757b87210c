"""What a roadmap's entry in an organization's document says beside its plan, and who is there (docs/exports.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from assessments.exchange.findings import Finding, known_member, moment, twice
from assessments.exchange.parts import Made, Names, Part
from assessments.exchange.text import moment_text, without_empty
from assessments.questionnaires.rules import KeyPath
from assessments.services.exchange_rounds import create_with
from organizations.models import Member, Organization, User
from roadmaps.assumptions import ASSUMPTIONS, CURRENCIES, PARTS, OutOfOrder, estimates
from roadmaps.models import BusinessCase, Control, ControlStatus, Roadmap, StaffedRole


def besides(organization: Organization, names: Names) -> Callable[[Roadmap], dict[str, Any]]:
    """Return what says of a roadmap its business case and its controls, where it has any. Two queries."""
    cases = {case.roadmap_id: case for case in BusinessCase.objects.filter(organization=organization)}
    controls: dict[int, list[Control]] = {}
    for control in Control.objects.filter(organization=organization).select_related("owner").order_by("key"):
        controls.setdefault(control.roadmap_id, []).append(control)

    def write(roadmap: Roadmap) -> dict[str, Any]:
        case, rows = cases.get(roadmap.pk), controls.get(roadmap.pk, [])
        return {
            **({"business_case": _case(case, names)} if case else {}),
            **({"controls": [_control(row, names) for row in rows]} if rows else {}),
        }

    return write


def _case(case: BusinessCase, names: Names) -> dict[str, Any]:
    return without_empty(
        {
            "currency": case.currency,
            "given": case.given,
            "changed_by": names.members.get(case.updated_by_id or 0),
            "changed_at": moment_text(case.updated_at),
        }
    )


def _control(control: Control, names: Names) -> dict[str, Any]:
    return without_empty(
        {
            "key": control.key,
            "status": control.status,
            "owner": names.members.get(control.owner.user_id) if control.owner else None,
            "note": control.note,
            "changed_at": moment_text(control.updated_at),
        }
    )


def check_besides(roadmap: Mapping[str, Any], at: KeyPath, members: Iterable[str]) -> Iterator[Finding]:
    """Find what the schema cannot in a roadmap's business case and controls."""
    if case := roadmap.get("business_case"):
        yield from known_member((*at, "business_case", "changed_by"), case.get("changed_by"), members)
        try:
            estimates(case["given"], case["currency"])
        except OutOfOrder as wrong:
            place = (*at, "business_case", "given", wrong.key, wrong.part)
            yield place, _("is on the wrong side of what is expected.")
    controls = roadmap.get("controls", ())
    yield from twice([((*at, "controls", n, "key"), control["key"]) for n, control in enumerate(controls)])
    for n, control in enumerate(controls):
        yield from known_member((*at, "controls", n, "owner"), control.get("owner"), members)


def read_besides(rows: Sequence[tuple[Roadmap, Mapping[str, Any]]], made: Made, members: Mapping[str, Member]) -> None:
    """Make the business cases and controls of roadmaps that are made."""
    create_with(
        [
            BusinessCase(
                organization=made.organization,
                roadmap=roadmap,
                currency=row["business_case"]["currency"],
                given=row["business_case"]["given"],
                updated_by=made.users.get(row["business_case"].get("changed_by", "")),
                updated_at=moment(row["business_case"]["changed_at"]),
            )
            for roadmap, row in rows
            if "business_case" in row
        ],
        "updated_at",
    )
    create_with(
        [
            Control(
                organization=made.organization,
                roadmap=roadmap,
                key=control["key"],
                status=control["status"],
                owner=members.get(control.get("owner", "")),
                note=control.get("note", ""),
                updated_at=moment(control["changed_at"]),
            )
            for roadmap, row in rows
            for control in row.get("controls", ())
        ],
        "updated_at",
    )


def besides_of_person(user: User) -> dict[str, Any]:
    """Return the business cases that a person saved last, and the controls whose owner they are. Two queries."""
    cases = BusinessCase.objects.filter(updated_by=user).select_related("organization", "roadmap").order_by("pk")
    controls = Control.objects.filter(owner__user=user).select_related("organization", "roadmap").order_by("pk")
    return {
        "business_cases_saved": [
            {"organization": case.organization.name, "roadmap": case.roadmap.title, "saved_at": case.updated_at}
            for case in cases
        ],
        "controls_owned": [
            {
                "organization": control.organization.name,
                "roadmap": control.roadmap.title,
                "control": control.key,
                "status": control.status,
                "note": control.note,
            }
            for control in controls
        ],
    }


def _write_roles(organization: Organization, _names: Names) -> list[dict[str, Any]]:
    """Return how many people there are by role. One query."""
    return [
        without_empty(
            {"role": row.role, "people": row.people, "note": row.note, "changed_at": moment_text(row.updated_at)}
        )
        for row in StaffedRole.objects.filter(organization=organization).order_by("role")
    ]


def _check_roles(roles: Sequence[Mapping[str, Any]], _core: object) -> Iterator[Finding]:
    yield from twice([((n, "role"), row["role"].lower()) for n, row in enumerate(roles)])


def _read_roles(roles: Sequence[Mapping[str, Any]], made: Made) -> None:
    create_with(
        [
            StaffedRole(
                organization=made.organization,
                role=row["role"],
                people=row["people"],
                note=row.get("note", ""),
                updated_at=moment(row["changed_at"]),
            )
            for row in roles
        ],
        "updated_at",
    )


BESIDES: Mapping[str, Any] = {
    "business_case": {
        "type": "object",
        "additionalProperties": False,
        "required": ["currency", "given", "changed_at"],
        "properties": {
            "currency": {"enum": list(CURRENCIES)},
            "given": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    row.key: {
                        "type": "object",
                        "additionalProperties": False,
                        "minProperties": 1,
                        "properties": {
                            part: {"type": "number", "minimum": row.least, "maximum": row.most} for part in PARTS
                        },
                    }
                    for row in ASSUMPTIONS.values()
                },
            },
            "changed_by": {"$ref": "#/$defs/email"},
            "changed_at": {"$ref": "#/$defs/moment"},
        },
    },
    "controls": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["key", "status", "changed_at"],
            "properties": {
                "key": {"type": "string", "minLength": 1, "maxLength": 220},
                "status": {"enum": ControlStatus.values},
                "owner": {"$ref": "#/$defs/email"},
                "note": {"type": "string", "minLength": 1, "maxLength": Control.NOTE_LENGTH},
                "changed_at": {"$ref": "#/$defs/moment"},
            },
            "if": {"properties": {"status": {"const": ControlStatus.NOT_NEEDED.value}}},
            "then": {"required": ["note"]},
        },
    },
}
"""The schema of what `besides` says."""

STAFFED_ROLES = Part(
    key="staffed_roles",
    models=(StaffedRole,),
    schema={
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["role", "people", "changed_at"],
            "properties": {
                "role": {"type": "string", "minLength": 1, "maxLength": 200},
                "people": {"type": "integer", "minimum": 0, "maximum": StaffedRole.MOST_PEOPLE},
                "note": {"type": "string", "minLength": 1, "maxLength": StaffedRole.NOTE_LENGTH},
                "changed_at": {"$ref": "#/$defs/moment"},
            },
        },
    },
    write=_write_roles,
    check=_check_roles,
    read=_read_roles,
)
