"""Plan from a file of answers on the command line; the contract of its output stands in docs/planning.md."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.answer_files import AnswerFileError, read_answers
from assessments.definition import Definition
from assessments.scoring import score_card
from assessments.templatetags.scores import score, signed
from roadmaps import wording
from roadmaps.models.roadmaps import MAX_CAPACITY, MAX_MONTHS
from roadmaps.plans import CAPACITY, MONTHS, Resources, Target, best_in_time, cheapest_plan, default_target
from roadmaps.schedule import Plan, lay_out
from roadmaps.steps import Outlook, Standing


class Command(BaseCommand):
    help = _("Plans from a file of answers to the next level, without a database.")
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help=_("YAML or JSON file of answers; - for standard input"))
        parser.add_argument("--target", metavar="N", help=_("number of the level to reach; by default the next one"))
        parser.add_argument("--months", metavar="N", default=str(MONTHS), help=_("horizon in months; by default 6"))
        parser.add_argument(
            "--capacity", metavar="W", default=str(CAPACITY), help=_("person-weeks a month; by default 8")
        )
        parser.add_argument("--json", action="store_true", help=_("print JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            definition, answers = read_answers(options["file"])
        except AnswerFileError as error:
            raise CommandError(str(error), returncode=2) from error
        resources = Resources(_months(options["months"]), _capacity(options["capacity"]))
        outlook = Outlook(definition, score_card(definition, answers), answers)
        target = _target(definition, outlook.current, options["target"])
        cheapest = cheapest_plan(outlook, target)
        # Where even all of it does not reach the target, all of it is what can be done.
        plan = lay_out(outlook, cheapest.steps if cheapest else outlook.steps, target, resources)
        if options["json"]:
            self.stdout.write(json.dumps(_payload(outlook, plan), indent=2))
        else:
            self.stdout.write("\n".join(_report(outlook, plan, is_proven=bool(cheapest and cheapest.is_proven))))


def _months(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MAX_MONTHS):
        raise CommandError(_("--months: must be a whole number from 1 to %d.") % MAX_MONTHS, returncode=2)
    return int(text)


def _capacity(text: str) -> Fraction:
    try:
        capacity = Fraction(text) if len(text) < 20 else Fraction()
    except (ValueError, ZeroDivisionError):
        capacity = Fraction()
    if not 0 < capacity <= MAX_CAPACITY:
        raise CommandError(_("--capacity: must be a number above 0, at most %d.") % MAX_CAPACITY, returncode=2)
    return capacity


def _target(definition: Definition, current: Standing, text: str | None) -> Target:
    if text is None:
        return default_target(definition, current)
    level = next((level for level in definition.levels if str(level.number) == text), None)
    if level is None:
        numbers = ", ".join(str(level.number) for level in definition.levels)
        raise CommandError(
            _("--target: %(text)s is no level; use one of %(numbers)s.")
            % {"text": repr(text[:20]), "numbers": numbers},
            returncode=2,
        )
    return Target(level)


def _payload(outlook: Outlook, plan: Plan) -> dict[str, Any]:
    definition = outlook.definition
    return {
        "current": _standing(plan.current),
        "target": {"level": plan.target.level.number if plan.target.level else None},
        "fits": plan.fits and not plan.missed,
        "effort_weeks": _number(plan.effort),
        "items": [
            {
                "question": planned.step.question,
                **({"choice": planned.step.rung} if planned.step.rung else {}),
                "dimension": planned.step.dimension,
                "level": planned.step.level,
                "effort_weeks": _number(planned.step.effort),
                "gain": _number(planned.gain),
                "phase": planned.phase,
                "why": wording.why(definition, plan, planned, outlook.mean(planned.step)),
            }
            for planned in plan.steps
        ],
        "projected": _standing(plan.projected),
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {"overall": _number(standing.overall), "level": standing.level}


def _number(number: Fraction | None) -> float | int | None:
    if number is None:
        return None
    return number.numerator if number.denominator == 1 else round(float(number), 4)


def _report(outlook: Outlook, plan: Plan, *, is_proven: bool) -> Iterator[str]:
    definition = outlook.definition
    target = plan.target.level
    if plan.current.overall is None or target is None:
        yield _("Nothing to plan from: no answer counts.")
        return
    yield _("From level %(now)s (%(score)s) to level %(number)d, %(name)s") % {
        "now": "–" if plan.current.level is None else plan.current.level,
        "score": score(plan.current.overall),
        "number": target.number,
        "name": target.name,
    }
    if not plan.steps:
        yield _("It is reached; nothing is to be done.") if not plan.missed else _("No practice is left to adopt.")
        return
    yield _("%(effort)s in %(count)s, %(capacity)s a month for %(months)s") % {
        "effort": wording.weeks(plan.effort),
        "count": ngettext("%d step", "%d steps", len(plan.steps)) % len(plan.steps),
        "capacity": wording.weeks(plan.resources.capacity),
        "months": ngettext("%d month", "%d months", plan.resources.months) % plan.resources.months,
    } + (_("; nothing cheaper reaches it") if is_proven else "")
    for phase in plan.phases:
        if phase.steps:
            yield ""
            yield _("Phase %(number)d, months %(first)d to %(last)d") % {
                "number": phase.number,
                "first": phase.first,
                "last": phase.last,
            }
        for planned in phase.steps:
            yield f"  {planned.step.question}  {wording.weeks(planned.step.effort)}, {signed(planned.gain)} → " + score(
                planned.after.overall
            )
            yield f"    {wording.why(definition, plan, planned, outlook.mean(planned.step))}"
    yield ""
    yield from _end(outlook, plan)


def _end(outlook: Outlook, plan: Plan) -> Iterator[str]:
    definition = outlook.definition
    if plan.missed:
        yield _("All of this is not enough for %s.") % wording.missed_in_words(definition, plan.missed)
    yield _("Then: level %(level)s (%(score)s)") % {
        "level": "–" if plan.projected.level is None else plan.projected.level,
        "score": score(plan.projected.overall),
    }
    if plan.fits:
        return
    yield _("It does not fit %(months)d months.") % {"months": plan.resources.months} + " " + wording.shortfall(plan)
    yield _("Within %(months)d months: level %(level)s (%(score)s).") % {
        "months": plan.resources.months,
        "level": "–" if plan.in_time.level is None else plan.in_time.level,
        "score": score(plan.in_time.overall),
    }
    lower = best_in_time(outlook, plan.target, plan.resources)
    if lower:
        yield _("What fits: level %(number)d, with %(effort)s.") % {
            "number": lower[0].number,
            "effort": wording.weeks(lower[1].effort),
        }
