"""Keeping a result with an account, and an organization's pages as its members see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.shortcuts import log_in, result
from tests.browser.survey import expect_result, score, sheet

ANSWERS = sheet("yyyyy yyyn? yynnn ynnnn nn?nn")


def test_sign_up_keeps_the_result(new_context: NewContext, newest_mail: Callable[[str], str], tmp_path: Path) -> None:
    context = new_context()
    address = result(context, ANSWERS)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("complementary", name="Keep this result").get_by_role("link", name="Sign up").click()
    email = f"{uuid4().hex}@newcomer.example"
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill("a red bicycle in the rain")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    [code] = re.findall(r"^ {4}([A-Z]{4}-[A-Z]{4})$", newest_mail(email), re.MULTILINE)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm the address").click()
    expect_result(page, score(ANSWERS, tmp_path))
    expect(page).to_have_url(address)
    expect(page.get_by_text("Keep this result")).to_have_count(0)

    page.get_by_role("link", name="Overview").click()
    expect(page).to_have_url("/")
    page.get_by_role("main").get_by_role("link", name="Level 2").click()
    expect(page).to_have_url(address)

    _expect_log_in(new_context(), address)
    _expect_nothing(new_context(), address)


def _expect_log_in(stranger: BrowserContext, address: str) -> None:
    page = stranger.new_page()
    page.goto(address)
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def _expect_nothing(other: BrowserContext, address: str) -> None:
    log_in(other, "viewer")
    page = other.new_page()
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="There is nothing here.")).to_be_visible()


def test_an_organization_at_a_glance(context: BrowserContext, page: Page) -> None:
    """Its level, its charts as drawn, and the result of every team behind the heat map."""
    log_in(context, "member")
    page.goto("/")
    page.get_by_role("region", name="Organizations").get_by_role("link", name="Kompass").click()
    expect(page).to_have_url("/orgs/demo/")
    expect(page.get_by_role("heading", name="Level")).to_be_visible()
    expect(page.locator("[data-chart=trend] svg")).to_contain_text("Overall")
    teams = page.get_by_role("region", name="Teams and dimensions").get_by_role("link")
    assert teams.count() == 3
    for team in teams.all():
        name = team.inner_text()
        team.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        expect(page.get_by_text("Maturity level")).to_be_visible()
        expect(page.locator("[data-chart=radar] svg")).to_contain_text("Governance")
        page.go_back()


def test_dark_and_light_are_remembered(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="Light colours").click()
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.goto("/try/")
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="Dark colours").click()
    page.emulate_media(color_scheme="light")
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")
