"""Two years of quarters with a real worker, beat, Redis and mail server, while one after the other of these fails."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from assessments.models import Reminder, ReminderSchedule
from assessments.models.reminders import Fate
from assessments.schedules import next_dates
from organizations.models import Role
from tests import factories
from tests.assessments.stack import Stack, stack
from tests.mlops_maturity.conftest import wait_for

QUARTERS = 8
START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
DAYS_BEFORE = (14, 3, 0)


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_two_years_of_quarters_one_mail_for_each_person_and_date(tmp_path: Path) -> None:
    organization = factories.make_organization("Acme", time_zone="Europe/Berlin")
    people = [factories.make_member(organization, role=role).user.email for role in (Role.OWNER, Role.FACILITATOR)]
    schedule = factories.make_schedule(organization, anchor=dt.date(2026, 1, 31), looked_until=START)
    expected: list[tuple[str, str]] = []
    with stack(tmp_path) as running:
        running.travel_to(START)
        running.start_beat()
        running.start_worker()
        for number, on in enumerate(next_dates(schedule.rhythm, START.date(), QUARTERS)):
            for days in DAYS_BEFORE:
                moment = schedule.rhythm.moment(on - dt.timedelta(days=days))
                if days == 3:
                    running.travel_to(moment - dt.timedelta(minutes=10))
                    running.await_ticks()
                    assert len(running.postbox.letters) == len(expected), "a mail before its hour"
                disturb(running, number, days)
                running.travel_to(moment)
                expected += [(email, f"{on} {days}") for email in people]
                recover(running, number, days)
                await_recorded(len(expected))
        running.await_ticks()
        ours = {row.message_id: f"{row.on} {row.days_before}" for row in Reminder.objects.all()}
        received = [(address, ours[str(letter["Message-ID"])]) for address, letter in running.postbox.letters]
    assert sorted(received) == sorted(expected)
    assert set(Reminder.objects.values_list("state", flat=True)) == {Fate.SENT}
    assert ReminderSchedule.objects.get().skipped == []


def await_recorded(how_many: int) -> None:
    """Wait until so many reminders are sent and recorded: a jump in time would end the claims of those that are not."""
    wait_for(lambda: Reminder.objects.filter(state=Fate.SENT).count() >= how_many, f"reminder number {how_many}")


def disturb(running: Stack, quarter: int, days: int) -> None:
    """Let something fail just before the mail of a date is due."""
    if days != 14:
        return
    if quarter == 1:
        running.kill("worker")
    elif quarter == 2:
        running.kill("redis")
    elif quarter == 3:
        running.postbox.answers = ["451 4.7.1 try again later"]
    elif quarter == 4:
        running.kill("beat")
    elif quarter == 5:
        running.start_worker("second")


def recover(running: Stack, quarter: int, days: int) -> None:
    """Mend it, some time later; what was missed meanwhile is made up for."""
    if days != 14:
        return
    if quarter == 1:
        running.start_worker()
    elif quarter == 2:
        running.start_redis()
        running.restart_what_froze()
    elif quarter == 3:
        wait_for(lambda: Reminder.objects.filter(error__startswith="451").exists(), "refusal")
        waiting = Reminder.objects.get(error__startswith="451")
        running.travel_to(waiting.try_at)
    elif quarter == 4:
        running.start_beat()
