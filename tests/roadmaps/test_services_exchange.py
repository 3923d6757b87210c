"""Roadmaps in an organization's document; that each field is there again is what test_exchange_whole.py sees to."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from django.utils import timezone

from assessments.exchange.reading import DocumentError, read_document
from assessments.services.rounds import close_round
from organizations.models import Organization, Role
from roadmaps.models import ControlStatus, Item, Roadmap
from roadmaps.services.business_cases import save_case
from roadmaps.services.structure import ControlState, Staff, record_roles, save_controls
from tests import factories
from tests.assessments.test_exchange import DROP, change, exported, imported

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Organization:
    organization = factories.make_organization("Acme")
    owner = factories.make_member(organization, role=Role.OWNER)
    round_ = factories.make_round(organization)
    factories.make_response("no", participant=factories.make_participant(round_))
    close_round(round_=round_)
    result = round_.results.get(team=None)
    first = factories.make_roadmap(
        result, owner=owner, pinned=["governance.lineage"], dimension_targets={"governance": 3}, created_by=owner.user
    )
    today = timezone.localdate()
    first.items.filter(position=1).update(
        status="done", done_on=today, due_on=today, notes="Ça marche", ticket_url="https://t.example/1"
    )
    first.items.filter(position=2).update(status="dropped", dropped_reason="Bought instead", effort_weeks="2.25")
    Roadmap.objects.filter(pk=factories.make_roadmap(result, []).pk).update(previous=first)
    save_case(roadmap=first, currency="USD", given={"models": {"expected": 7.0, "high": 9.5}}, user=owner.user)
    state = ControlState(ControlStatus.NOT_NEEDED, owner, "No such data")
    save_controls(roadmap=first, states={"level:5:Audit trail": state, "level:5:Compliance": ControlState()})
    record_roles(
        organization=organization, roles={"Data scientist": Staff(2, "One half of the time"), "Juggler": Staff(0)}
    )
    return organization


def test_an_import_gives_the_same_roadmaps(world: Organization) -> None:
    before = exported(world)
    copied = imported(before, "copy")
    after = exported(copied)
    assert after["roadmaps"] == before["roadmaps"]
    assert after["staffed_roles"] == before["staffed_roles"]
    assert after["roadmaps"][0]["business_case"]["given"] == {"models": {"expected": 7.0, "high": 9.5}}
    assert [control["key"] for control in after["roadmaps"][0]["controls"]] == ["level:5:Audit trail"]
    [first, second] = copied.roadmaps.order_by("pk")
    assert second.previous == first
    assert first.result.organization == copied
    owners = {item.owner.organization for item in Item.objects.filter(roadmap=first) if item.owner}
    assert owners == {copied}


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("0/number", 2, "$.roadmaps[1].number: is there twice"),
        ("1/previous", 2, "$.roadmaps[1].previous: is no other roadmap"),
        ("0/created_by", "eve@acme.example", "$.roadmaps[0].created_by: is no member"),
        ("1/target_level", DROP, "$.roadmaps[1].target_level: is missing"),
        ("0/result/revision", 2, "$.roadmaps[0].result: is no result"),
        ("0/result/team", "Delta", "$.roadmaps[0].result.team: is no team"),
        ("0/dimension_targets/cooking", 2, "$.roadmaps[0].dimension_targets.cooking: is no dimension"),
        ("0/pinned/+", "nothing", "$.roadmaps[0].pinned[1]: is no question"),
        ("0/capacity", 0, "$.roadmaps[0].capacity: must be at least 0.01"),
        ("0/starts_on", "soon", "$.roadmaps[0].starts_on: is not a day"),
        ("0/items/0/question", "nothing", "$.roadmaps[0].items[0].question: is no question"),
        ("0/items/1/position", 1, "$.roadmaps[0].items[1].position: is there twice"),
        ("0/items/0/owner", "eve@acme.example", "$.roadmaps[0].items[0].owner: is no member"),
        ("0/items/0/ticket_url", "javascript:alert(1)", "$.roadmaps[0].items[0].ticket_url: is not a web address"),
        ("0/items/0/done_on", DROP, "$.roadmaps[0].items[0].done_on: is missing"),
        ("0/items/1/dropped_reason", DROP, "$.roadmaps[0].items[1].dropped_reason: is missing"),
        ("0/business_case/currency", "XXX", "$.roadmaps[0].business_case.currency: "),
        ("0/business_case/given/models/high", 6, "$.roadmaps[0].business_case.given.models.high: is on the wrong side"),
        ("0/business_case/given/models/low", -1, "$.roadmaps[0].business_case.given.models.low: must be at least 0"),
        ("0/business_case/changed_by", "eve@acme.example", "$.roadmaps[0].business_case.changed_by: is no member"),
        ("0/controls/0/owner", "eve@acme.example", "$.roadmaps[0].controls[0].owner: is no member"),
        ("0/controls/0/note", DROP, "$.roadmaps[0].controls[0].note: is missing"),
        ("0/controls/0/status", "lost", "$.roadmaps[0].controls[0].status: "),
    ],
)  # fmt: skip
def test_a_malformed_roadmap_is_refused_with_the_place(world: Organization, path: str, value: Any, place: str) -> None:
    document = copy.deepcopy(exported(world))
    change(document["roadmaps"], path, value)
    with pytest.raises(DocumentError) as error:
        read_document(json.dumps(document).encode())
    assert any(problem.startswith(place) for problem in error.value.problems), error.value.problems
