"""`make benchmark`: write the data, measure, print a table, keep the figures as JSON."""

from __future__ import annotations

import json
import os
import platform
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
django.setup()

from django.core.management import call_command  # noqa: E402 - Django is ready now
from django.db import connection  # noqa: E402

from benchmarks import beside, courses, growth, migrating  # noqa: E402
from benchmarks.machine import QUIET, Terms  # noqa: E402
from benchmarks.pages import measure, pages  # noqa: E402
from benchmarks.people import survey, write_data  # noqa: E402
from benchmarks.single import closing, planning  # noqa: E402
from benchmarks.site import CHECKOUT, WORKERS, running_site  # noqa: E402

RESULTS = Path(__file__).parent / "results"
CHART = CHECKOUT / "docs" / "images" / "growth.svg"
NOISY = "Measured without regard to what else the machine did: for trying out, the figures are worth nothing."


def main() -> None:
    """Measure what the command line asks for."""
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--answers", type=int, default=10_000_000, help="how many the large data set has")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each window is")
    parser.add_argument("--only", default="", help="measure pages whose names have this word")
    parser.add_argument("--noisy", action="store_true", help="measure on a busy machine too, for trying out")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--beside", action="store_true", help="measure nothing but the pages beside the other package's")
    what.add_argument("--grow", action="store_true", help="measure how cost grows, and nothing else")
    what.add_argument("--migrate", action="store_true", help="apply the newest migrations while people work")
    options = parser.parse_args()
    terms = Terms(options.seconds, inf if options.noisy else QUIET)
    call_command("migrate", run_syncdb=True, verbosity=0)
    if options.migrate:
        figures = _migrating(options)
    else:
        figures = _growth(options, terms) if options.grow else _all_pages(options, terms)
    _keep({"machine": _machine(), "answers": options.answers, "noisy": options.noisy, **figures})


def _all_pages(options: Namespace, terms: Terms) -> Mapping[str, Any]:
    """Measure the pages, the work that is done alone, and the pages beside the other package's."""
    begin = time.monotonic()
    write_data(options.answers)
    seeded = time.monotonic() - begin
    asked = survey()
    rows, pairs = [], []
    with running_site() as site:
        for page in pages(asked):
            if options.only in page.name and not options.beside:
                rows.append(measure(page, site, terms))
                print(_line(rows[-1]), flush=True)
        with beside.other_site() as other:
            for pair in beside.pairs(asked, other):
                if options.only in pair.name:
                    pairs.append(beside.compare(pair, site, other, terms))
                    print(f"{pairs[-1]['page']}: {pairs[-1]['times']:.1f} times as fast", flush=True)
    singles = [] if options.beside else [closing(), planning()]
    _show(options, *([] if options.beside else [_table(rows, singles)]), beside.table(pairs))
    return {"seeded_s": seeded, "pages": rows, "singles": singles, "beside": pairs}


def _growth(options: Namespace, terms: Terms) -> Mapping[str, Any]:
    """Measure how cost grows, and draw it."""
    measured = growth.courses(options.answers, terms)
    path = RESULTS / "growth-noisy.svg" if options.noisy else CHART
    path.parent.mkdir(exist_ok=True)
    path.write_text(courses.chart(measured))
    _show(options, courses.table(measured), f"Drawn in {path.relative_to(CHECKOUT)}")
    return {"growth": courses.figures(measured)}


def _migrating(options: Namespace) -> Mapping[str, Any]:
    """Apply the newest migrations on a live data set."""
    figures = migrating.migrating(options.answers)
    _show(options, migrating.table(figures))
    return {"migrating": figures}


def _show(options: Namespace, *texts: str) -> None:
    print("", *([NOISY] if options.noisy else []), *texts, sep="\n\n")


def _line(row: Mapping[str, Any]) -> str:
    return f"{row['page']}: {row['rate']:.0f}/s, p95 {row['p95_ms']:.0f} ms, {row['ratio']:.2f} of bare"


def _table(rows: Iterable[Mapping[str, Any]], singles: Iterable[Mapping[str, Any]]) -> str:
    lines = [
        "| page | a second | p50 ms | p95 ms | bare before, after | of bare | goal | met | other cores |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['page']} | {row['rate']:.1f} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} |"
        f" {row['bare_rates'][0]:.0f}, {row['bare_rates'][1]:.0f} | {row['ratio']:.2f} | {row['goal']} |"
        f" {'yes' if row['met'] else 'no'} | {row['other_cores']:.2f} |"
        for row in rows
    ]
    lines += ["", "| work | seconds | memory | goal | met |", "|---|---|---|---|---|"]
    lines += [
        f"| {row['work']} | {row['seconds']:.2f} | {row['megabytes']:.0f} MB | {row['goal']} |"
        f" {'yes' if row['met'] else 'no'} |"
        for row in singles
    ]
    return "\n".join(lines)


def _machine() -> Mapping[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        [server] = cursor.fetchone() or [""]
    return {
        "python": platform.python_version(),
        "django": django.__version__,
        "postgresql": server,
        "cores": os.cpu_count(),
        "workers": WORKERS,
        "date": time.strftime("%Y-%m-%d"),
    }


def _keep(figures: Mapping[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}{'-noisy' if figures['noisy'] else ''}.json"
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")
    print(f"Kept in {path.relative_to(CHECKOUT)}")


if __name__ == "__main__":
    main()
