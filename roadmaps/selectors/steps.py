"""The steps of a roadmap's business case: when each practice is worked on, and how far it raises the level."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

from assessments.definition import Definition
from roadmaps.business_case import Step
from roadmaps.planning import IN_PLACE
from roadmaps.selectors.roadmaps import PlanView, StepRow
from roadmaps.workbook import NamedStep


def named_steps(view: PlanView) -> list[NamedStep]:
    """Return the steps of a plan in their order; those that cannot be done as others are lacking are left out."""
    width = level_width(view.definition)
    return [
        NamedStep(
            row.title,
            Step(
                first_month=floor(row.planned.start) + 1,
                last_month=max(ceil(row.planned.end), floor(row.planned.start) + 1),
                weeks=float(row.step.effort),
                levels=float(row.planned.gain / width),
                tools=tools,
            ),
        )
        for row, tools in _with_tools(view)
        if row.planned
    ]


def level_width(definition: Definition) -> Fraction:
    """Return what one level is worth in overall score: the mean distance of the levels' thresholds."""
    first, last = definition.levels[0], definition.levels[-1]
    if last.min_score == first.min_score:
        return definition.scoring.max
    return (last.min_score - first.min_score) / (len(definition.levels) - 1)


def _with_tools(view: PlanView) -> Iterator[tuple[StepRow, int]]:
    """Yield the plan's rows, each with how many tools it brings: one with the first step of a question that names any.

    Where at least half of the answers say that a practice is in place, its tool is there already.
    """
    means = {tally.key: tally.mean for tally in view.outlook.card.questions}
    seen: set[str] = set()
    for row in view.rows:
        key, share = row.question.key, (means[row.question.key] or Fraction())
        is_there = share >= IN_PLACE if row.question.kind == "practice" else share > 0
        yield row, int(bool(row.guidance and row.guidance.tools) and not is_there and key not in seen)
        seen.add(key)
