"""What the pages of an organization's settings show, and to which invitation a link leads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from organizations.models import Invitation, Member, Organization, Role, Team, User


@dataclass(frozen=True, slots=True)
class Held:
    """Organizations that hang on one person, by name: the only owner among others, or alone in it."""

    with_others: list[Organization]
    alone: list[Organization]


def held_by_one(user: User) -> Held:
    """Return the organizations that would be left without owner, or without anybody, if a user went. One query."""
    others = Member.objects.filter(organization=OuterRef("pk")).exclude(user=user)
    mine = Organization.objects.of(user).annotate(has_others=Exists(others))
    held: list[Any] = list(mine.exclude(Exists(others.filter(role=Role.OWNER))))
    return Held(
        with_others=[organization for organization in held if organization.has_others],
        alone=[organization for organization in held if not organization.has_others],
    )


def teams_of(organization: Organization) -> QuerySet[Team]:
    """Return an organization's teams, archived ones last, with `member_count`. One query."""
    return organization.teams.annotate(member_count=Count("members")).order_by(
        F("archived_at").desc(nulls_first=True), "name"
    )


def members_of(organization: Organization, words: str = "") -> QuerySet[Member]:
    """Return the members whose name, address, or team contains each of some words, by address. One query."""
    members = organization.members.select_related("user", "team").order_by("user__email")
    for word in words.split():
        members = members.filter(
            Q(user__email__icontains=word)
            | Q(user__first_name__icontains=word)
            | Q(user__last_name__icontains=word)
            | Q(team__name__icontains=word)
        )
    return members


def find_invitation(token: str) -> Invitation | None:
    """Return the open invitation to which a link leads, with its organization. One query."""
    return Invitation.objects.open().select_related("organization").filter(token_hash=hash_of(token)).first()


def hash_of(token: str) -> str:
    """Return what is kept of an invitation's token. It is random and long: nothing slower than SHA-256 is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_for(invitation: Invitation, user: User) -> bool:
    """Return whether the invited address is one that the account has confirmed. One query."""
    return bool(EmailAddress.objects.filter(user=user, email__iexact=invitation.email, verified=True).exists())
