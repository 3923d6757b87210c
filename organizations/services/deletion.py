"""The end of an organization: asked for by an owner, called off by any, done when the time is over."""

from __future__ import annotations

from celery import current_app
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from organizations.models import Member, Organization, Role, User

# By name: tasks call services, never the reverse.
TASK = "organizations.tasks.tell_of_deletion"


class TooLate(Exception):
    """The organization is being deleted."""


@transaction.atomic
def request_deletion(*, organization: Organization, by: User) -> None:
    """Have an organization deleted in two weeks, and its owners told; asked for a second time, nothing changes."""
    asked = Organization.objects.filter(pk=organization.pk, deletion_at=None).update(
        deletion_at=timezone.now() + Organization.TIME_UNTIL_DELETION
    )
    organization.refresh_from_db(fields=["deletion_at"])
    if asked:
        _tell_owners(organization, by)


@transaction.atomic
def call_off_deletion(*, organization: Organization, by: User) -> None:
    """Keep an organization after all, and have its owners told. Raises TooLate once its time is over."""
    waiting = Organization.objects.filter(pk=organization.pk, deletion_at__gt=timezone.now())
    if waiting.update(deletion_at=None):
        _tell_owners(organization, by)
    elif Organization.objects.due().filter(pk=organization.pk).exists():
        raise TooLate(organization.slug)
    organization.deletion_at = None


def tell_of_deletion(*, organization_id: int, owner_id: int, by_id: int) -> None:
    """Mail an owner how things are now: the organization will be deleted, or stays. Raises OSError."""
    owners = Member.objects.filter(organization=organization_id, user=owner_id, role=Role.OWNER)
    member = owners.select_related("organization", "user").first()
    if member is None:
        return
    organization = member.organization
    context = {
        "organization": organization,
        "by": User.objects.filter(pk=by_id).first(),
        "url": settings.BASE_URL + reverse("organization_data", args=[organization.slug]),
    }
    with translation.override(organization.language), timezone.override(organization.time_zone):
        subject = render_to_string("organizations/email/deletion_subject.txt", context)
        message = render_to_string("organizations/email/deletion_message.txt", context)
    send_mail(" ".join(subject.split()), message, None, [member.user.email])


def delete_due_organizations() -> int:
    """Delete the organizations whose time is over, each in a transaction of its own; return how many went.

    Another worker at the same work takes others; who calls one off in time keeps it.
    """
    count = 0
    while _delete_next():
        count += 1
    return count


@transaction.atomic
def _delete_next() -> bool:
    organization = Organization.objects.due().select_for_update(skip_locked=True).first()
    if organization is None:
        return False
    organization.delete()
    return True


def _tell_owners(organization: Organization, by: User) -> None:
    owners = list(organization.members.filter(role=Role.OWNER).values_list("user_id", flat=True))

    def enqueue() -> None:
        for owner_id in owners:
            current_app.send_task(TASK, args=[organization.pk, owner_id, by.pk])

    # Robust: every page says it too, where the queue cannot be reached.
    transaction.on_commit(enqueue, robust=True)
