"""How long a log-in lasts: each use begins the idle time anew, and is seen in the list of sessions."""

from __future__ import annotations

import hashlib

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mlops_maturity.middleware import GetResponse

# Seconds; a click within them writes nothing.
SEEN_EVERY = 5 * 60
# What this process knows to have been seen, without asking Redis.
seen_here = LocMemCache("seen", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


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
    key = f"seen:{hashlib.sha256(session_key.encode()).hexdigest()}"
    return seen_here.add(key, value=True, timeout=SEEN_EVERY) and cache.add(key, value=True, timeout=SEEN_EVERY)


def live_sessions(user: AbstractBaseUser) -> list[UserSession]:
    """Return the sessions in which a user is logged in, from the oldest; those that have ended are forgotten.

    Three queries at the most, where allauth's own list takes three for each session.
    """
    noted = list(UserSession.objects.filter(user=user).order_by("created_at"))
    kept = Session.objects.filter(session_key__in=[row.session_key for row in noted], expire_date__gt=timezone.now())
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    live = {row.session_key for row in kept if _is_of(row.get_decoded(), user, hashes)}
    if ended := [row.pk for row in noted if row.session_key not in live]:
        UserSession.objects.filter(pk__in=ended).delete()
    return [row for row in noted if row.session_key in live]


def _is_of(session: dict[str, str], user: AbstractBaseUser, hashes: set[str]) -> bool:
    """Return whether a session logs a user in with the password of today."""
    return session.get(SESSION_KEY) == str(user.pk) and session.get(HASH_SESSION_KEY) in hashes
