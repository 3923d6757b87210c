"""Score a file of answers on the command line; the contract of its output stands in docs/scoring.md."""

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
from assessments.scoring import DimensionScore, ScoreCard, score_card
from roadmaps.planning import Recommendation, next_level, recommendations

SHIPPED_VERSION = 1
BAR = 20


class Command(BaseCommand):
    help = _("Scores a file of answers, without a database.")
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help=_("YAML or JSON file of answers; - for standard input"))
        parser.add_argument("--json", action="store_true", help=_("print JSON"))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            definition, responses = read_answers(options["file"])
        except AnswerFileError as error:
            raise CommandError(str(error), returncode=2) from error
        card = score_card(definition, responses)
        if options["json"]:
            self.stdout.write(json.dumps(_payload(definition, card), indent=2))
        else:
            self.stdout.write("\n".join(_report(definition, card)))


def _payload(definition: Definition, card: ScoreCard) -> dict[str, Any]:
    return {
        "questionnaire": definition.slug,
        "version": SHIPPED_VERSION,
        "respondents": card.respondents,
        "dimensions": {
            dimension.key: {
                "score": _rounded(dimension.score),
                "spread": _rounded(dimension.spread),
                "min": _rounded(dimension.minimum),
                "max": _rounded(dimension.maximum),
            }
            for dimension in card.dimensions
        },
        "overall": _rounded(card.overall),
        "level": None if card.level is None else {"number": card.level.number, "name": card.level.name},
        "recommendations": [
            {
                "dimension": advice.dimension,
                "current_score": _rounded(advice.current_score),
                "target_score": _rounded(advice.target_score),
                "priority": advice.priority,
            }
            for advice in recommendations(definition, card)
        ],
    }


def _rounded(number: Fraction | float | None) -> float | None:
    return None if number is None else round(float(number), 4)


def _report(definition: Definition, card: ScoreCard) -> Iterator[str]:
    responses = ngettext("%d response", "%d responses", card.respondents) % card.respondents
    yield f"{definition.title}, {responses}"
    yield ""
    if card.level is None or card.overall is None:
        yield _("Nothing to score: no answer counts.")
        return
    yield _("Level %(number)d: %(name)s") % {"number": card.level.number, "name": card.level.name}
    yield _("Overall %(score).2f of %(top)g") % {"score": card.overall, "top": card.scale}
    yield ""
    width = max(len(dimension.title) for dimension in card.dimensions)
    for dimension in card.dimensions:
        yield _dimension_line(dimension, card, width)
    yield from _next_steps(definition, card)
    yield from _recommendation_lines(definition, recommendations(definition, card))


def _dimension_line(dimension: DimensionScore, card: ScoreCard, width: int) -> str:
    title = dimension.title.ljust(width)
    if dimension.score is None:
        return _("%(title)s  nothing to score") % {"title": title}
    filled = round(BAR * dimension.score / card.scale)
    line = f"{title}  [{'#' * filled}{'-' * (BAR - filled)}] {float(dimension.score):.2f}"
    if dimension.respondents < 2:
        return line
    return (
        line
        + "  "
        + _("spread %(spread).2f, from %(lowest).2f to %(highest).2f")
        % {
            "spread": dimension.spread,
            "lowest": dimension.minimum,
            "highest": dimension.maximum,
        }
    )


def _next_steps(definition: Definition, card: ScoreCard) -> Iterator[str]:
    above = next_level(definition, card)
    if above is None:
        return
    yield ""
    words = _("To level %(number)d, %(name)s: %(shortfall).2f more")
    if above.level.exclusive:
        words = _("To level %(number)d, %(name)s: more than another %(shortfall).2f")
    yield words % {
        "number": above.level.number,
        "name": above.level.name,
        "shortfall": above.shortfall,
    }
    if above.practices_needed is not None:
        yield (
            ngettext(
                "At least %d practice more in place", "At least %d practices more in place", above.practices_needed
            )
            % above.practices_needed
        )


def _recommendation_lines(definition: Definition, advice: tuple[Recommendation, ...]) -> Iterator[str]:
    if not advice:
        return
    priorities = {"high": _("high priority"), "medium": _("medium priority")}
    yield ""
    yield _("Raise first:")
    for item in sorted(advice, key=lambda item: (item.priority != "high", item.current_score)):
        yield "  " + _("%(dimension)s from %(current).2f to %(target).2f (%(priority)s)") % {
            "dimension": definition.dimension(item.dimension).title,
            "current": item.current_score,
            "target": item.target_score,
            "priority": priorities[item.priority],
        }
