"""Plans from a result to a target: the cheapest, and what becomes of any other; specified in docs/planning.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain, combinations, product, zip_longest
from math import floor, lcm, prod

from assessments.definition import Definition, Dimension, Level
from assessments.scoring import Scores
from roadmaps.cheapest import Option, Part, Problem, find_cheapest
from roadmaps.steps import Outlook, Standing, Step, StepKey

MONTHS = 6
CAPACITY = Fraction(8)
"""Person-weeks a month: two people, less what else they do."""
MOST_SETS = 1024
"""Up to so many sets of steps of a dimension are told apart where gains do not add up."""


@dataclass(frozen=True, slots=True)
class Target:
    """A level to reach, levels for some dimensions (by key) to reach, or both.

    A dimension reaches a level where its own score would (`Level.is_reached`).
    """

    level: Level | None
    dimensions: Mapping[str, Level] = field(default_factory=dict)

    def missed(self, definition: Definition, standing: Standing) -> Missed:
        """Return what of it a standing does not reach."""
        falls_short = self.level is not None and (standing.level is None or standing.level < self.level.number)
        return Missed(
            level=self.level if falls_short else None,
            dimensions={
                key: level
                for key, level in self.dimensions.items()
                if (score := standing.scores[key]) is None or not level.is_reached(score)
            },
        )


@dataclass(frozen=True, slots=True)
class Missed:
    """What of a target is not reached; false where all of it is."""

    level: Level | None
    dimensions: Mapping[str, Level]

    def __bool__(self) -> bool:
        return self.level is not None or bool(self.dimensions)


@dataclass(frozen=True, slots=True)
class Resources:
    """So many months with so many person-weeks in each."""

    months: int = MONTHS
    capacity: Fraction = CAPACITY

    @property
    def budget(self) -> Fraction:
        """Person-weeks in all."""
        return self.months * self.capacity


@dataclass(frozen=True, slots=True)
class Cheapest:
    """The steps of a plan that reaches its target; `is_proven` says that no other one takes less effort."""

    steps: frozenset[StepKey]
    effort: Fraction
    is_proven: bool


def default_target(definition: Definition, standing: Standing) -> Target:
    """Return the level above the standing's; the highest where there is none above."""
    above = (level for level in definition.levels if standing.level is None or level.number > standing.level)
    return Target(next(above, definition.levels[-1]))


def cheapest_plan(
    outlook: Outlook,
    target: Target,
    *,
    pinned: Iterable[StepKey] = (),
    dropped: Iterable[StepKey] = (),
    at_most: Fraction | None = None,
) -> Cheapest | None:
    """Return the steps that reach a target with the least effort, with `pinned` and without `dropped` ones.

    With a step come those before it, without it go those after it. None where no steps reach the target so, or
    all that do take more than `at_most` person-weeks. Of equally cheap plans it is the one that spends more in the
    weaker dimension.
    """
    index = {key: place for place, key in enumerate(outlook.steps)}
    stated = _problem(outlook, target, index)
    if stated is None:
        return None
    problem, scale = stated
    found = find_cheapest(
        problem,
        forced=_mask(pinned, index),
        forbidden=_mask(dropped, index),
        at_most=None if at_most is None else floor(at_most * scale),
    )
    if found is None:
        return None
    steps = frozenset(key for key, place in index.items() if found.steps >> place & 1)
    return Cheapest(steps, Fraction(found.cost, scale), found.is_proven)


def best_in_time(outlook: Outlook, target: Target, resources: Resources) -> tuple[Level, Cheapest] | None:
    """Return the highest level under the target's that fits the resources, with its cheapest plan; None without one."""
    now = outlook.current.level
    for level in reversed(outlook.definition.levels):
        if target.level is None or level.number >= target.level.number or (now is not None and level.number <= now):
            continue
        cheapest = cheapest_plan(outlook, Target(level), at_most=resources.budget)
        if cheapest is not None and cheapest.effort <= resources.budget:
            return level, cheapest
    return None


def weakest_first(definition: Definition, scores: Scores) -> list[Dimension]:
    """Return the dimensions that have a score, the lowest first, else in the definition's order."""
    scored = [(score, dimension) for dimension in definition.dimensions if (score := scores[dimension.key]) is not None]
    return [dimension for _score, dimension in sorted(scored, key=lambda pair: pair[0])]


Unit = tuple[Fraction, Fraction, int]
"""Cost, weighted gain and bit mask of some steps."""


@dataclass(frozen=True, slots=True)
class _Sets:
    """What may be chosen in a dimension, as a `Part` on fractions."""

    ladders: Sequence[Sequence[Sequence[Unit]]]
    options: Sequence[Unit]
    floor: Fraction


def _problem(outlook: Outlook, target: Target, index: Mapping[StepKey, int]) -> tuple[Problem, int] | None:
    """Return the problem on whole numbers, and how many of them a person-week is; None for a target without scores."""
    definition, start = outlook.definition, outlook.current
    dimensions = weakest_first(definition, start.scores)
    floors = _floors(definition, target)
    if not dimensions or not target.dimensions.keys() <= {dimension.key for dimension in dimensions}:
        return None
    need, more = Fraction(), 0
    if target.level is not None and definition.scoring.combine == "mean" and start.overall is not None:
        need = (target.level.min_score - start.overall) * sum(dimension.weight for dimension in dimensions)
        more = int(target.level.exclusive)
    requires = [_mask(step.requires, index) for step in outlook.steps.values()]
    parts, above = [], []
    for dimension in dimensions:
        least, exclusive = floors.get(dimension.key, (Fraction(), False))
        lack = least - (start.scores[dimension.key] or Fraction())
        parts.append(_sets(outlook, dimension, index, requires, max(Fraction(), lack * dimension.weight)))
        above.append(int(exclusive and lack >= 0))
    units = [unit for one in parts for unit in (*chain.from_iterable(chain.from_iterable(one.ladders)), *one.options)]
    costs = lcm(1, *(cost.denominator for cost, _gain, _mask in units))
    gains = lcm(
        need.denominator, *(one.floor.denominator for one in parts), *(gain.denominator for _, gain, _ in units)
    )

    def option(unit: Unit) -> Option:
        return Option(int(unit[0] * costs), int(unit[1] * gains), unit[2])

    whole = [
        Part(
            ladders=[[[option(unit) for unit in tier] for tier in ladder] for ladder in one.ladders],
            options=[option(unit) for unit in one.options],
            floor=int(one.floor * gains) + a_little,
        )
        for one, a_little in zip(parts, above, strict=True)
    ]
    # On whole numbers, more than a threshold is at least one more.
    return Problem(whole, int(need * gains) + more, requires), costs


def _floors(definition: Definition, target: Target) -> dict[str, tuple[Fraction, bool]]:
    """Return the least score that the target asks of dimensions, by key, and whether it has to be passed."""
    floors = {key: (level.min_score, level.exclusive) for key, level in target.dimensions.items()}
    if target.level is not None and definition.scoring.combine != "mean":
        least = target.level.min_score, target.level.exclusive
        return {dimension.key: max(least, floors.get(dimension.key, least)) for dimension in definition.dimensions}
    return floors


def _sets(
    outlook: Outlook, dimension: Dimension, index: Mapping[StepKey, int], requires: list[int], floor: Fraction
) -> _Sets:
    """Return what may be chosen in a dimension. May add to `requires` that some steps are taken together only."""
    steps = [step for step in outlook.steps.values() if step.dimension == dimension.key]
    ladders = [[list(tier) for tier in ladder] for ladder in _ladders(steps)]
    if outlook.adds_up:
        gains = outlook.gains
        return _Sets(
            [
                [
                    [(one.effort, gains[one.key] * dimension.weight, 1 << index[one.key]) for one in tier]
                    for tier in ladder
                ]
                for ladder in ladders
            ],
            (),
            floor,
        )
    if prod(1 + sum(2 ** len(tier) - 1 for tier in ladder) for ladder in ladders) > MOST_SETS:
        ladders = [[list(chain.from_iterable(tiers)) for tiers in zip_longest(*ladders, fillvalue=())]]
        for tier in ladders[0]:
            together = _mask((step.key for step in tier), index)
            for step in tier:
                requires[index[step.key]] |= together
        choices = [[list(chain.from_iterable(ladders[0][:height])) for height in range(len(ladders[0]) + 1)]]
    else:
        choices = [list(_from_the_bottom(ladder)) for ladder in ladders]
    before = outlook.current.scores[dimension.key] or Fraction()
    return _Sets(
        (),
        [
            (
                sum((step.effort for step in chosen), Fraction()),
                ((outlook.score(dimension.key, frozenset(step.key for step in chosen)) or before) - before)
                * dimension.weight,
                _mask((step.key for step in chosen), index),
            )
            for chosen in (list(chain.from_iterable(sets)) for sets in product(*choices))
        ],
        floor,
    )


def _ladders(steps: Iterable[Step]) -> list[list[list[Step]]]:
    """Return what comes one above the other in a dimension: its practices by level, and each ladder's rungs."""
    practices: dict[int, list[Step]] = {}
    rungs: dict[str, list[list[Step]]] = {}
    for step in steps:
        if step.rung:
            rungs.setdefault(step.question, []).append([step])
        else:
            practices.setdefault(step.level, []).append(step)
    levels = [practices[level] for level in sorted(practices)]
    return [*([levels] if levels else []), *rungs.values()]


def _from_the_bottom(ladder: Sequence[Sequence[Step]]) -> Iterator[list[Step]]:
    """Yield every set of which no step is without those of the tiers under it."""
    below: list[Step] = []
    yield below
    for tier in ladder:
        for size in range(1, len(tier) + 1):
            for some in combinations(tier, size):
                yield [*below, *some]
        below = [*below, *tier]


def _mask(keys: Iterable[StepKey], index: Mapping[StepKey, int]) -> int:
    mask = 0
    for key in keys:
        mask |= 1 << index[key]
    return mask
