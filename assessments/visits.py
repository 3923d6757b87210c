"""At which self-assessment a browser is: its session holds the key, and an account keeps it from log-in on."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from assessments.models import QuestionnaireVersion, Response
from assessments.services.responses import keep_response, start_response
from organizations.access import account_of
from organizations.models import User

SESSION_KEY = "try"


def current_response(request: HttpRequest) -> Response | None:
    """Return the self-assessment this browser is at, else the one its user left in progress. At most two queries."""
    user = account_of(request)
    public_id = request.session.get(SESSION_KEY)
    found = Response.objects.tried_here(public_id, user).first() if public_id else None
    if found is None and user:
        found = Response.objects.tried_by(user).in_progress().first()
    return found


def remember(request: HttpRequest) -> None:
    """Give a browser without a session one, which is what the two requests of a double tap have in common."""
    request.session.get(SESSION_KEY)  # reads it, and so finds out whether it has ended
    if request.session.session_key is None:
        request.session.create()


@transaction.atomic
def begin(request: HttpRequest, version: QuestionnaireVersion) -> Response:
    """Return the self-assessment that is in progress in this browser, else one begun now.

    A double tap sends two requests at once: each holds the session's row, and the second sees what the first began.
    Raises SessionInterrupted where the session ended in the meantime.
    """
    held = Session.objects.select_for_update().filter(pk=request.session.session_key).first()
    if held is None:
        raise SessionInterrupted
    if begun := held.get_decoded().get(SESSION_KEY):
        request.session[SESSION_KEY] = begun
    response = current_response(request)
    if response is None or response.is_submitted:
        response = start_response(version=version, user=account_of(request))
        take_up(request, response)
        request.session.save()
    return response


def take_up(request: HttpRequest, response: Response) -> None:
    """Make this browser remember at which self-assessment it is."""
    request.session[SESSION_KEY] = str(response.public_id)


@receiver(user_logged_in)
def keep_on_log_in(sender: object, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Let the account keep what was answered before log-in or sign-up."""
    public_id = request.session.get(SESSION_KEY)
    response = Response.objects.tried_here(public_id, user).first() if public_id else None
    if response:
        keep_response(response=response, user=user)
