"""Background work, done by Celery workers; each task only calls a service."""

from __future__ import annotations

from celery import shared_task

from assessments.services import responses


@shared_task
def purge_abandoned_responses() -> None:
    """Delete visitors' self-assessments that nobody came back to."""
    responses.purge_abandoned_responses()
