"""Web's processes killed with -9 while answers are saved: none that was acknowledged is lost, none is kept by half.

A few kills in `make test`; `make chaos` makes 500, or CHAOS_WEB_KILLS, at moments that CHAOS_SEED chooses.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.assessments.stack import stack
from tests.factories import make_round
from tests.faults.respondents import CUT_OFF, answering, make_respondents

KILLS = int(os.environ.get("CHAOS_WEB_KILLS", "3"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
PEOPLE = 4
BETWEEN_KILLS = (1, 12)
"""Saves."""
WHOLE = 3 if KILLS < 10 else 10
"""Of so many kills one takes gunicorn whole; the others one of its processes, which it replaces."""


@pytest.mark.timeout(6 * 3600)
@pytest.mark.django_db(transaction=True)
def test_no_acknowledged_answer_is_lost_however_often_web_is_killed(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret, but the same at every run
    round_ = make_round()
    with stack(tmp_path) as running:
        running.start_web()
        people = make_respondents(round_, PEOPLE, running.origin, running.environ["DATABASE_URL"], chance)
        with answering(people) as load:
            for kill in range(KILLS):
                load.await_saves(chance.randint(*BETWEEN_KILLS))
                time.sleep(chance.uniform(0, 0.2))
                if kill % WHOLE == WHOLE - 1:
                    running.kill("web")
                    running.start_web()
                else:
                    running.kill_one_at_work(chance)
                if kill % 50 == 49:
                    print(f"{kill + 1} killed; {load.told()}", flush=True)
            load.await_saves(1)
        load.check()
    print(f"\n{KILLS} times killed; {load.told()}.")
    assert sum(person.count(CUT_OFF) for person in people) > 0
    assert sum(person.count(503) for person in people) == 0
