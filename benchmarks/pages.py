"""What is measured under load: each page beside the bare view that does the same work, and the goal for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

from assessments.models import Round
from benchmarks.load import CLIENTS, Request, repeated
from benchmarks.machine import Terms
from benchmarks.people import Survey, owner_of, round_of
from benchmarks.site import WORKERS, Site, loaded

Requests = Callable[[], Iterator[Request]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page under load and its bare counterpart; the goal is a share of its rate, or milliseconds for 95 of 100."""

    name: str
    requests: Requests
    bare: Requests
    expected: int = 200
    bare_expected: int = 200
    least_ratio: float | None = None
    most_p95_ms: float | None = None


def pages(survey: Survey) -> list[Page]:
    """Return every page that is measured."""
    someone = survey.people[0][0]
    greeting = Request("/bare/", someone)
    return [
        Page(
            "survey form, 25 questions",
            survey.forms,
            lambda: repeated(Request("/bare/form/", someone)),
            least_ratio=0.7,
        ),
        Page("saving one answer", survey.single_answers, lambda: _inserts(survey, 1), 200, 204, least_ratio=0.6),
        Page("saving 25 answers", survey.whole_pages, lambda: _inserts(survey, 25), 302, 204, least_ratio=0.6),
        _read("a result with 10,000 responses", "result", result_path(), greeting, 100),
        _read("comparing 12 rounds × 20 teams", "compare", comparison_path(), greeting, 150),
        _read("heat map of 1,000 teams", "teams", "/orgs/teams-0001/", greeting, 200),
    ]


def measure(page: Page, site: Site, terms: Terms) -> Mapping[str, Any]:
    """Measure a page, with its bare counterpart before and after it."""
    # Where the goal is a time, a client for each worker: what waits in a queue tells of the load, not of the page.
    clients = WORKERS if page.most_p95_ms else CLIENTS
    (before, busy_1), (own, busy_2), (after, busy_3) = (
        loaded(site, page.bare(), terms, expected=page.bare_expected, clients=clients),
        loaded(site, page.requests(), terms, expected=page.expected, clients=clients),
        loaded(site, page.bare(), terms, expected=page.bare_expected, clients=clients),
    )
    bare = (before.rate + after.rate) / 2
    p95 = own.percentile(0.95) * 1000
    return {
        "page": page.name,
        "rate": own.rate,
        "p50_ms": own.percentile(0.5) * 1000,
        "p95_ms": p95,
        "bare_rates": [before.rate, after.rate],
        "ratio": own.rate / bare,
        "goal": f"≥ {page.least_ratio} of bare" if page.least_ratio else f"p95 < {page.most_p95_ms:g} ms",
        "met": own.rate / bare >= page.least_ratio if page.least_ratio else p95 < (page.most_p95_ms or 0),
        "other_cores": max(busy_1, busy_2, busy_3),
    }


def _read(name: str, prefix: str, path: str, greeting: Request, most_p95_ms: float) -> Page:
    request = Request(path, owner_of(prefix))
    return Page(name, lambda: repeated(request), lambda: repeated(greeting), most_p95_ms=most_p95_ms)


def result_path(prefix: str = "result") -> str:
    """Return the address of the result of one of the organizations that are looked at."""
    return f"/orgs/{prefix}-0001/rounds/{round_of(prefix).pk}/results/"


def comparison_path(prefix: str = "compare") -> str:
    """Return the address that compares all rounds and teams of one of the organizations that are looked at."""
    rounds = Round.objects.filter(organization__slug=f"{prefix}-0001")
    teams = rounds[0].teams.values_list("pk", flat=True)
    chosen = [*(("rounds", each.pk) for each in rounds), *(("teams", pk) for pk in teams)]
    return f"/orgs/{prefix}-0001/compare/?{urlencode(chosen)}"


def _inserts(survey: Survey, rows: int) -> Iterator[Request]:
    cookies = survey.people[0][0]
    return (Request("/bare/save/", cookies, dict.fromkeys(survey.keys[:rows], ("yes", "no")[n % 2])) for n in count())
