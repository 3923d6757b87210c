"""Background work, done by Celery workers; each task only calls a service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from assessments.services import benchmarks, deliveries, mails, reminders, reminding, responses, rounds

# Mail is tried again within the quarter of an hour; what still waits for an invitation then is taken up each hour.
BACKOFF, MOST_RETRIES = 30, 4


@shared_task
def purge_abandoned_responses() -> None:
    """Delete visitors' self-assessments that nobody came back to."""
    responses.purge_abandoned_responses()


@shared_task
def open_and_close_due_rounds() -> None:
    """Open and close the rounds whose moment has come."""
    rounds.open_and_close_due_rounds()


@shared_task
def invite_who_waits() -> None:
    """Have those invited whose invitation did not get through."""
    rounds.invite_who_waits()


@shared_task
def send_due_reminders() -> None:
    """Plan the reminders of today and send those that are due; the rest is another task's."""
    reminding.plan_reminders()
    if deliveries.send_due():
        send_due_reminders.delay()


@shared_task
def purge_reminders() -> None:
    """Delete what nobody needs to know of mails any more."""
    reminders.purge_reminders()


@shared_task
def take_benchmark_snapshots() -> None:
    """Keep where the organizations that share their scores stand, once a quarter."""
    benchmarks.take_snapshots(today=timezone.now().date())


@shared_task(autoretry_for=(OSError,), retry_backoff=BACKOFF, max_retries=MOST_RETRIES)
def invite_participants(round_id: int, after: int = 0) -> None:
    """Mail everyone in a round their personal link; those after a participant id, a share of them at a time."""
    sent = mails.send_invitations(round_id=round_id, after=after)
    if sent.last:
        invite_participants.delay(round_id, sent.last)
    if sent.failure:
        raise sent.failure


@shared_task(autoretry_for=(OSError,), retry_backoff=BACKOFF, max_retries=MOST_RETRIES)
def nudge_participants(round_id: int, team_id: int | None = None, after: int = 0) -> None:
    """Remind those in a round, of a team or of all, who have not submitted; a share of them at a time."""
    sent = mails.send_nudges(round_id=round_id, team_id=team_id, after=after)
    if sent.last:
        nudge_participants.delay(round_id, team_id, sent.last)
    if sent.failure:
        raise sent.failure
