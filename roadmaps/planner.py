"""The state of the planning page: which steps the reader has chosen, beside the cheapest plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from assessments.definition import Level
from roadmaps.forms import PlannerForm, read_keys
from roadmaps.plans import Cheapest, best_in_time, cheapest_plan
from roadmaps.schedule import Plan, lay_out
from roadmaps.steps import Outlook, StepKey


@dataclass(frozen=True)
class Choice:
    """What was chosen: `steps` in their order, of which `pinned` stay; `based_on` is the plan that was proposed.

    `arranged` says that the order is the reader's.
    """

    steps: Sequence[StepKey]
    pinned: Sequence[StepKey] = ()
    dropped: Sequence[StepKey] = ()
    based_on: frozenset[StepKey] = frozenset()
    arranged: bool = False


@dataclass(frozen=True)
class Planned:
    """The reader's plan, and beside it the cheapest; `around` is the cheapest with what is pinned, without the dropped.

    `lower` is the highest level that fits, with its plan, where the cheapest plan does not.
    """

    choice: Choice
    plan: Plan
    cheapest: Cheapest | None
    around: Cheapest | None
    lower: tuple[Level, Cheapest] | None

    @property
    def is_cheapest(self) -> bool:
        return self.cheapest is not None and self.plan.effort == self.cheapest.effort and not self.plan.missed

    @property
    def extra(self) -> Fraction:
        """What the reader's plan takes more than the cheapest, in person-weeks."""
        return self.plan.effort - self.cheapest.effort if self.cheapest else Fraction()

    @property
    def differs(self) -> bool:
        """Whether there is another way around what was pinned and dropped."""
        return self.around is not None and self.around.steps != frozenset(self.choice.steps)

    @property
    def cheapest_fits(self) -> bool:
        return self.cheapest is not None and self.cheapest.effort <= self.plan.resources.budget


def read_choice(data: Any, outlook: Outlook) -> Choice:
    """Return what a form says was chosen, its button pressed."""
    steps = read_keys(data.getlist("step"), outlook)
    based_on = frozenset(read_keys(data.getlist("based_on"), outlook))
    before = [*data.getlist("dropped"), *data.getlist("was")]
    dropped = [key for key in read_keys(before, outlook) if key not in steps]
    pinned = [key for key in read_keys(data.getlist("pinned"), outlook) if key in steps]
    choice = Choice(steps, pinned, dropped, based_on, arranged=data.get("arranged") == "1")
    act, _colon, text = data.get("act", "").partition(":")
    key = next(iter(read_keys([text], outlook)), None)
    if key is None or act not in ("up", "down", "drop", "add"):
        return choice
    if act == "drop":
        kept = [one for one in steps if one != key]
        return replace(choice, steps=kept, dropped=[*dropped, key], pinned=[one for one in pinned if one != key])
    if act == "add":
        return replace(choice, steps=[*steps, key], dropped=[one for one in dropped if one != key])
    return replace(choice, steps=_moved(steps, key, -1 if act == "up" else 1), arranged=True)


def plan_with(outlook: Outlook, form: PlannerForm, choice: Choice | None, act: str = "") -> Planned:
    """Return the plan that comes of what was chosen; without a choice, or one like the proposal, the cheapest."""
    target, resources = form.chosen_target, form.resources
    cheapest = cheapest_plan(outlook, target)
    # Where nothing reaches the target, everything that there is comes nearest.
    nearest = cheapest.steps if cheapest else frozenset(outlook.steps)
    if choice is None or act == "cheapest":
        choice = Choice(list(nearest), based_on=nearest)
    elif frozenset(choice.steps) == choice.based_on and not choice.dropped and not choice.pinned:
        order = choice.steps if choice.arranged else ()
        choice = Choice([*order, *nearest], based_on=nearest, arranged=choice.arranged)
        choice = replace(choice, steps=[key for key in dict.fromkeys(choice.steps) if key in nearest])
    around = cheapest
    if choice.pinned or choice.dropped:
        around = cheapest_plan(outlook, target, pinned=choice.pinned, dropped=choice.dropped)
    if act == "replan" and around is not None:
        kept = [key for key in choice.steps if key in around.steps]
        choice = replace(choice, steps=[*kept, *(around.steps - set(kept))], based_on=around.steps)
    plan = lay_out(outlook, choice.steps, target, resources, order=choice.steps if choice.arranged else ())
    in_order = [*(one.step.key for one in plan.steps), *(one.step.key for one in plan.blocked)]
    fits = cheapest is not None and cheapest.effort <= resources.budget
    return Planned(
        choice=replace(choice, steps=in_order),
        plan=plan,
        cheapest=cheapest,
        around=around,
        lower=None if fits else best_in_time(outlook, target, resources),
    )


def efforts_of(plan: Plan) -> Mapping[StepKey, Fraction]:
    """Return the effort of each step, of blocked ones too."""
    steps = [*(one.step for one in plan.steps), *(one.step for one in plan.blocked)]
    return {step.key: step.effort for step in steps}


def _moved(steps: Sequence[StepKey], key: StepKey, by: int) -> list[StepKey]:
    moved = list(steps)
    if key not in moved:
        return moved
    place = moved.index(key)
    other = min(max(place + by, 0), len(moved) - 1)
    moved[place], moved[other] = moved[other], moved[place]
    return moved
