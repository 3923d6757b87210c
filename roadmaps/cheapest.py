"""The cheapest set of steps that gains enough, where some steps need others first: exact, on whole numbers.

Why it is right stands in docs/planning.md, "How the cheapest set is found". Sets of steps are bit masks: step n is the
bit 1 << n. It knows nothing of questionnaires.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import NamedTuple

MAX_WORK = 450_000
"""How many options are weighed before the search settles for a set that may not be the cheapest."""


class Option(NamedTuple):
    """A set of steps: what it costs and gains, and which they are."""

    cost: int
    gain: int
    steps: int


Tier = Sequence[Option]
"""Single steps of which any may be taken."""


@dataclass(frozen=True, slots=True)
class Part:
    """Steps that come one above the other, by themselves.

    A part is either `ladders`, each a sequence of tiers of which all of one comes before any of the next, gains adding
    up; or `options`, every set that there is, where they do not add up. It must gain `floor` at least.
    """

    ladders: Sequence[Sequence[Tier]] = ()
    options: Sequence[Option] = ()
    floor: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Parts, the preferred first, that gain `need` at least in all; `requires` has each step's direct prerequisites."""

    parts: Sequence[Part]
    need: int
    requires: Sequence[int]

    def closed(self, steps: int) -> int:
        """Return the steps with all that comes before them."""
        return _closed(steps, self.requires)

    def dependents(self, steps: int) -> int:
        """Return the steps with all that comes after them."""
        above = [0] * len(self.requires)
        for step, needed in enumerate(self.requires):
            for other in _bits(needed):
                above[other] |= 1 << step
        return _closed(steps, above)


class Found(NamedTuple):
    """The cheapest set, its cost, and whether it is proven that there is no cheaper one."""

    steps: int
    cost: int
    is_proven: bool


class _Node(NamedTuple):
    """A branch of the search, by the key of the best set that it could have, requirements between parts aside."""

    key: tuple[int, ...]
    number: int
    steps: int
    forced: int
    forbidden: int


@dataclass(slots=True)
class _Work:
    """How many options may still be weighed."""

    left: int

    def weigh(self, options: int) -> None:
        """Count options that are about to be weighed. Raises _UsedUp where they are too many."""
        self.left -= options
        if self.left < 0:
            raise _UsedUp


class _UsedUp(Exception):
    """No more options may be weighed."""


def find_cheapest(problem: Problem, *, forced: int = 0, forbidden: int = 0, at_most: int | None = None) -> Found | None:
    """Return the cheapest set with all of `forced` and none of `forbidden`; None where none gains enough.

    Of equally cheap sets it is the one that spends the most in the first part, then in the second, and so on. Where
    every set costs more than `at_most`, None as well.
    """
    forced, forbidden = problem.closed(forced), problem.dependents(forbidden)
    if forced & forbidden:
        return None
    search = _Search(problem, at_most)
    try:
        search.open(forced, forbidden)
        while search.nodes:
            node = heapq.heappop(search.nodes)
            lacking = problem.closed(node.steps) & ~node.steps
            if not lacking:
                return Found(node.steps, node.key[0], is_proven=True)
            search.settle_for(node.steps | lacking)
            branch = lacking & -lacking
            search.open(node.forced | problem.closed(branch), node.forbidden)
            search.open(node.forced, node.forbidden | problem.dependents(branch))
    except _UsedUp:
        known = search.fallback or problem.closed(_nearly(problem, forced, forbidden))
        steps = _trimmed(problem, known, forced)
        return Found(steps, _cost(problem, steps), is_proven=False)
    return None


@dataclass(slots=True)
class _Search:
    """The open branches of a search, and the best set known so far that lacks nothing: no branch may cost more."""

    problem: Problem
    at_most: int | None
    fallback: int = 0
    nodes: list[_Node] = field(default_factory=list)
    work: _Work = field(default_factory=lambda: _Work(MAX_WORK))
    _numbers: Iterator[int] = field(default_factory=count)

    def open(self, forced: int, forbidden: int) -> None:
        """Add a branch where there is something in it. Raises _UsedUp."""
        self.work.weigh(len(self.problem.requires))
        relaxed = _without_requirements(self.problem, forced, forbidden, self.at_most, self.work)
        if relaxed is not None:
            key, steps = relaxed
            heapq.heappush(self.nodes, _Node(key, next(self._numbers), steps, forced, forbidden))

    def settle_for(self, steps: int) -> None:
        """Remember a set that lacks nothing, if it is the best so far."""
        cost = _cost(self.problem, steps)
        if self.at_most is None or cost <= self.at_most:
            self.fallback, self.at_most = steps, cost


def _trimmed(problem: Problem, steps: int, forced: int) -> int:
    """Return a set without the steps that it can spare: those that cost the most for what they gain go first."""
    above = [0] * len(problem.requires)
    for step, needed in enumerate(problem.requires):
        for other in _bits(needed):
            above[other] |= 1 << step
    units: list[tuple[int, Option]] = []
    spare = []
    for place, part in enumerate(problem.parts):
        taken = [unit for tiers in part.ladders for tier in tiers for unit in tier if unit.steps & steps]
        mine = steps & _union(option.steps for option in part.options)
        gain = sum(unit.gain for unit in taken) + max((o.gain for o in part.options if o.steps == mine), default=0)
        units += [(place, unit) for unit in taken if not unit.steps & forced]
        spare.append(gain - part.floor)
    spare_in_all = sum(spare) + sum(part.floor for part in problem.parts) - problem.need
    units.sort(key=lambda one: (one[1].gain * 1000 // (one[1].cost or 1), -one[1].cost))
    is_trimmed = True
    while is_trimmed:
        is_trimmed = False
        for place, unit in units:
            needed = above[unit.steps.bit_length() - 1] & steps
            if unit.steps & steps and not needed and unit.gain <= min(spare[place], spare_in_all):
                steps &= ~unit.steps
                spare[place] -= unit.gain
                spare_in_all -= unit.gain
                is_trimmed = True
    return steps


def _nearly(problem: Problem, forced: int, forbidden: int) -> int:
    """Return a set that gains enough and keeps to each part's own order, by Lagrange's price alone."""
    columns = [column for part in problem.parts for column in _columns(part, forced, forbidden) if column is not None]
    priced = _price(columns, problem.need - sum(column.gain for column in columns))
    assert priced is not None  # noqa: S101 - asked before by _cover
    return _union(column.steps | one.steps for column, one in zip(columns, priced.enough, strict=True))


def _without_requirements(
    problem: Problem, forced: int, forbidden: int, at_most: int | None, work: _Work
) -> tuple[tuple[int, ...], int] | None:
    """Return the cheapest set that keeps to each part's own order, with its key: its cost, then what is preferred.

    None where there is none, and where each costs more than `at_most`. Raises _UsedUp.
    """
    columns: list[_Column] = []
    places: list[int] = []
    for place, part in enumerate(problem.parts):
        for column in _columns(part, forced, forbidden):
            if column is None:
                return None
            columns.append(column)
            places.append(place)
    if at_most is not None:
        at_most -= sum(column.cost for column in columns)
    chosen = _cover(columns, problem.need - sum(column.gain for column in columns), at_most, work)
    if chosen is None:
        return None
    spent = [0] * len(problem.parts)
    for place, column, option in zip(places, columns, chosen, strict=True):
        spent[place] -= column.cost + option.cost
    steps = _union(column.steps | option.steps for column, option in zip(columns, chosen, strict=True))
    return (-sum(spent), *spent), steps


@dataclass(slots=True)
class _Column:
    """What one part, or one ladder of it, may add to what is forced (`cost`, `gain`, `steps`): tiers or options."""

    cost: int = 0
    gain: int = 0
    steps: int = 0
    tiers: list[list[Option]] = field(default_factory=list)
    options: list[Option] | None = None

    def best(self, weight: int, price: int) -> Option:
        """Return what has the least weight·cost - price·gain; of equals that with the larger gain."""
        if self.options is not None:
            return min(self.options, key=lambda one: (weight * one.cost - price * one.gain, -one.gain))
        prefix = best = Option(0, 0, 0)
        best_value = 0
        for tier in self.tiers:
            taken = _sum(prefix, (unit for unit in tier if weight * unit.cost <= price * unit.gain))
            value = weight * taken.cost - price * taken.gain
            if (value, -taken.gain) < (best_value, -best.gain):
                best, best_value = taken, value
            prefix = _sum(prefix, tier)
        return best

    def near(self, weight: int, price: int, slack: int, work: _Work | None = None) -> list[Option]:
        """Return the options that nothing beats in both cost and gain, less those farther than `slack` from the best.

        Farther in weight·cost - price·gain.
        """
        best = self.best(weight, price)
        limit = weight * best.cost - price * best.gain + slack
        if self.options is not None:
            return _front(one for one in self.options if weight * one.cost - price * one.gain <= limit)
        found = [Option(0, 0, 0)]
        prefix = Option(0, 0, 0)
        for tier in self.tiers:
            values = [min(0, weight * unit.cost - price * unit.gain) for unit in tier]
            hopes = [*accumulate(reversed(values), initial=0)][-2::-1]
            states = [prefix]
            for unit, hope in zip(tier, hopes, strict=True):
                if work is not None:
                    work.weigh(2 * len(states))
                states = _front(
                    one
                    for one in (*states, *(_sum(state, [unit]) for state in states))
                    if weight * one.cost - price * one.gain + hope <= limit
                )
            found += states
            prefix = _sum(prefix, tier)
        return _front(one for one in found if weight * one.cost - price * one.gain <= limit)


def _columns(part: Part, forced: int, forbidden: int) -> Iterator[_Column | None]:
    """Yield a part's columns, None where it cannot have what is forced, or reach its floor."""
    if part.options:
        mine = _union(option.steps for option in part.options)
        options = [
            one
            for one in part.options
            if one.gain >= part.floor and not one.steps & forbidden and not mine & forced & ~one.steps
        ]
        yield _Column(options=options) if options else None
        return
    ladders = [_ladder(tiers, forced, forbidden) for tiers in part.ladders]
    base = _sum(Option(0, 0, 0), (Option(one.cost, one.gain, one.steps) for one in ladders))
    if base.gain >= part.floor:
        yield from ladders
        return
    # What is over the floor together is known only when the ladders are put together.
    together = [base]
    for ladder in ladders:
        options = ladder.near(1, 0, sum(unit.cost for tier in ladder.tiers for unit in tier))
        together = _front(_sum(one, [other]) for one in together for other in options)
    enough = [
        Option(one.cost - base.cost, one.gain - base.gain, one.steps & ~base.steps)
        for one in together
        if one.gain >= part.floor
    ]
    yield _Column(base.cost, base.gain, base.steps, options=enough) if enough else None


def _ladder(tiers: Sequence[Tier], forced: int, forbidden: int) -> _Column:
    column = _Column()
    for tier in tiers:
        base = _sum(Option(column.cost, column.gain, column.steps), (unit for unit in tier if unit.steps & forced))
        column.cost, column.gain, column.steps = base
    for tier in tiers:
        free = [unit for unit in tier if not unit.steps & (column.steps | forbidden)]
        if free:
            column.tiers.append(free)
        if any(unit.steps & forbidden for unit in tier):
            break
    return column


def _cover(columns: Sequence[_Column], need: int, at_most: int | None, work: _Work) -> list[Option] | None:
    """Return an option of each column that together gain `need` the cheapest, the most spent in the first ones.

    None where they gain too little, and where they cost more than `at_most`. Raises _UsedUp.
    """
    priced = _price(columns, need)
    if priced is None or (at_most is not None and priced.bound > priced.weight * at_most):
        return None
    weight, price, bound, slack, _enough = priced
    # Nearly always the cheapest is near the bound: look there first, and farther only as far as it may still be.
    tried = slack // 1024
    while True:
        options = [column.near(weight, price, tried, work) for column in columns]
        chosen = _choose(options, need, weight, price, tried, work)
        gap = slack if chosen is None else weight * sum(option.cost for option in chosen) - bound
        if chosen is not None and gap <= tried:
            return chosen
        tried = min(gap, 4 * tried + 1) if chosen is None else gap


class _Price(NamedTuple):
    """Weight, price and value of Lagrange's bound, how far a cheapest set can be above it, and options with enough.

    The bound is the least of weight·cost - price·gain + price·need.
    """

    weight: int
    price: int
    bound: int
    slack: int
    enough: Sequence[Option]


def _price(columns: Sequence[_Column], need: int) -> _Price | None:
    """Return the price at which a gain is worth its cost. None where all together gain too little."""

    def at(weight: int, price: int) -> tuple[int, int, Sequence[Option]]:
        chosen = [column.best(weight, price) for column in columns]
        return sum(one.cost for one in chosen), sum(one.gain for one in chosen), chosen

    cheap, rich = at(1, 0), at(0, 1)
    if rich[1] < need:
        return None
    if cheap[1] >= need:
        return _Price(1, 0, cheap[0], 0, cheap[2])
    while True:
        weight, price = rich[1] - cheap[1], rich[0] - cheap[0]
        between = at(weight, price)
        if weight * between[0] - price * between[1] >= weight * cheap[0] - price * cheap[1]:
            break
        if between[1] >= need:
            rich = between
        else:
            cheap = between
    bound = weight * cheap[0] - price * cheap[1] + price * need
    return _Price(weight, price, bound, weight * rich[0] - bound, rich[2])


def _choose(
    options: Sequence[Sequence[Option]], need: int, weight: int, price: int, slack: int, work: _Work
) -> list[Option] | None:
    """Return one of each column's options: the cheapest that gain `need`, the most spent in the first columns.

    None where none does that is at most `slack` from the best in weight·cost - price·gain.
    """
    least = [min(weight * one.cost - price * one.gain for one in near) for near in options]
    before = [*accumulate(least, initial=0)]
    richest = [*accumulate((near[-1].gain for near in options), initial=0)]
    fronts: list[list[Option]] = [[Option(0, 0, 0)]]
    for place in range(len(options) - 1, -1, -1):
        limit = before[-1] - before[place] + slack
        work.weigh(len(options[place]) * len(fronts[-1]))
        fronts.append(
            _front(
                Option(one.cost + other.cost, one.gain + other.gain, 0)
                for one in options[place]
                for other in fronts[-1]
                if one.gain + other.gain + richest[place] >= need
                and weight * (one.cost + other.cost) - price * (one.gain + other.gain) <= limit
            )
        )
    fronts.reverse()
    enough = next((one for one in fronts[0] if one.gain >= need), None)
    if enough is None:
        return None
    budget = enough.cost
    chosen: list[Option] = []
    for near, rest in zip(options, fronts[1:], strict=True):
        taken = next(one for one in reversed(near) if _reaches(rest, budget - one.cost, need - one.gain))
        chosen.append(taken)
        budget, need = budget - taken.cost, need - taken.gain
    return chosen


def _reaches(front: Sequence[Option], budget: int, need: int) -> bool:
    place = bisect_right(front, budget, key=lambda one: one.cost)
    return place > 0 and front[place - 1].gain >= need


def _front(options: Iterable[Option]) -> list[Option]:
    """Return the options that no cheaper one equals in gain, by cost; of equals the first."""
    front: list[Option] = []
    for option in sorted(options, key=lambda one: (one.cost, -one.gain)):
        if not front or option.gain > front[-1].gain:
            front.append(option)
    return front


def _sum(base: Option, more: Iterable[Option]) -> Option:
    cost, gain, steps = base
    for option in more:
        cost, gain, steps = cost + option.cost, gain + option.gain, steps | option.steps
    return Option(cost, gain, steps)


def _cost(problem: Problem, steps: int) -> int:
    """Return what steps cost that keep to each part's order."""
    cost = 0
    for part in problem.parts:
        cost += sum(unit.cost for tiers in part.ladders for tier in tiers for unit in tier if unit.steps & steps)
        if part.options:
            mine = _union(option.steps for option in part.options)
            cost += min(option.cost for option in part.options if option.steps == steps & mine)
    return cost


def _closed(steps: int, leads_to: Sequence[int]) -> int:
    pending = steps
    while pending:
        bit = pending & -pending
        more = leads_to[bit.bit_length() - 1] & ~steps
        steps |= more
        pending = (pending ^ bit) | more
    return steps


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield bit.bit_length() - 1
        mask ^= bit
