"""Sends the mails to those who are asked in a round: the invitation, and the nudge, which has the same link."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from assessments.models import Participant
from assessments.models.rounds import ParticipantQuerySet
from assessments.selectors.questionnaires import definition_of
from assessments.services.letters import letter, nudge_item, why_nudged
from assessments.services.participants import token_of
from assessments.services.subscriptions import Link, Recipient
from organizations.limits import mail_to

INVITATION = "invitation"
MAILS_AT_ONCE = 200
"""So many are done well within a task's time limit."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How far the mails have come: `last` is after whom to go on, None at the end; `failure` what befell some."""

    last: int | None
    failure: OSError | None


def send_invitations(*, round_id: int, after: int = 0) -> Sent:
    """Mail the personal link to some of those in an open round who wait for it, from the participant id `after` on.

    Those whose mail failed, or whose address has got too many today, are left for another call. Raises OSError where no
    mail can be handed over.
    """
    return _send(INVITATION, "invited_at", Participant.objects.to_invite().filter(round=round_id), after)


def send_nudges(*, round_id: int, team_id: int | None = None, after: int = 0) -> Sent:
    """Remind some of those, of a team or of all, who have not submitted; as `send_invitations` does."""
    people = Participant.objects.to_nudge().filter(round=round_id)
    return _send("nudge", "nudged_at", people.filter(team=team_id) if team_id else people, after)


def _send(kind: str, moment: str, due: ParticipantQuerySet, after: int) -> Sent:
    """Claim, mail and mark people one by one, each in a transaction of its own.

    So a person gets one mail however many workers are at it, and one that is refused stops no other.
    """
    failure: OSError | None = None
    with get_connection() as connection:
        for _ in range(MAILS_AT_ONCE):
            with transaction.atomic():
                participant = _claim(due.filter(pk__gt=after))
                if participant is None:
                    return Sent(None, failure)
                after = participant.pk
                try:
                    with mail_to(participant.email) as allowed:
                        if allowed:
                            _message(kind, participant, connection).send()
                except OSError as error:  # SMTP's errors are OSErrors
                    failure = error
                    connection.close()
                    connection.open()
                else:
                    setattr(participant, moment, timezone.now())
                    # Put off, an invitation counts as sent: nobody is to learn that others write there too.
                    participant.mail_waits = not allowed and (participant.mail_waits or kind == INVITATION)
                    participant.save(update_fields=[moment, "mail_waits"])
    return Sent(after, failure)


def _claim(due: ParticipantQuerySet) -> Participant | None:
    """Return the first whom no other worker is mailing. One query."""
    claimed = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
    return claimed.select_related("round__organization", "team").order_by("pk").first()


def _message(kind: str, participant: Participant, connection: BaseEmailBackend) -> EmailMessage:
    """Return the mail in the organization's language and time zone."""
    organization = participant.round.organization
    with translation.override(organization.language), timezone.override(organization.time_zone):
        return _invitation(participant, connection) if kind == "invitation" else _nudge(participant, connection)


def _nudge(participant: Participant, connection: BaseEmailBackend) -> EmailMessage:
    organization = participant.round.organization
    recipient = Recipient(participant.user_id) if participant.user_id else Recipient(None, participant.email)
    return letter(
        to=participant.email,
        items=[nudge_item(participant)],
        why=why_nudged(organization),
        link=Link(recipient, {organization.pk}, {"nudges"}),
        connection=connection,
    )


def _invitation(participant: Participant, connection: BaseEmailBackend) -> EmailMessage:
    round_, organization = participant.round, participant.round.organization
    context = {
        "participant": participant,
        "round": round_,
        "organization": organization,
        "questionnaire": definition_of(round_.version_id),
        "url": settings.BASE_URL + reverse("respond_by_link", args=[token_of(participant)]),
    }
    subject = render_to_string("assessments/mail/invitation_subject.txt", context)
    body = render_to_string("assessments/mail/invitation_message.txt", context)
    return EmailMessage(" ".join(subject.split()), body, to=[participant.email], connection=connection)
