"""What changes an invitation: asking people to join, the mail with the link, joining by it, revoking it.

The link's token is made when the mail is sent and kept only as its hash, so neither the database nor the queue can
give a working link away. A mail sent again has a link of its own, and the earlier one stops working.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from allauth.account.models import EmailAddress
from celery import current_app
from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from organizations.limits import count_mails, mail_to
from organizations.models import Invitation, Member, Organization, Role, Team, User
from organizations.selectors import hash_of, is_for

# By name: tasks call services, never the reverse.
TASK = "organizations.tasks.send_invitation"


class AlreadyThere(Exception):
    """These people are members or invited already; `emails` says who."""

    def __init__(self, emails: Sequence[str]) -> None:
        super().__init__(", ".join(emails))
        self.emails = emails


class InvitationGone(Exception):
    """The invitation is unknown, used, revoked or expired: nobody is told which."""


class ForAnotherAddress(Exception):
    """The invitation is for an address that this account does not have, or has not confirmed."""


def invite(
    *, organization: Organization, emails: Sequence[str], role: Role, team: Team | None, invited_by: User
) -> list[Invitation]:
    """Invite people by email with a role and, where it fits, a team: all of them or none.

    Raises AlreadyThere, and TooManyMails where the day's are used up.
    """
    emails = list(dict.fromkeys(email.lower() for email in emails))
    if known := _known(organization, emails):
        raise AlreadyThere(known)
    expires_at = timezone.now() + Invitation.LIFETIME
    invitations = [
        Invitation(
            organization=organization, email=email, role=role, team=team, invited_by=invited_by, expires_at=expires_at
        )
        for email in emails
    ]
    try:
        with transaction.atomic():
            Invitation.objects.bulk_create(invitations)
            count_mails(kind="invitation", by=invited_by, organization=organization, emails=emails)
            for invitation in invitations:
                _enqueue_mail(invitation)
    except IntegrityError as error:
        if "invitation_email_unique" not in str(error):
            raise
        raise AlreadyThere(_known(organization, emails) or emails) from error
    return invitations


@transaction.atomic
def resend_invitation(*, invitation: Invitation, by: User) -> None:
    """Send an invitation again, good for the whole time from now on; its earlier link stops working.

    Raises TooManyMails where the day's are used up.
    """
    count_mails(kind="invitation", by=by, organization=invitation.organization, emails=[invitation.email])
    Invitation.objects.filter(pk=invitation.pk).update(
        token_hash=None, sent_at=None, expires_at=timezone.now() + Invitation.LIFETIME
    )
    _enqueue_mail(invitation)


def revoke_invitation(*, invitation: Invitation) -> None:
    """Take an invitation back: its link stops working."""
    Invitation.objects.filter(pk=invitation.pk).delete()


def send_invitation(*, invitation_id: int) -> None:
    """Mail the link, in the organization's language; nothing happens where the invitation is revoked or used.

    Where others have sent the address too many mails today it is put off, looking as if it was sent. Raises OSError
    where the mail cannot be handed over; to call it again is right then.
    """
    invitation = Invitation.objects.open().filter(pk=invitation_id).first()
    if invitation is None:
        return
    with mail_to(invitation.email) as allowed:
        if allowed:
            _send(invitation_id)
        else:
            waiting = Invitation.objects.postponed() | Invitation.objects.filter(sent_at=None)
            waiting.filter(pk=invitation_id).update(sent_at=timezone.now(), token_hash=None)


def send_postponed_invitations() -> None:
    """Have the invitations mailed that were put off."""
    for invitation in Invitation.objects.postponed().order_by("pk"):
        _enqueue_mail(invitation)


def _send(invitation_id: int) -> None:
    token = secrets.token_urlsafe(32)
    fresh = Invitation.objects.open().filter(pk=invitation_id)
    if not fresh.update(token_hash=hash_of(token)):
        return
    invitation = fresh.select_related("organization", "invited_by").filter(token_hash=hash_of(token)).first()
    if invitation is None:
        return
    context = {"invitation": invitation, "url": settings.BASE_URL + reverse("invitation", args=[token])}
    with translation.override(invitation.organization.language), timezone.override(invitation.organization.time_zone):
        subject = render_to_string("organizations/email/invitation_subject.txt", context)
        message = render_to_string("organizations/email/invitation_message.txt", context)
    send_mail(" ".join(subject.split()), message, None, [invitation.email])
    Invitation.objects.filter(pk=invitation_id, token_hash=hash_of(token)).update(sent_at=timezone.now())


@transaction.atomic
def accept_invitation(*, token: str, user: User) -> Member:
    """Make the user a member; a member already keeps role and team. Return the membership.

    Raises InvitationGone, and ForAnotherAddress where the account has not confirmed the invited address: the link
    alone, forwarded or overheard, lets nobody in.
    """
    invitation = Invitation.objects.open().select_for_update().filter(token_hash=hash_of(token)).first()
    if invitation is None:
        raise InvitationGone
    if not is_for(invitation, user):
        raise ForAnotherAddress
    member, _is_new = Member.objects.get_or_create(
        organization_id=invitation.organization_id,
        user=user,
        defaults={"role": invitation.role, "team_id": invitation.team_id},
    )
    invitation.delete()
    return member


def _known(organization: Organization, emails: Sequence[str]) -> list[str]:
    """Return which of some addresses (in lower case) belong to members or are invited, in order. Three queries."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("user"), email__in=emails, verified=True)
    members = Member.objects.filter(organization=organization).filter(Q(user__email__in=emails) | Exists(confirmed))
    taken = set(members.values_list("user__email", flat=True)) | set(
        EmailAddress.objects.filter(user__memberships__in=members, verified=True).values_list("email", flat=True)
    )
    taken |= set(organization.invitations.filter(email__in=emails).values_list("email", flat=True))
    return [email for email in emails if email in taken]


def _enqueue_mail(invitation: Invitation) -> None:
    def enqueue() -> None:
        current_app.send_task(TASK, args=[invitation.pk])

    # Robust: where the queue cannot be reached, the list shows an invitation not sent yet, to be sent again.
    transaction.on_commit(enqueue, robust=True)
