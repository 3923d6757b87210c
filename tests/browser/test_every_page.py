"""Every page in light and dark, wide and narrow: no finding of axe-core, no error, nothing cut off."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.shortcuts import begin, log_in, reauthenticate, result, roadmap_at, send
from tests.browser.survey import DEFINITION, QUESTIONS, choose, expect_chosen, expect_saved, question, sheet

WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}
COLOURS = {"options": {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}}
STEP = f"/try/questions/{DEFINITION.dimensions[0].key}/"
ANSWERS = sheet("yyyyy yyyn? yynnn ynnnn nn?nn")
ACCOUNT_PAGES = (
    "/accounts/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/sessions/",
    "/accounts/3rdparty/",
    "/accounts/logout/",
)
CUT_OFF = """() => [...document.querySelectorAll("body *")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width && box.right > document.documentElement.clientWidth + 1;
}).map((element) => element.outerHTML.slice(0, 120))"""


def expect_flawless(page: Page, *, status: int = 200, path: str = "") -> None:
    """Open `path`, or stay where the page is, and look at it in every width and scheme.

    The schemes differ in their colours alone, so that of the second one only these are looked at.
    """
    if path:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
            expect_flawless_as_it_is(page, **({} if scheme == SCHEMES[0] else COLOURS))


def expect_flawless_as_it_is(page: Page, **options: Any) -> None:
    """Look at the page in the width and scheme that it is shown in."""
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow == 0, f"{page.url} is too wide: {page.evaluate(CUT_OFF)}"
    scheme = page.locator("html").get_attribute("data-bs-theme")
    assert _findings(page, **options) == [], f"{page.url}, {page.viewport_size}, {scheme}"


def _findings(page: Page, **options: Any) -> list[str]:
    return [
        f"{violation['help']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in Axe().run(page, **options).response["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/try/", 200),
        ("/accounts/login/", 200),
        ("/accounts/signup/", 200),
        ("/accounts/password/reset/", 200),
        ("/accounts/password/reset/done/", 200),
        ("/accounts/password/reset/key/1-no-such-key/", 200),
        ("/accounts/login/code/", 200),
        ("/nowhere/", 404),
    ],
)
def test_pages_for_everybody(page: Page, path: str, status: int) -> None:
    expect_flawless(page, path=path, status=status)


def test_forms_with_an_error(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Email").fill("member@demo.example")
    page.get_by_label("Password").fill("123")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("alert")).to_contain_text("too short")
    expect_flawless(page)


def test_the_survey(context: BrowserContext, page: Page) -> None:
    begin(context)
    expect_flawless(page, path=STEP)
    expect_flawless(page, path="/try/review/")
    expect_flawless(page, path="/try/")
    page.goto(STEP)
    choose(page, QUESTIONS[0], "yes")
    choose(page, QUESTIONS[1], "not_sure")
    question(page, QUESTIONS[1]).get_by_text("Note or evidence").click()
    question(page, QUESTIONS[1]).get_by_label("Evidence link").fill("see wiki")
    expect(question(page, QUESTIONS[1]).get_by_role("status")).to_contain_text("Enter a full web address")
    expect_flawless(page)
    context.set_offline(True)
    choose(page, QUESTIONS[2], "no")
    expect(page.get_by_text("No connection.")).to_be_visible()
    expect_flawless(page)
    context.set_offline(False)
    expect(page.get_by_text("Not saved yet")).to_be_visible()


def test_other_questionnaires_and_what_is_proposed(context: BrowserContext, page: Page) -> None:
    """A ladder's step, its result, and answers that it proposes in the long form, marked until they are confirmed."""
    start = "/try/?questionnaire=mlops-maturity-quick"
    expect_flawless(page, path=start)
    send(context, start, start)
    expect_flawless(page, path=STEP)
    for dimension in DEFINITION.dimensions:
        path = f"/try/questions/{dimension.key}/"
        send(context, path, path, {f"{dimension.key}.ladder-choice": "2"})
    page.goto(send(context, "/try/review/", "/try/submit/").url)
    expect(page.get_by_text("Maturity level 2", exact=True)).to_be_visible()
    expect_flawless(page)
    expect_flawless(page, path="/try/")
    begin(context)
    expect_flawless(page, path="/try/review/")
    expect_flawless(page, path=STEP)
    confirm = question(page, QUESTIONS[0]).get_by_role("button", name="Confirm")
    confirm.focus()
    page.keyboard.press("Enter")
    expect_chosen(page, QUESTIONS[0], "yes")
    expect(confirm).to_have_count(0)
    page.get_by_role("button", name="Confirm all that is proposed here").click()
    for key, choice in zip(QUESTIONS[1:5], ("yes", "no", "no", "no"), strict=True):
        expect_chosen(page, key, choice)
    expect_saved(page)
    expect(page.get_by_text("5 of 25")).to_be_visible()
    expect_flawless(page)
    page.reload()
    expect_chosen(page, QUESTIONS[4], "no")
    expect(page.get_by_text("Proposed", exact=True)).to_have_count(0)


def test_a_step_that_the_server_sends_back(page: Page) -> None:
    """The page that the server sends for a step with an error; a browser with script has to look at it for axe-core."""
    begin(page.context)
    page.goto(STEP)
    question(page, QUESTIONS[1]).get_by_text("Note or evidence").click()
    question(page, QUESTIONS[1]).get_by_label("Evidence link").fill("see wiki")
    page.evaluate("document.querySelector('[data-step]').submit()")
    expect(page.get_by_text("Some of this could not be saved")).to_be_visible()
    expect_flawless(page)


def test_review_and_result(context: BrowserContext, page: Page) -> None:
    begin(context, ANSWERS)
    expect_flawless(page, path="/try/review/")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("Your result")).to_be_visible()
    for closed in page.locator("details:not([open]) summary").all()[:3]:
        closed.click()
    expect_flawless(page)
    expect_flawless(page, path=f"{page.url}discard/")


def test_forms_that_come_too_late(context: BrowserContext, page: Page) -> None:
    """A form in another tab, sent after the submission, and one from a page too old."""
    begin(context, ANSWERS)
    page.goto(STEP)
    other = context.new_page()
    other.goto("/try/review/")
    other.get_by_role("button", name="Submit").click()
    page.evaluate("document.querySelector('[data-step]').submit()")
    expect(page.get_by_role("heading", name="This assessment has been submitted already.")).to_be_visible()
    expect_flawless(page)
    page.goto("/accounts/login/")
    page.evaluate("document.querySelector('main [name=csrfmiddlewaretoken]').value = 'stale'")
    page.get_by_label("Email").fill("member@demo.example")
    page.get_by_label("Password").fill("demo")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="This page has become out of date.")).to_be_visible()
    expect_flawless(page)


def test_pages_of_a_member(context: BrowserContext, page: Page) -> None:
    log_in(context, "owner")
    result(context, ANSWERS)
    expect_flawless(page, path="/")
    expect_flawless(page, path="/orgs/demo/compare/")
    expect_flawless(page, path="/orgs/demo/")
    rounds = [link.get_attribute("href") or "" for link in page.get_by_role("rowheader").get_by_role("link").all()]
    team, open_round, closed_round = rounds[0], rounds[3], rounds[4]
    assert "?team=" in team
    for path in (team, open_round, closed_round, "/orgs/demo/settings/badge/", *ACCOUNT_PAGES):
        expect_flawless(page, path=path)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="owner@demo.example").click()
    expect(page.get_by_role("link", name="Log out")).to_be_visible()
    expect_flawless(page)


def test_benchmarks(context: BrowserContext, page: Page) -> None:
    log_in(context, "owner")
    for path in ("benchmarks", "technology", "settings/sharing"):
        expect_flawless(page, path=f"/orgs/demo/{path}/")


def test_badges(context: BrowserContext, page: Page) -> None:
    log_in(context, "owner")
    page.goto("/orgs/demo/settings/badge/")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("img", name="The badge as it looks now")).to_be_visible()
    expect_flawless(page)
    page.get_by_role("link", name="Revoke").first.click()
    expect(page.get_by_role("button", name="Revoke")).to_be_visible()
    expect_flawless(page)
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No badge yet.")).to_be_visible()


def _rounds(page: Page, status: str) -> list[str]:
    """Return the addresses of the demo's rounds of a status, the newest first."""
    page.goto("/orgs/demo/rounds/")
    rows = page.get_by_role("listitem").filter(has=page.locator(f".status-{status}"))
    return [row.get_by_role("link").first.get_attribute("href") or "" for row in rows.all()]


def test_pages_of_an_open_round(context: BrowserContext, page: Page) -> None:
    log_in(context, "facilitator")
    [open_round] = _rounds(page, "open")
    expect_flawless(page)
    for act in ("participants/", "participants/remove/", "extend/", "nudge/", "close/"):
        expect_flawless(page, path=f"{open_round}{act}")
    expect_flawless(page, path=f"{open_round}reopen/", status=409)
    page.goto(open_round)
    page.locator("#people-list").get_by_role("link", name="Remove").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Remove")
    expect_flawless(page)


def test_pages_of_a_draft(context: BrowserContext, page: Page) -> None:
    """It is discarded in the end, so that the demo is as it was."""
    log_in(context, "facilitator")
    expect_flawless(page, path="/orgs/demo/rounds/new/")
    page.get_by_role("button", name="Plan the round").click()
    expect(page.get_by_text("Planned; it opens when a facilitator opens it.")).to_be_visible()
    expect_flawless(page)
    draft = page.url
    for act in ("edit/", "open/", "discard/"):
        expect_flawless(page, path=f"{draft}{act}")
    page.get_by_role("button", name="Discard it").click()
    expect(page.get_by_text("The draft is discarded.")).to_be_visible()


def test_pages_of_a_closed_round(context: BrowserContext, page: Page) -> None:
    log_in(context, "facilitator")
    newest = _rounds(page, "closed")[0]
    for path in ("", "reopen/", "results/", f"results/notes/{QUESTIONS[0]}/"):
        expect_flawless(page, path=f"{newest}{path}")
    page.goto(f"{newest}results/")
    page.get_by_role("navigation", name="Result of").get_by_role("link").last.click()
    page.get_by_role("link", name="Record a consensus").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Consensus")
    expect_flawless(page)


@pytest.mark.parametrize(
    "path", ["/accounts/data/", "/accounts/delete/", "/orgs/demo/settings/data/", "/orgs/demo/settings/data/delete/"]
)
def test_pages_about_data(context: BrowserContext, page: Page, path: str) -> None:
    """For the only owner among others, and for somebody whom nobody needs."""
    for name in ("owner", "member") if path == "/accounts/delete/" else ("owner",):
        context.clear_cookies()
        log_in(context, name)
        reauthenticate(context)
        expect_flawless(page, path=path)
        assert page.url.endswith(path)


@pytest.mark.parametrize("path", ["/admin/", "/admin/assessments/round/", "/admin/assessments/response/"])
def test_the_administration(context: BrowserContext, page: Page, path: str) -> None:
    """Its frame is django-unfold's, which keeps to WCAG 2.1 but not to all else that axe-core advises."""
    log_in(context, "admin")
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.goto(path)
        expect(page.locator("html")).to_have_class("dark" if scheme == "dark" else "")
        assert _findings(page, options=WCAG) == []
    if (ticks := page.locator("input.action-select")).count():
        ticks.first.check()
        expect(page.get_by_text("1 of")).to_be_visible()
    assert refused == []


def test_print(context: BrowserContext, page: Page) -> None:
    """All sections stand on paper, dark on white, what is folded on the screen too, and nothing to click."""
    page.goto(result(context, ANSWERS))
    sections = page.get_by_role("main").get_by_role("region")
    page.emulate_media(media="print")
    assert sections.count() == 8
    for section in sections.all():
        expect(section).to_be_visible()
    for details in page.locator("details").all():
        expect(details.locator("summary + *").first).to_be_visible()
    for unwanted in (page.get_by_role("banner"), page.get_by_role("contentinfo"), page.get_by_role("button")):
        assert not any(element.is_visible() for element in unwanted.all())
    page.emulate_media(media="screen", color_scheme="dark")
    page.evaluate("addEventListener('beforeprint', () => window.printed = document.documentElement.dataset.bsTheme)")
    page.pdf()
    assert page.evaluate("window.printed") == "light"
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_list_of_roadmaps(context: BrowserContext, page: Page) -> None:
    log_in(context, "facilitator")
    expect_flawless(page, path="/orgs/demo/roadmaps/")


@pytest.mark.parametrize("path", ["edit", "progress", "delete", "business-case", "structure", "governance"])
def test_pages_of_a_roadmap(context: BrowserContext, page: Page, path: str) -> None:
    """Its plan, board and items are looked at on the way through test_roadmaps.py."""
    log_in(context, "facilitator")
    expect_flawless(page, path=f"{roadmap_at(page)}{path}/")
