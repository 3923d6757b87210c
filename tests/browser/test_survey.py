"""The main job, from the first page to the level: by keyboard, by touch, and without script."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import PHONE, NewContext
from tests.browser.survey import (
    DEFINITION,
    QUESTIONS,
    choose,
    expect_chosen,
    expect_result,
    expect_saved,
    question,
    score,
    sheet,
)

ANSWERS = sheet("yyyyn ynnn? yyynn nnnn? yy?ny")
KILLED_AT = QUESTIONS[12]
LEFT_OPEN = QUESTIONS[17]
FOCUS = """target => {
    const element = document.activeElement;
    if (element === document.body) return { marked: true, uncovered: true, reached: false };
    const shown = element.matches(".btn-check") ? element.labels[0] : element;
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return {
        name: `${element.tagName} ${element.name ?? ""} ${shown.textContent.trim()}`,
        marked: (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none",
        uncovered: Boolean(top) && (shown.contains(top) || top.contains(shown)),
        reached: element === target,
    };
}"""

Answer = Callable[[Page, str], None]
Follow = Callable[[Locator], None]


def tab_to(target: Locator) -> None:
    """Press Tab until the target has the focus; each element on the way has to show that it has it, uncovered."""
    for _press in range(80):
        target.page.keyboard.press("Tab")
        focus = target.evaluate(FOCUS)
        assert focus["marked"], f"Nothing shows that this has the focus: {focus['name']}"
        assert focus["uncovered"], f"Something covers what has the focus: {focus['name']}"
        if focus["reached"]:
            return
    pytest.fail(f"Tab does not lead to {target}")


def follow_by_keyboard(target: Locator) -> None:
    tab_to(target)
    with target.page.expect_navigation():
        target.page.keyboard.press("Enter")


def follow_by_touch(target: Locator) -> None:
    with target.page.expect_navigation():
        target.tap()


def answer_by_keyboard(page: Page, key: str) -> None:
    """Choose with Space, arrows or a number, each in its turn."""
    number = QUESTIONS.index(key)
    position = ["yes", "no", "not_sure"].index(ANSWERS[key])
    tab_to(question(page, key).get_by_role("radio").first)
    if number % 3 == 0:
        page.keyboard.press("Space")
        for _step in range(position):
            page.keyboard.press("ArrowRight")
    else:
        page.keyboard.press(str(position + 1))


def answer_by_touch(page: Page, key: str) -> None:
    question(page, key).locator(f"[value={ANSWERS[key]}] + label").tap()


def cut_off(route: Route) -> None:
    route.abort("connectionfailed")


def crash(page: Page, new_context: NewContext, options: dict[str, Any]) -> Page:
    """Let the browser die, and start it again with what it keeps on disk: cookies and local storage."""
    kept = page.context.storage_state()
    page.close()
    page.context.close()
    return new_context(storage_state=kept, **options).new_page()


@pytest.mark.parametrize(
    ("options", "answer", "follow"),
    [({}, answer_by_keyboard, follow_by_keyboard), (PHONE, answer_by_touch, follow_by_touch)],
    ids=["keyboard", "touch"],
)
def test_the_main_job(
    new_context: NewContext, tmp_path: Path, options: dict[str, Any], answer: Answer, follow: Follow
) -> None:
    """All 25 questions, a crash halfway, one question left open until the review, and the level that `score` gives."""
    page = new_context(**options).new_page()
    page.goto("/")
    follow(page.get_by_role("main").get_by_role("link", name="Assess yourself"))
    follow(page.get_by_role("button", name="Start"))
    for number, dimension in enumerate(DEFINITION.dimensions, start=1):
        expect(page.get_by_role("heading", level=1)).to_have_text(dimension.title)
        for key in (asked.key for asked in dimension.questions if asked.key != LEFT_OPEN):
            if key == KILLED_AT:
                expect_saved(page)
                page.route("**/try/answer/", cut_off)
                with page.expect_event("requestfailed"):
                    answer(page, key)
                page = crash(page, new_context, options)
                page.goto("/try/")
                expect(page.get_by_text("12 of 25 questions are answered")).to_be_visible()
                follow(page.get_by_role("link", name="Go on"))
                expect(page.get_by_text("13 of 25")).to_be_visible()
                for earlier in QUESTIONS[10:13]:
                    expect_chosen(page, earlier, ANSWERS[earlier])
            else:
                answer(page, key)
                expect_chosen(page, key, ANSWERS[key])
        expect(page.locator("[aria-current=step]")).to_be_in_viewport(ratio=1)
        follow(page.get_by_role("button", name="Review your answers" if number == 5 else "Next"))

    expect(page.get_by_text("1 question is still open.")).to_be_visible()
    expect(page.get_by_role("button", name="Submit")).to_have_count(0)
    follow(page.get_by_role("link", name=DEFINITION.questions[LEFT_OPEN].text))
    expect(question(page, LEFT_OPEN)).to_be_in_viewport(ratio=1)
    answer(page, LEFT_OPEN)
    expect_saved(page)
    follow(page.get_by_role("navigation", name="Steps").get_by_role("link", name="Review"))
    expect(page.get_by_text("All 25 questions are answered.")).to_be_visible()
    follow(page.get_by_role("button", name="Submit"))
    expect_result(page, score(ANSWERS, tmp_path))


def test_without_script(new_context: NewContext, tmp_path: Path) -> None:
    """Each step is saved by its button; what is left open is shown, and the result has its tables instead of charts."""
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/try/")
    page.get_by_role("button", name="Start").click()
    for number, dimension in enumerate(DEFINITION.dimensions, start=1):
        for key in (asked.key for asked in dimension.questions if asked.key != LEFT_OPEN):
            choose(page, key, ANSWERS[key])
        page.get_by_role("button", name="Review your answers" if number == 5 else "Next").click()
    page.get_by_role("link", name=DEFINITION.questions[LEFT_OPEN].text).click()
    choose(page, LEFT_OPEN, ANSWERS[LEFT_OPEN])
    question(page, LEFT_OPEN).get_by_text("Note or evidence").click()
    question(page, LEFT_OPEN).get_by_label("Evidence link").fill("no address")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Enter a full web address")).to_be_visible()
    expect_chosen(page, LEFT_OPEN, ANSWERS[LEFT_OPEN])
    question(page, LEFT_OPEN).get_by_label("Evidence link").fill("https://wiki.example.org/gates")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("link", name="Review").click()
    page.get_by_role("button", name="Submit").click()
    expect_result(page, score(ANSWERS, tmp_path))
    expect(page.locator("[data-chart]")).to_be_hidden()
    page.get_by_text("Monitoring & observability", exact=True).last.click()
    expect(page.get_by_role("link", name="https://wiki.example.org/gates")).to_be_visible()
