"""A closed round to plan from, and a roadmap kept from it."""

from __future__ import annotations

from typing import Any

import pytest

from assessments.models import Result, Round
from assessments.services.rounds import close_round
from organizations.models import Member
from roadmaps.models import Roadmap
from tests.factories import Cast, make_participant, make_response, make_roadmap, make_round, shipped_definition

SHIPPED_KEYS = [
    [question["key"] for question in dimension["questions"]] for dimension in shipped_definition()["dimensions"]
]


def answers(*counts: int) -> dict[str, str]:
    """Return answers to the shipped questionnaire with so many yes from the bottom in each dimension."""
    return {
        key: "yes" if place < count else "no"
        for keys, count in zip(SHIPPED_KEYS, counts, strict=True)
        for place, key in enumerate(keys)
    }


def closed(cast: Cast, given: dict[str, str], quarter: tuple[int, int], **fields: Any) -> Round:
    """Return a closed round of the cast's team in which the member gave these answers."""
    round_ = make_round(cast.organization, teams=[cast.team], quarter=quarter, **fields)
    make_response(given, participant=make_participant(round_, user=cast.member))
    close_round(round_=round_)
    return round_


@pytest.fixture
def result(cast: Cast) -> Result:
    """The organization's result of the second quarter: level 1."""
    return Result.objects.get(round=closed(cast, answers(2, 1, 1, 1, 1), (2026, 2)), team=None)


@pytest.fixture
def roadmap(cast: Cast, result: Result) -> Roadmap:
    """A roadmap to level 2 by four practices, the first one owned by the member."""
    kept = make_roadmap(
        result,
        [
            "model_development.experiment_tracking",
            "monitoring.model_metrics",
            "governance.lineage",
            "model_development.hyperparameter_tuning",
        ],
        target_level=2,
    )
    kept.items.filter(position=1).update(owner=Member.objects.get(user=cast.member))
    return kept
