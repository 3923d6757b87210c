"""What a page costs whoever opens it for the first time: bytes, requests, what it waits for, and what moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

CHARTS = "/static/vendor/echarts/"
# About a slow 4G connection: bytes a second, and milliseconds there and back; and a processor a quarter as fast.
SLOW_NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
SLOW_PROCESSOR = {"rate": 4}
SETTLED_MS = 300
VITALS = """() => new Promise((resolve) => {
  const vitals = { shift: 0, paint_ms: 0, text: "" };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) vitals.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      vitals.paint_ms = entry.startTime;
      vitals.text = entry.element?.textContent ?? "";
    }
  }).observe({ type: "largest-contentful-paint", buffered: true });
  vitals.scripts = performance.getEntriesByType("resource")
    .filter((entry) => entry.renderBlockingStatus === "blocking" && entry.initiatorType === "script")
    .map((entry) => new URL(entry.name).pathname);
  vitals.links = [...document.querySelectorAll("main a[href^='/']")].map((link) => link.getAttribute("href"));
  setTimeout(() => resolve(vitals), 100);
})"""

TEXT_OF = "(html) => new DOMParser().parseFromString(html, 'text/html').body.textContent"


@dataclass(frozen=True, slots=True)
class Visit:
    """A page as opened with an empty cache.

    Bytes are those on the wire, with headers; `shift` is the cumulative layout shift; `paint_ms` is when the largest
    text or picture was painted, and `is_sent` whether the page as sent had it; `waits_for` are the scripts that the
    first paint waits for.
    """

    path: str
    bytes: int
    bytes_of_charts: int
    requests: int
    shift: float
    paint_ms: float
    is_sent: bool
    waits_for: tuple[str, ...]
    links: tuple[str, ...]


class Visitor:
    """Opens pages in one tab whose cache stays empty; a slow one has a phone's network and processor."""

    def __init__(self, page: Page, *, slow: bool = False) -> None:
        self.page = page
        self.loaded: dict[str, int] = {}
        self.urls: dict[str, str] = {}
        tools = page.context.new_cdp_session(page)
        tools.send("Network.enable")
        tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
        if slow:
            tools.send("Network.emulateNetworkConditions", SLOW_NETWORK)
            tools.send("Emulation.setCPUThrottlingRate", SLOW_PROCESSOR)
        tools.on("Network.responseReceived", self._note_url)
        tools.on("Network.loadingFinished", self._note_size)

    def visit(self, path: str) -> Visit:
        """Open a page and wait until it is still. Raises AssertionError where it has another status than 200."""
        self.loaded.clear()
        answer = self.page.goto(path, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        self.page.wait_for_timeout(SETTLED_MS)
        vitals = self.page.evaluate(VITALS)
        charts = sum(size for url, size in self.loaded.items() if urlsplit(url).path.startswith(CHARTS))
        return Visit(
            path,
            sum(self.loaded.values()) - charts,
            charts,
            len(self.loaded),
            vitals["shift"],
            vitals["paint_ms"],
            _words(vitals["text"]) in _words(self.page.evaluate(TEXT_OF, answer.text())),
            tuple(vitals["scripts"]),
            tuple(vitals["links"]),
        )

    def _note_url(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["response"]["url"]

    def _note_size(self, event: dict[str, Any]) -> None:
        url = self.urls.get(event["requestId"], "")
        if url.startswith("http"):
            self.loaded[url] = int(event["encodedDataLength"])


def _words(text: str) -> str:
    return " ".join(text.split())
