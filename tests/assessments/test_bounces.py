"""Mail that a server took and sent back later."""

from __future__ import annotations

import datetime as dt
import io
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from assessments.bounces import failed_messages
from assessments.models import Reminder, Subscription
from assessments.models.reminders import Fate, Reason
from tests import factories
from tests.assessments.reminding import Clock, letters, tick
from tests.factories import Cast


def notification(message_id: str, *, action: str = "failed", status: str = "5.1.1", whole: bool = True) -> bytes:
    """Return what a mail server sends back about a mail, as Postfix writes it."""
    original = EmailMessage()
    original["Message-ID"], original["Subject"] = message_id, "Acme: the next assessment"
    original.set_content("Hello,")
    kept = original.as_string() if whole else original.as_string().partition("\n\n")[0] + "\n"
    return "\n".join(
        [
            "From: MAILER-DAEMON@mx.example",
            "To: bounces@mlops.example",
            "Subject: Undelivered Mail Returned to Sender",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
            "",
            "--b1",
            "Content-Type: text/plain",
            "",
            "I'm sorry to have to inform you",
            "",
            "--b1",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.example",
            "",
            "Final-Recipient: rfc822; owner@acme.example",
            f"Action: {action}",
            f"Status: {status}",
            "",
            "--b1",
            f"Content-Type: {'message/rfc822' if whole else 'text/rfc822-headers'}",
            "",
            kept,
            "--b1--",
            "",
        ]
    ).encode()


@pytest.mark.parametrize("whole", [True, False])
def test_a_failure_names_the_mail_that_came_back(whole: bool) -> None:
    assert failed_messages(notification("<reminder.1.ab@mlops.example>", whole=whole)) == {
        "<reminder.1.ab@mlops.example>"
    }


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("failed", "4.2.2"), ("delivered", "2.0.0")])
def test_what_is_not_for_good_says_nothing(action: str, status: str) -> None:
    assert failed_messages(notification("<a@b.example>", action=action, status=status)) == set()


def test_other_mail_says_nothing() -> None:
    holiday = EmailMessage()
    holiday["In-Reply-To"] = "<a@b.example>"
    holiday.set_content("I am away.")
    assert failed_messages(holiday.as_bytes()) == set()
    assert failed_messages(MIMEMultipart("report").as_bytes()) == set()


@given(st.binary() | st.integers(0, 900).map(lambda end: notification("<a@b.example>")[:end]))
def test_nothing_that_comes_in_breaks_it(source: bytes) -> None:
    assert failed_messages(source) <= {"<a@b.example>"}


@pytest.mark.django_db
def test_three_that_come_back_end_the_mail_and_each_counts_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock(monkeypatch)
    clock.set("2026-03-01 08:00")
    factories.make_schedule(cast.organization, anchor=dt.date(2026, 4, 1))
    for day in ("2026-03-18", "2026-03-29", "2026-04-01"):
        clock.set(f"{day} 10:00")
        tick()
        [mine] = [letter for letter in letters() if letter.to == [cast.owner.email]]
        for _twice in range(2):
            source = notification(mine.extra_headers["Message-ID"])
            monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(source)))
            call_command("bounce")
    assert capsys.readouterr().out.splitlines() == ["1 reminders came back.", "Nothing of ours came back."] * 3
    assert Subscription.objects.get().bounces == 3
    assert Reminder.objects.filter(user=cast.owner, state=Fate.FAILED).count() == 3
    clock.set("2026-06-17 10:00")
    tick()
    assert [letter.to for letter in letters()] == [[cast.facilitator.email]]
    assert Reminder.objects.filter(user=cast.owner).latest("send_at").reason == Reason.BOUNCED
