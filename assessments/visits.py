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
from assessments.selectors.questionnaires import definition_of
from assessments.services.responses import keep_response, start_response
from organizations.access import account_of
from organizations.models import User

SESSION_KEY = "try"
TRIED_KEY = "tried"
"""The self-assessments made or taken up in this browser, the newest first."""
MOST_TRIED = 10


def current_response(request: HttpRequest) -> Response | None:
    """Return the self-assessment this browser is at, else the one its user left in progress. At most two queries."""
    user = account_of(request)
    public_id = request.session.get(SESSION_KEY)
    found = Response.objects.tried_here(public_id, user).first() if public_id else None
    if found is None and user:
        found = Response.objects.tried_by(user).in_progress().first()
    return found


def tried(request: HttpRequest) -> list[str]:
    """Return the keys of the self-assessments of this browser, the newest first. No query."""
    current = request.session.get(SESSION_KEY)
    keys: list[str] = request.session.get(TRIED_KEY, [])
    return keys or ([current] if current else [])


def waiting_responses(request: HttpRequest) -> list[Response]:
    """Return the self-assessments in progress of this browser or its user, the newest first. At most one query."""
    keys, user = tried(request), account_of(request)
    return list(Response.objects.tried_in(keys, user).in_progress()) if keys or user else []


def remember(request: HttpRequest) -> None:
    """Give a browser without a session one, which is what the two requests of a double tap have in common."""
    request.session.get(SESSION_KEY)  # reads it, and so finds out whether it has ended
    if request.session.session_key is None:
        request.session.create()


@transaction.atomic
def begin(request: HttpRequest, version: QuestionnaireVersion) -> Response:
    """Return the self-assessment of this questionnaire that is in progress in this browser, else one begun now.

    A double tap sends two requests at once: each holds the session's row, and the second sees what the first began.
    Raises SessionInterrupted where the session ended in the meantime.
    """
    held = Session.objects.select_for_update().filter(pk=request.session.session_key).first()
    if held is None:
        raise SessionInterrupted
    for key in (SESSION_KEY, TRIED_KEY):
        if (begun := held.get_decoded().get(key)) is not None:
            request.session[key] = begun
    slug = definition_of(version.pk).slug
    response = next((row for row in waiting_responses(request) if definition_of(row.version_id).slug == slug), None)
    if response is None:
        response = start_response(version=version, user=account_of(request))
    if request.session.get(SESSION_KEY) != str(response.public_id):
        take_up(request, response)
        request.session.save()
    return response


def take_up(request: HttpRequest, response: Response) -> None:
    """Make this browser remember at which self-assessment it is."""
    key = str(response.public_id)
    request.session[TRIED_KEY] = [key, *(other for other in tried(request) if other != key)][:MOST_TRIED]
    request.session[SESSION_KEY] = key


@receiver(user_logged_in)
def keep_on_log_in(sender: object, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Let the account keep what was answered before log-in or sign-up."""
    for response in Response.objects.tried_in(tried(request), None):
        keep_response(response=response, user=user)
