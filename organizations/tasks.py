"""Background work, done by Celery workers; each task only calls a service."""

from __future__ import annotations

from celery import shared_task

from organizations.services import deletion, expiry, invitations


# SMTP's errors are OSErrors. Tried again for about a day; within the hour, after which Redis would deliver it twice.
@shared_task(autoretry_for=(OSError,), retry_backoff=30, retry_backoff_max=50 * 60, max_retries=60)
def send_invitation(invitation_id: int) -> None:
    """Mail an invitation's link."""
    invitations.send_invitation(invitation_id=invitation_id)


@shared_task
def send_postponed_invitations() -> None:
    """Try the invitations again whose address had got too many mails."""
    invitations.send_postponed_invitations()


@shared_task(autoretry_for=(OSError,), retry_backoff=30, retry_backoff_max=50 * 60, max_retries=60)
def tell_of_deletion(organization_id: int, owner_id: int, by_id: int) -> None:
    """Mail one owner that the organization will be deleted, or no longer will be."""
    deletion.tell_of_deletion(organization_id=organization_id, owner_id=owner_id, by_id=by_id)


@shared_task
def delete_due_organizations() -> None:
    """Delete the organizations whose time has come."""
    deletion.delete_due_organizations()


@shared_task
def purge_expired() -> None:
    """Delete invitations that nobody took up in time, and sessions that have ended."""
    expiry.purge_invitations()
    expiry.purge_sessions()
