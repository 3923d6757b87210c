"""Pages beside those of django-survey-and-report: the same survey, database server, workers and load."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from django.db import connection
from django.middleware.csrf import _get_new_csrf_string

from assessments.models import Round
from assessments.selectors.questionnaires import definition_of
from benchmarks.load import CLIENTS, Request, count_of, repeated
from benchmarks.machine import Terms
from benchmarks.pages import Requests, result_path
from benchmarks.people import PEOPLE, Survey, owner_of, round_of
from benchmarks.site import CHECKOUT, Site, free_address, loaded, serving

RESPONSES = 10_000
NEWCOMERS = 5_000
DATABASE = "other"
PROJECT = CHECKOUT / "benchmarks" / "other"
PYTHON = PROJECT / ".venv" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Other:
    """The other package's site with its survey: the ids of questions, the cookies of people, where its CSV is kept.

    People answered before, newcomers did not.
    """

    site: Site
    survey: int
    questions: Sequence[int]
    people: Sequence[Mapping[str, str]]
    newcomers: Sequence[Mapping[str, str]]
    files: Path

    def first_forms(self) -> Iterator[Request]:
        """Yield requests for the empty page with all questions."""
        return (Request(f"/{self.survey}/", cookies) for cookies in cycle(self.newcomers[:PEOPLE]))

    def forms(self) -> Iterator[Request]:
        """Yield requests for the page with all questions, which shows what was answered before."""
        return (Request(f"/{self.survey}/", cookies) for cookies in cycle(self.people))

    def first_saves(self) -> Iterator[Request]:
        """Yield requests that save all answers at once, of each newcomer one."""
        return (self._save(cookies, "yes") for cookies in self.newcomers[PEOPLE:])

    def saves(self) -> Iterator[Request]:
        """Yield requests that save all answers at once, others each time."""
        for n, cookies in enumerate(cycle(self.people)):
            yield self._save(cookies, ("no", "yes")[n // len(self.people) % 2])

    def _save(self, cookies: Mapping[str, str], choice: str) -> Request:
        return Request(f"/{self.survey}/", cookies, {f"question_{pk}": choice for pk in self.questions})

    def counts(self) -> Iterator[Request]:
        """Yield requests for how often each choice was made."""
        return repeated(Request(f"/counts/{self.survey}/", self.people[0]))

    def csv(self) -> Iterator[Request]:
        """Yield requests for all responses as CSV."""
        return repeated(Request(f"/csv/{self.survey}/", self.people[0]))

    def cold_csv(self) -> Iterator[Request]:
        """Yield the same requests, the file of which the package keeps removed before each."""
        for request in self.csv():
            for kept in self.files.glob("*.csv"):
                kept.unlink()
            yield request


@dataclass(frozen=True, slots=True)
class Pair:
    """A page of ours and the one of theirs that does the same; the goal is how many times faster ours is."""

    name: str
    ours: Requests
    theirs: Requests
    least: float | None
    expected: int = 200


@contextmanager
def other_site() -> Iterator[Other]:
    """Write the survey into a database of its own, and serve it until the block ends."""
    if not PYTHON.exists():
        raise SystemExit("The other package is not installed: run `make benchmark`")
    with tempfile.TemporaryDirectory(prefix="mlops-maturity-other-") as files:
        environ = {
            "OTHER_DATABASE": json.dumps(_new_database()),
            "OTHER_FILES": files,
            "PYTHONPATH": str(CHECKOUT),
        }
        written = _write(environ)
        with serving(free_address(), PYTHON, "benchmarks.other.wsgi", environ, PROJECT, "/") as site:
            people = [{"sessionid": key, "csrftoken": _get_new_csrf_string()} for key in written["sessions"]]
            yield Other(site, written["survey"], written["questions"], people[:PEOPLE], people[PEOPLE:], Path(files))


def pairs(survey: Survey, other: Other) -> list[Pair]:
    """Return every pair that is measured.

    Saving comes first, so that our form shows answers given before; last what gives theirs more responses.
    """
    owner = owner_of("result")
    export = repeated(Request(f"/orgs/result-0001/rounds/{round_of('result').pk}/export/csv/", owner))
    return [
        Pair("saving 25 answers", survey.whole_pages, other.saves, 6, 302),
        Pair("survey form, 25 questions", survey.forms, other.forms, 4),
        Pair("survey form, theirs for the first time", survey.forms, other.first_forms, 4),
        Pair("result of 10,000 responses", lambda: repeated(Request(result_path(), owner)), other.counts, 50),
        Pair("CSV of 10,000 responses, made", lambda: export, other.cold_csv, 50),
        Pair("CSV of 10,000 responses, theirs kept", lambda: export, other.csv, None),
        Pair("saving 25 answers, theirs for the first time", survey.whole_pages, other.first_saves, 6, 302),
    ]


def compare(pair: Pair, site: Site, other: Other, terms: Terms) -> Mapping[str, Any]:
    """Measure a pair; where one request of theirs outlasts a window, one client asks at a time, of both."""
    our_requests, their_requests = pair.ours(), pair.theirs()
    ours_once = count_of(site.origin, our_requests, expected=pair.expected)
    theirs_once = count_of(other.site.origin, their_requests, expected=pair.expected)
    clients = 1 if theirs_once.seconds > terms.seconds else CLIENTS
    ours, busy_1 = loaded(site, our_requests, terms, expected=pair.expected, clients=clients)
    theirs, busy_2 = loaded(other.site, their_requests, terms, expected=pair.expected, clients=clients)
    times = ours.rate / theirs.rate
    return {
        "page": pair.name,
        "clients": clients,
        "rates": [ours.rate, theirs.rate],
        "p50_ms": [window.percentile(0.5) * 1000 for window in (ours, theirs)],
        "once": [asdict(ours_once), asdict(theirs_once)],
        "times": times,
        "goal": f"≥ {pair.least:g}" if pair.least else "–",
        "met": times >= pair.least if pair.least else None,
        "other_cores": max(busy_1, busy_2),
    }


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what was measured as a table, of both ours first."""
    lines = [
        "| page | a second | p50 ms | queries | times faster | goal | met | clients | other cores |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    met = {True: "yes", False: "no", None: "–"}
    lines += [
        f"| {row['page']} | {row['rates'][0]:.3g}, {row['rates'][1]:.3g} |"
        f" {row['p50_ms'][0]:,.0f}, {row['p50_ms'][1]:,.0f} |"
        f" {row['once'][0]['queries']:,}, {row['once'][1]['queries']:,} | {row['times']:.1f} | {row['goal']} |"
        f" {met[row['met']]} | {row['clients']} | {row['other_cores']:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


def _new_database() -> Mapping[str, str]:
    """Make an empty database on our server; return Django's settings for it."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    names = ("HOST", "PORT", "USER", "PASSWORD")
    return {"NAME": DATABASE} | {name: str(connection.settings_dict[name] or "") for name in names}


def _write(environ: Mapping[str, str]) -> Any:
    definition = definition_of(Round.objects.get(organization__slug="survey").version_id)
    asked = {
        "questions": [question.text for question in definition.questions.values()],
        "responses": RESPONSES,
        "people": PEOPLE,
        "newcomers": NEWCOMERS,
    }
    written = subprocess.run(  # noqa: S603 - a program of our own
        [str(PYTHON), "-m", "benchmarks.other.write"],
        input=json.dumps(asked),
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return json.loads(written.stdout)
