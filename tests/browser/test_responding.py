"""Responding in a round by the link of the mail until it closes; two devices of one person that hear of each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from assessments.models.rounds import quarter_days
from tests.browser.conftest import PHONE, NewContext
from tests.browser.shortcuts import begin, log_in, plan_round, send
from tests.browser.survey import DEFINITION, QUESTIONS, choose, expect_chosen, expect_saved, question
from tests.browser.test_every_page import expect_flawless

FIRST = DEFINITION.dimensions[0]
ELSEWHERE = re.compile(r"^Changed in another tab or on another device at \d\d:\d\d [A-Z]+\.$")
REPLACED = "what you gave here has replaced that"
NOTE = "Typed in the <train>\nwithout a network"


def write_note(page: Page, key: str, note: str) -> None:
    if not question(page, key).get_by_label("Note").is_visible():
        question(page, key).get_by_text("Note or evidence").click()
    question(page, key).get_by_label("Note").fill(note)


@pytest.fixture
def devices(new_context: NewContext) -> tuple[Page, Page]:
    """Two devices of one person at the same step of a self-assessment; neither knows what the other one does."""
    desk = new_context()
    begin(desk)
    phone = new_context(storage_state=desk.storage_state(), **PHONE)
    pages = desk.new_page(), phone.new_page()
    for page in pages:
        page.goto(f"/try/questions/{FIRST.key}/")
        expect_saved(page)
    return pages


def test_what_another_device_answered_comes_with_the_next_reply(devices: tuple[Page, Page]) -> None:
    desk, phone = devices
    choose(desk, QUESTIONS[0], "no")
    write_note(desk, QUESTIONS[1], "From the desk")
    expect_saved(desk)
    choose(phone, QUESTIONS[2], "yes")
    expect_chosen(phone, QUESTIONS[0], "no")
    expect(question(phone, QUESTIONS[0]).get_by_text(ELSEWHERE)).to_be_visible()
    expect(question(phone, QUESTIONS[1]).get_by_label("Note")).to_have_value("From the desk")
    expect(question(phone, QUESTIONS[2]).get_by_text(ELSEWHERE)).to_have_count(0)
    expect_flawless(phone)


def test_the_last_answer_counts_and_says_so(devices: tuple[Page, Page]) -> None:
    desk, phone = devices
    choose(desk, QUESTIONS[0], "no")
    expect_saved(desk)
    choose(phone, QUESTIONS[0], "yes")
    expect(question(phone, QUESTIONS[0])).to_contain_text(REPLACED)
    choose(desk, QUESTIONS[1], "no")
    expect_chosen(desk, QUESTIONS[0], "yes")
    expect(question(desk, QUESTIONS[0]).get_by_text(ELSEWHERE)).to_be_visible()
    choose(desk, QUESTIONS[0], "not_sure")
    expect_saved(desk)
    expect(question(desk, QUESTIONS[0])).not_to_contain_text(REPLACED)


def test_what_is_typed_here_stays_when_another_device_is_heard_of(devices: tuple[Page, Page]) -> None:
    """The reply to another question comes while the note is not sent yet."""
    desk, phone = devices
    write_note(desk, QUESTIONS[0], "From the desk")
    expect_saved(desk)
    phone.context.set_offline(True)
    choose(phone, QUESTIONS[1], "no")
    write_note(phone, QUESTIONS[0], "From the phone")
    phone.context.set_offline(False)
    expect_saved(phone)
    expect(question(phone, QUESTIONS[0]).get_by_label("Note")).to_have_value("From the phone")
    expect(question(phone, QUESTIONS[0]).get_by_text(ELSEWHERE)).to_be_visible()
    desk.reload()
    expect(question(desk, QUESTIONS[0]).get_by_label("Note")).to_have_value("From the phone")


def test_an_answer_sent_late_tells_what_it_replaces(devices: tuple[Page, Page]) -> None:
    """Given without a network, sent at the next visit, when another device had answered meanwhile."""
    desk, phone = devices
    phone.context.set_offline(True)
    choose(phone, QUESTIONS[0], "yes")
    expect(phone.get_by_text("No connection.")).to_be_visible()
    phone.close()
    choose(desk, QUESTIONS[0], "no")
    expect_saved(desk)
    phone.context.set_offline(False)
    back = phone.context.new_page()
    back.goto(f"/try/questions/{FIRST.key}/")
    expect(question(back, QUESTIONS[0])).to_contain_text(REPLACED)
    expect_chosen(back, QUESTIONS[0], "yes")


def _open_round(context: BrowserContext, email: str) -> Page:
    """Found an organization with a team, open a round and ask somebody; return the round's page."""
    log_in(context, "facilitator")
    name = f"Lake {uuid4().hex[:8]}"
    home = f"/orgs/{name.lower().replace(' ', '-')}/"
    send(context, "/orgs/new/", "/orgs/new/", {"name": name, "time_zone": "Europe/Berlin", "language": "en"})
    send(context, f"{home}settings/teams/", f"{home}settings/teams/", {"name": "Ferries"})
    round_ = plan_round(context, home, *quarter_days(2026, 3))
    send(context, f"{round_}participants/", f"{round_}participants/", {"addresses": email})
    send(context, f"{round_}open/", f"{round_}open/")
    page = context.new_page()
    page.goto(round_)
    return page


def _answer_all(page: Page) -> None:
    for number, dimension in enumerate(DEFINITION.dimensions, start=1):
        expect(page.get_by_role("heading", level=1)).to_have_text(dimension.title)
        for asked in dimension.questions:
            choose(page, asked.key, "yes")
        page.get_by_role("button", name="Review your answers" if number == 5 else "Next").click()


def test_by_the_link_until_the_round_closes(new_context: NewContext, newest_mail: Callable[[str], str]) -> None:
    """Answer and submit on a phone, change without a network, and find what was typed after the round closed."""
    email = f"{uuid4().hex}@guest.example"
    facilitator = _open_round(new_context(), email)
    link = re.search(r"https?://[^/\s]+(/respond/\S+)", newest_mail(email))
    assert link
    page = new_context(**PHONE).new_page()
    page.goto(link[1])
    expect(page.get_by_text("25 questions, about 10 minutes.")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    _answer_all(page)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Thank you. Your answers count.")).to_be_visible()
    expect_flawless(page)
    page.get_by_role("link", name="Change my answers").click()
    expect(page.get_by_role("heading", name="Review your answers")).to_be_visible()
    expect_flawless(page)
    page.get_by_role("link", name=FIRST.title).click()
    choose(page, QUESTIONS[0], "no")
    expect_saved(page)
    page.context.set_offline(True)
    write_note(page, QUESTIONS[1], NOTE)
    expect(page.get_by_text("No connection.")).to_be_visible()
    page.close()

    facilitator.get_by_role("link", name="Close now").click()
    facilitator.get_by_role("button", name="Close it").click()
    expect(facilitator.get_by_role("main")).to_contain_text("Level")

    back = page.context.new_page()
    page.context.set_offline(False)
    answer = back.goto(link[1])
    assert answer is not None
    assert answer.status == 410
    expect(back.get_by_text("You had submitted your answers; they count.")).to_be_visible()
    expect(back.get_by_role("region", name="Typed in this browser and never sent")).to_contain_text(NOTE)
    expect_flawless(back)


def test_the_round_closes_while_somebody_types(new_context: NewContext, newest_mail: Callable[[str], str]) -> None:
    """The page stays with what was typed and says that it came too late; sent whole, it comes back to copy."""
    email = f"{uuid4().hex}@guest.example"
    facilitator = _open_round(new_context(), email)
    link = re.search(r"https?://[^/\s]+(/respond/\S+)", newest_mail(email))
    assert link
    page = new_context().new_page()
    page.goto(link[1])
    page.get_by_role("button", name="Start").click()
    choose(page, QUESTIONS[0], "yes")
    expect_saved(page)
    facilitator.get_by_role("link", name="Close now").click()
    facilitator.get_by_role("button", name="Close it").click()
    expect(facilitator).not_to_have_url(re.compile("close/$"))
    write_note(page, QUESTIONS[1], NOTE)
    expect(question(page, QUESTIONS[1]).get_by_role("alert")).to_contain_text("The round closed on")
    expect(question(page, QUESTIONS[1]).get_by_label("Note")).to_have_value(NOTE)
    expect_flawless(page)
    page.evaluate("document.querySelector('[data-step]').submit()")
    expect(page.get_by_role("heading", name="What you had typed")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("do not count")
    expect(page.locator("dd")).to_have_text("Typed in the <train>without a network")
    expect_flawless(page)
