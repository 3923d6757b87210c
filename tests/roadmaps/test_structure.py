"""Roles side by side and the controls of a level, from a questionnaire alone."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from assessments.definition import Definition
from roadmaps.structure import RoleBeside, controls_asked, level_of, roles_beside
from tests.factories import shipped_definition

PRACTICES = ["governance.lineage", "monitoring.drift_detection"]
EFFORTS = {"governance.lineage": Fraction(6), "monitoring.drift_detection": Fraction(5, 2)}


@pytest.fixture(scope="module")
def shipped() -> Definition:
    return Definition.from_mapping(shipped_definition())


def beside(definition: Definition, current: int, target: int, **people: int) -> dict[str, RoleBeside]:
    named = {key.replace("_", " "): number for key, number in people.items()}
    rows = roles_beside(definition, definition, current=current, target=target, people=named, efforts=EFFORTS)
    return {row.key: row for row in rows}


def test_roles_come_stay_and_end(shipped: Definition) -> None:
    roles = beside(shipped, 2, 3)

    changes = {key: row.change for key, row in roles.items()}
    assert changes == {
        "Data scientist": "stays",
        "ML engineer": "stays",
        "Data engineer": "stays",
        "Platform engineer": "new",
        "Product manager": "new",
        "Governance lead": "new",
        "DevOps engineer": "ends",
    }


def test_what_is_new_in_a_role_that_stays(shipped: Definition) -> None:
    engineer = beside(shipped, 2, 3)["ML engineer"]

    assert engineer.new_skills == ("Model serving", "CI/CD")
    assert "Builds release pipelines with tests and quality gates" in engineer.new_responsibilities
    assert "Turns training code into an automated pipeline" in engineer.lost_responsibilities
    assert beside(shipped, 3, 3)["ML engineer"].new_skills == ()


def test_who_is_missing_given_who_is_there(shipped: Definition) -> None:
    roles = beside(shipped, 2, 3, data_SCIENTIST=2, Product_manager=0, DevOps_engineer=0)

    assert {key for key, row in roles.items() if row.is_missing} == {"Product manager"}
    assert roles["Data scientist"].people == 2
    assert {key for key, row in roles.items() if row.is_unknown} == {
        *("ML engineer", "Data engineer", "Platform engineer", "Governance lead"),
    }


def test_what_the_roadmap_asks_of_a_role(shipped: Definition) -> None:
    """Lineage takes ML and data engineers, drift detection data scientists and ML engineers."""
    roles = beside(shipped, 2, 3)

    assert roles["ML engineer"].practices == 2
    assert roles["ML engineer"].weeks == Fraction(17, 2)
    assert (roles["Data engineer"].practices, roles["Data engineer"].weeks) == (1, Fraction(6))
    assert (roles["Platform engineer"].practices, roles["Platform engineer"].weeks) == (0, Fraction(0))


def test_controls_are_the_levels_and_the_practices(shipped: Definition) -> None:
    framework, adopted = controls_asked(shipped, shipped, target=3, practices=PRACTICES)

    assert [control.key for control in framework] == [
        "level:3:Approval workflow", "level:3:Compliance", "level:3:Audit trail"
    ]  # fmt: skip
    assert [control.key for control in adopted] == [f"practice:{key}" for key in PRACTICES]
    assert adopted[0].practice == "A data fault or an erasure request can be followed to every model it touches."
    assert adopted[0].topic == "Governance & compliance"


def test_another_language_changes_the_words_and_no_key() -> None:
    data: Any = shipped_definition()
    level = data["levels"][3]
    team = [{**role, "role": f"de {role['role']}"} for role in level["team"]]
    governance = [{**control, "topic": f"de {control['topic']}"} for control in level["governance"]]
    data["translations"] = {"de": {"levels": {"3": {"team": team, "governance": governance}}}}
    written = Definition.from_mapping(data)
    shown = written.in_locale("de")

    roles = roles_beside(written, shown, current=2, target=3, people={"Platform engineer": 1}, efforts={})
    framework, _adopted = controls_asked(written, shown, target=3, practices=[])

    found = {row.key: (row.name, row.people) for row in roles}
    assert found["Platform engineer"] == ("de Platform engineer", 1)
    assert [(control.key, control.topic) for control in framework][1] == ("level:3:Compliance", "de Compliance")


def test_a_level_that_is_not_there(shipped: Definition) -> None:
    with pytest.raises(KeyError):
        level_of(shipped, 9)
