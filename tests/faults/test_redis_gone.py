"""Redis killed, with all that it held: surveys go on, people log in, and what was to be mailed waits until it is back.

Once in `make test`; `make chaos` does it ten times, or CHAOS_REDIS times.
"""

from __future__ import annotations

import datetime as dt
import os
import random
from collections import Counter
from pathlib import Path

import pytest
from celery import Celery
from django.urls import reverse
from django.utils import timezone

from assessments.models import Participant, Reminder, Round
from assessments.models.reminders import Fate
from assessments.models.rounds import RoundStatus
from assessments.services.rounds import close_round
from benchmarks.site import cookies_of
from organizations.models import Role
from tests.assessments.stack import Stack, stack
from tests.factories import PASSWORD, Cast, make_member, make_participant, make_response, make_round, make_schedule
from tests.faults.respondents import Browser, answering, make_respondents
from tests.mlops_maturity.conftest import wait_for

TIMES = int(os.environ.get("CHAOS_REDIS", "1"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
PEOPLE, INVITED = 2, 5
SAVES = 10
INVITE_WHO_WAITS = "assessments.tasks.invite_who_waits"
"""What beat asks for each hour."""


@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)
def test_surveys_go_on_without_redis_and_no_mail_is_lost(cast: Cast, tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret, but the same at every run
    asked = make_round(cast.organization, teams=[cast.team])
    shown = make_round(cast.organization, teams=[cast.team], quarter=(2026, 2))
    make_response(participant=make_participant(shown, user=cast.member))
    close_round(round_=shown)
    expected: set[str] = set()
    with stack(tmp_path) as running:
        running.start_beat()
        running.start_worker(wait=False)
        running.start_web()
        people = make_respondents(asked, PEOPLE, running.origin, running.environ["DATABASE_URL"], chance)
        Participant.objects.update(invited_at=timezone.now())
        with answering(people) as load:
            for _time in range(TIMES):
                load.await_saves(SAVES)
                running.kill("redis")
                load.await_saves(SAVES)
                look_around(running, cast, shown)
                expected.update(open_a_round(running, cast), plan_a_reminder())
                load.await_saves(SAVES)
                assert not expected <= mailed(running).keys()
                running.start_redis()
                running.restart_what_froze()
                ask_as_beat_does(running)
                await_mails(running, expected)
        load.check()
        wait_for(lambda: set(Reminder.objects.values_list("state", flat=True)) == {Fate.SENT}, "reminder")
        mails = mailed(running)
    print(f"\n{TIMES} times without Redis; {load.told()}.")
    print(f"{len(expected)} people were to be mailed meanwhile; {mails.total()} mails went out, each once.")
    assert load.acknowledged == sum(len(person.saves) for person in people)
    assert mails == dict.fromkeys(expected, 1)


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_hangs_holds_up_nobody_for_long(cast: Cast, tmp_path: Path) -> None:
    """Neither pages, which ask it for limits, nor whoever leaves work for a worker: a request that hung would fail."""
    shown = make_round(cast.organization, teams=[cast.team], quarter=(2026, 2))
    with stack(tmp_path) as running:
        running.start_web()
        running.hang("redis")
        look_around(running, cast, shown)
        expected = open_a_round(running, cast)
        running.go_on("redis")
        running.start_worker(wait=False)
        ask_as_beat_does(running)
        await_mails(running, expected)
    assert mailed(running) == dict.fromkeys(expected, 1)


def look_around(running: Stack, cast: Cast, shown: Round) -> None:
    """Open pages that keep or count something in Redis, as a visitor, and as who logs in."""
    browser = Browser(running.origin)
    for path in (reverse("home"), reverse("try")):
        assert browser.get(path).status == 200
    assert browser.post(reverse("try")).status == 302
    form = {"login": cast.owner.email, "password": PASSWORD}
    assert browser.post(reverse("account_login"), form).status == 302
    slug = cast.organization.slug
    for name in ("organization", "rounds", "compare", "members"):
        assert browser.get(reverse(name, args=[slug])).status == 200
    assert browser.get(reverse("round", args=[slug, shown.pk])).status == 200


def open_a_round(running: Stack, cast: Cast) -> set[str]:
    """Open a round, as its facilitator; return the addresses of those who are invited by it."""
    draft = make_round(cast.organization, teams=[cast.team], status=RoundStatus.DRAFT, opened_at=None)
    addresses = {make_participant(draft).email for _person in range(INVITED)}
    browser = Browser(running.origin, {"sessionid": cookies_of(cast.facilitator)["sessionid"]})
    assert browser.post(reverse("open_round", args=[cast.organization.slug, draft.pk])).status == 302
    draft.refresh_from_db()
    assert draft.status == RoundStatus.OPEN
    return addresses


def plan_a_reminder() -> set[str]:
    """Have the owner of another organization reminded today; return the address."""
    owner = make_member(role=Role.OWNER)
    yesterday = timezone.now() - dt.timedelta(days=1)
    make_schedule(owner.organization, anchor=timezone.now().date(), hour=0, days_before=[0], looked_until=yesterday)
    return {owner.user.email}


def mailed(running: Stack) -> Counter[str]:
    """Return how many mails came to each address."""
    return Counter(address for address, _letter in running.postbox.letters)


def await_mails(running: Stack, expected: set[str]) -> None:
    """Wait until each address has got one."""
    wait_for(lambda: expected <= mailed(running).keys(), "mail")


def ask_as_beat_does(running: Stack) -> None:
    """Have those invited who wait, as beat does each hour."""
    with Celery(broker=running.environ["REDIS_URL"], set_as_current=False) as app:
        app.send_task(INVITE_WHO_WAITS, queue=running.environ["TRAVEL_QUEUE"])
