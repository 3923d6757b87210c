"""What changes a membership. An organization never loses its last owner: whoever may take one away first locks it."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction

from organizations.models import Invitation, Member, Organization, Role, Team


class LastOwner(Exception):
    """An organization keeps at least one owner."""


class Outdated(Exception):
    """The membership ended, or the role needed for this was lost, in the meantime."""


@transaction.atomic
def update_member(*, member: Member, team: Team | None, role: Role | None = None) -> None:
    """Put a member into a team of the organization, or into none; give them a role. Raises LastOwner and Outdated."""
    _lock(member)
    if role and role != Role.OWNER:
        _keep_an_owner(member)
    Member.objects.filter(pk=member.pk).update(team=team, role=role or member.role)
    member.refresh_from_db(fields=["team", "role"])


@transaction.atomic
def transfer_ownership(*, owner: Member, to: Member) -> None:
    """Make another member of the organization an owner and the owner a facilitator, in one go. Raises Outdated."""
    _lock(owner, to)
    if owner.role != Role.OWNER:
        raise Outdated
    _set_role(to, Role.OWNER)
    _set_role(owner, Role.FACILITATOR)


@transaction.atomic
def remove_member(*, member: Member) -> None:
    """End a membership, one's own or another's; a second time does nothing. Raises LastOwner.

    Invitations to the person's other addresses end too: none must let them back in.
    """
    try:
        _lock(member)
    except Outdated:
        return
    _keep_an_owner(member)
    addresses = EmailAddress.objects.filter(user=member.user_id).values("email")
    Invitation.objects.filter(organization_id=member.organization_id, email__in=addresses).delete()
    member.delete()


def _lock(*members: Member) -> None:
    """Hold the organization until the transaction ends, and read the members' roles as they are now.

    Not their rows: two transactions that hold one member each would both still count the other as an owner.
    """
    Organization.objects.select_for_update(no_key=True).get(pk=members[0].organization_id)
    for member in members:
        try:
            member.refresh_from_db(fields=["role"])
        except Member.DoesNotExist:
            raise Outdated from None


def _keep_an_owner(member: Member) -> None:
    others = Member.objects.filter(organization_id=member.organization_id, role=Role.OWNER).exclude(pk=member.pk)
    if member.role == Role.OWNER and not others.exists():
        raise LastOwner


def _set_role(member: Member, role: Role) -> None:
    Member.objects.filter(pk=member.pk).update(role=role)
    member.role = role
