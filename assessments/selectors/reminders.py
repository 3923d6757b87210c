"""Whom a reminder is for, whether it is still wanted, and what the settings page shows of reminders."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from assessments.models import Participant, Reminder, ReminderHook, ReminderSchedule, Round, Subscription
from assessments.models.reminders import PENDING, Fate, Reason
from assessments.models.rounds import RoundStatus
from assessments.schedules import date_before, next_dates
from organizations.models import Member, Organization, Role, Team, User

DATES_SHOWN = 5
DELIVERIES_SHOWN = 20
IN_CHARGE = (Role.FACILITATOR, Role.OWNER)


def today_in(organization: Organization) -> dt.date:
    """Return the day that it is where an organization is."""
    return timezone.localdate(timezone=ZoneInfo(organization.time_zone))


def in_charge_of(organization: Organization, team: Team | None) -> QuerySet[Member]:
    """Return who is told of a schedule's dates: facilitators and owners, for a team those in it. Two queries at most.

    Of a team in which none of them is, they all are told.
    """
    members = organization.members.filter(role__in=IN_CHARGE, user__is_active=True)
    own = members.filter(team=team)
    return own if team and own.exists() else members


def round_for(schedule: ReminderSchedule, on: dt.date) -> Round | None:
    """Return the round that was opened for a date: its period has the date, and it opened since the date before."""
    since = schedule.rhythm.moment(date_before(schedule.rhythm, on))
    rounds = Round.objects.filter(
        organization=schedule.organization_id, starts_on__lte=on, ends_on__gte=on, opened_at__gte=since
    )
    return (rounds.filter(teams=schedule.team_id) if schedule.team_id else rounds).first()


def last_round(schedule: ReminderSchedule) -> Round | None:
    """Return the newest round that was opened, of a team's schedule the newest with the team. One query."""
    rounds = Round.objects.filter(organization=schedule.organization_id).exclude(status=RoundStatus.DRAFT)
    rounds = rounds.filter(teams=schedule.team_id) if schedule.team_id else rounds
    return rounds.select_related("version__questionnaire").defer("version__definition", "version__source").first()


def reason_against(reminder: Reminder) -> Reason | None:
    """Return why a reminder that is due is not sent after all, None where it is."""
    if reminder.hook:
        if reminder.hook.disabled_at:
            return Reason.OFF
        return None if reminder.is_test else _against_date(reminder)
    return _against_nudge(reminder) if reminder.participant else _against_mail(reminder)


def subscription_of(reminder: Reminder) -> Subscription | None:
    """Return what the person whom a reminder is for wants from the organization. One query."""
    kept = Subscription.objects.filter(organization=reminder.organization_id)
    if reminder.user_id:
        return kept.filter(user=reminder.user_id).first()
    assert reminder.participant  # noqa: S101 - webhooks have no subscription
    return kept.filter(user=None, email=reminder.participant.email.lower()).first()


def _against_mail(reminder: Reminder) -> Reason | None:
    assert reminder.schedule  # noqa: S101 - tells mypy what the constraint says
    people = in_charge_of(reminder.organization, reminder.schedule.team)
    if not people.filter(user=reminder.user_id).exists():
        return Reason.GONE
    if reminder.is_test:
        return None
    return _against_person(reminder, "reminders") or _against_date(reminder)


def _against_person(reminder: Reminder, kind: str) -> Reason | None:
    subscription = subscription_of(reminder)
    if subscription is None:
        return None
    if subscription.is_bounced:
        return Reason.BOUNCED
    return None if getattr(subscription, kind) else Reason.UNSUBSCRIBED


def _against_date(reminder: Reminder) -> Reason | None:
    schedule = reminder.schedule
    assert schedule  # noqa: S101 - tells mypy what the constraint says
    if schedule.paused_at or reminder.on in schedule.skipped or reminder.organization.deletion_at:
        return Reason.PLANS
    told_of_opening = schedule.opened_on == reminder.on and reminder.days_before == 0
    return Reason.ROUND if round_for(schedule, reminder.on) and not told_of_opening else None


def _against_nudge(reminder: Reminder) -> Reason | None:
    participant = reminder.participant
    assert participant  # noqa: S101 - the caller looked
    if "@" not in participant.email:
        return Reason.GONE
    round_ = participant.round
    if not round_.takes_answers or closing_day(round_) != reminder.on:
        return Reason.ANSWERED if not round_.takes_answers else Reason.PLANS
    if Participant.objects.filter(pk=participant.pk, response__status="submitted").exists():
        return Reason.ANSWERED
    if reason := _against_person(reminder, "nudges"):
        return reason
    lately = timezone.now() - Participant.NUDGE_INTERVAL
    had = [moment for moment in (participant.invited_at, participant.nudged_at) if moment]
    return Reason.RECENT if not participant.invited_at or max(had) > lately else None


def closing_day(round_: Round) -> dt.date | None:
    """Return the day on which a round closes where its organization is, None where it does by hand."""
    return round_.closes_at.astimezone(ZoneInfo(round_.organization.time_zone)).date() if round_.closes_at else None


@dataclass(frozen=True, slots=True)
class Date:
    """A date of a schedule that is to come, and whether it is skipped."""

    on: dt.date
    is_skipped: bool
    days: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A schedule with its next dates, the skipped ones among them included, and who would be told today.

    `refusing` are in charge too, but want no reminders, or mail to them came back.
    """

    schedule: ReminderSchedule
    dates: Sequence[Date]
    told: Sequence[User]
    refusing: Sequence[User]


def planned_for(organization: Organization) -> list[Planned]:
    """Return an organization's schedules, its own first, then those of teams by name. Three queries."""
    today = today_in(organization)
    schedules = organization.reminder_schedules.select_related("organization", "team", "opened_round")
    found = sorted(schedules, key=lambda schedule: (schedule.team is not None, str(schedule.team or "")))
    if not found:
        return []
    members = list(in_charge_of(organization, None).select_related("user").order_by("user__email"))
    wishes = Subscription.objects.filter(organization=organization).exclude(user=None)
    refused = {wish.user_id for wish in wishes if wish.is_bounced or not wish.reminders}
    planned = []
    for schedule in found:
        own = [member.user for member in members if schedule.team_id and member.team_id == schedule.team_id]
        people = own or [member.user for member in members]
        told = [user for user in people if user.pk not in refused]
        refusing = [user for user in people if user.pk in refused]
        planned.append(Planned(schedule, coming(schedule, today), told, refusing))
    return planned


def coming(schedule: ReminderSchedule, today: dt.date) -> list[Date]:
    """Return the next five dates that are not skipped, and the skipped ones before them."""
    shown = next_dates(schedule.rhythm, today, DATES_SHOWN, schedule.skipped)
    skipped = [on for on in schedule.skipped if today <= on <= shown[-1]]
    return [Date(on, on in schedule.skipped, (on - today).days) for on in sorted({*shown, *skipped})]


def teams_without_schedule(organization: Organization) -> QuerySet[Team]:
    """Return the teams in use that have no schedule of their own, by name. One query."""
    return organization.teams.filter(archived_at=None, reminder_schedules=None).order_by("name")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the messages of one date of a schedule, or of its tests, the newest first."""

    first: Reminder
    rows: Sequence[Reminder]

    @property
    def fates(self) -> list[tuple[str, int]]:
        """How many met which fate, by its name; none of a single message."""
        counts = Counter(str(row.get_state_display()) for row in self.rows)
        return sorted(counts.items()) if len(self.rows) > 1 else []


def last_deliveries(organization: Organization) -> list[Delivered]:
    """Return the last messages of schedules sent, tried, or left out, by date, the newest first; one query."""
    done = Q(state__in=[Fate.SENT, Fate.FAILED, Fate.LEFT_OUT, Fate.CLAIMED]) | Q(attempts__gt=0) | Q(is_test=True)
    reminders = organization.reminders.of_schedules().filter(done)
    newest_first = (Coalesce("sent_at", "first_tried_at", "send_at").desc(), "-pk")
    found = reminders.select_related("schedule__team", "schedule__organization", "user", "hook").order_by(*newest_first)
    by_date: dict[tuple[object, ...], list[Reminder]] = {}
    for row in found[:DELIVERIES_SHOWN]:
        by_date.setdefault((row.schedule_id, row.on, row.is_test), []).append(row)
    return [Delivered(rows[0], rows) for rows in by_date.values()]


@dataclass(frozen=True, slots=True)
class Nudged:
    """How the nudges of a round for one day went; in numbers, so that it says nothing about who has answered."""

    round: Round
    on: dt.date
    days_before: int
    sent: int
    failed: int
    waiting: int


def last_nudges(organization: Organization) -> list[Nudged]:
    """Return how the last nudges went, the newest first. Two queries."""
    rows = (
        Reminder.objects.nudges()
        .filter(organization=organization)
        .values("participant__round", "on", "days_before")
        .annotate(
            sent=Count("pk", filter=Q(state=Fate.SENT)),
            failed=Count("pk", filter=Q(state=Fate.FAILED)),
            waiting=Count("pk", filter=Q(state__in=[Fate.DUE, Fate.CLAIMED])),
        )
        .order_by("-on", "days_before")[:DELIVERIES_SHOWN]
    )
    found = list(rows)
    rounds = Round.objects.in_bulk({row["participant__round"] for row in found})
    return [
        Nudged(
            rounds[row["participant__round"]], row["on"], row["days_before"], row["sent"], row["failed"], row["waiting"]
        )
        for row in found
    ]


def hooks_of(organization: Organization) -> QuerySet[ReminderHook]:
    """Return the addresses that an organization has told, the oldest first. One query."""
    return organization.reminder_hooks.order_by("pk")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person gets from an organization: None for what is not for them; `is_bounced` where mail came back."""

    organization: Organization
    reminders: bool | None
    nudges: bool | None
    language: str
    is_bounced: bool


def wanted_by(user: User) -> list[Wanted]:
    """Return what a user gets from the organizations that may send them mail, by name. Four queries."""
    memberships = {row.organization_id: row for row in user.memberships.select_related("organization")}
    asked = set(Participant.objects.filter(user=user).values_list("organization_id", flat=True))
    kept = {row.organization_id: row for row in Subscription.objects.filter(user=user)}
    organizations = Organization.objects.filter(pk__in={*memberships, *asked}).order_by("name")
    found = []
    for organization in organizations:
        row = kept.get(organization.pk) or Subscription()
        in_charge = organization.pk in memberships and memberships[organization.pk].role in IN_CHARGE
        found.append(
            Wanted(organization, row.reminders if in_charge else None, row.nudges, row.language, row.is_bounced)
        )
    return found


def reminders_by_state() -> dict[str, int]:
    """Return how many reminders there are of each fate, in all organizations. One query."""
    counts = dict(Reminder.objects.order_by().values_list("state").annotate(Count("pk")))
    return {state: counts.get(state, 0) for state in Fate.values}


def seconds_late() -> float:
    """Return for how many seconds the mail that has waited longest should have been sent; 0 where none waits.

    Webhooks don't count: one that does not answer is tried for a day, and tells nothing about our mail.
    """
    mails = Reminder.objects.filter(hook=None, state__in=PENDING, send_at__lte=timezone.now())
    oldest = mails.order_by("send_at").first()
    return (timezone.now() - oldest.send_at).total_seconds() if oldest else 0.0
