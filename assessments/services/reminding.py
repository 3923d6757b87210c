"""What beat has done each minute: rounds that open by themselves, and reminders for what is due today.

Each schedule is looked at once a day, from where the last look ended until the day is over, with its row locked; so two
beats plan nothing twice, and what was missed meanwhile is made up for by one reminder. Planning the whole day at once
lets whoever has several reminders on a day get them in one mail.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils import timezone

from assessments.models import Participant, Reminder, ReminderHook, ReminderSchedule, ReminderSettings, Round
from assessments.models.reminders import Problem
from assessments.models.rounds import RoundStatus
from assessments.schedules import Notice, Rhythm, last_notice, period_of
from assessments.selectors.reminders import closing_day, in_charge_of, last_round, round_for, today_in
from assessments.selectors.rounds import versions_for
from assessments.services.participants import copy_participants
from assessments.services.reminders import next_opening
from assessments.services.rounds import open_round, plan_round
from organizations.models import Team

logger = logging.getLogger(__name__)


class CannotOpen(Exception):
    """A round cannot open by itself; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


def plan_reminders() -> None:
    """Open the rounds that are due, and plan today's reminders; what fails is logged and stops nothing else."""
    _each(ReminderSchedule.objects.to_open_round().values_list("pk", flat=True), _open)
    _each(ReminderSchedule.objects.to_look_at().values_list("pk", flat=True), _plan)
    settings = ReminderSettings.objects.filter(looked_until__lte=timezone.now()).exclude(nudge_days=[])
    _each(settings.values_list("pk", flat=True), _plan_nudges)


def _each(keys: Iterable[int], act: Callable[[int], None]) -> None:
    for key in list(keys):
        try:
            with transaction.atomic():
                act(key)
        except Exception:
            logger.exception("reminder_not_planned", extra={"key": key})


def _plan(key: int) -> None:
    """Make a schedule's reminders of today, of what was missed since the last look the last only."""
    locked = ReminderSchedule.objects.to_look_at().select_for_update(skip_locked=True, no_key=True, of=("self",))
    schedule = locked.select_related("organization", "team").filter(pk=key).first()
    if schedule is None:
        return
    until = schedule.rhythm.midnight_after(timezone.now())
    notice = last_notice(
        schedule.rhythm, schedule.days_before, after=schedule.looked_until, until=until, skipped=schedule.skipped
    )
    if notice:
        users = in_charge_of(schedule.organization, schedule.team).values_list("user", flat=True)
        hooks = ReminderHook.objects.filter(organization=schedule.organization_id, disabled_at=None)
        rows = [_reminder(schedule, notice, user_id=user) for user in users]
        rows += [_reminder(schedule, notice, hook=hook) for hook in hooks]
        Reminder.objects.bulk_create(rows, ignore_conflicts=True)
    ReminderSchedule.objects.filter(pk=key).update(looked_until=until)


def _reminder(schedule: ReminderSchedule, notice: Notice, **to: object) -> Reminder:
    return Reminder(
        organization_id=schedule.organization_id,
        schedule=schedule,
        on=notice.on,
        days_before=notice.days_before,
        send_at=notice.at,
        try_at=notice.at,
        **to,
    )


def _plan_nudges(key: int) -> None:
    """Make today's nudges of an organization, for its open rounds that close by themselves."""
    locked = ReminderSettings.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    due = locked.filter(pk=key, looked_until__lte=timezone.now()).select_related("organization")
    kept = due.first()
    if kept is None:
        return
    organization = kept.organization
    until = Rhythm("year", dt.date(2000, 1, 1), 0, organization.time_zone).midnight_after(timezone.now())
    rounds = Round.objects.filter(organization=organization, status=RoundStatus.OPEN, closes_at__gt=timezone.now())
    for round_ in rounds.select_related("organization"):
        on = closing_day(round_)
        assert on  # noqa: S101 - filtered by it
        once = Rhythm("year", on, kept.nudge_hour, organization.time_zone)
        notice = last_notice(once, kept.nudge_days, after=kept.looked_until, until=until)
        if notice and notice.on == on:
            _nudge(round_, notice)
    ReminderSettings.objects.filter(pk=key).update(looked_until=until)


def _nudge(round_: Round, notice: Notice) -> None:
    waiting = Participant.objects.to_nudge().filter(round=round_)
    Reminder.objects.bulk_create(
        (
            Reminder(
                organization_id=round_.organization_id,
                participant=participant,
                user_id=participant.user_id,
                on=notice.on,
                days_before=notice.days_before,
                send_at=notice.at,
                try_at=notice.at,
            )
            for participant in waiting
        ),
        ignore_conflicts=True,
    )


def _open(key: int) -> None:
    """Open the round of a schedule's date as a copy of the last one, unless somebody has opened one for it."""
    locked = ReminderSchedule.objects.to_open_round().select_for_update(skip_locked=True, no_key=True, of=("self",))
    schedule = locked.select_related("organization", "team").filter(pk=key).first()
    if schedule is None or schedule.opens_next_at is None:
        return
    # The date whose moment has come; of several that were missed the last.
    just_before = schedule.opens_next_at - dt.timedelta(seconds=1)
    notice = last_notice(schedule.rhythm, [0], after=just_before, until=timezone.now(), skipped=schedule.skipped)
    schedule.opens_next_at, schedule.problem = next_opening(schedule), Problem.NONE
    if notice and round_for(schedule, notice.on) is None:
        try:
            with transaction.atomic():
                schedule.opened_round = _open_copy(schedule, notice.on)
            schedule.opened_on = notice.on
        except CannotOpen as error:
            schedule.problem = error.problem
    schedule.save(update_fields=["opens_next_at", "problem", "opened_on", "opened_round"])


def _open_copy(schedule: ReminderSchedule, on: dt.date) -> Round:
    """Plan and open a round like the last one, of the newest published version, with the people asked then."""
    last = last_round(schedule)
    if last is None:
        raise CannotOpen(Problem.NO_ROUND)
    newest = versions_for(schedule.organization).filter(questionnaire=last.version.questionnaire_id)
    version = newest.order_by("-number").first()
    teams = _teams(schedule, last)
    if version is None or not teams:
        raise CannotOpen(Problem.NO_VERSION if version is None else Problem.NO_TEAM)
    starts_on, ends_on = period_of(schedule.rhythm, on)
    # One that opens late, after a week off for example, is open for as long.
    opened_on = max(on, today_in(schedule.organization))
    round_ = plan_round(
        organization=schedule.organization,
        version=version,
        starts_on=starts_on,
        ends_on=ends_on,
        teams=teams,
        aggregate=last.aggregate,  # type: ignore[arg-type]  # a column's value
        anonymous=last.anonymous,
        closes_at=schedule.rhythm.moment(opened_on + dt.timedelta(days=schedule.open_days)),
        previous=last,
        show_last_answers=last.show_last_answers,
    )
    copy_participants(round_=round_, previous=last)
    open_round(round_=round_)
    return round_


def _teams(schedule: ReminderSchedule, last: Round) -> list[Team]:
    teams = last.teams.filter(archived_at=None)
    return list(teams.filter(pk=schedule.team_id) if schedule.team_id else teams)
