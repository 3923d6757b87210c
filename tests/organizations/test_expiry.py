"""What goes by itself after a while, and what stays."""

from __future__ import annotations

import datetime as dt

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from organizations import tasks
from organizations.models import Invitation
from organizations.services.expiry import INVITATIONS_KEPT_DAYS, purge_invitations, purge_sessions
from tests import factories

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def test_only_invitations_long_expired_go() -> None:
    kept_since = timezone.now() - dt.timedelta(days=INVITATIONS_KEPT_DAYS)
    factories.make_invitation(expires_at=kept_since - MINUTE)
    kept = [factories.make_invitation(expires_at=kept_since + MINUTE), factories.make_invitation()]
    assert purge_invitations() == 1
    assert set(Invitation.objects.all()) == set(kept)
    assert purge_invitations() == 0


def test_sessions_that_ended_go_with_what_is_known_about_them() -> None:
    now, user = timezone.now(), factories.make_user()

    def session(key: str, expires: dt.timedelta | None, age: dt.timedelta = dt.timedelta(days=2)) -> None:
        if expires:
            Session.objects.create(session_key=key, expire_date=now + expires)
        row = UserSession.objects.create(user=user, session_key=key, ip="192.0.2.1")
        UserSession.objects.filter(pk=row.pk).update(created_at=now - age)

    session("in use", MINUTE)
    session("in use for weeks", MINUTE, age=dt.timedelta(days=29))
    session("too old", dt.timedelta(days=14), age=dt.timedelta(days=31))
    session("expired", -MINUTE)
    session("logged out", None)
    session("just beginning", None, age=MINUTE)

    purge_sessions()

    assert set(Session.objects.values_list("pk", flat=True)) == {"in use", "in use for weeks"}
    assert set(UserSession.objects.values_list("session_key", flat=True)) == {
        "in use",
        "in use for weeks",
        "just beginning",
    }


def test_the_task_purges_both() -> None:
    Session.objects.create(session_key="expired", expire_date=timezone.now() - MINUTE)
    factories.make_invitation(expires_at=timezone.now() - dt.timedelta(days=365))
    tasks.purge_expired()
    assert not Session.objects.exists()
    assert not Invitation.objects.exists()
