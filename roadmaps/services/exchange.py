"""Roadmaps in an organization's document, and in a person's (docs/exports.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from assessments.definition import Definition
from assessments.exchange.findings import Finding, known, known_member, known_team, moment, tried, twice
from assessments.exchange.parts import Known, Made, Names, Part
from assessments.exchange.text import moment_text, without_empty
from assessments.questionnaires.rules import KeyPath
from assessments.services.exchange_rounds import create_with
from organizations.models import Member, Organization, User
from roadmaps.models import BusinessCase, Control, Item, Roadmap
from roadmaps.models.roadmaps import MAX_CAPACITY, MAX_EFFORT, MAX_MONTHS, ItemStatus
from roadmaps.services.exchange_cases import (
    BESIDES,
    STAFFED_ROLES,
    besides,
    besides_of_person,
    check_besides,
    read_besides,
)

KEY = "roadmaps"


def _write(organization: Organization, names: Names) -> list[dict[str, Any]]:
    """Return the roadmaps, the earliest first, with their items and what goes with them. Four queries."""
    roadmaps = list(
        Roadmap.objects.filter(organization=organization)
        .select_related("result")
        .defer("result__card", "result__consensus", "result__confidence")
        .order_by("starts_on", "pk")
    )
    items: dict[int, list[Item]] = {}
    for item in Item.objects.filter(organization=organization).select_related("owner").order_by("position"):
        items.setdefault(item.roadmap_id, []).append(item)
    beside = besides(organization, names)
    numbers = {roadmap.pk: number for number, roadmap in enumerate(roadmaps, start=1)}
    return [
        without_empty(
            {
                "number": numbers[roadmap.pk],
                "title": roadmap.title,
                "result": without_empty(
                    {
                        "round": names.rounds[roadmap.result.round_id],
                        "team": names.teams.get(roadmap.result.team_id or 0),
                        "revision": roadmap.result.revision,
                    }
                ),
                "previous": numbers.get(roadmap.previous_id or 0),
                "target_level": roadmap.target_level,
                "dimension_targets": roadmap.dimension_targets,
                "starts_on": roadmap.starts_on.isoformat(),
                "months": roadmap.months,
                "capacity": float(roadmap.capacity),
                "pinned": roadmap.pinned,
                "dropped": roadmap.dropped,
                "arranged": roadmap.arranged,
                "created_by": names.members.get(roadmap.created_by_id or 0),
                "created_at": moment_text(roadmap.created_at),
                "changed_at": moment_text(roadmap.updated_at),
                "items": [_item(item, names) for item in items.get(roadmap.pk, [])],
                **beside(roadmap),
            }
        )
        for roadmap in roadmaps
    ]


def _item(item: Item, names: Names) -> dict[str, Any]:
    return without_empty(
        {
            "question": item.question_key,
            "choice": item.choice_key,
            "position": item.position,
            "effort_weeks": float(item.effort_weeks),
            "status": item.status,
            "dropped_reason": item.dropped_reason,
            "owner": names.members.get(item.owner.user_id) if item.owner else None,
            "due_on": item.due_on.isoformat() if item.due_on else None,
            "done_on": item.done_on.isoformat() if item.done_on else None,
            "notes": item.notes,
            "ticket_url": item.ticket_url,
            "changed_at": moment_text(item.updated_at),
        }
    )


def of_person(user: User) -> dict[str, Any]:
    """Return the roadmaps that a person kept, and the practices whose owner they are, with what goes with them.

    Four queries.
    """
    roadmaps = Roadmap.objects.filter(created_by=user).select_related("organization").order_by("created_at", "pk")
    items = Item.objects.filter(owner__user=user).select_related("organization", "roadmap").order_by("pk")
    return {
        "roadmaps_kept": [
            {"organization": row.organization.name, "title": row.title, "kept_at": row.created_at} for row in roadmaps
        ],
        "roadmap_items_owned": [
            {
                "organization": item.organization.name,
                "roadmap": item.roadmap.title,
                "question": item.question_key,
                "status": item.status,
                "due_on": item.due_on,
                "done_on": item.done_on,
                "notes": item.notes,
            }
            for item in items
        ],
        **besides_of_person(user),
    }


def _check(roadmaps: Sequence[Mapping[str, Any]], core: Known) -> Iterator[Finding]:
    numbers = [roadmap["number"] for roadmap in roadmaps]
    yield from twice([((n, "number"), number) for n, number in enumerate(numbers)])
    for n, roadmap in enumerate(roadmaps):
        others = {number for number in numbers if number != roadmap["number"]}
        yield from known((n, "previous"), roadmap.get("previous"), others, _("is no other roadmap of this file."))
        yield from known_member((n, "created_by"), roadmap.get("created_by"), core.members)
        if "target_level" not in roadmap and not roadmap["dimension_targets"]:
            yield (n, "target_level"), _("is missing, as is a target of any dimension.")
        result = roadmap["result"]
        yield from known_team((n, "result", "team"), result.get("team"), core.teams)
        if not core.results.get((result["round"], result.get("team"), result["revision"])):
            yield (n, "result"), _("is no result of this file that is shown.")
        elif definition := core.versions.get(core.rounds[result["round"]]):
            yield from _asked(roadmap, (n,), definition)
        yield from _items(roadmap["items"], (n, "items"), core)
        yield from check_besides(roadmap, (n,), core.members)


def _asked(roadmap: Mapping[str, Any], at: KeyPath, definition: Definition) -> Iterator[Finding]:
    """Find what the result's questionnaire does not have."""
    dimensions = {dimension.key for dimension in definition.dimensions}
    for key in roadmap["dimension_targets"]:
        yield from known((*at, "dimension_targets", key), key, dimensions, _("is no dimension of its questionnaire."))
    places = [((*at, part, n), key) for part in ("pinned", "dropped") for n, key in enumerate(roadmap[part])]
    places += [((*at, "items", n, "question"), item["question"]) for n, item in enumerate(roadmap["items"])]
    for place, key in places:
        # Of a ladder the statement follows.
        question = key.partition("@")[0]
        yield from known(place, question, definition.questions, _("is no question of its questionnaire."))


def _items(items: Sequence[Mapping[str, Any]], at: KeyPath, core: Known) -> Iterator[Finding]:
    yield from twice([((*at, n, "question"), (item["question"], item.get("choice"))) for n, item in enumerate(items)])
    yield from twice([((*at, n, "position"), item["position"]) for n, item in enumerate(items)])
    for n, item in enumerate(items):
        yield from known_member((*at, n, "owner"), item.get("owner"), core.members)
        if "ticket_url" in item:
            yield from tried((*at, n, "ticket_url"), URLValidator(), item["ticket_url"], _("is not a web address."))


def _read(rows: Sequence[Mapping[str, Any]], made: Made) -> None:
    roadmaps = {row["number"]: _roadmap(row, made) for row in rows}
    create_with(list(roadmaps.values()), "created_at", "updated_at")
    for row in rows:
        if "previous" in row:
            # Not by save(), which would set when it was changed.
            following = Roadmap.objects.filter(pk=roadmaps[row["number"]].pk)
            following.update(previous=roadmaps[row["previous"]])
    members = {
        member.user.email: member
        for member in Member.objects.filter(organization=made.organization).select_related("user")
    }
    create_with(
        [
            _made_item(roadmaps[row["number"]], item, members.get(item.get("owner", "")))
            for row in rows
            for item in row["items"]
        ],
        "updated_at",
    )
    read_besides([(roadmaps[row["number"]], row) for row in rows], made, members)
    made.others[KEY] = roadmaps


def _roadmap(row: Mapping[str, Any], made: Made) -> Roadmap:
    result = row["result"]
    return Roadmap(
        organization=made.organization,
        result=made.results[result["round"], result.get("team"), result["revision"]],
        title=row["title"],
        target_level=row.get("target_level"),
        dimension_targets=row["dimension_targets"],
        starts_on=dt.date.fromisoformat(row["starts_on"]),
        months=row["months"],
        capacity=Decimal(str(row["capacity"])),
        pinned=row["pinned"],
        dropped=row["dropped"],
        arranged=row["arranged"],
        created_by=made.users.get(row.get("created_by", "")),
        created_at=moment(row["created_at"]),
        updated_at=moment(row["changed_at"]),
    )


def _made_item(roadmap: Roadmap, row: Mapping[str, Any], owner: Member | None) -> Item:
    return Item(
        organization_id=roadmap.organization_id,
        roadmap=roadmap,
        question_key=row["question"],
        choice_key=row.get("choice", ""),
        position=row["position"],
        effort_weeks=Decimal(str(row["effort_weeks"])),
        status=row["status"],
        dropped_reason=row.get("dropped_reason", ""),
        owner=owner,
        due_on=_day(row, "due_on"),
        done_on=_day(row, "done_on"),
        notes=row.get("notes", ""),
        ticket_url=row.get("ticket_url", ""),
        updated_at=moment(row["changed_at"]),
    )


def _day(row: Mapping[str, Any], key: str) -> dt.date | None:
    return dt.date.fromisoformat(row[key]) if key in row else None


_DAY = {"type": "string", "maxLength": 10}
_QUESTIONS = {"type": "array", "items": {"type": "string", "maxLength": 100}}
_LEVEL = {"type": "integer", "minimum": 0, "maximum": 32767}
_ITEM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["question", "position", "effort_weeks", "status", "changed_at"],
    "properties": {
        "question": {"type": "string", "maxLength": 100},
        "choice": {"$ref": "#/$defs/choice"},
        "position": {"type": "integer", "minimum": 1, "maximum": 32767},
        "effort_weeks": {"type": "number", "minimum": 0.01, "maximum": int(MAX_EFFORT)},
        "status": {"enum": ItemStatus.values},
        "dropped_reason": {"type": "string", "minLength": 1, "maxLength": Item.REASON_LENGTH},
        "owner": {"$ref": "#/$defs/email"},
        "due_on": _DAY,
        "done_on": _DAY,
        "notes": {"type": "string", "minLength": 1, "maxLength": Item.NOTES_LENGTH},
        "ticket_url": {"type": "string", "minLength": 1, "maxLength": 200},
        "changed_at": {"$ref": "#/$defs/moment"},
    },
    "allOf": [
        {
            "if": {"properties": {"status": {"const": ItemStatus.DROPPED.value}}},
            "then": {"required": ["dropped_reason"]},
        },
        {
            "if": {"properties": {"status": {"const": ItemStatus.DONE.value}}},
            "then": {"required": ["done_on"]},
            "else": {"properties": {"done_on": {"not": {}}}},
        },
    ],
}
_ROADMAP = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        *("number", "title", "result", "dimension_targets", "starts_on", "months", "capacity", "pinned", "dropped"),
        *("arranged", "created_at", "changed_at", "items"),
    ],
    "properties": {
        "number": {"$ref": "#/$defs/number"},
        "title": {"type": "string", "minLength": 1, "maxLength": 120},
        "result": {
            "type": "object",
            "additionalProperties": False,
            "required": ["round", "revision"],
            "properties": {
                "round": {"$ref": "#/$defs/number"},
                "team": {"$ref": "#/$defs/name"},
                "revision": {"$ref": "#/$defs/revision"},
            },
        },
        "previous": {"$ref": "#/$defs/number"},
        "target_level": _LEVEL,
        "dimension_targets": {"type": "object", "additionalProperties": _LEVEL},
        "starts_on": _DAY,
        "months": {"type": "integer", "minimum": 1, "maximum": MAX_MONTHS},
        "capacity": {"type": "number", "minimum": 0.01, "maximum": int(MAX_CAPACITY)},
        "pinned": _QUESTIONS,
        "dropped": _QUESTIONS,
        "arranged": {"type": "boolean"},
        "created_by": {"$ref": "#/$defs/email"},
        "created_at": {"$ref": "#/$defs/moment"},
        "changed_at": {"$ref": "#/$defs/moment"},
        "items": {"type": "array", "items": _ITEM},
        **BESIDES,
    },
}
PARTS = (
    Part(
        key=KEY,
        models=(Roadmap, Item, BusinessCase, Control),
        schema={"type": "array", "items": _ROADMAP},
        write=_write,
        check=_check,
        read=_read,
    ),
    STAFFED_ROLES,
)
