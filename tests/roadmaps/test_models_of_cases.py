"""Constraints of business cases, roles and controls: told by full_clean, refused by the database itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from assessments.models import QuestionnaireVersion
from roadmaps.models import BusinessCase, Control, Roadmap, StaffedRole
from tests.factories import Cast
from tests.roadmaps.cases import roadmap_to_level_3

pytestmark = pytest.mark.django_db

Make = Callable[[Roadmap], models.Model]


@pytest.fixture
def roadmap(cast: Cast, version: QuestionnaireVersion) -> Roadmap:
    return roadmap_to_level_3(cast, version)


def case(roadmap: Roadmap, **fields: Any) -> BusinessCase:
    return BusinessCase(organization=roadmap.organization, roadmap=roadmap, **fields)


def role(roadmap: Roadmap, **fields: Any) -> StaffedRole:
    return StaffedRole(organization=roadmap.organization, **{"role": "Data scientist", "people": 1} | fields)


def control(roadmap: Roadmap, **fields: Any) -> Control:
    return Control(organization=roadmap.organization, roadmap=roadmap, **{"key": "level:3:Audit trail"} | fields)


def second(row: models.Model, other: models.Model) -> models.Model:
    row.save()
    return other


BROKEN: dict[str, Make] = {
    "business_case_currency_known": lambda roadmap: case(roadmap, currency="XXX"),
    "staffed_role_unique": lambda roadmap: second(role(roadmap), role(roadmap, role="data SCIENTIST")),
    "staffed_role_named": lambda roadmap: role(roadmap, role=""),
    "staffed_role_people_in_range": lambda roadmap: role(roadmap, people=10_001),
    "control_unique": lambda roadmap: second(control(roadmap), control(roadmap)),
    "control_named": lambda roadmap: control(roadmap, key=""),
    "control_status_known": lambda roadmap: control(roadmap, status="lost"),
    "control_not_needed_with_reason": lambda roadmap: control(roadmap, status="not_needed"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_must_hold_holds(name: str, roadmap: Roadmap) -> None:
    row = BROKEN[name](roadmap)

    with pytest.raises(ValidationError):
        row.full_clean()
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        row.save()


def test_every_constraint_of_these_has_a_row() -> None:
    ours = (BusinessCase, StaffedRole, Control)
    names = {one.name for model in ours for one in model._meta.constraints if "same_organization" not in one.name}
    assert names == BROKEN.keys()
