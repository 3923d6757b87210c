"""Steps laid out in time: their order, their phases, and what becomes of the scores; specified in docs/planning.md."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from math import ceil

from roadmaps.plans import Missed, Resources, Target
from roadmaps.steps import Outlook, Standing, Step, StepKey

PHASE_MONTHS = 3


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step in its place: start and end in months from the start, what it gains overall, where one stands then.

    `requires` are the steps of the plan that come directly before it, `needed_by` those that it comes directly before.
    """

    step: Step
    start: Fraction
    end: Fraction
    phase: int
    fits: bool
    gain: Fraction
    after: Standing
    requires: tuple[StepKey, ...]
    needed_by: tuple[StepKey, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """A step that cannot be done, as these steps, directly or further down, are not in the plan."""

    step: Step
    lacking: tuple[StepKey, ...]


@dataclass(frozen=True, slots=True)
class Phase:
    """The months `first` to `last` (from 1), the steps that are finished in them, and where one stands at the end."""

    number: int
    first: int
    last: int
    steps: tuple[PlannedStep, ...]
    after: Standing

    @property
    def effort(self) -> Fraction:
        return sum((planned.step.effort for planned in self.steps), Fraction())


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in their order with what becomes of them; blocked ones count for nothing, and are in neither sum.

    `in_time` is where one stands at the end of the horizon. `months_needed` is how many whole months the effort takes
    with the capacity, `capacity_needed` what it takes a month to be done within the horizon.
    """

    target: Target
    resources: Resources
    current: Standing
    projected: Standing
    in_time: Standing
    missed: Missed
    missed_in_time: Missed
    steps: tuple[PlannedStep, ...]
    blocked: tuple[Blocked, ...]
    phases: tuple[Phase, ...]

    @property
    def effort(self) -> Fraction:
        """Person-weeks of all steps that can be done."""
        return sum((planned.step.effort for planned in self.steps), Fraction())

    @property
    def fits(self) -> bool:
        """Whether all of it is done within the horizon."""
        return self.effort <= self.resources.budget

    @property
    def months_needed(self) -> int:
        return ceil(self.effort / self.resources.capacity)

    @property
    def capacity_needed(self) -> Fraction:
        return self.effort / self.resources.months


def lay_out(
    outlook: Outlook,
    steps: Collection[StepKey],
    target: Target,
    resources: Resources,
    *,
    order: Sequence[StepKey] = (),
    done: Collection[StepKey] = (),
) -> Plan:
    """Put steps in order and time, and tell what becomes of the scores.

    `order` is a wish: each of its steps comes as soon as what it needs is done. Without one the next step is always one
    of the weakest dimension. What is `done` already lacks nothing. Raises KeyError for a step that is not open.
    """
    chosen = {key: outlook.steps[key] for key in outlook.steps if key in set(steps)}
    if len(chosen) < len(set(steps)):
        raise KeyError(next(key for key in steps if key not in outlook.steps))
    blocked = _blocked(outlook, chosen, set(done))
    doable = {key: step for key, step in chosen.items() if key not in blocked}
    planned = tuple(_planned(outlook, doable, resources, order))
    projected = planned[-1].after if planned else outlook.current
    in_time = next((one.after for one in reversed(planned) if one.fits), outlook.current)
    return Plan(
        target=target,
        resources=resources,
        current=outlook.current,
        projected=projected,
        in_time=in_time,
        missed=target.missed(outlook.definition, projected),
        missed_in_time=target.missed(outlook.definition, in_time),
        steps=planned,
        blocked=tuple(Blocked(chosen[key], lacking) for key, lacking in blocked.items()),
        phases=tuple(_phases(planned, outlook.current, resources)),
    )


def _blocked(
    outlook: Outlook, chosen: Mapping[StepKey, Step], done: Collection[StepKey]
) -> dict[StepKey, tuple[StepKey, ...]]:
    """Return the steps that cannot be done, and which that are not chosen they lack, directly or further down."""
    before: dict[StepKey, frozenset[StepKey]] = {}
    for key in _topological(outlook.steps, outlook.steps):
        direct = frozenset() if key in done else outlook.steps[key].requires
        before[key] = direct.union(*(before[other] for other in direct))
    order = {key: place for place, key in enumerate(outlook.steps)}
    lacking = {key: before[key] - chosen.keys() for key in chosen}
    return {key: tuple(sorted(some, key=order.__getitem__)) for key, some in lacking.items() if some}


def _topological(steps: Mapping[StepKey, Step], chosen: Iterable[StepKey]) -> Iterator[StepKey]:
    """Yield the chosen steps, each after those it requires."""
    wanted = set(chosen)
    graph = {key: steps[key].requires & wanted for key in wanted}
    return iter(TopologicalSorter(graph).static_order())


def _planned(
    outlook: Outlook, steps: Mapping[StepKey, Step], resources: Resources, wish: Sequence[StepKey]
) -> Iterator[PlannedStep]:
    """Yield steps, none of them blocked, in their order; see `lay_out`."""
    done: dict[str, frozenset[StepKey]] = {dimension.key: frozenset() for dimension in outlook.definition.dimensions}
    standing, spent = outlook.current, Fraction()
    needed_by = _needed_by(steps)
    for key in _in_order(outlook, steps, wish):
        step = steps[key]
        before, start = standing, spent
        done[step.dimension] |= {key}
        spent += step.effort
        standing = outlook.after(before, step.dimension, done[step.dimension])
        end = spent / resources.capacity
        yield PlannedStep(
            step=step,
            start=start / resources.capacity,
            end=end,
            phase=ceil(end / PHASE_MONTHS),
            fits=spent <= resources.budget,
            gain=(standing.overall or Fraction()) - (before.overall or Fraction()),
            after=standing,
            requires=tuple(other for other in steps if other in step.requires),
            needed_by=tuple(needed_by[key]),
        )


def _in_order(outlook: Outlook, steps: Mapping[StepKey, Step], wish: Sequence[StepKey]) -> Iterator[StepKey]:
    """Yield the steps in the order of the wish as far as what they require lets them, the others after these.

    Of those without a wish: the weakest dimension's next, by level, then the least effort, then as asked.
    """
    scores = dict(outlook.current.scores)
    done: dict[str, frozenset[StepKey]] = {key: frozenset() for key in scores}
    waiting = {key: set(step.requires & steps.keys()) for key, step in steps.items()}
    urgency = _urgency(steps, wish)
    urgent: list[tuple[int, int, StepKey]] = []
    ready: dict[str, list[tuple[int, Fraction, int, StepKey]]] = {key: [] for key in scores}
    places = {key: place for place, key in enumerate(steps)}

    def make_ready(key: StepKey) -> None:
        step = steps[key]
        if key in urgency:
            heappush(urgent, (urgency[key], places[key], key))
        else:
            heappush(ready[step.dimension], (step.level, step.effort, places[key], key))

    for key, needs in waiting.items():
        if not needs:
            make_ready(key)
    needed_by = _needed_by(steps)
    for _ in steps:
        weakest = min((key for key in ready if ready[key]), key=lambda key: scores[key] or 0, default="")
        key = heappop(urgent)[-1] if urgent else heappop(ready[weakest])[-1]
        yield key
        for other in needed_by[key]:
            waiting[other].discard(key)
            if not waiting[other]:
                make_ready(other)
        dimension = steps[key].dimension
        done[dimension] |= {key}
        scores[dimension] = outlook.score(dimension, done[dimension])


def _urgency(steps: Mapping[StepKey, Step], wish: Sequence[StepKey]) -> dict[StepKey, int]:
    """Return the place in the wish of each wished step, and of what it requires, which is as urgent as the step."""
    urgency = {key: place for place, key in enumerate(wish) if key in steps}
    for key in reversed(list(_topological(steps, steps))):
        for other in steps[key].requires & steps.keys() if key in urgency else ():
            urgency[other] = min(urgency.get(other, urgency[key]), urgency[key])
    return urgency


def _needed_by(steps: Mapping[StepKey, Step]) -> dict[StepKey, list[StepKey]]:
    """Return the steps that each one comes directly before."""
    needed_by: dict[StepKey, list[StepKey]] = {key: [] for key in steps}
    for key, step in steps.items():
        for other in step.requires & steps.keys():
            needed_by[other].append(key)
    return needed_by


def _phases(planned: Sequence[PlannedStep], current: Standing, resources: Resources) -> Iterator[Phase]:
    """Yield the phases from the start to the end of the horizon, and further where the steps take longer."""
    last = max([ceil(Fraction(resources.months, PHASE_MONTHS)), *(one.phase for one in planned)])
    after = current
    for number in range(1, last + 1):
        steps = tuple(one for one in planned if one.phase == number)
        after = steps[-1].after if steps else after
        first = PHASE_MONTHS * (number - 1) + 1
        end = PHASE_MONTHS * number
        if first <= resources.months < end and not any(one.end > resources.months for one in steps):
            end = resources.months
        yield Phase(number, first, end, steps, after)
