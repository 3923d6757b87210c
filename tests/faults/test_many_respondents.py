"""Many people who answer a survey whole within the same minute, every answer saved as it is given: not one 5xx.

Ten in `make test`, within seconds; `make chaos` has 200, or CHAOS_RESPONDENTS, begin within a minute.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assessments.models import Response
from tests.assessments.stack import stack
from tests.factories import make_round
from tests.faults.respondents import Reply, Respondent, make_respondents

PEOPLE = int(os.environ.get("CHAOS_RESPONDENTS", "10"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
WITHIN = 60 if PEOPLE >= 100 else 2
"""Seconds in which they come."""


@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)
def test_nobody_of_many_who_answer_at_once_meets_an_error(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - no secret, but the same at every run
    round_ = make_round()
    statuses: Counter[int] = Counter()
    seconds: list[float] = []

    def timed(ask: Callable[[], Reply]) -> None:
        begin = time.monotonic()
        reply = ask()
        seconds.append(time.monotonic() - begin)
        statuses[reply.status] += 1

    def answer_all(person: Respondent, after: float) -> None:
        """What a browser does from the link to the thanks."""
        time.sleep(after)
        browser, base = person.browser, person.base
        timed(lambda: browser.get(base))
        timed(lambda: browser.post(base))
        for dimension in person.definition.dimensions:
            timed(lambda step=dimension.key: browser.get(f"{base}questions/{step}/"))  # type: ignore[misc]
            for question in dimension.questions:
                form = {"question": question.key, f"{question.key}-choice": question.choices[0].key}
                timed(lambda form=form: browser.post(f"{base}answer/", form, by_script=True))  # type: ignore[misc]
        timed(lambda: browser.get(f"{base}review/"))
        timed(lambda: browser.post(f"{base}submit/"))

    with stack(tmp_path) as running:
        running.start_web()
        people = make_respondents(round_, PEOPLE, running.origin, running.environ["DATABASE_URL"], chance)
        begin = time.monotonic()
        with ThreadPoolExecutor(PEOPLE) as pool:
            list(pool.map(answer_all, people, [chance.uniform(0, WITHIN) for _ in people]))
        took = time.monotonic() - begin
    seconds.sort()
    half, most = (seconds[len(seconds) * share // 100] * 1000 for share in (50, 95))
    print(f"\n{PEOPLE} people answered in {took:.0f} s: {dict(statuses)}; p50 {half:.0f} ms, p95 {most:.0f} ms.")
    assert statuses.keys() == {200, 302}
    assert Response.objects.filter(participant__round=round_, status="submitted").count() == PEOPLE
