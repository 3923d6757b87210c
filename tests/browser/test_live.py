"""What is live on a page asks the server while somebody looks at it, and only then."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, Request, Response, expect

from tests.browser.shortcuts import log_in

MINUTE = 60_000
# No browser without a screen hides a tab; this is what one says of itself that is.
TURN = """hidden => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def is_live(message: Request | Response) -> bool:
    request = message.request if isinstance(message, Response) else message
    return request.headers.get("hx-request") == "true"


def test_a_hidden_tab_asks_nothing(context: BrowserContext, page: Page) -> None:
    log_in(context, "facilitator")
    page.clock.install()
    page.goto("/orgs/demo/rounds/")
    page.get_by_role("listitem").filter(has=page.locator(".status-open")).get_by_role("link").first.click()
    expect(page.locator("#progress[data-live]")).to_be_visible()
    with page.expect_response(is_live):
        page.clock.run_for(MINUTE)
    page.evaluate(TURN, True)
    page.wait_for_load_state("networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(10 * MINUTE)
    page.evaluate("fetch('/healthz')")
    assert [url.rpartition("/")[2] for url in asked] == ["healthz"]
    with page.expect_response(is_live):
        page.evaluate(TURN, False)
