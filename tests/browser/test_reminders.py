"""Planning reminders for a team with the dates following what is typed, and reading what the demo has sent."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.shortcuts import log_in
from tests.browser.test_every_page import expect_flawless

PAGE = "/orgs/demo/settings/reminders/"


def test_plan_skip_pause_and_delete(context: BrowserContext, page: Page) -> None:
    log_in(context, "facilitator")
    page.goto(PAGE)
    page.get_by_role("link", name="Another schedule").click()
    dates = page.get_by_role("region", name="Next five dates")
    page.get_by_label("First date").fill("2027-01-31")
    page.get_by_label("At", exact=False).first.focus()
    expect(dates).to_contain_text("Friday, 30 April 2027")
    page.get_by_label("How often").select_option("weeks")
    page.get_by_label("Weeks between").fill("6")
    page.get_by_label("Days before").focus()
    expect(dates).to_contain_text("Sunday, 14 March 2027")
    expect_flawless(page)
    page.get_by_role("button", name="Plan it").click()
    expect(page.get_by_text("The reminders are planned.")).to_be_visible()
    expect_flawless(page)
    team = page.locator("section.col-lg-6").filter(has_text="Every 6 weeks")
    team.get_by_role("button", name="Skip").first.click()
    expect(team.get_by_role("button", name="Take up again 31 January 2027")).to_be_visible()
    team.get_by_role("button", name="Pause").click()
    expect(team.get_by_text("Paused")).to_be_visible()
    expect_flawless(page)
    team.get_by_role("link", name="Delete").click()
    expect_flawless(page)
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("The schedule is deleted.")).to_be_visible()


def test_the_demos_mail_is_read_and_ended(context: BrowserContext, page: Page) -> None:
    log_in(context, "owner")
    for path in (f"{PAGE}webhooks/", "/mail/preferences/", "/demo/mail/"):
        expect_flawless(page, path=path)
    page.reload()
    # It goes out within a minute of the demo's first start.
    expect(with_a_reminder(page).get_by_role("link", name="the next assessment is due").first).to_be_visible()
    page.get_by_role("link", name="the next assessment is due").first.click()
    expect(page.frame_locator("iframe").get_by_role("link", name="Plan the round")).to_be_visible()
    link = page.locator("pre").get_by_role("link").last
    expect_flawless(page)
    link.click()
    expect(page.get_by_role("heading", name="No more of these mails?")).to_be_visible()
    expect_flawless(page)
    page.get_by_role("button", name="No more of these mails").click()
    expect_flawless(page)
    page.get_by_role("button", name="That was a mistake").click()
    expect(page.get_by_text("You get these mails again.")).to_be_visible()


def with_a_reminder(page: Page) -> Page:
    """Open the page anew until the first reminder is there, for as long as beat takes at most."""
    for _second in range(75):
        if page.get_by_role("link", name="the next assessment is due").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    return page
