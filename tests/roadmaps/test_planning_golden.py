"""The golden table of docs/planning.md, and the `plan` command that says the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from assessments.definition import Definition
from assessments.scoring import score_card
from mlops_maturity.env import CHECKOUT
from roadmaps.plans import Resources, Target, cheapest_plan
from roadmaps.schedule import lay_out
from roadmaps.steps import Outlook
from tests.assessments.test_scoring import Golden as Scored
from tests.roadmaps.conftest import SHIPPED_KEYS, answers
from tests.roadmaps.test_plans import with_guidance


@dataclass(frozen=True)
class Golden:
    """A row of the golden table, as text."""

    case: str
    rule: str
    answers: str
    efforts: str
    requires: str
    target: str
    horizon: str
    plan: str
    effort: str
    then: str
    in_time: str

    @property
    def scored(self) -> Scored:
        return Scored(self.case, self.rule, "", self.answers, "", "", "", "", "")

    @property
    def definition(self) -> Definition:
        drawn = self.scored.definition()
        requires: dict[str, list[str]] = {}
        for pair in self.requires.split():
            below, above = (key_of(name) for name in pair.split("<"))
            requires.setdefault(above, []).append(below)
        efforts = [Fraction(text) for text in self.efforts.split()] or [Fraction(1)] * len(drawn.questions)
        return with_guidance(
            drawn,
            {key: (effort, requires.get(key, ())) for key, effort in zip(drawn.questions, efforts, strict=True)},
        )


def key_of(name: str) -> str:
    return f"d{'abcdefgh'.index(name[0])}.{name[1:]}"


def golden_table() -> list[Golden]:
    section = (CHECKOUT / "docs" / "planning.md").read_text().partition("## Golden table")[2]
    rows = [line.strip()[1:-1].split("|") for line in section.splitlines() if line.startswith("|")]
    return [Golden(*(cell.strip() for cell in row)) for row in rows[2:]]


GOLDEN = golden_table()


def test_the_golden_table_is_read_whole() -> None:
    assert len(GOLDEN) >= 19


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row.case)
def test_golden(row: Golden) -> None:
    drawn, given = row.definition, row.scored.answers()
    outlook = Outlook(drawn, score_card(drawn, given), given)
    target = Target(drawn.levels[int(row.target)])

    found = cheapest_plan(outlook, target)

    if row.plan == "–":
        assert found is None
        return
    assert found is not None
    assert found.is_proven
    months, capacity = row.horizon.split("×")
    plan = lay_out(outlook, found.steps, target, Resources(int(months), Fraction(capacity)))
    assert [planned.step.question for planned in plan.steps] == [key_of(name) for name in row.plan.split()]
    assert found.effort == plan.effort == Fraction(row.effort)
    assert plan.projected.overall == Fraction(row.then)
    assert plan.in_time.level == int(row.in_time)
    assert not plan.missed


def planned(folder: Path, capsys: pytest.CaptureFixture[str], *options: str, given: Any = None) -> dict[str, Any]:
    file = folder / "answers.json"
    given = answers(2, 2, 2, 1, 1) if given is None else given
    file.write_text(json.dumps({"questionnaire": "mlops-maturity", "responses": [given]}))
    call_command("plan", str(file), "--json", *options)
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_the_command_keeps_its_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = planned(tmp_path, capsys)

    assert said == {
        "current": {"overall": 1.6, "level": 1},
        "target": {"level": 2},
        "fits": True,
        "effort_weeks": 8,
        "items": [
            {
                "question": "monitoring.model_metrics",
                "dimension": "monitoring",
                "level": 2,
                "effort_weeks": 4,
                "gain": 0.2,
                "phase": 1,
                "why": "Monitoring & observability is at 1.00 of 5 and lacks this practice of level 2.",
            },
            {
                "question": "governance.lineage",
                "dimension": "governance",
                "level": 2,
                "effort_weeks": 4,
                "gain": 0.2,
                "phase": 1,
                "why": "Governance & compliance is at 1.00 of 5 and lacks this practice of level 2.",
            },
        ],
        "projected": {"overall": 2, "level": 2},
    }


def test_what_does_not_fit_is_planned_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = planned(tmp_path, capsys, "--target", "4", "--months", "3", "--capacity", "2.5")

    assert said["fits"] is False
    assert said["projected"]["level"] == 4
    assert sum(item["effort_weeks"] for item in said["items"]) == said["effort_weeks"] > 7.5
    phases = [item["phase"] for item in said["items"]]
    assert phases == sorted(phases)
    assert phases[-1] > 1


def test_the_report_says_it_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned(tmp_path, capsys)
    call_command("plan", str(tmp_path / "answers.json"), "--target", "4", "--months", "4")

    said = capsys.readouterr().out

    assert "From level 1 (1.60) to level 4, Full MLOps Automation" in said
    assert "nothing cheaper reaches it" in said
    assert "It does not fit 4 months. It takes" in said
    assert "What fits: level 2, with 8 person-weeks." in said


def test_at_the_top_nothing_is_to_be_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    everything = {key: "yes" for keys in SHIPPED_KEYS for key in keys}

    said = planned(tmp_path, capsys, given=everything)

    assert (said["target"], said["fits"], said["items"]) == ({"level": 5}, True, [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--target", "7"], "--target: '7' is no level; use one of 0, 1, 2, 3, 4, 5."),
        (["--months", "0"], "--months: must be a whole number from 1 to 36."),
        (["--months", "six"], "--months: must be"),
        (["--capacity", "-2"], "--capacity: must be a number above 0"),
        (["--capacity", "1/0"], "--capacity: must be"),
        (["--capacity", "inf"], "--capacity: must be"),
    ],
)
def test_what_cannot_be_used_is_named(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError) as error:
        planned(tmp_path, capsys, *options)

    assert str(error.value).startswith(message)
    assert error.value.returncode == 2
