"""What changes who is asked in a round, and the personal link by which each of them answers.

The link's token is derived from the secret key, so that a later mail can carry it again; only its hash is stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from assessments.models import Participant, Response, Round
from assessments.models.rounds import RoundStatus
from assessments.services.rounds import NotOpen, enqueue_invitations
from organizations.limits import count_mails
from organizations.models import Member, Team, User
from organizations.selectors import hash_of


class AlreadyResponded(Exception):
    """The person has submitted; or may have, in an anonymous round that has opened, of which nobody is told."""


class TeamNotInRound(Exception):
    """The team does not take part in the round."""


@dataclass(frozen=True, slots=True)
class Added:
    """How many people were added; `already` are the addresses of those who take part already."""

    added: int
    already: Sequence[str]


@transaction.atomic
def add_participants(*, round_: Round, team: Team, emails: Iterable[str], by: User | None = None) -> Added:
    """Ask people by their addresses to respond for a team; in an open round they are invited at once.

    An address of a member, the main or a confirmed one, stands for that member, who takes part once. As many queries
    however many people. Those who are new count as a mail each of the day's of `by`, if given. Raises NotOpen for a
    closed round, TeamNotInRound and TooManyMails.
    """
    locked = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    if locked.status == RoundStatus.CLOSED:
        raise NotOpen(str(round_))
    if not round_.round_teams.filter(team=team).exists():
        raise TeamNotInRound(str(team))
    emails = list(dict.fromkeys(email.lower() for email in emails))
    users = _members_by_email(round_, emails)
    there = list(round_.participants.values_list("email", "user_id"))
    taken, taken_users = {email.lower() for email, _user in there}, {user for _email, user in there}
    new, already = [], []
    for email in emails:
        user_id = users.get(email)
        if email in taken or (user_id and user_id in taken_users):
            already.append(email)
            continue
        if user_id:
            taken_users.add(user_id)
        new.append(
            Participant(organization_id=round_.organization_id, round=round_, team=team, email=email, user_id=user_id)
        )
    if by:
        count_mails(kind="round", by=by, organization=round_.organization, emails=[person.email for person in new])
    Participant.objects.bulk_create(new)
    if new and locked.status == RoundStatus.OPEN:
        enqueue_invitations(round_)
    return Added(added=len(new), already=already)


@transaction.atomic
def copy_participants(*, round_: Round, previous: Round) -> int:
    """Ask those of an earlier round who were asked for the same teams; return how many were added.

    Archived teams and former members are left out. Raises NotOpen for a closed round.
    """
    people = previous.participants.select_related("user", "team").filter(team__in=round_.teams.filter(archived_at=None))
    members = set(Member.objects.filter(organization=round_.organization_id).values_list("user_id", flat=True))
    emails: dict[Team, list[str]] = {}
    for person in people:
        if person.user is None or person.user_id in members:
            emails.setdefault(person.team, []).append(person.user.email if person.user else person.email)
    return sum(add_participants(round_=round_, team=team, emails=own).added for team, own in emails.items())


@transaction.atomic
def remove_participant(*, participant: Participant) -> None:
    """No longer ask a person, and delete what they have answered so far. Raises AlreadyResponded.

    In an anonymous round nobody is removed once it has opened: whether that works would tell who has answered.
    """
    round_ = Round.objects.select_for_update(no_key=True).get(pk=participant.round_id)
    if round_.anonymous and round_.status != RoundStatus.DRAFT:
        raise AlreadyResponded(participant.email)
    # With the round held, nobody submits.
    if Response.objects.submitted_in(round_).filter(participant=participant).exists():
        raise AlreadyResponded(participant.email)
    Participant.objects.filter(pk=participant.pk).delete()


@transaction.atomic
def remove_participants(*, round_: Round, people: QuerySet[Participant]) -> int:
    """No longer ask some of a round's people, and delete what they have answered so far; return how many these are.

    Who has submitted stays. Raises NotOpen for a closed round, AlreadyResponded as `remove_participant` does.
    """
    held = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
    if held.status == RoundStatus.CLOSED:
        raise NotOpen(str(held))
    if held.anonymous and held.status != RoundStatus.DRAFT:
        raise AlreadyResponded(str(held))
    # With the round held, nobody submits.
    submitted = Response.objects.submitted_in(held).values("participant")
    keys = set(people.filter(round=held).exclude(pk__in=submitted).values_list("pk", flat=True))
    Participant.objects.filter(pk__in=keys).delete()
    return len(keys)


def token_of(participant: Participant) -> str:
    """Return the token of a participant's personal link, which works from now on. At most one query."""
    message = f"respond:{participant.pk}:{participant.round_id}"
    digest = hmac.digest(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256)
    token = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if participant.token_hash != hash_of(token):
        participant.token_hash = hash_of(token)
        participant.save(update_fields=["token_hash"])
    return token


def _members_by_email(round_: Round, emails: Sequence[str]) -> dict[str, int]:
    """Return the ids of the organization's members by those of some addresses that are theirs. Two queries."""
    users = User.objects.filter(memberships__organization=round_.organization_id)
    confirmed = EmailAddress.objects.filter(user__in=users, email__in=emails, verified=True)
    return dict(confirmed.values_list("email", "user_id")) | dict(
        users.filter(email__in=emails).values_list("email", "pk")
    )
