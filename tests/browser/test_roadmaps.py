"""From the demo's last result to a roadmap, through what was done, to what the next round measures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import BrowserContext, Page, Route, expect

from assessments.models.rounds import quarter_days
from mlops_maturity.env import CHECKOUT
from tests.browser.shortcuts import log_in, result, send
from tests.browser.survey import sheet
from tests.browser.test_every_page import expect_flawless
from tests.browser.test_rounds import OWNER, ask, close_round, open_round

ANSWERS = sheet("yynnn yynnn yynnn ynnnn ynnnn")
BETTER = sheet("yynnn yynnn yynnn yynnn ynnnn")


def planned_by_command(answers: dict[str, str], tmp_path: Path) -> list[str]:
    """Return what the command plans from these answers."""
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"questionnaire": "mlops-maturity", "responses": [answers]}))
    run = [sys.executable, "manage.py", "plan", str(file), "--json"]
    output = subprocess.run(run, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60).stdout
    return [item["question"] for item in json.loads(output)["items"]]


def hold_round(page: Page, home: str, answers: dict[str, str], quarter: tuple[int, int]) -> None:
    """Plan a round of the organization's only team, open it, answer it, and close it."""
    page.goto(f"{home}rounds/new/")
    first, last = quarter_days(*quarter)
    page.get_by_label("First day").fill(first.isoformat())
    page.get_by_label("Last day").fill(last.isoformat())
    page.get_by_role("button", name="Plan the round").click()
    ask(page, [OWNER], "Platform")
    open_round(page)
    result(page.context, answers, f"{urlsplit(page.url).path}respond/")
    page.reload()
    close_round(page)


def test_from_the_last_result_to_a_roadmap(context: BrowserContext, page: Page) -> None:
    """The demo's own result: a six-month roadmap to the next level, one item dropped and put back."""
    log_in(context, "facilitator")
    page.goto("/orgs/demo/")
    page.get_by_role("link", name="Plan a roadmap").click()
    consequences = page.get_by_role("region", name="What becomes of it")
    expect(consequences).to_contain_text("The target is reached: level 3")
    expect(consequences).to_contain_text("Nothing cheaper reaches the target: it is proven.")
    expect(page.get_by_label("Horizon in months")).to_have_value("6")
    expect_flawless(page)

    page.get_by_role("checkbox", name="Progressive delivery").uncheck()
    expect(consequences).to_contain_text("The target is missed: level 3")
    expect(consequences).to_contain_text("without what you dropped")
    expect_flawless(page)
    page.get_by_role("checkbox", name="Progressive delivery").check()
    expect(consequences).to_contain_text("The target is reached: level 3")

    page.get_by_label("Person-weeks a month").fill("2")
    page.get_by_label("Person-weeks a month").press("Tab")
    expect(consequences).to_contain_text("It does not fit 6 months.")
    page.get_by_label("Person-weeks a month").fill("8")
    page.get_by_label("Person-weeks a month").press("Tab")
    expect(consequences).not_to_contain_text("It does not fit")

    page.get_by_label("Title").fill("To level 3 in half a year")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", level=1, name="To level 3 in half a year")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Target: level 3, Automated Deployment.")
    expect_flawless(page)


def test_what_was_done_is_measured_by_the_next_round(context: BrowserContext, page: Page, tmp_path: Path) -> None:
    """An organization of its own: plan, assign, mark done, close the next round, read projected against measured."""
    log_in(context, "owner")
    name = f"Ridge {uuid4().hex[:8]}"
    home = f"/orgs/{name.lower().replace(' ', '-')}/"
    send(context, "/orgs/new/", "/orgs/new/", {"name": name, "time_zone": "UTC", "language": "en"})
    send(context, f"{home}settings/teams/", f"{home}settings/teams/", {"name": "Platform"})
    page.goto(f"{home}roadmaps/new/")
    expect(page.get_by_role("main")).to_contain_text("A roadmap starts from a result, and there is none yet.")
    hold_round(page, home, ANSWERS, (2026, 2))

    page.goto(f"{home}roadmaps/")
    expect(page.get_by_role("main")).to_contain_text("No roadmap yet.")
    page.get_by_role("link", name="Plan a roadmap").click()
    expect(page.get_by_role("region", name="What becomes of it")).to_contain_text("The target is reached")
    steps = [box.input_value() for box in page.locator("input[name=step]:checked").all()]
    assert steps == planned_by_command(ANSWERS, tmp_path)
    page.get_by_role("button", name="Keep it").click()

    page.get_by_role("link", name="Board").click()
    page.get_by_role("link", name=re.compile(r"Owner, due day, notes\s*: Model metrics")).click()
    page.get_by_label("Owner").select_option(index=1)
    page.get_by_label("Status").select_option("in_progress")
    page.get_by_label("Due").fill("2020-01-31")
    expect_flawless(page)
    page.get_by_role("button", name="Save it").click()
    card = page.get_by_role("article").filter(has_text="Model metrics")
    expect(card).to_contain_text("overdue")
    card.get_by_label("Status of Model metrics").select_option("done")
    card.get_by_role("button", name="Move").click()
    expect(page.get_by_role("region", name="Done").get_by_role("article")).to_contain_text("Model metrics")
    expect_flawless(page)

    hold_round(page, home, BETTER, (2026, 3))
    page.goto(f"{home}roadmaps/")
    page.get_by_role("main").get_by_role("table").get_by_role("link").click()
    page.get_by_role("link", name="See what it measured").click()
    overall = page.get_by_role("row", name="Overall").get_by_role("cell")
    expect(overall).to_have_text(["1.60", "1.80", "2.00", "1.80"])
    expect(page.get_by_role("main")).to_contain_text("1 of 1 done item is answered yes by at least half now.")
    expect_flawless(page)
    page.get_by_role("link", name="Plan the next roadmap from here").click()
    expect(page.get_by_role("main")).to_contain_text("It continues")


def test_what_is_typed_while_an_answer_is_under_way_stays(context: BrowserContext, page: Page) -> None:
    log_in(context, "facilitator")
    page.goto("/orgs/demo/roadmaps/new/")
    consequences = page.get_by_role("region", name="What becomes of it")
    held: list[Route] = []
    page.route("**/roadmaps/new/", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/roadmaps/new/"):
        page.get_by_role("checkbox", name="Progressive delivery").uncheck()
    effort = page.locator("input[name^='effort-']").first
    effort.fill("9")
    with page.expect_response(lambda answer: "=9&" in (answer.request.post_data or "")):
        held[0].continue_()
    expect(consequences).to_contain_text("The target is missed")
    expect(effort).to_have_value("9")
