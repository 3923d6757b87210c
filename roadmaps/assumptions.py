"""What a business case assumes until somebody knows better: each figure with its plausible range.

Where the ranges come from stands in docs/business-case.md, whose table the tests hold against this one; what people
read about each is in roadmaps/case_wording.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Group = Literal["models", "running", "value", "effects", "cost"]
Unit = Literal["count", "people", "weeks", "months", "hours", "percent", "points", "money"]
Weighs = Literal["for", "against", "both"]
Part = Literal["low", "expected", "high"]

PARTS: tuple[Part, ...] = ("low", "expected", "high")


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a figure is expected to be, and between which ends: low ≤ expected ≤ high."""

    low: float
    expected: float
    high: float

    def part(self, part: Part) -> float:
        """Return one of the three."""
        return {"low": self.low, "expected": self.expected, "high": self.high}[part]


@dataclass(frozen=True, slots=True)
class Assumption:
    """A figure of the business case; percent as 15, not 0.15, and money in euros or the like (`CURRENCIES`).

    A larger figure weighs `for` the roadmap, `against` it, or on `both` sides. `least` and `most` are what it can be.
    """

    key: str
    group: Group
    unit: Unit
    range: Estimate
    weighs: Weighs
    most: float
    least: float = 0


Given: TypeAlias = Mapping[str, Mapping[str, float]]
"""What somebody entered: by assumption, then by part; parts that were left empty are not in it."""


class OutOfOrder(ValueError):
    """A part lies on the wrong side of the expected figure: `key` and `part` say which, `expected` what that is."""

    def __init__(self, key: str, part: Part, expected: float) -> None:
        super().__init__(f"{key}: the {part} end is on the wrong side of {expected:g}")
        self.key, self.part, self.expected = key, part, expected


def _of(
    key: str, group: Group, unit: Unit, ends: tuple[float, float, float], weighs: Weighs, most: float
) -> Assumption:
    return Assumption(key, group, unit, Estimate(*ends), weighs, most)


MILLION = 1_000_000

ASSUMPTIONS: Mapping[str, Assumption] = {
    row.key: row
    for row in (
        _of("new_models", "models", "count", (2, 4, 8), "for", 100_000),
        _of("weeks_to_production", "models", "weeks", (6, 12, 20), "for", 520),
        _of("people_to_production", "models", "people", (0.5, 1, 2), "for", 1_000),
        _of("models", "running", "count", (5, 10, 20), "for", 100_000),
        _of("incidents", "running", "count", (4, 12, 24), "for", 100_000),
        _of("incident_hours", "running", "hours", (8, 16, 40), "for", 10_000),
        _of("incident_loss", "running", "money", (0, 5_000, 15_000), "for", 1_000 * MILLION),
        _of("toil_hours", "running", "hours", (20, 50, 100), "for", 100_000),
        _of("retrainings", "running", "count", (1, 4, 12), "for", 10_000),
        _of("retraining_hours", "running", "hours", (6, 12, 24), "for", 10_000),
        _of("model_value", "value", "money", (30_000, 100_000, 250_000), "for", 1_000 * MILLION),
        _of("point_value", "value", "money", (0, 4_000, 15_000), "for", 1_000 * MILLION),
        _of("time_cut", "effects", "percent", (5, 15, 25), "for", 90),
        _of("incident_cut", "effects", "percent", (5, 15, 25), "for", 90),
        _of("toil_cut", "effects", "percent", (10, 20, 30), "for", 90),
        _of("retraining_cut", "effects", "percent", (10, 20, 35), "for", 90),
        _of("points_gained", "effects", "points", (0, 0.3, 1), "for", 100),
        _of("capture", "effects", "percent", (40, 60, 80), "for", 100),
        Assumption("ramp_months", "effects", "months", Estimate(2, 4, 9), "against", most=36, least=1),
        _of("engineer_cost", "cost", "money", (80_000, 110_000, 150_000), "both", 1_000 * MILLION),
        _of("overrun", "cost", "percent", (0, 25, 60), "against", 500),
        _of("tool_cost", "cost", "money", (0, 4_000, 15_000), "against", 1_000 * MILLION),
        _of("upkeep", "cost", "percent", (10, 20, 30), "against", 100),
        _of("one_off_cost", "cost", "money", (0, 5_000, 20_000), "against", 1_000 * MILLION),
        _of("discount_rate", "cost", "percent", (6, 10, 15), "both", 100),
    )
}

CURRENCIES: Mapping[str, float] = {
    "EUR": 1, "USD": 1, "GBP": 1, "CHF": 1, "AUD": 1.5, "BRL": 5, "CAD": 1.5, "CNY": 8, "CZK": 25, "DKK": 7.5,
    "HUF": 400, "INR": 90, "JPY": 150, "KRW": 1500, "MXN": 20, "NOK": 11, "NZD": 1.5, "PLN": 4, "SEK": 11, "SGD": 1.5,
    "ZAR": 20,
}  # fmt: skip
"""By ISO 4217 code: what assumed money is multiplied with, in round figures. No rate of exchange."""


def assumed(key: str, currency: str) -> Estimate:
    """Return what is assumed, money in the currency. Raises KeyError for an unknown key or currency."""
    row, factor = ASSUMPTIONS[key], CURRENCIES[currency]
    if row.unit != "money":
        return row.range
    return Estimate(row.range.low * factor, row.range.expected * factor, row.range.high * factor)


def estimates(given: Given, currency: str) -> dict[str, Estimate]:
    """Return every figure of the case: what was given, else what is assumed.

    An expected figure that somebody gave is taken as known: without ends of its own it has no range. Raises OutOfOrder
    where an end that was given lies on the wrong side.
    """
    return {key: _estimate(key, given.get(key, {}), assumed(key, currency)) for key in ASSUMPTIONS}


def is_given(given: Given, key: str) -> bool:
    """Return whether the expected figure is somebody's own."""
    return "expected" in given.get(key, {})


def _estimate(key: str, given: Mapping[str, float], default: Estimate) -> Estimate:
    known = Estimate(*[given["expected"]] * 3) if "expected" in given else default
    found = Estimate(given.get("low", known.low), known.expected, given.get("high", known.high))
    for part in _misplaced(found):
        raise OutOfOrder(key, part, found.expected)
    return found


def _misplaced(found: Estimate) -> Iterator[Part]:
    if found.low > found.expected:
        yield "low"
    if found.high < found.expected:
        yield "high"
