"""What a roadmap pays back: benefits, costs and cash flow over three years, in low, expected and high.

The formulas and where they come from stand in docs/business-case.md. Money in one currency, months from 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal, TypeAlias

from roadmaps.assumptions import ASSUMPTIONS, Estimate, Part

HORIZON = 36
"""Months that are looked at."""
WORKING_WEEKS = 44
"""A year's weeks of work, less holidays and illness; what a person costs a year is spread over them."""
HOURS_A_WEEK = 40
WEEKS_A_YEAR = 52
MONTHS_A_YEAR = 12

Stream = Literal["faster_release", "fewer_incidents", "less_toil", "less_retraining", "better_models"]
Cost = Literal["effort", "tools", "upkeep", "one_off"]
Figures: TypeAlias = Mapping[str, float]

STREAMS: Mapping[Stream, tuple[str, ...]] = {
    "faster_release": (
        "new_models", "weeks_to_production", "time_cut", "people_to_production", "engineer_cost", "capture",
        "model_value",
    ),
    "fewer_incidents": ("incidents", "incident_cut", "incident_hours", "engineer_cost", "capture", "incident_loss"),
    "less_toil": ("toil_hours", "toil_cut", "engineer_cost", "capture"),
    "less_retraining": ("models", "retrainings", "retraining_hours", "retraining_cut", "engineer_cost", "capture"),
    "better_models": ("models", "points_gained", "point_value"),
}  # fmt: skip
"""The benefits, each with the assumptions that it rests on."""

COSTS: Mapping[Cost, tuple[str, ...]] = {
    "effort": ("engineer_cost", "overrun"),
    "tools": ("tool_cost",),
    "upkeep": ("engineer_cost", "overrun", "upkeep"),
    "one_off": ("one_off_cost",),
}

TIMING = ("ramp_months", "discount_rate")
"""Assumptions that decide when money comes and what it is worth then, whatever it comes from."""


@dataclass(frozen=True, slots=True)
class Step:
    """One practice of a roadmap: worked on from `first_month` to `last_month` (from 1, both included).

    `weeks` are person-weeks, `levels` what it adds to the maturity level, in levels (0.2 is a fifth of one), `tools`
    how many tools it brings that have to be paid for.
    """

    first_month: int
    last_month: int
    weeks: float
    levels: float
    tools: int = 1


@dataclass(frozen=True)
class Forecast:
    """The cash flow of one set of figures: by stream and by cost, one amount for each month of the horizon.

    `yearly` are the benefits of a year once every step has its full effect, by stream; `rate` is the yearly discount
    rate as a share.
    """

    benefits: Mapping[Stream, tuple[float, ...]]
    costs: Mapping[Cost, tuple[float, ...]]
    yearly: Mapping[Stream, float]
    rate: float

    @cached_property
    def benefit(self) -> tuple[float, ...]:
        """The benefits of each month."""
        return _summed(self.benefits.values())

    @cached_property
    def cost(self) -> tuple[float, ...]:
        """The costs of each month."""
        return _summed(self.costs.values())

    @cached_property
    def net(self) -> tuple[float, ...]:
        """What each month brings, less what it costs."""
        return tuple(benefit - cost for benefit, cost in zip(self.benefit, self.cost, strict=True))

    @cached_property
    def cumulative(self) -> tuple[float, ...]:
        """What all months up to each one have brought, less what they cost; not discounted."""
        return tuple(accumulate(self.net))

    @property
    def yearly_benefit(self) -> float:
        """What a year brings once every step has its full effect."""
        return sum(self.yearly.values())

    @property
    def total_cost(self) -> float:
        """What the three years cost, not discounted."""
        return sum(self.cost)

    @property
    def npv(self) -> float:
        """The net present value: each month's net at its end, discounted to the start of the first month."""
        return present_value(self.net, self.rate)

    @property
    def payback_month(self) -> int | None:
        """The first month from which on the cumulative cash is never below zero again; None within the horizon."""
        below = [month for month, cash in enumerate(self.cumulative, start=1) if cash < 0]
        month = max(below, default=0) + 1
        return month if month <= HORIZON else None

    @property
    def break_even(self) -> float | None:
        """The share of its benefits at which the net present value is zero; None without benefits."""
        benefit = present_value(self.benefit, self.rate)
        return present_value(self.cost, self.rate) / benefit if benefit > 0 else None


@dataclass(frozen=True, slots=True)
class Swing:
    """How the net present value moves with one assumption, all others as expected."""

    key: str
    at_low: float
    at_high: float

    @property
    def size(self) -> float:
        """How far the two are apart."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True)
class BusinessCase:
    """A roadmap's forecast in low, expected and high, and its assumptions by what they move, most first."""

    low: Forecast
    expected: Forecast
    high: Forecast
    tornado: tuple[Swing, ...]


def business_case(estimates: Mapping[str, Estimate], steps: Sequence[Step]) -> BusinessCase:
    """Return the case of all `ASSUMPTIONS` and a roadmap's steps.

    In *low* every figure is at the end of its range that weighs against the roadmap, in *high* at the other one; what
    weighs on both sides stays as expected. So low ≤ expected ≤ high for each month's cash and all that follows.
    """
    expected = at("expected", estimates)
    return BusinessCase(
        low=forecast(at("low", estimates), steps),
        expected=forecast(expected, steps),
        high=forecast(at("high", estimates), steps),
        tornado=_tornado(estimates, expected, steps),
    )


def at(part: Part, estimates: Mapping[str, Estimate]) -> dict[str, float]:
    """Return the figures of the low, the expected or the high case."""
    return {key: estimates[key].part(_end(key, part)) for key in ASSUMPTIONS}


def forecast(figures: Figures, steps: Sequence[Step]) -> Forecast:
    """Return the cash flow of one set of figures, by the keys of `ASSUMPTIONS`."""
    months = range(1, HORIZON + 1)
    benefits = [_benefits(figures, levels_gained(steps, month, figures["ramp_months"])) for month in months]
    costs = [_costs(figures, steps, month) for month in months]
    yearly = _benefits(figures, sum(step.levels for step in steps))
    return Forecast(
        benefits={stream: tuple(month[stream] for month in benefits) for stream in STREAMS},
        costs={cost: tuple(month[cost] for month in costs) for cost in COSTS},
        yearly={stream: MONTHS_A_YEAR * amount for stream, amount in yearly.items()},
        rate=figures["discount_rate"] / 100,
    )


def levels_gained(steps: Iterable[Step], month: int, ramp_months: float) -> float:
    """Return how many levels have taken effect in a month: a step's grow evenly after it is done, over the ramp."""
    return sum(step.levels * min(max((month - step.last_month) / ramp_months, 0), 1) for step in steps)


def present_value(amounts: Iterable[float], rate: float) -> float:
    """Return what monthly amounts, each at its month's end, are worth at the start; `rate` is a year's, as a share."""
    by_month = enumerate(amounts, start=1)
    return sum(amount / float((1 + rate) ** (month / MONTHS_A_YEAR)) for month, amount in by_month)


def week_cost(figures: Figures) -> float:
    """Return what a person-week costs."""
    return figures["engineer_cost"] / WORKING_WEEKS


def _end(key: str, part: Part) -> Part:
    weighs = ASSUMPTIONS[key].weighs
    if part == "expected" or weighs == "both":
        return "expected"
    if weighs == "for":
        return part
    return "high" if part == "low" else "low"


def _tornado(estimates: Mapping[str, Estimate], expected: Figures, steps: Sequence[Step]) -> tuple[Swing, ...]:
    swings = [
        Swing(
            key,
            at_low=forecast({**expected, key: estimates[key].low}, steps).npv,
            at_high=forecast({**expected, key: estimates[key].high}, steps).npv,
        )
        for key in ASSUMPTIONS
        if estimates[key].low < estimates[key].high
    ]
    return tuple(sorted((swing for swing in swings if swing.size), key=lambda swing: -swing.size))


def _benefits(figures: Figures, levels: float) -> dict[Stream, float]:
    """Return what a month brings by stream with so many levels gained."""
    week = week_cost(figures) * figures["capture"] / 100
    hour = week / HOURS_A_WEEK

    def saved(cut: str) -> float:
        return float(1 - (1 - figures[cut] / 100) ** levels)

    sooner = figures["new_models"] * figures["weeks_to_production"] * saved("time_cut")
    a_year: dict[Stream, float] = {
        "faster_release": sooner * (figures["people_to_production"] * week + figures["model_value"] / WEEKS_A_YEAR),
        "fewer_incidents": figures["incidents"]
        * saved("incident_cut")
        * (figures["incident_hours"] * hour + figures["incident_loss"]),
        "less_toil": figures["toil_hours"] * WEEKS_A_YEAR * saved("toil_cut") * hour,
        "less_retraining": figures["models"]
        * figures["retrainings"]
        * figures["retraining_hours"]
        * saved("retraining_cut")
        * hour,
        "better_models": figures["models"] * figures["points_gained"] * levels * figures["point_value"],
    }
    return {stream: amount / MONTHS_A_YEAR for stream, amount in a_year.items()}


def _costs(figures: Figures, steps: Sequence[Step], month: int) -> dict[Cost, float]:
    week = week_cost(figures) * (1 + figures["overrun"] / 100)
    built = sum(step.weeks for step in steps if step.last_month < month)
    tools = sum(step.tools for step in steps if step.first_month <= month)
    return {
        "effort": sum(_weeks_in(step, month) for step in steps) * week,
        "tools": tools * figures["tool_cost"] / MONTHS_A_YEAR,
        "upkeep": built * week * figures["upkeep"] / 100 / MONTHS_A_YEAR,
        "one_off": figures["one_off_cost"] if month == 1 else 0.0,
    }


def _weeks_in(step: Step, month: int) -> float:
    """Return the person-weeks of a step in a month, its work spread evenly."""
    if not step.first_month <= month <= step.last_month:
        return 0.0
    return step.weeks / (step.last_month - step.first_month + 1)


def _summed(rows: Iterable[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(sum(amounts) for amounts in zip(*rows, strict=True))
