"""An owner makes a questionnaire of the shipped one, publishes two versions of it, and compares rounds of both."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.shortcuts import log_in, send
from tests.browser.test_every_page import expect_flawless, expect_flawless_as_it_is
from tests.browser.test_rounds import DESK, JOURNEY_SECONDS, ask, close_round, open_round

OWNER = "owner@demo.example"
EDIT = re.compile(r"/questionnaires/\d+/\d+/edit/")


def found_organization(context: BrowserContext) -> str:
    """Found an organization with a team, so that nothing of the demo's own changes; return its address."""
    name = f"Quay {uuid4().hex[:8]}"
    send(context, "/orgs/new/", "/orgs/new/", {"name": name, "time_zone": "UTC", "language": "en"})
    home = f"/orgs/{name.lower().replace(' ', '-')}/"
    send(context, f"{home}settings/teams/", f"{home}settings/teams/", {"name": "Cranes"})
    return home


def expect_saved(page: Page, text: str) -> None:
    expect(page.locator("#editor-messages")).to_contain_text(text)


def add(page: Page, kind: str, title: str) -> None:
    page.get_by_label(f"New {kind}").fill(title)
    page.get_by_role("button", name=f"Add the {kind}").click()
    expect_saved(page, f"Added “{title}”.")


def publish(page: Page) -> None:
    page.get_by_role("link", name="Check and publish").click()
    expect_flawless(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("is published. Rounds can use it now.")).to_be_visible()


def round_with(page: Page, home: str, version: str, days: tuple[str, str], choice: str) -> None:
    """Plan, open, answer and close a round whose questionnaire is that version."""
    page.goto(f"{home}rounds/new/")
    page.get_by_label("Questionnaire", exact=False).first.select_option(label=version)
    page.get_by_label("First day of the period").fill(days[0])
    page.get_by_label("Last day of the period").fill(days[1])
    page.get_by_role("button", name="Plan the round").click()
    ask(page, [OWNER], "Cranes")
    open_round(page)
    path = re.sub("^https?://[^/]+", "", page.url)
    send(page.context, f"{path}respond/", f"{path}respond/")
    page.goto(f"{path}respond/review/")
    for step in [each.get_attribute("href") or "" for each in page.locator("h2 a").all()]:
        page.goto(step)
        names = [field.get_attribute("name") or "" for field in page.locator(f"[type=radio][value={choice}]").all()]
        send(page.context, step, step, dict.fromkeys(names, choice))
    send(page.context, f"{path}respond/review/", f"{path}respond/submit/")
    page.goto(path)
    close_round(page)


@pytest.mark.timeout(JOURNEY_SECONDS)
def test_from_a_copy_to_rounds_of_two_versions(new_context: NewContext) -> None:
    context = new_context(**DESK)
    log_in(context, "owner")
    home = found_organization(context)
    page = context.new_page()
    title = f"Harbour check {uuid4().hex[:6]}"

    expect_flawless(page, path="/questionnaires/")
    page.get_by_role("link", name=re.compile("^Copy.*MLOps maturity assessment")).click()
    copy = page.locator("#copy")
    copy.get_by_label("For").select_option(label=home.split("/")[2].replace("quay-", "Quay "))
    copy.get_by_label("Title of the copy").fill(title)
    expect_flawless_as_it_is(page)
    copy.get_by_role("button", name="Copy it").click()
    expect(page).to_have_url(EDIT)
    expect_flawless(page)
    draft = re.sub("(/edit/).*", r"\1", page.url)

    # A dimension with two questions, ordered by the keyboard alone.
    add(page, "dimension", "Cost")
    page.get_by_role("link", name="Cost", exact=True).click()
    add(page, "question", "Is the cost of each model known?")
    add(page, "question", "Is there a budget for each model?")
    cards = page.locator("[data-sortable] > li")
    expect(cards).to_have_count(2)
    up = page.get_by_role("button", name=re.compile("Move up: Is there a budget"))
    up.focus()
    page.keyboard.press("Enter")
    expect(cards.first).to_contain_text("Is there a budget")
    expect_saved(page, "is now 1 of 2")
    expect(up).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(cards.last).to_contain_text("Is there a budget")
    expect_flawless(page)

    # Edited in its place, with a preview as it is typed; what is not saved is not lost by a click elsewhere.
    page.evaluate("htmx.config.defaultSettleDelay = 1000")  # typed before the page's script has seen the panel
    cards.first.get_by_role("link", name=re.compile("^Edit")).click()
    panel = page.locator(".edit-panel")
    panel.get_by_label("Help").fill("Yes if **every** model has a figure.")
    expect(panel.locator(".question-preview strong")).to_have_text("every")
    expect(panel.get_by_label("Help")).to_be_focused()
    page.evaluate("htmx.config.defaultSettleDelay = 20")
    expect_flawless(page)
    page.get_by_role("button", name=re.compile("^Delete")).last.click()
    expect(panel.get_by_text("Save or cancel this first")).to_be_visible()
    panel.get_by_label("Action").fill("Tag all that runs with the name of its model.")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("alert")).to_contain_text("Guidance needs")
    expect_flawless(page)
    expect(panel.get_by_label("Action")).to_have_value("Tag all that runs with the name of its model.")
    panel.get_by_label("Success metric").fill("All models have a monthly figure.")
    panel.get_by_label("Effort").fill("2.5")
    panel.get_by_role("button", name="Save").click()
    expect_saved(page, "Saved.")
    delete = cards.get_by_role("button", name=re.compile("^Delete"))
    delete.last.focus()
    page.keyboard.press("Enter")
    expect(cards).to_have_count(1)
    expect(delete).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(cards).to_have_count(2)

    # Two people edit at once: the second is told, and nothing is overwritten unseen.
    other = context.new_page()
    other.goto(f"{draft}settings/")
    page.goto(f"{draft}settings/")
    other.get_by_label("Description").fill("Written in the other window.")
    other.get_by_role("button", name="Save").click()
    expect_saved(other, "Saved.")
    page.get_by_label("Description").fill("Written here.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Written in the other window.")
    expect(page.get_by_label("Description")).to_have_value("Written here.")
    expect_flawless(page)
    page.get_by_role("button", name="Save").click()
    expect_saved(page, "Saved.")
    other.close()

    for part in ("choices/", "levels/", "levels/2/", "dimensions/monitoring/settings/", "languages/"):
        expect_flawless(page, path=f"{draft}{part}")
    page.get_by_label("Language").fill("de")
    page.get_by_role("button", name="Add the language").click()
    expect_saved(page, "The language de is added.")
    expect_flawless(page, path=f"{draft}languages/de/?section=monitoring")

    # Tried out, published, used.
    page.get_by_role("link", name="Preview").click()
    page.get_by_text("Yes", exact=True).first.click()
    expect(page.locator("#try-result")).to_contain_text("1 of 27 questions are answered.")
    expect_flawless(page)
    page.get_by_role("button", name="The rest: “No”").click()
    expect(page.locator("#try-result")).to_contain_text("Level 0")
    page.get_by_role("link", name="Back to the draft").click()
    publish(page)
    expect_flawless(page)
    questionnaire = page.url
    round_with(page, home, f"{title}, version 1", ("2026-01-01", "2026-03-31"), "no")

    # The second version: a question reworded keeps its key, one that asks for something else gets a new one.
    page.goto(questionnaire)
    page.get_by_role("button", name="Start the next version").click()
    page.get_by_role("navigation", name="Parts").get_by_role("link", name=re.compile("^Cost")).click()
    page.get_by_role("link", name=re.compile("^Edit.*budget")).click()
    panel.get_by_label("Question").fill("Does every model stay within its budget?")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("alert")).to_contain_text("Say whether it still asks the same")
    panel.get_by_label("No, it asks for something else").check()
    expect_flawless(page)
    panel.get_by_role("button", name="Save").click()
    expect_saved(page, "Saved.")
    page.get_by_role("link", name="Check and publish").click()
    expect(page.get_by_text("Added the question “Does every model stay within its budget?”.")).to_be_visible()
    expect(page.get_by_text("Removed the question “Is there a budget for each model?”.")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect_flawless(page, path=f"{questionnaire}2/")
    expect_flawless(page, path=f"{questionnaire}import/")
    expect_flawless(page, path=f"{questionnaire}1/retire/")
    round_with(page, home, f"{title}, version 2", ("2026-04-01", "2026-06-30"), "yes")

    page.goto(f"{home}compare/")
    expect(page.get_by_role("main")).to_contain_text("Q1 2026")
    expect(page.get_by_role("main")).to_contain_text("Does every model stay within its budget?")
    expect_flawless(page)
