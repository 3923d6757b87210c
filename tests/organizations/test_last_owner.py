"""An organization with members keeps an owner: the database holds whoever takes one away, on whatever path."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from organizations.models import Member, Organization, Role, User
from tests import factories
from tests.assessments.test_services_responses import meanwhile

pytestmark = pytest.mark.django_db


def raw(sql: str) -> Callable[[Member], object]:
    def run(owner: Member) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, [owner.pk])

    return run


def hold() -> None:
    """Look now, as at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def is_kept(organization: Organization) -> bool:
    return organization.members.filter(role=Role.OWNER).exists()


@pytest.fixture
def owner() -> Member:
    """The only owner of an organization that has another member."""
    owner = factories.make_member(role=Role.OWNER)
    factories.make_member(owner.organization)
    return owner


@pytest.mark.parametrize(
    "take_away",
    [
        lambda owner: owner.delete(),
        lambda owner: owner.user.delete(),
        lambda owner: User.objects.filter(pk=owner.user_id).delete(),
        lambda owner: Member.objects.filter(pk=owner.pk).update(role=Role.FACILITATOR),
        lambda owner: Member.objects.filter(pk=owner.pk).update(organization=factories.make_organization(), team=None),
        raw("DELETE FROM organizations_member WHERE id = %s"),
        raw("UPDATE organizations_member SET role = 'viewer' WHERE id = %s"),
    ],
    ids=["delete", "delete user", "delete users", "change role", "move", "raw delete", "raw update"],
)
def test_the_last_owner_is_not_taken_away(take_away: Callable[[Member], object], owner: Member) -> None:
    with pytest.raises(IntegrityError, match="has members and no owner"), transaction.atomic():
        take_away(Member.objects.get(pk=owner.pk))
        hold()
    assert is_kept(owner.organization)
    factories.make_member(owner.organization, role=Role.OWNER)
    take_away(Member.objects.get(pk=owner.pk))
    hold()
    assert is_kept(owner.organization)


def test_ownership_goes_over_in_any_order(owner: Member) -> None:
    other = owner.organization.members.exclude(pk=owner.pk).get()
    Member.objects.filter(pk=owner.pk).update(role=Role.VIEWER)
    Member.objects.filter(pk=other.pk).update(role=Role.OWNER)
    hold()
    assert is_kept(owner.organization)


def test_an_organization_goes_with_its_owner(owner: Member) -> None:
    owner.organization.delete()
    hold()
    assert not Organization.objects.exists()


def test_an_organization_can_be_left_by_all(owner: Member) -> None:
    owner.organization.members.all().delete()
    hold()
    assert not Member.objects.exists()


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "go", [Member.delete, lambda member: Member.objects.filter(pk=member.pk).update(role="viewer")], ids=["go", "step"]
)
def test_of_two_owners_in_two_transactions_one_stays(go: Callable[[Member], object]) -> None:
    first = factories.make_member(role=Role.OWNER)
    second = factories.make_member(first.organization, role=Role.OWNER)
    factories.make_member(first.organization)

    with transaction.atomic():
        go(first)
        hold()
        late = meanwhile(lambda: go(second))

    with pytest.raises(IntegrityError, match="has members and no owner"):
        late.result(timeout=10)
    assert first.organization.members.get(role=Role.OWNER) == second
