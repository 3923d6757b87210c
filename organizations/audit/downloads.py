"""What is taken away of an organization leaves an event in its audit trail, though it changes nothing."""

from __future__ import annotations

import pghistory
from django.db import models
from django.http import HttpRequest

from organizations.audit.trail import Action, Taken
from organizations.models import User


def record_download(*, of: models.Model, what: Taken, extension: str, by: User | None = None) -> None:
    """Keep that somebody, or with `by` None a command, takes a file away that is made of a tracked row.

    Where nothing may be written, as in a snapshot, it has to be called before.
    """
    context = {"user": by.pk} if by else {}
    with pghistory.context(taken=what.value, extension=extension, **context):
        pghistory.create_event(of, label=Action.TAKEN.value)


def taken(request: HttpRequest, of: models.Model, what: Taken, extension: str) -> None:
    """Record a download that a request has been allowed; one that asks for the headers alone takes nothing."""
    if request.method == "GET":
        record_download(of=of, what=what, extension=extension, by=request.user)  # type: ignore[arg-type]
