"""How long a log-in lasts: each use begins the idle time anew, and is seen in the list of sessions."""

from __future__ import annotations

import hashlib

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from mlops_maturity.middleware import GetResponse

# Seconds; a click within them writes nothing.
SEEN_EVERY = 5 * 60


def seen_sessions(get_response: GetResponse) -> GetResponse:
    """Middleware that notes, every few minutes, that a logged-in session is in use, by whom and from where.

    Once the page is made: pages that need no session stay without one.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        session = request.session
        if session.accessed and SESSION_KEY in session and note_seen(session.session_key or ""):
            session.set_expiry(settings.LOG_IN_IDLE_AGE)
            UserSession.objects.create_from_request(request)
        return response

    return middleware


def note_seen(session_key: str) -> bool:
    """Return whether a session was not seen in the last minutes; from now on it was."""
    key = hashlib.sha256(session_key.encode()).hexdigest()
    return cache.add(f"seen:{key}", value=True, timeout=SEEN_EVERY)
