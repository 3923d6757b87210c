"""What every page may cost whoever opens it for the first time, on the site as it runs in production.

Times depend on the machine, and are only told: `pytest -s tests/browser/test_budgets.py -k slow`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import Resolver404, resolve

from mlops_maturity.devservices.environment import settings
from mlops_maturity.devservices.folders import CHECKOUT, Folder
from tests.browser.conftest import PHONE, NewContext
from tests.browser.shortcuts import begin, log_in, result, roadmap_at
from tests.browser.survey import DEFINITION, sheet
from tests.browser.vitals import Visit, Visitor
from tests.mlops_maturity.conftest import free_port, status_of, wait_for

ANSWERS = sheet("yyyyy yyyn? yynnn ynnnn nn?nn")
STEP = f"/try/questions/{DEFINITION.dimensions[0].key}/"
BYTES = 200_000
BYTES_OF_CHARTS = 400_000
REQUESTS = 12
SHIFT = 0.01
PAINT_SECONDS = 2.5
FILES = {
    *("audit_csv", "audit_json", "badge_image", "download_own_data", "export_comparison", "export_roadmap"),
    *("export_round", "organization_export", "questionnaire_file", "questionnaire_schema", "report", "roadmap_pdf"),
    "roadmap_business_case_workbook",
}
COLOURS = "/static/js/theme."
"""The one script that the first paint waits for: dark or light is not to change after it."""


@pytest.fixture(scope="session")
def site(base_url: str, data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a production site on the demo's data."""
    environ = {
        **os.environ,
        **settings(Folder(data_root / "demo"), port := free_port()),
        "DEBUG": "false",
        "DJANGO_SETTINGS_MODULE": "tests.browser.production",
        "STATIC_ROOT": str(tmp_path_factory.mktemp("static")),
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(collect, cwd=CHECKOUT, env=environ, check=True)
    address = f"127.0.0.1:{port}"
    serve = [sys.executable, "-m", "gunicorn", "mlops_maturity.wsgi", "--bind", address, "--no-control-socket"]
    with subprocess.Popen(serve, cwd=CHECKOUT, env=environ, stderr=subprocess.DEVNULL) as web:
        wait_for(lambda: status_of(f"http://{address}/healthz") == 200, "production site")
        yield f"http://{address}"
        web.terminate()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any], site: str) -> dict[str, Any]:
    """Addresses are those of the production site."""
    return browser_context_args | {"base_url": site}


def crawl(visitor: Visitor, *starts: str) -> Iterator[Visit]:
    """Open what links lead to from some addresses, of each kind of page one."""
    known: set[tuple[str, ...]] = set()
    waiting = deque(starts)
    while waiting:
        path = waiting.popleft()
        if (kind := kind_of(path)) and kind not in known:
            known.add(kind)
            visit = visitor.visit(path)
            yield visit
            waiting += visit.links


def kind_of(path: str) -> tuple[str, ...]:
    """Return the name of an address, and of what it asks for; nothing for a file."""
    parts = urlsplit(path)
    try:
        name = resolve(parts.path).view_name
    except Resolver404:
        return ()
    return () if name in FILES else (name, *parse_qs(parts.query))


def over_budget(visit: Visit) -> list[str]:
    """Return in words what a visit costs too much."""
    broken = {
        f"{visit.bytes} bytes": visit.bytes > BYTES,
        f"{visit.bytes_of_charts} bytes of charts": visit.bytes_of_charts > BYTES_OF_CHARTS,
        f"{visit.requests} requests": visit.requests > REQUESTS,
        f"a shift of {visit.shift:.3f}": visit.shift > SHIFT,
        f"waits for {visit.waits_for}": any(not path.startswith(COLOURS) for path in visit.waits_for),
        "its largest text comes by script": not visit.is_sent,
    }
    return [f"{visit.path}: {words}" for words, is_broken in broken.items() if is_broken]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", ["", "owner"])
def test_every_page_is_within_its_budget(who: str, new_context: NewContext) -> None:
    """On a phone, with nothing in its cache."""
    context = new_context(**PHONE)
    if who:
        log_in(context, who)
    starts = ["/", result(context, ANSWERS)]
    begin(context)
    visits = list(crawl(Visitor(context.new_page()), *starts, STEP, "/try/review/"))
    print(*visits, sep="\n")
    assert len(visits) > (40 if who == "owner" else 5)
    assert [words for visit in visits for words in over_budget(visit)] == []


def test_main_pages_keep_still_on_a_slow_phone(new_context: NewContext) -> None:
    """What comes late, as styles and scripts do there, moves nothing; times are printed, a goal beside them."""
    context = new_context(**PHONE)
    own = result(context, ANSWERS)
    log_in(context, "owner")
    page = context.new_page()
    roadmap = roadmap_at(page)
    begin(context)
    visitor = Visitor(context.new_page(), slow=True)
    print(f"\n| page | largest text after, s (goal {PAINT_SECONDS:g}) | kB | kB of charts | requests | shift |")
    print("|---|---|---|---|---|---|")
    for path in ("/", "/try/", STEP, own, "/orgs/demo/", "/orgs/demo/compare/", roadmap):
        visit = visitor.visit(path)
        costs = f"{visit.bytes / 1000:.0f} | {visit.bytes_of_charts / 1000:.0f} | {visit.requests} | {visit.shift:.3f}"
        print(f"| {visit.path} | {visit.paint_ms / 1000:.1f} | {costs} |")
        assert visit.shift <= SHIFT
        assert visit.is_sent


def test_static_files_come_compressed_and_are_kept(new_context: NewContext) -> None:
    context = new_context()
    page = context.new_page()
    kept: dict[str, dict[str, str]] = {}
    page.on("response", lambda answer: kept.update({answer.url: answer.headers}) if "/static/" in answer.url else None)
    page.goto("/try/", wait_until="networkidle")
    for url, headers in kept.items():
        assert "immutable" in headers["cache-control"], url
        assert headers.get("content-encoding") in ("br", "gzip") or url.endswith(".svg"), url
    assert len(kept) >= 4
