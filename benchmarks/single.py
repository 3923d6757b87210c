"""What is measured once and alone, each in a process of its own, so that its memory is its own."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import django

MOST_CLOSING_SECONDS, MOST_CLOSING_MEGABYTES = 3, 200
MOST_PLANNING_SECONDS = 1


def closing(prefix: str = "closing", responses: int = 10_000) -> Mapping[str, Any]:
    """Close the round of an organization that has so many responses; it is open again afterwards."""
    seconds, megabytes = _alone(partial(_close, prefix))
    return {
        "work": f"closing a round of {responses:,} responses",
        "seconds": seconds,
        "megabytes": megabytes,
        "goal": f"< {MOST_CLOSING_SECONDS} s, < {MOST_CLOSING_MEGABYTES} MB",
        "met": seconds < MOST_CLOSING_SECONDS and megabytes < MOST_CLOSING_MEGABYTES,
    }


def _close(prefix: str) -> float:
    from django.db import transaction  # noqa: PLC0415 - Django is ready only now

    from assessments.services.rounds import close_round  # noqa: PLC0415
    from benchmarks.people import round_of  # noqa: PLC0415

    round_ = round_of(prefix)
    with transaction.atomic():
        begin = time.perf_counter()
        close_round(round_=round_)
        seconds = time.perf_counter() - begin
        transaction.set_rollback(True)
    return seconds


def _alone(work: Callable[[], float]) -> tuple[float, float]:
    """Do some work in a new process; return its seconds and the megabytes that the process took at most."""
    with multiprocessing.get_context("spawn").Pool(1, initializer=django.setup) as pool:
        return pool.apply(_measured, [work])


def _measured(work: Callable[[], float]) -> tuple[float, float]:
    seconds = work()
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def planning(questions: int = 500) -> Mapping[str, Any]:
    """Plan over so many questions, of which 12 % need others, to the next level, and lay it out in phases."""
    seconds, megabytes = _alone(partial(_plan, questions))
    return {
        "work": f"planning over {questions} questions",
        "seconds": seconds,
        "megabytes": megabytes,
        "goal": f"< {MOST_PLANNING_SECONDS} s",
        "met": seconds < MOST_PLANNING_SECONDS,
    }


def _plan(questions: int) -> float:
    from roadmaps.plans import Resources, cheapest_plan, default_target  # noqa: PLC0415
    from roadmaps.schedule import lay_out  # noqa: PLC0415
    from tests.roadmaps.test_plans import large, outlook_of  # noqa: PLC0415

    questionnaire, answers = large(5, questions // 25, questions * 12 // 100)
    outlook = outlook_of(questionnaire, answers)
    target = default_target(questionnaire, outlook.current)
    begin = time.perf_counter()
    found = cheapest_plan(outlook, target)
    assert found is not None  # noqa: S101 - these can all be reached
    lay_out(outlook, found.steps, target, Resources())
    return time.perf_counter() - begin
