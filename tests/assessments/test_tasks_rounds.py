"""Mails of rounds, and what beat and workers do: one mail for each person, whatever fails or runs twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from socket import socket
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from assessments import tasks
from assessments.models import Participant, Round
from assessments.selectors.responses import participant_by_link
from assessments.services import mails, rounds
from assessments.services.mails import send_invitations, send_nudges
from mlops_maturity.celery import app
from organizations.models import Organization, User
from tests import factories
from tests.factories import Cast
from tests.mlops_maturity.conftest import wait_for
from tests.mlops_maturity.test_worker import worker
from tests.organizations.test_services import at_once

ClientOf = Callable[[User], Client]

NOVEMBER = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


@pytest.fixture
def round_(cast: Cast) -> Round:
    return factories.make_round(cast.organization, teams=[cast.team])


def token_in(text: str) -> str:
    [token] = re.findall(r"https?://[^/\s]+/respond/(\S+)/", text)
    return str(token)


def recipients() -> list[str]:
    return sorted(to for message in mail.outbox for to in message.to)


class Unreliable(EmailBackend):
    """Raises what `failures` has for an address, once each."""

    failures: dict[str, list[OSError]]

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            if waiting := self.failures.get(message.to[0]):
                raise waiting.pop()
        return int(super().send_messages(messages))


@pytest.fixture
def unreliable(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[OSError]]:
    """Errors that sending to an address ends in, the last first."""
    settings.EMAIL_BACKEND = f"{__name__}.Unreliable"
    monkeypatch.setattr(mail, "outbox", [], raising=False)
    monkeypatch.setattr(Unreliable, "failures", {}, raising=False)
    return Unreliable.failures


def test_the_queue_knows_the_tasks() -> None:
    app.loader.import_default_modules()
    assert {rounds.INVITE, rounds.NUDGE} <= set(app.tasks)


def test_everyone_gets_a_link_of_their_own(round_: Round) -> None:
    people = [factories.make_participant(round_) for _n in range(3)]
    send_invitations(round_id=round_.pk)
    send_invitations(round_id=round_.pk)
    links = {message.to[0]: participant_by_link(token_in(str(message.body))) for message in mail.outbox}
    assert links == {participant.email: participant for participant in people}
    assert len(mail.outbox) == 3
    assert not round_.participants.filter(invited_at=None).exists()


@pytest.mark.parametrize("status", ["draft", "closed"])
def test_nobody_is_invited_to_a_round_that_is_not_open(status: str, round_: Round) -> None:
    factories.make_participant(round_)
    if status == "closed":
        rounds.close_round(round_=round_)
    else:
        Round.objects.update(status=status, opened_at=None)
    send_invitations(round_id=round_.pk)
    assert mail.outbox == []


@pytest.mark.parametrize("anonymous", [False, True])
def test_the_mails_say_who_asks_what_until_when(anonymous: bool, round_: Round) -> None:
    Organization.objects.filter(pk=round_.organization_id).update(name="Acme & Sons", time_zone="Europe/Berlin")
    Round.objects.update(anonymous=anonymous, closes_at=NOVEMBER)
    participant = factories.make_participant(round_)
    send_invitations(round_id=round_.pk)
    round_.participants.update(invited_at=timezone.now() - Participant.NUDGE_INTERVAL)
    send_nudges(round_id=round_.pk)
    invitation, nudge = mail.outbox
    assert invitation.subject == "Acme & Sons asks you about machine learning, Q3 2026"
    assert nudge.subject == f"Reminder: {invitation.subject}"
    assert "for the team Pricing: 25 questions of “MLOps maturity assessment”." in invitation.body
    assert "your answers are not complete yet" in nudge.body
    assert token_in(str(invitation.body)) == token_in(str(nudge.body))
    for message in (invitation, nudge):
        assert message.to == [participant.email]
        assert "Until 27 November 2026, 17:00 (Europe/Berlin) you can come back" in message.body
        assert ("The round is anonymous" in message.body) is anonymous
        assert ("see your answers with your name" in message.body) is not anonymous
        assert "&amp;" not in message.body


def test_the_mails_speak_the_organizations_language(
    round_: Round, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    Organization.objects.update(language="de")
    factories.make_participant(round_)
    used: list[str | None] = []

    def render(*_args: object) -> str:
        used.append(get_language())
        return "text"

    monkeypatch.setattr(mails, "render_to_string", render)
    send_invitations(round_id=round_.pk)
    assert used == ["de", "de"]


def test_nudges_go_to_who_has_not_submitted_once_a_day(round_: Round, cast: Cast) -> None:
    other = factories.make_team(cast.organization)
    round_.teams.add(other, through_defaults={"organization": cast.organization})
    silent, done = (factories.make_participant(round_, team=cast.team) for _n in range(2))
    elsewhere = factories.make_participant(round_, team=other)
    factories.make_response(participant=done)
    round_.participants.update(invited_at=timezone.now() - timedelta(days=1))
    send_nudges(round_id=round_.pk, team_id=cast.team.pk)
    assert recipients() == [silent.email]
    for _twice in range(2):
        send_nudges(round_id=round_.pk)
    assert recipients() == sorted([silent.email, elsewhere.email])
    Participant.objects.update(nudged_at=timezone.now() - timedelta(days=1))
    send_nudges(round_id=round_.pk)
    assert len(mail.outbox) == 4


@pytest.mark.parametrize("failure", [SMTPRecipientsRefused({}), SMTPServerDisconnected("gone")])
def test_a_mail_that_fails_stops_no_other_and_is_tried_again(
    failure: OSError, round_: Round, unreliable: dict[str, list[OSError]]
) -> None:
    people = [factories.make_participant(round_) for _n in range(3)]
    unreliable[people[1].email] = [failure]
    sent = send_invitations(round_id=round_.pk)
    assert sent.failure is failure
    assert recipients() == sorted([people[0].email, people[2].email])
    assert list(Participant.objects.to_invite()) == [people[1]]
    unreliable[people[1].email] = [failure, failure]
    tasks.invite_participants.apply(args=(round_.pk,))
    assert recipients() == sorted(participant.email for participant in people)


def test_many_are_mailed_a_share_at_a_time(round_: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [factories.make_participant(round_) for _n in range(5)]
    monkeypatch.setattr(mails, "MAILS_AT_ONCE", 2)
    further: list[tuple[Any, ...]] = []
    for task, mailed in ((tasks.invite_participants, 5), (tasks.nudge_participants, 10)):
        monkeypatch.setattr(task, "delay", lambda *args: further.append(args))
        further.append((round_.pk,))
        while further:
            task(*further.pop())
        assert len(mail.outbox) == mailed
        round_.participants.update(invited_at=timezone.now() - Participant.NUDGE_INTERVAL)
    assert recipients() == sorted([participant.email for participant in people] * 2)


def test_who_still_waits_is_invited_within_the_hour(
    round_: Round,
    cast: Cast,
    queued: list[Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _n in range(2):
        factories.make_participant(round_)
    factories.make_participant(factories.make_round(cast.organization, status="draft", opened_at=None))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.invite_who_waits()
    assert queued == [(rounds.INVITE, [round_.pk])]


def test_too_many_mails_to_an_address_wait_and_nobody_is_told(
    round_: Round, cast: Cast, client_of: ClientOf, settings: Settings
) -> None:
    settings.MAILS_TO_AN_ADDRESS = 1
    person = factories.make_participant(round_, email="busy@example.org")
    elsewhere = factories.make_participant(factories.make_round(cast.elsewhere), email="Busy@example.org")
    for one in (elsewhere, person):
        send_invitations(round_id=one.round_id)
    assert recipients() == ["Busy@example.org"]
    page = client_of(cast.facilitator).get(reverse("round", args=[cast.organization.slug, round_.pk])).content.decode()
    assert "on its way" not in page
    person.refresh_from_db()
    assert (person.invited_at is None, person.token_hash) == (False, None)
    assert list(Participant.objects.to_invite()) == [person]
    settings.MAILS_TO_AN_ADDRESS = 9  # as on the next day
    send_invitations(round_id=round_.pk)
    assert recipients() == ["Busy@example.org", "busy@example.org"]
    assert not Participant.objects.to_invite().exists()
    settings.MAILS_TO_AN_ADDRESS = 2
    send_nudges(round_id=round_.pk)
    assert len(mail.outbox) == 2, "a reminder too many is dropped"
    assert not Participant.objects.to_nudge().filter(round=round_).exists()


def test_a_queue_out_of_reach_stops_no_opening(
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr(rounds, "current_app", SimpleNamespace(send_task=refuse))
    draft = factories.make_round(cast.organization, status="draft", opened_at=None)
    with django_capture_on_commit_callbacks(execute=True):
        rounds.open_round(round_=draft)
    assert draft.takes_answers
    assert "no Redis" in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("send", [send_invitations, send_nudges])
def test_two_workers_at_once_send_one_mail_to_each(send: Callable[..., object]) -> None:
    round_ = factories.make_round()
    people = [factories.make_participant(round_) for _n in range(20)]
    if send is send_nudges:
        round_.participants.update(invited_at=timezone.now() - timedelta(days=1))

    def work() -> None:
        send(round_id=round_.pk)

    assert at_once(work, work) == ["", ""]
    send(round_id=round_.pk)
    assert recipients() == sorted(participant.email for participant in people)


class Postbox:
    """What a mail server took, and whom it refuses."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str]] = []
        self.refused = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's
        if address == self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        letter = message_from_bytes(envelope.content, policy=policy.default)
        self.letters += [(address, letter.get_content()) for address in envelope.rcpt_tos]
        return "250 OK"


@pytest.mark.django_db(transaction=True)
def test_a_worker_opens_a_round_and_mails_by_smtp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue, postbox = f"tests-{uuid4().hex}", Postbox()
    round_ = factories.make_round(status="draft", opened_at=None, opens_at=timezone.now())
    people = [factories.make_participant(round_) for _n in range(4)]
    postbox.refused = people[1].email
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(postbox, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{port}")
    try:
        with worker(queue, tmp_path / "log"):
            tasks.open_and_close_due_rounds.apply_async(queue=queue)
            wait_for(lambda: Round.objects.get().takes_answers, "opening")
            tasks.invite_participants.apply_async((round_.pk,), queue=queue)
            wait_for(lambda: Participant.objects.to_invite().count() == 1, "mails")
    finally:
        server.stop()
    received = {address: participant_by_link(token_in(text)) for address, text in postbox.letters}
    assert received == {participant.email: participant for participant in people if participant != people[1]}
    assert len(postbox.letters) == 3
