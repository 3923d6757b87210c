"""Write many organizations with many answers, for benchmarks (benchmarks/README.md)."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import resource
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

import django
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.large.believable import sizes
from assessments.large.copying import Plan, write_organization
from assessments.models.rounds import quarter_days
from assessments.selectors.questionnaires import definition_of, version_on_offer
from organizations.models import Organization


class Command(BaseCommand):
    help = _("Writes organizations with quarterly rounds, answers and results, the same for the same seed.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organizations", type=int, default=1000)
        parser.add_argument("--rounds", type=int, default=12, help=_("quarterly rounds of each organization"))
        parser.add_argument("--answers", type=int, default=10_000_000, help=_("answers in all, at most"))
        parser.add_argument("--teams", type=int, help=_("of each organization; by default one for eight people"))
        parser.add_argument("--last-open", action="store_true", help=_("leave the last round open"))
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--prefix", default="large", help=_("what the addresses of the organizations begin with"))
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)

    def handle(self, *args: Any, **options: Any) -> None:
        plans, started, written = _plans(options), time.monotonic(), 0
        for number, answers in enumerate(_write_all(plans, options["processes"]), start=1):
            written += answers
            if number == len(plans) or number * 20 // len(plans) > (number - 1) * 20 // len(plans):
                self.stdout.write(
                    _("%(number)d of %(all)d organizations, %(answers)s answers, %(seconds)d s")
                    % {
                        "number": number,
                        "all": len(plans),
                        "answers": f"{written:,}",
                        "seconds": time.monotonic() - started,
                    }
                )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(_("Done; a process took %d MB at most.") % (_peak_kilobytes() // 1024))


def _plans(options: dict[str, Any]) -> list[Plan]:
    prefix, rounds = options["prefix"], options["rounds"]
    if Organization.objects.filter(slug__startswith=f"{prefix}-").exists():
        raise CommandError(_("There are organizations “%s-…” already; choose another --prefix.") % prefix)
    if min(rounds, options["processes"], options["answers"]) < 1:
        raise CommandError(_("--rounds, --processes and --answers are 1 or more."))
    version = version_on_offer()
    if version is None:
        raise CommandError(_("No questionnaire is published yet; run “manage.py questionnaire load” first."))
    try:
        all_sizes = sizes(
            organizations=options["organizations"],
            respondents=options["answers"] // (rounds * len(definition_of(version.pk).questions)),
            teams=options["teams"],
            seed=options["seed"],
        )
    except ValueError:
        raise CommandError(_("So few answers do not give every team of every organization a respondent.")) from None
    periods = _quarters(rounds)
    return [
        Plan(f"{prefix}-{n:04}", version.pk, periods, size, f"{options['seed']} {n}", last_open=options["last_open"])
        for n, size in enumerate(all_sizes, start=1)
    ]


def _quarters(number: int) -> list[tuple[dt.date, dt.date]]:
    """Return the first and last days of so many quarters, the last of them the one before this."""
    today = timezone.localdate()
    current = today.year * 4 + (today.month - 1) // 3
    return [quarter_days(n // 4, n % 4 + 1) for n in range(current - number, current)]


def _write_all(plans: Sequence[Plan], processes: int) -> Iterator[int]:
    """Write the organizations and yield the number of answers of each, as they are done."""
    if processes == 1:
        yield from map(write_organization, plans)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=django.setup) as pool:
        for future in as_completed([pool.submit(write_organization, plan) for plan in plans]):
            yield future.result()


def _peak_kilobytes() -> int:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
