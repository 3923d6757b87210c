"""Workers killed with -9 at random moments while reminders are due: how many mails each gets. For `make chaos`."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from assessments.models import Reminder
from assessments.models.reminders import Fate
from organizations.models import Member, Role, User
from tests import factories
from tests.assessments.stack import eventually, stack

KILLS = int(os.environ.get("CHAOS_KILLS", "0"))
SEED = int(os.environ.get("CHAOS_SEED", "0"))
PEOPLE = 500
LEASE_SECONDS = 4.0
MAIL_SECONDS = 0.5
BETWEEN_KILLS = (0.2, 2.6)
"""Seconds. The mail server is slow, so that the sending takes as long as the killing."""
WHOLE = 10
"""Of so many kills one takes the worker whole; the others one of its processes, which it replaces at once."""

pytestmark = pytest.mark.skipif(not KILLS, reason="takes ten minutes or more: make chaos")


@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)
def test_each_gets_one_mail_however_many_workers_are_killed(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret, but the same at every run
    organization = factories.make_organization("Acme")
    password = make_password(None)
    users = User.objects.bulk_create(User(email=f"p{n}@acme.example", password=password) for n in range(PEOPLE))
    Member.objects.bulk_create(Member(organization=organization, user=user, role=Role.OWNER) for user in users)
    today = timezone.now().date()
    factories.make_schedule(
        organization, anchor=today, hour=0, days_before=[0], looked_until=timezone.now() - dt.timedelta(days=1)
    )
    deaths: Counter[str] = Counter()
    with stack(tmp_path, lease=LEASE_SECONDS) as running:
        running.postbox.delay = MAIL_SECONDS
        running.start_beat()
        running.start_worker(wait=False)
        running.await_begin()
        for kill in range(KILLS):
            time.sleep(chance.uniform(*BETWEEN_KILLS))
            if kill % WHOLE == WHOLE - 1:
                running.kill("worker")
                running.start_worker(wait=False)
                running.await_begin()
            else:
                running.kill_one_process("worker", chance)
            held = set(Reminder.objects.filter(state=Fate.CLAIMED).values_list("message_id", flat=True))
            taken = {message_id for _address, message_id in running.postbox.counts()}
            deaths["with claims open"] += bool(held)
            deaths["with a claim whose mail was taken"] += bool(held & taken)
            print(f"{kill + 1} killed, {len(taken)} mails, {dict(deaths)}", flush=True)
        left = Reminder.objects.exclude(state=Fate.SENT).count()
        running.postbox.delay = 0
        assert eventually(lambda: Reminder.objects.filter(state=Fate.SENT).count() == PEOPLE, 300)
        counts = running.postbox.counts()
    twice = {key: count for key, count in counts.items() if count > 1}
    print(f"\n{KILLS} workers killed, of them {dict(deaths)}; {left} of {PEOPLE} reminders were left for the last.")
    print(f"{len(counts)} mails to {PEOPLE} people, none to nobody; came twice (same Message-ID): {len(twice)}.")
    assert len(counts) == len({address for address, _id in counts}) == PEOPLE
    # The documented exception and no other: again after a death between OK and record.
    assert sum(counts.values()) - PEOPLE <= 2 * deaths["with a claim whose mail was taken"]
    assert deaths["with claims open"] > 0
