"""What people do before the part that a test looks at, sent without opening pages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from playwright.sync_api import APIResponse, BrowserContext, Page

from tests.browser.survey import DEFINITION


def begin(context: BrowserContext, answers: Mapping[str, str] = {}, way: str = "/try/") -> None:
    """Start a self-assessment in this browser, or a response at another address, with the answers given so far."""
    send(context, way, way)
    for dimension in DEFINITION.dimensions:
        keys = [question.key for question in dimension.questions if question.key in answers]
        if keys:
            path = f"{way}questions/{dimension.key}/"
            send(context, path, path, {f"{key}-choice": answers[key] for key in keys})


def result(context: BrowserContext, answers: Mapping[str, str], way: str = "/try/") -> str:
    """Submit these answers; return the address that this leads to, of a self-assessment its result."""
    begin(context, answers, way)
    return send(context, f"{way}review/", f"{way}submit/").url


def log_in(context: BrowserContext, name: str) -> None:
    """Log in as one of the demo organization's people."""
    form = {"login": f"{name}@demo.example", "password": "demo"}
    assert send(context, "/accounts/login/", "/accounts/login/", form).url.endswith("/")


def reauthenticate(context: BrowserContext) -> None:
    """Confirm once more that one is oneself, as sensitive pages ask."""
    send(context, "/accounts/reauthenticate/", "/accounts/reauthenticate/", {"password": "demo"})


def plan_round(context: BrowserContext, home: str, first: dt.date, last: dt.date) -> str:
    """Plan a named round of all teams for a period; return its address."""
    path = f"{home}rounds/new/"
    form = context.request.get(path).text()
    teams = re.findall(r'name="teams"[^>]* value="(\d+)"', form)
    version = re.search(r'<option value="(\d+)"[^>]*>MLOps maturity assessment', form)
    assert teams, form
    assert version, form
    days = {"starts_on": first.isoformat(), "ends_on": last.isoformat()}
    fields = {"version": version[1], "anonymous": "no", "aggregate": "mean", **days}
    return send(context, path, path, fields, teams=teams).url


def send(
    context: BrowserContext, page: str, path: str, fields: Mapping[str, str] = {}, **several: Sequence[str]
) -> APIResponse:
    """Send the form of a page to `path`, following to where it leads; `several` are fields with more than one value."""
    context.request.get(page)
    token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")
    pairs = [*fields.items(), *((name, value) for name, values in several.items() for value in values)]
    response = context.request.post(
        path,
        data=urlencode([*pairs, ("csrfmiddlewaretoken", token)]),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.ok, f"{path}: {response.status} {response.text()}"
    return response


def roadmap_at(page: Page) -> str:
    """Return the address of the demo's first roadmap."""
    page.goto("/orgs/demo/roadmaps/")
    links = page.get_by_role("main").get_by_role("link").all()
    found = (link.get_attribute("href") or "" for link in links)
    return next(address for address in found if re.fullmatch(r"/orgs/demo/roadmaps/\d+/", address))
