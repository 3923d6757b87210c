"""The pages of structure and governance: what they say of a level, and what people record."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from assessments.models import QuestionnaireVersion
from organizations.models import Member, User
from roadmaps.models import Control, ControlStatus, Roadmap, StaffedRole
from roadmaps.services.structure import ControlState, Staff, record_roles, save_controls
from tests.assessments.test_views_results import text_of
from tests.factories import Cast, make_organization
from tests.roadmaps.cases import roadmap_to_level_3

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
APPROVAL = "level:3:Approval workflow"


@pytest.fixture
def roadmap(cast: Cast, version: QuestionnaireVersion) -> Roadmap:
    return roadmap_to_level_3(cast, version)


@pytest.fixture
def facilitator(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.facilitator)


@pytest.fixture
def viewer(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.viewer)


def url(roadmap: Roadmap, name: str) -> str:
    return reverse(f"roadmap_{name}", args=[roadmap.organization.slug, roadmap.pk])


def typed(client: Client, address: str) -> dict[str, str]:
    """Return what the page's form would send as it stands, by field."""
    page = client.get(address)
    return {field.html_name: str(field.value() or "") for field in page.context["form"] if not field.field.disabled}


def name_of(client: Client, address: str, what: str, nth: int) -> str:
    """Return the name of the nth (from 0) field of a kind on the page."""
    return [name for name in typed(client, address) if name.startswith(what)][nth]


class TestStructure:
    def test_levels_stand_side_by_side(self, viewer: Client, roadmap: Roadmap) -> None:
        says = text_of(viewer.get(url(roadmap, "structure")).content)

        assert "Which roles level 0 and level 3 call for." in says
        assert "Platform engineer New at level 3" in says
        assert "Operations contact Ends with level 3" in says
        assert "Causal reasoning to learn" in says
        assert "Level 3 does without this role; others take over its work." in says
        assert "1 practice of the roadmap needs this role, with others; it takes 2 person-weeks in all." in says
        assert "neither level calls for: DevOps engineer (1 practice, 2 person-weeks with others), Software" in says
        assert "Record who is there" not in says

    def test_who_is_there_is_recorded_for_all_roadmaps(
        self, facilitator: Client, viewer: Client, cast: Cast, roadmap: Roadmap
    ) -> None:
        address = url(roadmap, "structure")
        says = text_of(viewer.get(address).content)
        assert "Not recorded yet Data scientist, ML engineer" in says
        assert "It cannot be told yet: of" in says
        assert "new at level 3." in says
        sent = typed(facilitator, address)
        people, notes = ([name for name in sent if name.startswith(what)] for what in ("people", "note"))

        answer = facilitator.post(
            address, sent | {people[0]: "2", people[1]: "0", notes[0]: "One of them half of the time"}
        )

        assert (answer.status_code, answer["Location"]) == (302, address)
        rows = StaffedRole.objects.filter(organization=cast.organization).values_list("role", "people", "note")
        assert sorted(rows) == [("Data scientist", 2, "One of them half of the time"), ("ML engineer", 0, "")]
        says = text_of(viewer.get(address).content)
        assert "Missing for the target ML engineer Not recorded yet Data engineer" in says
        assert "Data scientist 2 people" in says
        assert "One of them half of the time" in says

    def test_an_empty_field_takes_the_record_away(self, facilitator: Client, cast: Cast, roadmap: Roadmap) -> None:
        record_roles(organization=cast.organization, roles={"data SCIENTIST": Staff(3), "Juggler": Staff(1)})
        address = url(roadmap, "structure")
        assert typed(facilitator, address)[name_of(facilitator, address, "people", 0)] == "3"

        facilitator.post(address, {})

        assert [row.role for row in StaffedRole.objects.all()] == ["Juggler"]

    @pytest.mark.parametrize(
        ("people", "note", "says"),
        [
            ("-1", "", "greater than or equal to 0"),
            ("some", "", "Enter a whole number; 0 where there is nobody."),
            ("", "Half a person", "Say how many there are, or clear the note."),
            ("10001", "", "less than or equal to 10000"),
        ],
    )
    def test_bad_input_is_told_and_stays(
        self, facilitator: Client, roadmap: Roadmap, people: str, note: str, says: str
    ) -> None:
        address = url(roadmap, "structure")
        first, words = (name_of(facilitator, address, what, 0) for what in ("people", "note"))
        second = name_of(facilitator, address, "people", 1)

        answer = facilitator.post(address, {first: people, words: note, second: "7"})

        page = answer.content.decode()
        assert answer.status_code == 422
        assert says in text_of(answer.content)
        assert all(f'value="{value}"' in page for value in (people, note, "7") if value)
        assert not StaffedRole.objects.exists()

    def test_another_organization_s_people_are_not_counted(self, viewer: Client, roadmap: Roadmap) -> None:
        record_roles(organization=make_organization(), roles={"Data scientist": Staff(5)})

        assert "5 people" not in text_of(viewer.get(url(roadmap, "structure")).content)

    def test_it_takes_as_many_queries_whoever_is_there(
        self, viewer: Client, cast: Cast, roadmap: Roadmap, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        record_roles(organization=cast.organization, roles={f"Role {n}": Staff(n) for n in range(9)})
        viewer.get(url(roadmap, "structure"))

        with django_assert_num_queries(6):
            viewer.get(url(roadmap, "structure"))


class TestGovernance:
    def test_the_framework_of_the_target_and_what_practices_add(self, viewer: Client, roadmap: Roadmap) -> None:
        says = text_of(viewer.get(url(roadmap, "governance")).content)

        assert "0 of 5 controls are in place or not needed." in says
        for topic in ("Approval workflow Open", "Compliance Open", "Audit trail Open"):
            assert topic in says
        assert (
            "Each model has a service level that can be agreed and reported on."
            " Brought by: Service metrics · Monitoring & observability" in says
        )
        assert "Owner: nobody yet" in says
        assert "Save the controls" not in says

    def test_status_owner_and_note_are_kept(
        self, facilitator: Client, viewer: Client, cast: Cast, roadmap: Roadmap
    ) -> None:
        address = url(roadmap, "governance")
        sent = typed(facilitator, address)
        status, owner, note = (
            next(name for name in sent if name.startswith(what)) for what in ("status", "owner", "note")
        )
        member = Member.objects.get(user=cast.member)

        answer = facilitator.post(address, sent | {status: "in_place", owner: str(member.pk), note: "See the wiki."})

        assert (answer.status_code, answer["Location"]) == (302, address)
        kept = Control.objects.get()
        assert (kept.key, kept.status, kept.owner, kept.note) == (APPROVAL, "in_place", member, "See the wiki.")
        says = text_of(viewer.get(address).content)
        assert "1 of 5 controls are in place or not needed." in says
        assert "Owner: member@acme.example" in says
        assert "See the wiki." in says

    def test_who_owns_a_control_says_how_far_it_is_and_no_more(
        self, cast: Cast, roadmap: Roadmap, client_of: ClientOf
    ) -> None:
        member, address = client_of(cast.member), url(roadmap, "governance")
        assert member.post(address, {}).status_code == 403
        owner = Member.objects.get(user=cast.member)
        save_controls(roadmap=roadmap, states={APPROVAL: ControlState(owner=owner)})
        fields = list(typed(member, address))
        assert sorted(re.split("-", name)[0] for name in fields) == ["note", "status"]

        others = {name: "in_place" for name in typed(client_of(cast.facilitator), address) if "status" in name}
        answer = member.post(address, others | {fields[0]: "in_progress", "owner": ""})

        assert answer.status_code == 302
        kept = Control.objects.get()
        assert (kept.key, kept.status, kept.owner) == (APPROVAL, "in_progress", owner)

    def test_a_viewer_who_owned_one_as_a_member_only_looks(
        self, cast: Cast, roadmap: Roadmap, client_of: ClientOf
    ) -> None:
        save_controls(roadmap=roadmap, states={APPROVAL: ControlState(owner=Member.objects.get(user=cast.viewer))})

        assert client_of(cast.viewer).post(url(roadmap, "governance"), {}).status_code == 403

    def test_bad_input_is_told_and_stays(self, facilitator: Client, cast: Cast, roadmap: Roadmap) -> None:
        address = url(roadmap, "governance")
        sent = typed(facilitator, address)
        statuses, owners, notes = ([n for n in sent if n.startswith(what)] for what in ("status", "owner", "note"))
        gone = Member.objects.get(user=cast.outsider)

        answer = facilitator.post(
            address,
            sent | {statuses[0]: "not_needed", owners[1]: str(gone.pk), statuses[2]: "done", notes[3]: "Half of it"},
        )

        says = text_of(answer.content)
        assert answer.status_code == 422
        assert "Say why it is not needed." in says
        assert "This person is no longer a member. Pick one of those shown." in says
        assert "Pick one of those shown." in says
        assert "Half of it" in says
        assert not Control.objects.exists()

    def test_a_control_that_nobody_needs_is_settled(
        self, facilitator: Client, viewer: Client, roadmap: Roadmap
    ) -> None:
        state = ControlState(status=ControlStatus.NOT_NEEDED, note="We have no such data.")
        save_controls(roadmap=roadmap, states={"practice:monitoring.model_metrics": state})

        assert "1 of 5 controls" in text_of(viewer.get(url(roadmap, "governance")).content)

    def test_it_takes_as_many_queries_whatever_is_kept(
        self, facilitator: Client, cast: Cast, roadmap: Roadmap, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        owner = Member.objects.get(user=cast.member)
        keys = ("Approval workflow", "Compliance", "Audit trail")
        save_controls(roadmap=roadmap, states={f"level:3:{key}": ControlState(owner=owner) for key in keys})
        facilitator.get(url(roadmap, "governance"))

        with django_assert_num_queries(7):
            facilitator.get(url(roadmap, "governance"))
