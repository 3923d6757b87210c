"""Answer sheets, and what a result page says, to compare with what `manage.py score` says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from assessments.questionnaires.files import load_shipped
from mlops_maturity.devservices.folders import CHECKOUT

SLUG = "mlops-maturity"
DEFINITION = load_shipped(SLUG)
QUESTIONS = list(DEFINITION.questions)
CHOICES = {"y": "yes", "n": "no", "?": "not_sure"}


def sheet(pattern: str) -> dict[str, str]:
    """Return a choice for each question from one letter each, dimensions being parted by spaces."""
    return dict(zip(QUESTIONS, (CHOICES[letter] for letter in pattern.replace(" ", "")), strict=True))


def score(answers: dict[str, str], folder: Path) -> dict[str, Any]:
    """Return what the command line says of the answers of one person."""
    file = folder / "answers.json"
    file.write_text(json.dumps({"questionnaire": SLUG, "responses": [answers]}))
    command = [sys.executable, "manage.py", "score", str(file), "--json"]
    output = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    card: dict[str, Any] = json.loads(output)
    return card


def expect_result(page: Page, card: dict[str, Any]) -> None:
    """Wait for a result page and expect level, scores and recommendations of `card` on it, the most urgent first."""
    expect(page.get_by_text(f"Maturity level {card['level']['number']}", exact=True)).to_be_visible()
    expect(page.locator("#level")).to_have_text(card["level"]["name"])
    expect(page.get_by_text("Overall score")).to_contain_text(f"{card['overall']:.2f} of 5")
    titles = {dimension.key: dimension.title for dimension in DEFINITION.dimensions}
    scores = rows(page.get_by_role("table", name="Score of each dimension"))
    for (head, shown), (key, dimension) in zip(scores, card["dimensions"].items(), strict=True):
        assert head.startswith(titles[key])
        assert shown == f"{dimension['score']:.2f}"
    assert rows(page.locator("section[aria-labelledby=recommendations]")) == [
        (
            titles[advice["dimension"]],
            f"{advice['current_score']:.2f}",
            f"{advice['target_score']:.2f}",
            advice["priority"].capitalize(),
        )
        for advice in sorted(card["recommendations"], key=lambda row: (row["priority"] != "high", row["current_score"]))
    ]


def rows(table: Locator) -> list[tuple[str, ...]]:
    """Return what a table's rows say, cell by cell."""
    return [
        tuple(text.strip() for text in row.locator("th, td").all_inner_texts())
        for row in table.locator("tbody tr").all()
    ]


def question(page: Page, key: str) -> Locator:
    return page.locator(f"[data-question='{key}']")


def choose(page: Page, key: str, choice: str) -> None:
    question(page, key).locator(f"[value={choice}] + label").click()


def expect_chosen(page: Page, key: str, choice: str) -> None:
    expect(question(page, key).locator(f"[value={choice}]")).to_be_checked()


def expect_saved(page: Page) -> None:
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
