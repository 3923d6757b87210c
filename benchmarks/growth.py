"""How cost grows: the pages while the database does, and their own data; seeding, closing and planning."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from typing import Any

from django.core.management import call_command
from django.db import connection

from assessments.models import Answer
from benchmarks.courses import Course, Point
from benchmarks.load import Request, count_of, repeated
from benchmarks.machine import Terms, quietly
from benchmarks.pages import Requests, comparison_path, result_path
from benchmarks.people import Survey, owner_of, survey, write_survey
from benchmarks.single import closing, planning
from benchmarks.site import Site, loaded, processes, running_site

STEPS = (1, 10, 100)
"""How many times as much as at first there is; at the last everything."""
CLOSED, PLANNED = (1_000, 10_000, 30_000), (50, 150, 500)
RUNS = 3


def courses(answers: int, terms: Terms) -> list[Course]:
    """Write so many answers in three steps and measure at each; then close rounds and plan, at three sizes."""
    points: dict[tuple[str, str], list[Point]] = {}

    def keep(name: str, grows: str, point: Point) -> None:
        points.setdefault((name, grows), []).append(point)
        print(f"{name} ({grows}): {point}", flush=True)

    call_command("questionnaire", "load")
    write_survey()
    asked = survey()
    with running_site() as site:
        written = 0
        for step in STEPS:
            more = answers * step // STEPS[-1] - written
            written += more
            keep("seeding", "answers written", _seeded(step, more))
            in_all = Answer.objects.count()
            for name, requests, expected in _same_pages(asked):
                keep(name, "answers in all", _measured(in_all, requests, site, terms, expected))
            for name, grows, amount, requests in _growing_pages(step):
                keep(name, grows, _measured(amount, requests, site, terms))
    for amount in CLOSED:
        _write("closing", amount, rounds=1, teams=20, answers=25 * amount, last_open=True)
        keep("closing a round", "responses", _worked(amount, lambda n: closing(f"closing{n}", n), terms))
    for amount in PLANNED:
        keep("planning", "questions", _worked(amount, planning, terms))
    return [Course(*key, found) for key, found in points.items()]


def _seeded(step: int, answers: int) -> Point:
    """Write what belongs to a step; the cost is that of the large data set."""
    begin = time.perf_counter()
    _write("large", step, organizations=max(1, answers // 10_000), answers=answers, processes=os.cpu_count() or 1)
    milliseconds = (time.perf_counter() - begin) * 1000
    _write("result", step, rounds=1, teams=20, answers=25 * 100 * step)
    _write("compare", step, rounds=12, teams=20, answers=25 * 12 * 20 * step)
    _write("teams", step, rounds=1, teams=10 * step, answers=25 * 30 * step)
    with connection.cursor() as cursor:
        # So that this does not begin by itself in a window.
        cursor.execute("VACUUM ANALYZE")
    return Point(answers, milliseconds, milliseconds)


def _write(prefix: str, number: int, **options: Any) -> None:
    given: Mapping[str, Any] = {"organizations": 1, "processes": 1} | options
    call_command("seed_large", prefix=f"{prefix}{number}", verbosity=0, **given)


def _same_pages(asked: Survey) -> Iterator[tuple[str, Requests, int]]:
    """Yield pages that stay as they are while everything around them grows, with the status that is expected."""
    yield "survey form, 25 questions", asked.forms, 200
    yield "saving one answer", asked.single_answers, 200
    yield "saving 25 answers", asked.whole_pages, 302
    for name, grows, amount, requests in _growing_pages(STEPS[0]):
        yield f"{name}, {amount} {grows}", requests, 200


def _growing_pages(step: int) -> Iterator[tuple[str, str, int, Requests]]:
    """Yield pages of a step's organizations: what they show, what grows in it, how much of that there is."""
    yield "a result", "responses", 100 * step, _reads(f"result{step}", result_path(f"result{step}"))
    yield (
        "comparing 12 rounds × 20 teams",
        "responses a round",
        20 * step,
        _reads(f"compare{step}", comparison_path(f"compare{step}")),
    )
    yield "heat map", "teams", 10 * step, _reads(f"teams{step}", f"/orgs/teams{step}-0001/")


def _reads(prefix: str, path: str) -> Requests:
    request = Request(path, owner_of(prefix))
    return lambda: repeated(request)


def _measured(amount: int, requests: Requests, site: Site, terms: Terms, expected: int = 200) -> Point:
    """Measure a page, asked for by one client, as what others wait for is no cost of its own."""
    count = count_of(site.origin, requests(), expected=expected)
    window, _others = loaded(site, requests(), terms, expected=expected, clients=1)
    return Point(amount, window.percentile(0.5) * 1000, window.percentile(0.95) * 1000, count.blocks)


def _worked(amount: int, work: Callable[[int], Mapping[str, Any]], terms: Terms) -> Point:
    """Do some work a few times."""
    runs = [quietly(lambda: work(amount), processes, terms.others)[0]["seconds"] * 1000 for _ in range(RUNS)]
    return Point(amount, median(runs), max(runs))
