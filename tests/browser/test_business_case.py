"""A business case: what one types is worked out at once, with and without script, and kept when it is saved."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.shortcuts import log_in, roadmap_at

TIME = "Time to production (weeks)"


def test_what_one_types_is_worked_out_at_once_and_kept_when_saved(context: BrowserContext, page: Page) -> None:
    log_in(context, "facilitator")
    case = f"{roadmap_at(page)}business-case/"
    page.goto(case)
    results, weeks = page.get_by_role("region", name="What follows"), page.get_by_label(TIME)
    before, headline = weeks.input_value(), results.locator(".lead").inner_text()
    expect(results.get_by_role("img", name="Cumulative cash by month")).to_be_visible()
    results.get_by_text("Models live sooner").click()

    weeks.fill("400")

    expect(results.get_by_role("status")).to_contain_text("not saved yet")
    expect(results.locator(".lead")).not_to_have_text(headline)
    expect(results.get_by_text("Time to production: 400 weeks")).to_be_visible()
    expect(weeks).to_be_focused()
    expect(results.locator("[data-case-chart] svg").first).to_be_visible()
    weeks.fill("-4")
    expect(results.get_by_role("alert")).to_contain_text("Enter 0 to 520.")

    weeks.fill("400")
    expect(results.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Save the figures").click()
    expect(page.get_by_text("The business case is saved.")).to_be_visible()
    expect(weeks).to_have_value("400")
    results.get_by_text("Models live sooner").click()
    results.get_by_role("link", name="New models", exact=True).click()
    expect(page.get_by_label("New models (a year)")).to_be_focused()

    weeks.fill(before)
    page.get_by_role("button", name="Save the figures").click()
    expect(weeks).to_have_value(before)


def test_it_is_worked_out_without_script(new_context: NewContext) -> None:
    context = new_context(java_script_enabled=False)
    log_in(context, "facilitator")
    page = context.new_page()
    page.goto(f"{roadmap_at(page)}business-case/")
    page.get_by_label(TIME).fill("400")

    page.get_by_role("button", name="Work it out").click()

    expect(page.get_by_role("status").filter(has_text="not saved yet")).to_be_visible()
    expect(page.get_by_label(TIME)).to_have_value("400")
