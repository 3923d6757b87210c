"""Organizations, teams and members: what services change, what they refuse, and what holds when two act at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from django.db import connection

from organizations.models import Member, Organization, Role, Team
from organizations.services import members, organizations, teams
from tests import factories
from tests.factories import Cast

FIELDS = {"time_zone": "Europe/Berlin", "language": "en"}


def at_once(*actions: Callable[[], None]) -> list[str]:
    """Run actions in threads that start together; return the names of the exceptions they ended in, sorted."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], None]) -> str:
        try:
            barrier.wait(10)
            action()
        except Exception as error:  # noqa: BLE001 - the caller asserts which
            return type(error).__name__
        else:
            return ""
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return sorted(pool.map(run, actions))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme Insurance", "acme-insurance"),
        ("Züri & Söhne", "zuri-sohne"),
        ("数据", "organization"),
        ("--", "organization"),
        ("x" * 100, "x" * 50),
    ],
)
def test_the_address_is_made_of_the_name(name: str, slug: str, db: None) -> None:
    founder = factories.make_user()
    organization = organizations.create_organization(founder=founder, name=name, **FIELDS)
    assert (organization.name, organization.slug) == (name, slug)
    member = organization.members.get()
    assert (member.user, member.role) == (founder, Role.OWNER)


@pytest.mark.parametrize("name", ["Acme", "New"])
def test_an_address_that_is_taken_gets_something_behind_it(name: str, db: None) -> None:
    founder = factories.make_user()
    made = [organizations.create_organization(founder=founder, name=name, **FIELDS).slug for _n in range(3)]
    assert len(set(made)) == 3
    assert all(slug.startswith(name.lower()) and slug != "new" for slug in made)


def test_only_who_confirmed_an_address_founds(db: None) -> None:
    with pytest.raises(organizations.AddressNotConfirmed):
        organizations.create_organization(founder=factories.make_user(verified=False), name="Acme", **FIELDS)
    assert not Organization.objects.exists()


def test_an_organization_is_renamed_and_moved(cast: Cast) -> None:
    organizations.update_organization(organization=cast.organization, name="Acme", slug="acme", **FIELDS)
    stored = Organization.objects.get(pk=cast.organization.pk)
    assert (stored.name, stored.slug, stored.time_zone) == ("Acme", "acme", "Europe/Berlin")


@pytest.mark.parametrize("slug", ["borealis-bank", "new"])
def test_an_address_that_is_taken_is_refused(slug: str, cast: Cast) -> None:
    with pytest.raises(organizations.SlugTaken):
        organizations.update_organization(organization=cast.organization, name="Acme", slug=slug, **FIELDS)
    assert Organization.objects.get(pk=cast.organization.pk).name == "Acme Insurance"


def test_a_team_is_made_renamed_archived_and_restored(cast: Cast) -> None:
    team = teams.create_team(organization=cast.organization, name="Fraud")
    teams.rename_team(team=team, name="Fraud and risk")
    teams.archive_team(team=team)
    team.refresh_from_db()
    since = team.archived_at
    assert (team.name, since is not None) == ("Fraud and risk", True)
    teams.archive_team(team=team)
    team.refresh_from_db()
    assert team.archived_at == since
    teams.restore_team(team=team)
    team.refresh_from_db()
    assert team.archived_at is None


def test_archiving_keeps_the_members(cast: Cast) -> None:
    before = cast.team.members.count()
    teams.archive_team(team=cast.team)
    assert cast.team.members.count() == before > 0


def test_a_name_serves_one_team_of_an_organization(cast: Cast) -> None:
    fraud = teams.create_team(organization=cast.organization, name="Fraud")
    teams.create_team(organization=cast.elsewhere, name="Fraud")
    with pytest.raises(teams.NameTaken):
        teams.create_team(organization=cast.organization, name="PRICING")
    with pytest.raises(teams.NameTaken):
        teams.rename_team(team=fraud, name="pricing")
    assert set(Team.objects.filter(organization=cast.organization).values_list("name", flat=True)) == {
        "Pricing",
        "Fraud",
    }


def member_of(cast: Cast, role: str) -> Member:
    return Member.objects.get(user=getattr(cast, role))


def test_a_member_gets_a_role_and_a_team(cast: Cast) -> None:
    viewer, team = member_of(cast, "viewer"), factories.make_team(cast.organization)
    members.update_member(member=viewer, team=team, role=Role.FACILITATOR)
    viewer.refresh_from_db()
    assert (viewer.role, viewer.team) == (Role.FACILITATOR, team)
    members.update_member(member=viewer, team=None)
    viewer.refresh_from_db()
    assert (viewer.role, viewer.team) == (Role.FACILITATOR, None)


@pytest.mark.parametrize("role", [Role.FACILITATOR, Role.MEMBER, Role.VIEWER])
def test_the_last_owner_is_not_demoted(role: Role, cast: Cast) -> None:
    owner = member_of(cast, "owner")
    with pytest.raises(members.LastOwner):
        members.update_member(member=owner, team=None, role=role)
    owner.refresh_from_db()
    assert (owner.role, owner.team) == (Role.OWNER, cast.team)


def test_the_last_owner_changes_team(cast: Cast) -> None:
    owner = member_of(cast, "owner")
    members.update_member(member=owner, team=None, role=Role.OWNER)
    owner.refresh_from_db()
    assert (owner.role, owner.team) == (Role.OWNER, None)


def test_the_last_owner_is_not_removed(cast: Cast) -> None:
    with pytest.raises(members.LastOwner):
        members.remove_member(member=member_of(cast, "owner"))
    assert cast.organization.members.filter(role=Role.OWNER).count() == 1


def test_one_of_two_owners_goes(cast: Cast) -> None:
    factories.make_member(cast.organization, role=Role.OWNER)
    owner = member_of(cast, "owner")
    members.remove_member(member=owner)
    assert not Member.objects.filter(user=cast.owner).exists()


def test_an_invitation_to_another_address_lets_no_one_back_in(cast: Cast) -> None:
    EmailAddress.objects.create(user=cast.viewer, email="private@example.org", verified=True)
    kept = factories.make_invitation(cast.organization)
    for organization in (cast.organization, cast.elsewhere):
        factories.make_invitation(organization, "private@example.org")
    members.remove_member(member=member_of(cast, "viewer"))
    assert list(cast.organization.invitations.all()) == [kept]
    assert cast.elsewhere.invitations.exists()


def test_removing_twice_does_nothing(cast: Cast) -> None:
    first, second = member_of(cast, "viewer"), member_of(cast, "viewer")
    members.remove_member(member=first)
    members.remove_member(member=second)
    assert cast.organization.members.count() == 3


def test_ownership_is_handed_over(cast: Cast) -> None:
    owner, viewer = member_of(cast, "owner"), member_of(cast, "viewer")
    members.transfer_ownership(owner=owner, to=viewer)
    owner.refresh_from_db()
    viewer.refresh_from_db()
    assert (owner.role, viewer.role) == (Role.FACILITATOR, Role.OWNER)


def test_who_is_no_owner_any_more_hands_nothing_over(cast: Cast) -> None:
    owner, viewer = member_of(cast, "owner"), member_of(cast, "viewer")
    factories.make_member(cast.organization, role=Role.OWNER)
    Member.objects.filter(pk=owner.pk).update(role=Role.MEMBER)
    with pytest.raises(members.Outdated):
        members.transfer_ownership(owner=owner, to=viewer)
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER


def test_nothing_is_handed_to_who_has_left(cast: Cast) -> None:
    owner, viewer = member_of(cast, "owner"), member_of(cast, "viewer")
    Member.objects.filter(pk=viewer.pk).delete()
    with pytest.raises(members.Outdated):
        members.transfer_ownership(owner=owner, to=viewer)
    owner.refresh_from_db()
    assert owner.role == Role.OWNER


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", ["leave", "step down"])
def test_of_two_owners_who_go_at_once_one_stays(change: str) -> None:
    organization = factories.make_organization()
    both = [factories.make_member(organization, role=Role.OWNER) for _n in range(2)]

    def go(member: Member) -> None:
        if change == "leave":
            members.remove_member(member=member)
        else:
            members.update_member(member=member, team=None, role=Role.VIEWER)

    assert at_once(*(lambda member=member: go(member) for member in both)) == ["", "LastOwner"]
    assert organization.members.filter(role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_organizations_founded_at_once_get_two_addresses() -> None:
    founders = [factories.make_user() for _n in range(2)]

    def found(number: int) -> None:
        organizations.create_organization(founder=founders[number], name="Acme", **FIELDS)

    assert at_once(lambda: found(0), lambda: found(1)) == ["", ""]
    assert Member.objects.filter(role=Role.OWNER, organization__name="Acme").count() == 2
