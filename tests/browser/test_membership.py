"""Two organizations side by side: founding, inviting, joining by the mail's link, changing a role, removing."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.shortcuts import log_in
from tests.browser.test_every_page import expect_flawless

GUEST = "viewer@demo.example"


def _found(context: BrowserContext, name: str) -> Page:
    """Found an organization and return its page of teams."""
    log_in(context, "owner")
    page = context.new_page()
    page.goto("/")
    page.get_by_role("main").get_by_role("link", name="New organization").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_text("The organization is there.")).to_be_visible()
    return page


def _join(guest: BrowserContext, mail: str, name: str) -> Page:
    link = re.search(r"https?://[^/\s]+(/invitations/\S+)", mail)
    assert link, mail
    page = guest.new_page()
    page.goto(link[1])
    expect(page.get_by_role("heading", name=f"Join {name}")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    page.get_by_label("Email").fill(GUEST)
    page.get_by_label("Password").fill("demo")
    page.get_by_role("main").get_by_role("button", name="Log in", exact=True).click()
    expect_flawless(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text(f"Welcome to {name}.")).to_be_visible()
    assert (answer := page.request.get(link[1])).status == 404, answer.text()
    return page


def test_invite_join_change_role_remove(new_context: NewContext, newest_mail: Callable[[str], str]) -> None:
    name = f"Lake {uuid4().hex[:8]}"
    owner = _found(new_context(), name)
    owner.get_by_label("Name").fill("Ferries")
    owner.get_by_role("button", name="Add it").click()
    owner.get_by_role("link", name="Invitations").click()
    owner.get_by_label("Email addresses").fill(GUEST)
    owner.get_by_label("Viewer:").check()
    owner.get_by_label("Team", exact=True).select_option("Ferries")
    owner.get_by_role("button", name="Send the invitations").click()
    expect(owner.get_by_text("1 person is invited.")).to_be_visible()

    guest = _join(new_context(), newest_mail(GUEST), name)
    at_home = guest.url
    guest.get_by_role("button", name=name).click()
    guest.get_by_role("banner").get_by_role("link", name="(demo)").click()
    expect(guest).to_have_url("/orgs/demo/")
    guest.goto(f"{at_home}settings/")
    expect(guest.get_by_role("heading", name="Your role does not allow this.")).to_be_visible()

    owner.get_by_role("link", name="Members", exact=True).click()
    owner.get_by_role("link", name=GUEST).click()
    owner.get_by_label("Owner:").check()
    owner.get_by_role("button", name="Save").click()
    guest.reload()
    expect(guest.get_by_role("heading", name="General settings")).to_be_visible()

    owner.get_by_role("link", name=GUEST).click()
    owner.get_by_role("link", name="Remove from the organization").click()
    owner.get_by_role("button", name="Remove them").click()
    expect(owner.get_by_text(f"{GUEST} is no longer a member.")).to_be_visible()
    guest.get_by_role("link", name="Teams", exact=True).click()
    expect(guest.get_by_role("heading", name="There is nothing here.")).to_be_visible()
    guest.goto("/orgs/demo/")
    expect(guest.get_by_role("heading", level=1)).to_contain_text("(demo)")


def test_settings_pages(context: BrowserContext, page: Page) -> None:
    log_in(context, "owner")
    settings = "/orgs/demo/settings/"
    page.goto(f"{settings}members/")
    member = page.get_by_role("link", name="facilitator@demo.example").get_attribute("href") or ""
    page.goto(f"{settings}teams/")
    team = (
        page.get_by_role("main").get_by_role("listitem").get_by_role("link", name="Fraud").get_attribute("href") or ""
    )
    for path in (
        "/orgs/new/",
        settings,
        f"{settings}teams/",
        team,
        f"{team}archive/",
        f"{settings}members/",
        f"{settings}members/leave/",
        member,
        f"{member}transfer/",
        f"{settings}audit/",
        f"{settings}audit/?kind=round&page=2",
        f"{settings}members/invitations/",
    ):
        expect_flawless(page, path=path)
    page.get_by_label("Email addresses").fill("nobody")
    page.get_by_role("button", name="Send the invitations").click()
    expect(page.get_by_role("alert")).to_contain_text("nobody is not an email address.")
    expect_flawless(page)
    expect_flawless(page, path=f"{settings}audit/?since=2026-02-02&until=2026-02-01", status=422)
    expect_flawless(page, path="/invitations/no-such-invitation/", status=404)


def test_the_header_on_a_phone(context: BrowserContext, page: Page) -> None:
    log_in(context, "viewer")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/orgs/demo/settings/members/")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Switch organization").click()
    expect(page.get_by_role("link", name="New organization")).to_be_visible()
    expect_flawless(page)
