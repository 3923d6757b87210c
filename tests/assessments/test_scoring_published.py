"""The golden table of the published models in docs/scoring.md, on the shipped files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from assessments.definition import Question
from assessments.questionnaires.files import load_shipped, shipped
from assessments.scoring import score_card
from mlops_maturity.env import CHECKOUT
from tests.assessments.test_scoring import NO_SCORE, number

UNANSWERED, NOT_SURE = ".", "not_sure"
WORTH = {"y": 1, "h": 0.5, "n": 0}


@dataclass(frozen=True)
class Golden:
    """A row of the table, as text."""

    questionnaire: str
    case: str
    responses: str
    scores: str
    overall: str
    level: str

    def answers(self) -> list[dict[str, str]]:
        questions = load_shipped(self.questionnaire).questions
        return [
            {
                key: _choice(question, character)
                for (key, question), character in zip(questions.items(), "".join(response.split()), strict=True)
                if character != UNANSWERED
            }
            for response in self.responses.split("/")
        ]


def _choice(question: Question, character: str) -> str:
    if character == "s":
        return NOT_SURE
    worth = int(character) if character.isdigit() else WORTH[character]
    return next(choice.key for choice in question.choices if choice.value == worth and choice.key != NOT_SURE)


def golden_table() -> list[Golden]:
    section = (CHECKOUT / "docs" / "scoring.md").read_text().rpartition("| questionnaire | case |")[2]
    rows = [line.strip("| ").split("|") for line in section.splitlines() if line.startswith("|")]
    return [Golden(*(cell.strip() for cell in row)) for row in rows[1:]]


GOLDEN = golden_table()


def test_every_published_model_has_ten_cases_or_more() -> None:
    counts = Counter(row.questionnaire for row in GOLDEN)

    assert counts.keys() == shipped().keys() - {"mlops-maturity"}
    assert min(counts.values()) >= 10


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row.questionnaire}: {row.case}")
def test_golden(row: Golden) -> None:
    card = score_card(load_shipped(row.questionnaire), row.answers())

    assert [dimension.score for dimension in card.dimensions] == [number(text) for text in row.scores.split()]
    assert card.overall == number(row.overall)
    assert (str(card.level.number) if card.level else NO_SCORE) == row.level
