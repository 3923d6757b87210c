"""The survey where the connection, the server, or the browser's cookies fail: what was answered stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.browser.shortcuts import begin
from tests.browser.survey import DEFINITION, QUESTIONS, choose, expect_chosen, expect_saved, question

FIRST, SECOND = DEFINITION.dimensions[:2]
STEP = f"/try/questions/{FIRST.key}/"
NOTE = "Äpfel & <Birnen>\nin two lines"


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The first step of a self-assessment."""
    begin(context)
    page = context.new_page()
    page.goto(STEP)
    expect_saved(page)
    return page


def write_note(page: Page, key: str) -> None:
    question(page, key).get_by_text("Note or evidence").click()
    question(page, key).get_by_label("Note").fill(NOTE)


def answer_some(page: Page) -> None:
    choose(page, QUESTIONS[0], "yes")
    choose(page, QUESTIONS[1], "no")
    choose(page, QUESTIONS[1], "not_sure")
    write_note(page, QUESTIONS[2])


def expect_some(page: Page) -> None:
    expect_chosen(page, QUESTIONS[0], "yes")
    expect_chosen(page, QUESTIONS[1], "not_sure")
    expect(question(page, QUESTIONS[2]).get_by_label("Note")).to_have_value(NOTE)


def expect_state(page: Page, state: str, text: str) -> None:
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", state)
    expect(page.locator("[data-save-state]")).to_contain_text(text)


def expect_kept(page: Page) -> None:
    """Expect the server to have it all: a browser that has nothing but the cookies shows it."""
    page.evaluate("localStorage.clear()")
    page.goto(STEP)
    expect_some(page)


def test_an_offline_moment_shows_and_catches_up(page: Page) -> None:
    page.context.set_offline(True)
    answer_some(page)
    expect_state(page, "offline", "No connection. Your answers are kept on this device")
    page.context.set_offline(False)
    expect_state(page, "saved", "All answers saved")
    expect(page.get_by_text("2 of 25")).to_be_visible()
    expect_kept(page)


@pytest.mark.parametrize("answered", [True, False])
def test_next_waits_for_the_connection(page: Page, answered: bool) -> None:
    """Next would lose the page, where the browser knows that it is offline as well as where it does not."""
    page.context.set_offline(True)
    if answered:
        answer_some(page)
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Next").click()
    expect_state(page, "offline", "No connection")
    expect(page.get_by_role("heading", level=1)).to_have_text(FIRST.title)
    page.context.set_offline(False)
    expect(page.get_by_role("heading", level=1)).to_have_text(SECOND.title)
    if answered:
        expect_kept(page)


def test_a_tab_closed_offline_sends_what_it_had_on_the_next_visit(page: Page) -> None:
    page.context.set_offline(True)
    answer_some(page)
    expect_state(page, "offline", "No connection")
    page.close()
    page.context.set_offline(False)
    review = page.context.new_page()
    review.goto("/try/review/")
    expect(review.get_by_text("23 questions are still open.")).to_be_visible()
    expect_kept(review)


def test_errors_of_the_server_are_retried(page: Page) -> None:
    codes: Iterator[int] = iter([500, 503])

    def fail_first(route: Route) -> None:
        code = next(codes, None)
        route.fulfill(status=code, body="Down") if code else route.continue_()

    page.route("**/try/answer/", fail_first)
    choose(page, QUESTIONS[0], "yes")
    expect_state(page, "offline", "No connection")
    expect_saved(page)
    assert next(codes, None) is None
    choose(page, QUESTIONS[1], "not_sure")
    write_note(page, QUESTIONS[2])
    expect_saved(page)
    expect_kept(page)


def test_what_waits_behind_a_request_that_fails_is_sent_too(page: Page) -> None:
    held: list[Route] = []

    def next_held() -> Route:
        while not held:
            page.wait_for_timeout(20)
        return held.pop()

    page.route("**/try/answer/", lambda route: held.append(route))  # noqa: PLW0108 - Playwright writes on it
    choose(page, QUESTIONS[0], "yes")
    first = next_held()
    choose(page, QUESTIONS[1], "no")
    first.abort()
    next_held().abort()
    expect_state(page, "offline", "No connection")
    page.unroute("**/try/answer/")
    expect_saved(page)
    page.goto(STEP)
    expect_chosen(page, QUESTIONS[0], "yes")
    expect_chosen(page, QUESTIONS[1], "no")


def test_a_stale_page_says_so_and_loses_nothing(page: Page, base_url: str) -> None:
    page.context.add_cookies([{"name": "csrftoken", "value": "a" * 32, "url": base_url}])
    answer_some(page)
    for key in QUESTIONS[:3]:
        expect(question(page, key).get_by_role("alert")).to_contain_text("This page has become out of date.")
    expect_state(page, "refused", "Not saved yet: see the message at the question.")
    page.reload()
    expect_some(page)
    expect_saved(page)
    expect_kept(page)


def test_a_session_that_ended_says_so(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")
    choose(page, QUESTIONS[0], "yes")
    alert = question(page, QUESTIONS[0]).get_by_role("alert")
    expect(alert).to_contain_text("There is no assessment in progress in this browser.")
    alert.get_by_role("link", name="Start an assessment").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()


def test_a_broken_evidence_link_says_so_and_keeps_the_choice(page: Page) -> None:
    key = QUESTIONS[3]
    choose(page, key, "yes")
    question(page, key).get_by_text("Note or evidence").click()
    question(page, key).get_by_label("Evidence link").fill("see wiki")
    message = question(page, key).get_by_role("status")
    expect(message).to_contain_text("Evidence link: Enter a full web address")
    expect_state(page, "refused", "Not saved yet")
    question(page, key).get_by_label("Evidence link").fill("wiki.example.org/features")
    expect(message).to_be_empty()
    expect_saved(page)
    page.reload()
    expect_chosen(page, key, "yes")
    expect(question(page, key).get_by_label("Evidence link")).to_have_value("https://wiki.example.org/features")


def test_typing_is_saved_after_a_pause(page: Page) -> None:
    """One request for a note, not one a letter."""
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if "/try/answer/" in request.url else None)
    question(page, QUESTIONS[2]).get_by_text("Note or evidence").click()
    with page.expect_response("**/try/answer/"):
        question(page, QUESTIONS[2]).get_by_label("Note").press_sequentially("in a hurry")
    expect_saved(page)
    assert len(sent) == 1


def test_two_tabs_undo_nothing_of_each_other(page: Page) -> None:
    """One tab, opened before the other one answered, changes another part of the same answer and goes on with Next."""
    other = page.context.new_page()
    other.goto(STEP)
    write_note(page, QUESTIONS[0])
    choose(page, QUESTIONS[1], "yes")
    choose(page, QUESTIONS[1], "no")
    expect(page.get_by_text("1 of 25")).to_be_visible()
    expect_saved(page)
    choose(other, QUESTIONS[0], "yes")
    expect_saved(other)
    other.get_by_role("button", name="Next").click()
    expect(other.get_by_role("heading", level=1)).to_have_text(SECOND.title)
    page.reload()
    expect_chosen(page, QUESTIONS[0], "yes")
    expect_chosen(page, QUESTIONS[1], "no")
    expect(question(page, QUESTIONS[0]).get_by_label("Note")).to_have_value(NOTE)


def test_a_reply_confirms_only_what_its_request_carried(page: Page) -> None:
    """The reply to the first choice comes while the second one waits; the connection then fails the second one."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/try/answer/", hold)
    with page.expect_request("**/try/answer/"):
        choose(page, QUESTIONS[0], "yes")
    choose(page, QUESTIONS[0], "not_sure")
    with page.expect_request("**/try/answer/"):
        held[0].continue_()
    expect_state(page, "saving", "Saving")
    held[1].abort("connectionfailed")
    expect_state(page, "offline", "No connection")
    page.unroute("**/try/answer/")
    expect_saved(page)
    page.reload()
    expect_chosen(page, QUESTIONS[0], "not_sure")


def test_an_answer_refused_for_good_is_not_sent_later(page: Page) -> None:
    page.route("**/try/answer/", lambda route: route.fulfill(status=409, body="Submitted already"))
    choose(page, QUESTIONS[0], "yes")
    expect(question(page, QUESTIONS[0]).get_by_role("status")).to_have_text("Submitted already")
    expect_state(page, "refused", "Not saved yet")
    page.unroute("**/try/answer/")
    page.reload()
    expect_saved(page)
    expect(question(page, QUESTIONS[0]).get_by_role("radio", checked=True)).to_have_count(0)


def test_what_is_answered_while_the_page_loads_counts(page: Page) -> None:
    """On a slow connection people answer before the script is there, which then sends what it missed."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/survey*.js", hold, times=1)
    page.goto(STEP, wait_until="commit")
    answer_some(page)
    held[0].continue_()
    expect_saved(page)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SECOND.title)
    expect_kept(page)
