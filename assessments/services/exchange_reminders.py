"""What an organization's document has of reminders: schedules, nudges, and who wants which mail; never a webhook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.exchange.findings import Finding, known_team, twice
from assessments.exchange.parts import Known, Made, Names, Part
from assessments.exchange.text import without_empty
from assessments.models import ReminderSchedule, ReminderSettings, Subscription
from assessments.models.reminders import MOST_WEEKS, Every
from assessments.schedules import MOST_DAYS_BEFORE
from organizations.models import Organization

DAYS = {
    "type": "array",
    "maxItems": 10,
    "items": {"type": "integer", "minimum": 0, "maximum": MOST_DAYS_BEFORE},
}
DAY = {"type": "string", "maxLength": 10}
HOUR = {"type": "integer", "minimum": 0, "maximum": 23}


def _write(organization: Organization, names: Names) -> dict[str, Any]:
    """Return what an organization has planned, and who has chosen something. Three queries."""
    schedules = ReminderSchedule.objects.filter(organization=organization).order_by("team__name")
    kept = ReminderSettings.objects.filter(organization=organization).first()
    subscriptions = Subscription.objects.filter(organization=organization).select_related("user")
    people = [_subscription(row) for row in subscriptions]
    found = {
        "schedules": [_schedule(schedule, names) for schedule in schedules],
        "nudges": {"days": kept.nudge_days, "hour": kept.nudge_hour} if kept else {},
        "subscriptions": sorted(people, key=lambda row: str(row["email"])),
    }
    return {key: value for key, value in found.items() if value}


def _schedule(schedule: ReminderSchedule, names: Names) -> dict[str, Any]:
    row = {
        "team": names.teams.get(schedule.team_id or 0),
        "every": schedule.every,
        "weeks": schedule.weeks or None,
        "begins_on": schedule.anchor.isoformat(),
    }
    return without_empty(row) | {
        "hour": schedule.hour,
        "days_before": schedule.days_before,
        "skipped": [day.isoformat() for day in schedule.skipped],
        "opens_round": schedule.opens_round,
        "open_days": schedule.open_days,
    }


def _subscription(row: Subscription) -> dict[str, Any]:
    return without_empty({"email": row.user.email if row.user else row.email, "language": row.language}) | {
        "reminders": row.reminders,
        "nudges": row.nudges,
        "bounces": row.bounces,
    }


def _check(value: Mapping[str, Any], core: Known) -> Iterator[Finding]:
    schedules = value.get("schedules", [])
    yield from twice([(("schedules", n), row.get("team")) for n, row in enumerate(schedules)])
    yield from twice([(("subscriptions", n), row["email"]) for n, row in enumerate(value.get("subscriptions", []))])
    for n, row in enumerate(schedules):
        yield from known_team(("schedules", n, "team"), row.get("team"), core.teams)
        if (row["every"] == Every.WEEKS) != ("weeks" in row):
            yield ("schedules", n, "weeks"), _("belongs to schedules of some weeks, and to no others.")
        for place, day in enumerate(row["skipped"]):
            try:
                dt.date.fromisoformat(day)
            except ValueError:
                yield ("schedules", n, "skipped", place), _("is no day.")


def _read(value: Mapping[str, Any], made: Made) -> None:
    """Make the rows; the schedules are paused, so that nobody gets mail from a copy unasked."""
    now = timezone.now()
    for row in value.get("schedules", []):
        ReminderSchedule.objects.create(
            organization=made.organization,
            team=made.teams.get(row.get("team", "")),
            every=row["every"],
            weeks=row.get("weeks", 0),
            anchor=dt.date.fromisoformat(row["begins_on"]),
            hour=row["hour"],
            days_before=row["days_before"],
            skipped=[dt.date.fromisoformat(day) for day in row["skipped"]],
            opens_round=row["opens_round"],
            open_days=row["open_days"],
            paused_at=now,
            looked_until=now,
        )
    if nudges := value.get("nudges"):
        ReminderSettings.objects.create(
            organization=made.organization, nudge_days=nudges["days"], nudge_hour=nudges["hour"], looked_until=now
        )
    for row in value.get("subscriptions", []):
        user = made.users.get(row["email"])
        Subscription.objects.create(
            organization=made.organization,
            user=user,
            email="" if user else row["email"].lower(),
            language=row.get("language", ""),
            reminders=row["reminders"],
            nudges=row["nudges"],
            bounces=row["bounces"],
        )


REMINDERS = Part(
    key="reminders",
    models=(ReminderSchedule, ReminderSettings, Subscription),
    schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schedules": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["every", "begins_on", "hour", "days_before", "skipped", "opens_round", "open_days"],
                    "properties": {
                        "team": {"$ref": "#/$defs/name"},
                        "every": {"enum": Every.values},
                        "weeks": {"type": "integer", "minimum": 1, "maximum": MOST_WEEKS},
                        "begins_on": DAY,
                        "hour": HOUR,
                        "days_before": DAYS,
                        "skipped": {"type": "array", "items": DAY},
                        "opens_round": {"type": "boolean"},
                        "open_days": {"type": "integer", "minimum": 1, "maximum": MOST_DAYS_BEFORE},
                    },
                },
            },
            "nudges": {
                "type": "object",
                "additionalProperties": False,
                "required": ["days", "hour"],
                "properties": {"days": DAYS, "hour": HOUR},
            },
            "subscriptions": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["email", "reminders", "nudges", "bounces"],
                    "properties": {
                        "email": {"$ref": "#/$defs/email"},
                        "language": {"type": "string", "maxLength": 10},
                        "reminders": {"type": "boolean"},
                        "nudges": {"type": "boolean"},
                        "bounces": {"type": "integer", "minimum": 0, "maximum": 1000},
                    },
                },
            },
        },
    },
    write=_write,
    check=_check,
    read=_read,
)
