"""What else the machine did while something was measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import psutil

QUIET = 0.05
"""Cores that other processes may take in a window."""
TRIES = 20
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Terms:
    """How to measure: the seconds of a window, and how many cores other processes may take meanwhile."""

    seconds: float
    others: float = QUIET


class Busy(Exception):
    """The machine was not idle enough for a measurement."""


def ours(*roots: int) -> set[int]:
    """Return the processes of these ids with all that they started."""
    processes = [psutil.Process(pid) for pid in roots]
    return {each.pid for process in processes for each in (process, *process.children(recursive=True))}


def quietly(measure: Callable[[], T], own: Callable[[], set[int]], most: float = QUIET) -> tuple[T, float]:
    """Measure until other processes took few cores meanwhile; return what was measured, and how many they took.

    Raises Busy where every try was disturbed.
    """
    for _ in range(TRIES):
        before, begin = _others(own()), time.monotonic()
        measured = measure()
        cores = max(0.0, _others(own()) - before) / (time.monotonic() - begin)
        if cores <= most:
            return measured, cores
        print(f"  other processes took {cores:.2f} cores; measured again", flush=True)
    raise Busy(f"other processes took more than {most} cores in each of {TRIES} windows")


def _others(own: set[int]) -> float:
    """Return the seconds of CPU that processes other than our own have taken."""
    total = 0.0
    for process in psutil.process_iter(["cpu_times"]):
        times = process.info["cpu_times"]
        if process.pid not in own and times:
            total += times.user + times.system
    return total
