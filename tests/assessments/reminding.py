"""What tests of reminders share: a clock that is set, and mail that is counted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from assessments.services.deliveries import send_due
from assessments.services.reminding import plan_reminders


class Clock:
    """What time it is, for all of this process that asks Django."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def set(self, text: str) -> None:
        """Set it to a moment in UTC, such as "2026-03-18 09:00"."""
        self.now = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)

    def forward(self, **span: float) -> None:
        self.now += dt.timedelta(**span)


def tick() -> None:
    """Do what beat has done each minute."""
    plan_reminders()
    send_due()


def letters() -> list[EmailMultiAlternatives]:
    """Return the mails since the last call."""
    found: list[Any] = list(mail.outbox)
    mail.outbox.clear()
    return found


def told() -> list[tuple[str, str]]:
    """Return to whom mails went since the last call, and their subjects."""
    return [(letter.to[0], str(letter.subject)) for letter in letters()]
