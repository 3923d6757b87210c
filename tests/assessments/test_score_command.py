"""The `score` command: its output and its refusals, as docs/scoring.md promises them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from assessments import answer_files
from assessments.questionnaires.files import load_shipped
from mlops_maturity.env import CHECKOUT
from tests.definitions import definition, dimension, question

SLUG = "mlops-maturity"
QUESTIONS = tuple(load_shipped(SLUG).questions)
FIRST, LAST = QUESTIONS[0], QUESTIONS[-1]
LINEAGE = "governance.lineage"


def counting(counts: Sequence[int], rest: str = "no") -> dict[str, str]:
    """Return a response with that many yes from the bottom in each dimension, and `rest` from there."""
    return {
        practice.key: "yes" if practice.level <= count else rest
        for part, count in zip(load_shipped(SLUG).dimensions, counts, strict=True)
        for practice in part.questions
    }


def as_yaml(*responses: dict[str, str]) -> str:
    """Return the file as one writes it by hand: without a quote."""
    answers = ["\n    ".join(f"{key}: {choice}" for key, choice in response.items()) for response in responses]
    return f"questionnaire: {SLUG}\nresponses:\n" + "".join(f"  - {response}\n" for response in answers)


def as_json(*responses: dict[str, Any]) -> str:
    return json.dumps({"questionnaire": SLUG, "responses": responses})


def score(*arguments: str) -> str:
    out = StringIO()
    call_command("score", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str | bytes], str]:
    """Return a function that writes a file of answers and returns its path."""

    def write(content: str | bytes) -> str:
        path = tmp_path / "answers"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


NO, YES, MIXED = counting([0] * 5), counting([5] * 5), counting([3, 2, 2, 1, 1])


@pytest.mark.parametrize("write", [as_yaml, as_json], ids=["YAML", "JSON"])
def test_json_of_several_responses(file: Callable[[str], str], write: Callable[..., str]) -> None:
    third = counting([1, 3, 0, 5, 1], rest="not_sure")

    assert json.loads(score(file(write(MIXED, YES, third)), "--json")) == {
        "questionnaire": "mlops-maturity",
        "version": 1,
        "respondents": 3,
        "dimensions": {
            "data_management": {"score": 3, "spread": 1.633, "min": 1, "max": 5},
            "model_development": {"score": 3.3333, "spread": 1.2472, "min": 2, "max": 5},
            "model_deployment": {"score": 2.3333, "spread": 2.0548, "min": 0, "max": 5},
            "monitoring": {"score": 3.6667, "spread": 1.8856, "min": 1, "max": 5},
            "governance": {"score": 2.3333, "spread": 1.8856, "min": 1, "max": 5},
        },
        "overall": 2.9333,
        "level": {"number": 2, "name": "Automated Training"},
        "recommendations": [
            {"dimension": "model_deployment", "current_score": 2.3333, "target_score": 3, "priority": "medium"},
            {"dimension": "governance", "current_score": 2.3333, "target_score": 3, "priority": "medium"},
        ],
    }


@pytest.mark.parametrize(
    ("responses", "overall", "level", "priorities"),
    [
        ([NO], 0, 0, ["high"] * 5),
        ([counting([0] * 5, rest="not_sure")], 0, 0, ["high"] * 5),
        ([MIXED], 1.8, 1, ["medium", "medium", "high", "high"]),
        ([YES], 5, 5, []),
        ([YES, NO], 2.5, 2, ["medium"] * 5),
        ([YES] * 2 + [counting([5, 5, 5, 5, 4])], 4.9333, 4, []),
    ],
    ids=["all no", "all not sure", "mixed", "all yes", "yes and no", "one no in three"],
)
def test_level(
    file: Callable[[str], str], responses: list[dict[str, str]], overall: float, level: int, priorities: list[str]
) -> None:
    result = json.loads(score(file(as_yaml(*responses)), "--json"))

    assert (result["overall"], result["level"]["number"]) == (overall, level)
    assert [advice["priority"] for advice in result["recommendations"]] == priorities


def test_report_for_people(file: Callable[[str], str]) -> None:
    report = score(file(as_yaml(MIXED, counting([5, 2, 2, 1, 1]))))

    assert report.splitlines() == [
        "MLOps maturity assessment, 2 responses",
        "",
        "Level 2: Automated Training",
        "Overall 2.00 of 5",
        "",
        "Data management             [################----] 4.00  spread 1.00, from 3.00 to 5.00",
        "Model development           [########------------] 2.00  spread 0.00, from 2.00 to 2.00",
        "Model deployment            [########------------] 2.00  spread 0.00, from 2.00 to 2.00",
        "Monitoring & observability  [####----------------] 1.00  spread 0.00, from 1.00 to 1.00",
        "Governance & compliance     [####----------------] 1.00  spread 0.00, from 1.00 to 1.00",
        "",
        "To level 3, Automated Deployment: 1.00 more",
        "At least 5 practices more in place",
        "",
        "Raise first:",
        "  Monitoring & observability from 1.00 to 3.00 (high priority)",
        "  Governance & compliance from 1.00 to 3.00 (high priority)",
        "  Model development from 2.00 to 3.00 (medium priority)",
        "  Model deployment from 2.00 to 3.00 (medium priority)",
    ]


def test_report_of_one_response_at_the_top(file: Callable[[str], str]) -> None:
    report = score(file(as_yaml(YES)))

    assert report.splitlines()[0] == "MLOps maturity assessment, 1 response"
    assert report.splitlines()[-1] == "Governance & compliance     [####################] 5.00"


def test_what_has_no_score_is_said(file: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a questionnaire that lets questions be excluded, as no shipped one does yet."""
    lenient = definition(dimension("a", question("a.1")), dimension("b", question("b.1")))
    monkeypatch.setattr(answer_files, "load_shipped", lambda slug: lenient)
    excluded = {"a.1": "not_applicable", "b.1": "not_applicable"}
    nothing, half = file(as_yaml(excluded)), excluded | {"b.1": "yes"}

    assert score(nothing).splitlines() == ["Test, 1 response", "", "Nothing to score: no answer counts."]
    result = json.loads(score(nothing, "--json"))
    assert result["dimensions"]["a"] == {"score": None, "spread": None, "min": None, "max": None}
    assert (result["overall"], result["level"], result["recommendations"]) == (None, None, [])
    assert score(file(as_yaml(half))).splitlines()[-2:] == [
        "A  nothing to score",
        "B  [####################] 5.00",
    ]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(as_yaml(YES).encode())))

    assert json.loads(score("-", "--json"))["overall"] == 5


def test_a_byte_order_mark_does_no_harm(file: Callable[[str | bytes], str]) -> None:
    assert json.loads(score(file(b"\xef\xbb\xbf" + as_json(YES).encode()), "--json"))["overall"] == 5


def without(key: str) -> dict[str, str]:
    return {other: choice for other, choice in YES.items() if other != key}


REFUSED: list[tuple[str | bytes, str]] = [
    (as_yaml(YES | {"governance.lineages": "yes"}), "unknown question 'governance.lineages'. Did you mean"),
    (as_json(YES, YES | {"nonsense": "yes"}), "response 2: unknown question 'nonsense'."),
    (as_yaml(YES | {LINEAGE: "maybe"}), f"unknown choice 'maybe' for {LINEAGE}; use one of yes, no, not_sure."),
    (as_yaml(YES | {LINEAGE: "true"}), f"unknown choice 'true' for {LINEAGE}"),
    (as_json(YES | {LINEAGE: True}), f"unknown choice true for {LINEAGE}"),
    (as_json(YES | {LINEAGE: ["yes"]}), f"unknown choice (not a text) for {LINEAGE}"),
    (as_yaml(YES, without(LINEAGE)), f"response 2: no answer to {LINEAGE} (1 missing)."),
    (as_yaml(YES | {LINEAGE: ""}), f"no answer to {LINEAGE}"),
    (as_json(YES | {LINEAGE: None}), f"no answer to {LINEAGE}"),
    (as_json({}), f"response 1: no answer to {FIRST} (25 missing)."),
    (as_yaml(YES) + f"    {LAST}: no\n", f'line 28: found duplicate key "{LAST}"'),
    (as_json(YES).replace("}]}", f', "{LAST}": "no"}}]}}'), f"the key '{LAST}' stands twice"),
    (as_yaml(YES).replace(SLUG, "other"), "unknown questionnaire 'other'; use one of google-mlops, "),
    ("questionnaire: [mlops-maturity]\nresponses: [{}]", "unknown questionnaire (not a text)"),
    (as_yaml(YES).replace("responses:", "answers:"), "unknown key 'answers'"),
    ("questionnaire: mlops-maturity", "the key responses is missing"),
    ("responses: [{}]", "the key questionnaire is missing"),
    ("questionnaire: mlops-maturity\nresponses: []", "at least one response"),
    ("questionnaire: mlops-maturity\nresponses: [yes]", "response 1: must be answers"),
    ("- yes", "must say"),
    ("", "must say"),
    (as_yaml(YES).replace(": yes", ": [", 1), "line 5: expected"),
    (as_json(YES)[:-2], "not valid JSON (Expecting ',' delimiter)"),
    ('{\n  "questionnaire": mlops,\n  "responses": [', "line 2, column 20: this is not valid JSON (Expecting value)"),
    ("questionnaire: a\n---\nquestionnaire: b", "line 2: but found another document"),
    ("responses: *nobody", "line 1: found undefined alias"),
    ("responses: \x01", "neither YAML nor JSON"),
    ('responses: "\\UFFFFFFFF"', "neither YAML nor JSON"),
    ("[" * 100_000, "nested too deeply"),
    ("responses: " + "[" * 100_000, "nested too deeply"),
    (b"responses: caf\xe9", "not UTF-8 text (byte 15)"),
    (b" " * 10_000_001, "larger than 10 MB"),
]


@pytest.mark.parametrize(("content", "named"), REFUSED, ids=[named for _, named in REFUSED])
def test_what_cannot_be_scored_is_refused_in_one_line(
    file: Callable[[str | bytes], str], content: str | bytes, named: str
) -> None:
    path = file(content)

    with pytest.raises(CommandError) as refusal:
        score(path)

    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert named in message
    assert len(message.splitlines()) == 1
    assert len(message) < len(path) + 300
    assert refusal.value.returncode == 2


@pytest.mark.parametrize(("name", "reason"), [("nowhere.yaml", "No such file"), ("", "Is a directory")])
def test_an_unreadable_file_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    path = str(tmp_path / name)

    with pytest.raises(CommandError, match=rf"^{path}: {reason}") as refusal:
        score(path)

    assert refusal.value.returncode == 2


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a shell does, where neither a database nor Redis can be reached."""
    nowhere = {"DATABASE_URL": "postgres://nobody@nowhere.invalid/none", "REDIS_URL": "redis://nowhere.invalid/0"}
    return subprocess.run(
        [sys.executable, str(CHECKOUT / "manage.py"), "score", *arguments],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_needs_no_database(file: Callable[[str], str]) -> None:
    result = run(file(as_yaml(MIXED)), "--json")

    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["level"]["number"] == 1


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (as_yaml(YES | {"nonsense": "yes"}), "'nonsense'"),
        (as_json(without(LINEAGE)), LINEAGE),
        ("responses: [", "line 1"),
    ],
    ids=["unknown key", "missing answer", "broken file"],
)
def test_a_refusal_is_exit_code_2_and_one_line(file: Callable[[str], str], content: str, named: str) -> None:
    result = run(file(content), "--json")

    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert named in line
