"""The end of an account: what is the person's alone goes, what counts for others stays without them."""

from __future__ import annotations

from collections.abc import Collection

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Replace

from assessments.models import Participant, Response, Subscription
from assessments.models.rounds import placeholder
from organizations.models import Invitation, Organization, User
from organizations.selectors import held_by_one


class StillNeeded(Exception):
    """Organizations with other members have no other owner."""


class Alone(Exception):
    """Nobody else is in some organizations, and the person has not said that these go too."""


@transaction.atomic
def delete_account(*, user: User, with_organizations: Collection[int] = ()) -> None:
    """Delete an account, and the organizations of these keys in which nobody else is.

    Answers given in rounds stay; nothing then says whose they were. Raises StillNeeded, and Alone where the person is
    alone in an organization that is not named.
    """
    # Held, so that no other owner leaves meanwhile; always in one order.
    list(Organization.objects.filter(members__user=user).order_by("pk").select_for_update(of=("self",), no_key=True))
    held = held_by_one(user)
    if held.with_others:
        raise StillNeeded
    if not {organization.pk for organization in held.alone} <= set(with_organizations):
        raise Alone
    for organization in held.alone:
        organization.delete()
    _forget(user)
    for session in UserSession.objects.filter(user=user):
        session.end()
    user.delete()


def _forget(user: User) -> None:
    """Take the person out of what stays."""
    participants = list(Participant.objects.of(user))
    for participant in participants:
        participant.user, participant.email = None, placeholder("deleted")
    Participant.objects.bulk_update(participants, ["user", "email"])
    Response.objects.filter(user=user).exclude(participant=None).update(user=None)
    emails = {user.email, *EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)}
    Invitation.objects.filter(email__in=emails).delete()
    Subscription.objects.filter(user=None, email__in=[email.lower() for email in emails]).delete()
    for email in emails:
        told = LogEntry.objects.filter(Q(object_repr__contains=email) | Q(change_message__contains=email))
        told.update(
            object_repr=Replace("object_repr", Value(email), Value("…")),
            change_message=Replace("change_message", Value(email), Value("…")),
        )
