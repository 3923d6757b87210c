"""PostgreSQL restarted at once while people answer: errors are ours, brief, and heal; what was acknowledged is there.

One restart in `make test`; `make chaos` makes 20, or CHAOS_RESTARTS.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from django.urls import reverse

from tests.assessments.stack import stack
from tests.factories import make_round
from tests.faults.private_postgres import private_postgres
from tests.faults.respondents import Browser, answering, make_respondents

RESTARTS = int(os.environ.get("CHAOS_RESTARTS", "1"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
PEOPLE = 4
BETWEEN_RESTARTS = (10, 60)
"""Saves."""
AWAY = (0.0, 1.0, 5.0)
"""Seconds for which it stays stopped, one after the other."""


@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)
def test_a_restart_costs_a_moment_and_no_acknowledged_answer(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret, but the same at every run
    round_ = make_round()
    with private_postgres() as server, stack(tmp_path) as running:
        people = make_respondents(round_, PEOPLE, running.origin, server.url, chance)
        server.copy_tests_database()
        running.environ["DATABASE_URL"] = server.url
        running.start_web()
        seconds: list[float] = []
        with answering(people) as load:
            for restart in range(RESTARTS):
                load.await_saves(chance.randint(*BETWEEN_RESTARTS))
                before = len(load.moments(503))
                server.stop()
                time.sleep(AWAY[restart % len(AWAY)])
                server.start()
                load.await_saves(2 * PEOPLE)
                failed = load.moments(503)[before:]
                seconds.append(max(failed) - min(failed) if failed else 0.0)
        load.check()
        assert Browser(running.origin).get(reverse("home")).status == 200
    print(f"\n{RESTARTS} restarts; {load.told()}.")
    print(f"From first to last error: {', '.join(f'{each:.1f}' for each in seconds)} s.")
    assert load.moments(503)
