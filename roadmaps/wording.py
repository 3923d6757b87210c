"""What a plan says for people: the same in the command, on pages and in files."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil, floor

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.definition import Definition, Question
from assessments.templatetags.scores import score
from roadmaps.plans import Missed
from roadmaps.schedule import Plan, PlannedStep
from roadmaps.steps import StepKey

ACRONYMS = {"ab": "A/B", "automl": "AutoML", "cicd": "CI/CD", "ml": "ML", "realtime": "real-time"}
"""How words of keys are written."""


def title_of(question: Question, rung: str = "") -> str:
    """Return what a step is called: the first sentence of its action, else its question; for a rung its statement."""
    if rung:
        return question.choice(rung).label
    action = question.guidance.action if question.guidance else ""
    return action.partition(". ")[0].rstrip(".") if action else question.text


def name_of(question: Question) -> str:
    """Return the short name of a practice: the last part of its key, in words."""
    words = question.key.rpartition(".")[2].replace("_", " ").split(" ")
    name = " ".join(ACRONYMS.get(word, word) for word in words)
    return name[:1].upper() + name[1:]


def why(definition: Definition, plan: Plan, planned: PlannedStep, mean: Fraction | None) -> str:
    """Say why a step is in a plan: which gap it closes, what builds on it.

    `mean` is that of the answers to its question; from 0 to 1 of a practice, which lacks in part where it is between.
    """
    step = planned.step
    dimension = definition.dimension(step.dimension)
    at = plan.current.scores[step.dimension]
    place = {
        "dimension": dimension.title,
        "score": score(at),
        "level": step.level,
        "top": score(definition.scoring.max, 0),
    }
    text = _("%(dimension)s is at %(score)s of %(top)s and lacks this practice of level %(level)d.") % place
    if mean and not step.rung:
        text = _(
            "%(dimension)s is at %(score)s of %(top)s; the answers put this practice of level %(level)d at %(share)d"
            " %%, and it counts in full once all say yes."
        ) % (place | {"share": max(floor(mean * 100), 1)})
    if step.rung:
        text = _("%(dimension)s is at %(score)s of %(top)s; this is the next statement up.") % place
    if planned.needed_by:
        text += " " + _("It comes before: %s.") % names(definition, planned.needed_by)
    return text


def names(definition: Definition, keys: Iterable[StepKey]) -> str:
    """Name steps."""
    return ", ".join(dict.fromkeys(name_of(definition.questions[key]) for key, _rung in keys))


def missed_in_words(definition: Definition, missed: Missed) -> str:
    """Say what of the target is not reached and by how much; empty where all is."""
    parts = []
    if missed.level is not None:
        parts.append(
            (
                _("level %(number)d, %(name)s (it needs more than %(score)s)")
                if missed.level.exclusive
                else _("level %(number)d, %(name)s (it needs %(score)s)")
            )
            % {"number": missed.level.number, "name": missed.level.name, "score": score(missed.level.min_score)}
        )
    parts += [
        _("level %(number)d in %(dimension)s") % {"number": level.number, "dimension": definition.dimension(key).title}
        for key, level in missed.dimensions.items()
    ]
    return "; ".join(parts)


def weeks(effort: Fraction) -> str:
    """Write an effort."""
    number = int(effort) if effort.denominator == 1 else round(float(effort), 2)
    return ngettext("%s person-week", "%s person-weeks", number if number == 1 else 2) % f"{number:g}"


def _number_above(effort: Fraction) -> str:
    """Write an effort rounded up to the hundredth, so that it is enough."""
    return f"{ceil(effort * 100) / 100:g}"


def shortfall(plan: Plan) -> str:
    """Say that a plan takes longer than its horizon, and what would do."""
    months = ngettext("%d month", "%d months", plan.months_needed) % plan.months_needed
    return _("It takes %(months)s at this capacity, or %(capacity)s person-weeks a month.") % {
        "months": months,
        "capacity": _number_above(plan.capacity_needed),
    }
