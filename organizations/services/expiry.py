"""What goes by itself after a while: invitations that nobody took up, and sessions that have ended."""

from __future__ import annotations

import datetime as dt

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from organizations.models import Invitation

# For so long an invitation that has expired can be sent again; then nobody needs the address.
INVITATIONS_KEPT_DAYS = 30


def purge_invitations() -> int:
    """Delete the invitations that expired more than 30 days ago; return how many went."""
    deleted, _by_model = Invitation.objects.long_expired(days=INVITATIONS_KEPT_DAYS).delete()
    return deleted


def purge_sessions() -> None:
    """End log-ins that are as old as may be; delete the sessions that have ended, and how they were used."""
    oldest = timezone.now() - dt.timedelta(seconds=settings.LOG_IN_AGE)
    too_old = UserSession.objects.filter(created_at__lt=oldest)
    Session.objects.filter(pk__in=too_old.values("session_key")).delete()
    SessionStore.clear_expired()
    # One just begun is written down before the session itself is.
    yesterday = timezone.now() - dt.timedelta(days=1)
    ended = UserSession.objects.filter(created_at__lt=yesterday).exclude(session_key__in=Session.objects.values("pk"))
    ended.delete()
