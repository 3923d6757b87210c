"""What changes when people are reminded: schedules, their skipped dates and pauses, nudges, tests, webhooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

from celery import current_app
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments.models import Reminder, ReminderHook, ReminderSchedule, ReminderSettings
from assessments.models.reminders import PENDING, Channel, Every, Fate, Problem, Reason
from assessments.schedules import dates_from, next_dates
from assessments.selectors.reminders import coming, today_in
from organizations.limits import count_mails
from organizations.models import Organization, Team, User

# By name: tasks call services, never the reverse.
TICK = "assessments.tasks.send_due_reminders"


KEPT, NUDGES_KEPT = dt.timedelta(days=2 * 365), dt.timedelta(days=30)


class ScheduleThere(Exception):
    """The organization, or the team, has a schedule already."""


class NotADate(Exception):
    """This is none of the schedule's dates to come."""


class HookThere(Exception):
    """This address is told already."""


class TooManyHooks(Exception):
    """An organization tells so many addresses at most."""

    MOST = 5


def make_schedule(
    *,
    organization: Organization,
    team: Team | None,
    every: Every,
    anchor: dt.date,
    hour: int,
    days_before: Iterable[int],
    weeks: int = 0,
    opens_round: bool = False,
    open_days: int = 14,
) -> ReminderSchedule:
    """Make a schedule of an organization or a team; what lies before now is not made up for. Raises ScheduleThere."""
    schedule = ReminderSchedule(
        organization=organization,
        team=team,
        every=every,
        weeks=weeks,
        anchor=anchor,
        hour=hour,
        days_before=sorted(set(days_before), reverse=True),
        opens_round=opens_round,
        open_days=open_days,
        looked_until=timezone.now(),
    )
    schedule.opens_next_at = next_opening(schedule)
    try:
        with transaction.atomic():
            schedule.save()
    except IntegrityError as error:
        if "reminder_schedule_unique" not in str(error):
            raise
        raise ScheduleThere from error
    return schedule


def change_schedule(*, schedule: ReminderSchedule, **changes: Any) -> None:
    """Change what `make_schedule` takes but whose it is; what was planned and not sent goes."""
    if "days_before" in changes:
        changes["days_before"] = sorted(set(changes["days_before"]), reverse=True)
    _change(schedule, **changes)


def pause_schedule(*, schedule: ReminderSchedule) -> None:
    """Remind nobody from now on."""
    _change(schedule, paused_at=timezone.now())


def resume_schedule(*, schedule: ReminderSchedule) -> None:
    """Remind people again of what comes from now on; what lay in between is not made up for."""
    _change(schedule, paused_at=None)


def skip_date(*, schedule: ReminderSchedule, on: dt.date) -> None:
    """Leave out one of the dates that are shown. Raises NotADate."""
    if on not in {date.on for date in coming(schedule, today_in(schedule.organization))}:
        raise NotADate(str(on))
    _change(schedule, skipped=sorted({*schedule.skipped, on}))


def keep_date(*, schedule: ReminderSchedule, on: dt.date) -> None:
    """Take up again a date that was to be skipped."""
    _change(schedule, skipped=[date for date in schedule.skipped if date != on])


def delete_schedule(*, schedule: ReminderSchedule) -> None:
    """Remove a schedule with what is known of its mails."""
    ReminderSchedule.objects.filter(pk=schedule.pk).delete()


def change_nudges(*, organization: Organization, days: Iterable[int], hour: int) -> None:
    """Remind who has not answered so many days before a round closes, at an hour; with no days by hand only."""
    ReminderSettings.objects.update_or_create(
        organization=organization,
        defaults={
            "nudge_days": sorted(set(days), reverse=True),
            "nudge_hour": hour,
            "looked_until": timezone.now(),
        },
    )


def send_test(*, schedule: ReminderSchedule, user: User) -> Reminder:
    """Have the next date's mail sent to one person at once, marked as a test. Raises TooManyMails."""
    count_mails(kind="test", by=user, organization=schedule.organization, emails=[user.email])
    [on] = next_dates(schedule.rhythm, today_in(schedule.organization), 1, schedule.skipped)
    return _test(schedule, on, user=user)


def make_hook(*, organization: Organization, channel: Channel, url: str) -> ReminderHook:
    """Have an address told of each date. Raises HookThere and TooManyHooks."""
    with transaction.atomic():
        # Held, so that two at once do not pass the limit.
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        there = list(organization.reminder_hooks.values_list("url", flat=True))
        if url in there:
            raise HookThere(url)
        if len(there) >= TooManyHooks.MOST:
            raise TooManyHooks
        return ReminderHook.objects.create(organization=organization, channel=channel, url=url)


def enable_hook(*, hook: ReminderHook) -> None:
    """Tell an address again that was switched off."""
    ReminderHook.objects.filter(pk=hook.pk).update(disabled_at=None, failures=0)


def delete_hook(*, hook: ReminderHook) -> None:
    """No longer tell an address; what is known of its messages goes too."""
    ReminderHook.objects.filter(pk=hook.pk).delete()


def test_hook(*, hook: ReminderHook, schedule: ReminderSchedule, by: User) -> Reminder:
    """Have the next date's message sent to an address at once, marked as a test. Raises TooManyMails."""
    count_mails(kind="test", by=by, organization=schedule.organization, emails=[by.email])
    [on] = next_dates(schedule.rhythm, today_in(schedule.organization), 1, schedule.skipped)
    return _test(schedule, on, hook=hook)


def next_opening(schedule: ReminderSchedule) -> dt.datetime | None:
    """Return when a round opens by itself next, from now on; None where none does."""
    if not schedule.opens_round:
        return None
    now = timezone.now()
    dates = dates_from(schedule.rhythm, now.date() - dt.timedelta(days=1))
    moments = (schedule.rhythm.moment(on) for on in dates if on not in schedule.skipped)
    return next(moment for moment in moments if moment > now)


def give_up_pending(schedules: Collection[int], reason: Reason) -> None:
    """Leave out what is planned for some schedules and was not taken up yet."""
    planned = Reminder.objects.filter(schedule__in=schedules, state=Fate.DUE, is_test=False)
    # One that was tried is told of; of others nobody needs to know, and they may be planned anew.
    planned.filter(attempts__gt=0).update(state=Fate.LEFT_OUT, reason=reason)
    planned.filter(attempts=0, state=Fate.DUE).delete()


@transaction.atomic
def _change(schedule: ReminderSchedule, **changes: Any) -> None:
    """Change columns of a schedule, and look anew at what comes from now on."""
    locked = ReminderSchedule.objects.select_for_update(no_key=True, of=("self",)).select_related("organization")
    current = locked.get(pk=schedule.pk)
    for name, value in changes.items():
        setattr(current, name, value)
    today = today_in(current.organization)
    current.skipped = [on for on in current.skipped if on >= today]
    current.looked_until = timezone.now()
    current.opens_next_at = next_opening(current)
    current.problem = Problem.NONE
    current.save()
    give_up_pending([current.pk], Reason.PLANS)
    schedule.refresh_from_db()


def _test(schedule: ReminderSchedule, on: dt.date, **to: Any) -> Reminder:
    now = timezone.now()
    reminder = Reminder.objects.create(
        organization_id=schedule.organization_id,
        schedule=schedule,
        on=on,
        days_before=max(0, (on - today_in(schedule.organization)).days),
        is_test=True,
        send_at=now,
        try_at=now,
        **to,
    )
    # Where the queue cannot be reached, beat's next minute has it sent.
    transaction.on_commit(lambda: current_app.send_task(TICK), robust=True)
    return reminder


def purge_reminders() -> None:
    """Delete what is known of old messages, of nudges sooner: one tells that somebody had not answered."""
    done = Reminder.objects.exclude(state__in=PENDING)
    today = timezone.now().date()
    done.of_schedules().filter(on__lt=today - KEPT).delete()
    done.nudges().filter(on__lt=today - NUDGES_KEPT).delete()
