"""Invitations: who can be asked, the mail and its link, joining, and that a link gives nothing away."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from mlops_maturity.celery import app
from organizations import tasks
from organizations.models import Invitation, Member, Organization, Role, User
from organizations.selectors import hash_of
from organizations.services import invitations as service
from tests import factories
from tests.accounts import code_in_mail
from tests.factories import Cast
from tests.mlops_maturity.conftest import wait_for
from tests.mlops_maturity.test_worker import worker
from tests.organizations.test_services import at_once

ClientOf = Callable[[User], Client]
EMAIL = "ada@example.org"


def invite(cast: Cast, email: str = EMAIL, role: Role = Role.MEMBER, **fields: Any) -> Invitation:
    fields = {"team": cast.team, "invited_by": cast.owner} | fields
    [invitation] = service.invite(organization=cast.organization, emails=[email], role=role, **fields)
    return invitation


def token_of(invitation: Invitation) -> str:
    """Send the mail and return the token of its link."""
    service.send_invitation(invitation_id=invitation.pk)
    return token_in(str(mail.outbox[-1].body))


def token_in(message: str) -> str:
    [token] = re.findall(r"https?://[^/\s]+/invitations/(\S+)/", message)
    return str(token)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """What is put into the queue, in place of the queue."""
    queue: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(
        service, "current_app", SimpleNamespace(send_task=lambda name, args: queue.append((name, args)))
    )
    return queue


def test_people_are_invited_once_each(
    cast: Cast, sent: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    emails = ["Ada@example.org", "grace@example.org", "ada@example.org"]
    with django_capture_on_commit_callbacks(execute=True):
        made = service.invite(
            organization=cast.organization, emails=emails, role=Role.VIEWER, team=cast.team, invited_by=cast.owner
        )
        assert sent == []
    assert [row.email for row in made] == [EMAIL, "grace@example.org"]
    assert sent == [(tasks.send_invitation.name, [row.pk]) for row in made]
    stored = Invitation.objects.get(email=EMAIL)
    assert (stored.role, stored.team, stored.invited_by) == (Role.VIEWER, cast.team, cast.owner)
    assert (stored.token_hash, stored.sent_at) == (None, None)
    assert timedelta(days=6, hours=23) < stored.expires_at - timezone.now() <= timedelta(days=7)


def test_the_queue_knows_the_task() -> None:
    app.loader.import_default_modules()
    assert service.TASK in app.tasks


def test_a_queue_out_of_reach_costs_no_invitation(
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise ConnectionError("no Redis")

    monkeypatch.setattr(service, "current_app", SimpleNamespace(send_task=refuse))
    with django_capture_on_commit_callbacks(execute=True):
        invite(cast)
    assert Invitation.objects.get().sent_at is None
    assert "no Redis" in caplog.text


def test_who_is_there_already_is_not_invited(cast: Cast) -> None:
    invite(cast, "grace@example.org")
    EmailAddress.objects.create(user=cast.member, email="second@acme.example", verified=True)
    known = [cast.viewer.email, "second@acme.example", "grace@example.org"]
    with pytest.raises(service.AlreadyThere) as error:
        service.invite(
            organization=cast.organization,
            emails=[EMAIL, *known, cast.outsider.email],
            role=Role.MEMBER,
            team=None,
            invited_by=cast.owner,
        )
    assert error.value.emails == known
    assert Invitation.objects.count() == 1


def test_another_organization_invites_the_same_person(cast: Cast) -> None:
    invite(cast)
    service.invite(organization=cast.elsewhere, emails=[EMAIL], role=Role.MEMBER, team=None, invited_by=cast.outsider)
    assert Invitation.objects.filter(email=EMAIL).count() == 2


def test_the_mail_says_who_invites_to_what(cast: Cast) -> None:
    invitation = invite(cast)
    token = token_of(invitation)
    [message] = mail.outbox
    assert message.to == [EMAIL]
    assert message.subject == "Join Acme Insurance on MLOps Maturity"
    assert f"{cast.owner.email} invites you to join Acme Insurance" in message.body
    assert "&" not in message.body
    invitation.refresh_from_db()
    assert invitation.sent_at is not None
    assert invitation.token_hash == hash_of(token)
    assert token not in str(Invitation.objects.values())


def test_the_mail_speaks_the_organizations_language(
    cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    Organization.objects.update(language="de")
    used: list[str | None] = []

    def render(*_args: object) -> str:
        used.append(get_language())
        return "text"

    monkeypatch.setattr(service, "render_to_string", render)
    service.send_invitation(invitation_id=invite(cast).pk)
    assert used == ["de", "de"]


def test_a_failed_mail_is_tried_again(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = [ConnectionError("refused"), TimeoutError("slow")]

    def unreliable(*args: Any) -> None:
        if failures:
            raise failures.pop()
        mail.send_mail(*args)

    monkeypatch.setattr(service, "send_mail", unreliable)
    invitation = invite(cast)
    tasks.send_invitation.apply(args=(invitation.pk,))
    [message] = mail.outbox
    invitation.refresh_from_db()
    assert invitation.sent_at is not None
    assert invitation.token_hash == hash_of(token_in(str(message.body)))


def test_too_many_mails_to_an_address_wait_and_nobody_is_told(
    cast: Cast,
    client_of: ClientOf,
    sent: list[Any],
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.MAILS_TO_AN_ADDRESS = 1
    first = invite(cast)
    others = factories.make_invitation(cast.elsewhere, first.email)
    for invitation in (first, others):
        service.send_invitation(invitation_id=invitation.pk)
        invitation.refresh_from_db()
    assert len(mail.outbox) == 1
    assert (first.token_hash is None, others.token_hash is None) == (False, True)
    pages = [
        client_of(reader).get(reverse("invitations", args=[organization.slug])).content.decode()
        for reader, organization in ((cast.owner, cast.organization), (cast.outsider, cast.elsewhere))
    ]
    assert ["works until" in page for page in pages] == [True, True]
    with django_capture_on_commit_callbacks(execute=True):
        tasks.send_postponed_invitations()
    assert sent == [(service.TASK, [others.pk])]
    settings.MAILS_TO_AN_ADDRESS = 9  # as on the next day
    service.send_invitation(invitation_id=others.pk)
    assert len(mail.outbox) == 2
    assert not Invitation.objects.postponed().exists()


def test_a_mail_that_fails_does_not_count(cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.MAILS_TO_AN_ADDRESS = 1
    failures = [ConnectionError("refused"), TimeoutError("slow")]
    monkeypatch.setattr(service, "send_mail", lambda *_args: (_ for _ in ()).throw(failures.pop()))
    invitation = invite(cast)
    while failures:
        with pytest.raises(OSError, match=r"refused|slow"):
            service.send_invitation(invitation_id=invitation.pk)
    monkeypatch.undo()
    service.send_invitation(invitation_id=invitation.pk)
    assert len(mail.outbox) == 1


def test_nothing_is_mailed_for_what_was_revoked(cast: Cast) -> None:
    invitation = invite(cast)
    service.revoke_invitation(invitation=invitation)
    service.send_invitation(invitation_id=invitation.pk)
    assert mail.outbox == []


def test_sent_again_the_earlier_link_stops(
    cast: Cast, sent: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    invitation, ada = invite(cast), factories.make_user(EMAIL)
    earlier = token_of(invitation)
    Invitation.objects.update(expires_at=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        service.resend_invitation(invitation=invitation, by=cast.owner)
    assert sent == [(service.TASK, [invitation.pk])]
    later = token_of(invitation)
    with pytest.raises(service.InvitationGone):
        service.accept_invitation(token=earlier, user=ada)
    assert service.accept_invitation(token=later, user=ada).organization == cast.organization


def test_joining_gives_role_and_team_once(cast: Cast) -> None:
    ada = factories.make_user(EMAIL)
    token = token_of(invite(cast, role=Role.FACILITATOR))
    member = service.accept_invitation(token=token, user=ada)
    assert (member.user, member.role, member.team) == (ada, Role.FACILITATOR, cast.team)
    assert not Invitation.objects.exists()
    with pytest.raises(service.InvitationGone):
        service.accept_invitation(token=token, user=ada)


def test_an_address_that_is_merely_claimed_lets_nobody_in(cast: Cast, client_of: ClientOf) -> None:
    ada = factories.make_user(EMAIL, verified=False)
    url = reverse("invitation", args=[token_of(invite(cast))])
    for answer, status in ((client_of(ada).get(url), 200), (client_of(ada).post(url), 403)):
        assert (answer.status_code, "confirm it there" in answer.content.decode()) == (status, True)
    assert not Member.objects.filter(user=ada).exists()
    assert not EmailAddress.objects.get(user=ada).verified


def test_another_of_an_accounts_addresses_serves_too(cast: Cast) -> None:
    user = factories.make_user()
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True)
    assert service.accept_invitation(token=token_of(invite(cast)), user=user).user == user


def test_the_link_alone_lets_nobody_in(cast: Cast) -> None:
    token = token_of(invite(cast))
    with pytest.raises(service.ForAnotherAddress):
        service.accept_invitation(token=token, user=cast.outsider)
    assert Invitation.objects.exists()
    assert not cast.organization.members.filter(user=cast.outsider).exists()


def test_an_address_that_is_someone_elses_lets_nobody_in(cast: Cast) -> None:
    """An account may carry an address unconfirmed that another account has confirmed."""
    claimant = factories.make_user()
    EmailAddress.objects.create(user=claimant, email=EMAIL, verified=False)
    factories.make_user(EMAIL)
    token = token_of(invite(cast))
    with pytest.raises(service.ForAnotherAddress):
        service.accept_invitation(token=token, user=claimant)
    assert not cast.organization.members.filter(user=claimant).exists()


def test_a_member_keeps_the_role(cast: Cast) -> None:
    token = token_of(invite(cast, role=Role.VIEWER))
    ada = factories.make_member(cast.organization, factories.make_user(EMAIL), role=Role.FACILITATOR)
    assert service.accept_invitation(token=token, user=ada.user) == ada
    ada.refresh_from_db()
    assert ada.role == Role.FACILITATOR


@pytest.mark.django_db(transaction=True)
def test_a_link_used_twice_at_once_works_once(sent: list[Any]) -> None:
    cast = factories.make_cast()
    token, ada = token_of(invite(cast)), factories.make_user(EMAIL)

    def join() -> None:
        service.accept_invitation(token=token, user=ada)

    assert at_once(join, join) == ["", "InvitationGone"]
    assert Member.objects.filter(user=ada).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_person_invited_by_two_at_once_is_invited_once(sent: list[Any]) -> None:
    cast = factories.make_cast()

    def ask() -> None:
        invite(cast)

    assert at_once(ask, ask) == ["", "AlreadyThere"]
    assert Invitation.objects.count() == len(sent) == 1


def spoil(invitation: Invitation, how: str, user: User, token: str) -> None:
    if how == "used":
        service.accept_invitation(token=token, user=user)
    elif how == "revoked":
        service.revoke_invitation(invitation=invitation)
    elif how == "expired":
        Invitation.objects.update(expires_at=timezone.now())


@pytest.mark.parametrize("logged_in", [True, False])
@pytest.mark.parametrize("method", ["get", "post"])
def test_links_that_do_not_work_say_the_same(cast: Cast, client_of: ClientOf, logged_in: bool, method: str) -> None:
    ada = factories.make_user(EMAIL)
    client = client_of(factories.make_user()) if logged_in else Client()
    pages = set()
    for how in ("unknown", "used", "revoked", "expired"):
        Invitation.objects.all().delete()
        Member.objects.filter(user=ada).delete()
        invitation = invite(cast, EMAIL if how == "used" else f"{how}@example.org")
        token = token_of(invitation)
        spoil(invitation, how, ada, token)
        url = reverse("invitation", args=["unknown" if how == "unknown" else token])
        answer = getattr(client, method)(url)
        assert answer.status_code == 404
        page = answer.content.decode()
        assert "This invitation does not work." in page
        assert "Acme" not in page
        pages.add(page)
    assert len(pages) == 1


def test_joining_with_an_existing_account(cast: Cast, client_of: ClientOf) -> None:
    url = reverse("invitation", args=[token_of(invite(cast))])
    client = client_of(factories.make_user(EMAIL))
    page = client.get(url).content.decode()
    assert "Join Acme Insurance" in page
    assert "“Member”" in page
    answer = client.post(url, follow=True)
    assert answer.redirect_chain == [(reverse("organization", args=[cast.organization.slug]), 302)]
    assert "Welcome to Acme Insurance." in answer.content.decode()


def test_joining_with_a_new_account(cast: Cast) -> None:
    """The link may have been forwarded, so the account confirms the address by a code; with it one is back."""
    url = reverse("invitation", args=[token_of(invite(cast))])
    client = Client()
    page = client.get(url).content.decode()
    for name in ("account_signup", "account_login"):  # in the page and in its header; and from one to the other
        assert page.count(f"{reverse(name)}?next={url}") == 2
        assert reverse(name) + '"' not in page
        assert (
            reverse(name) + '"'
            not in client.get(f"{reverse('account_login')}?next={url}").content.decode().split("<main")[0]
        )
    assert f"{reverse('account_signup')}?next={url}&amp;email=ada%40example.org" in page
    assert f'value="{EMAIL}"' in client.get(reverse("account_signup"), {"next": url, "email": EMAIL}).content.decode()
    data = {"email": EMAIL, "password1": "a quiet lighthouse at noon", "next": url}
    client.post(reverse("account_signup"), data)
    assert client.post(url)["Location"] == f"{reverse('account_login')}?next={url}"
    assert mail.outbox[-1].to == [EMAIL]
    code = {"code": code_in_mail(), "next": url}
    assert client.post(reverse("account_email_verification_sent"), code)["Location"] == url
    assert client.post(url)["Location"] == reverse("organization", args=[cast.organization.slug])
    assert Member.objects.get(user__email=EMAIL).organization == cast.organization


@pytest.mark.parametrize("email", [EMAIL, "mallory@example.org"])
def test_signing_up_from_the_link_confirms_nothing(cast: Cast, email: str) -> None:
    url = reverse("invitation", args=[token_of(invite(cast))])
    client = Client()
    client.get(url)
    data = {"email": email, "password1": "a quiet lighthouse at noon", "next": url}
    client.post(reverse("account_signup"), data)
    assert not EmailAddress.objects.filter(email=email, verified=True).exists()
    assert not get_user(client).is_authenticated


def test_the_wrong_account_is_told_what_to_do(cast: Cast, client_of: ClientOf) -> None:
    url = reverse("invitation", args=[token_of(invite(cast))])
    client = client_of(cast.outsider)
    for answer, status in ((client.get(url), 200), (client.post(url), 403)):
        page = answer.content.decode()
        assert answer.status_code == status
        assert f"The invitation is for {EMAIL}" in page
        assert f"{reverse('account_logout')}?next={url}" in page
    assert not cast.organization.members.filter(user=cast.outsider).exists()
    log_out = reverse("account_logout")
    assert f'<input type="hidden" name="next" value="{url}"' in client.get(log_out, {"next": url}).content.decode()
    assert client.post(log_out, {"next": url})["Location"] == url


def test_a_visitor_who_sends_the_form_logs_in_first(cast: Cast) -> None:
    url = reverse("invitation", args=[token_of(invite(cast))])
    assert Client().post(url)["Location"] == f"{reverse('account_login')}?next={url}"


@pytest.mark.django_db(transaction=True)
def test_a_worker_sends_the_mail(sent: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = factories.make_cast()
    mails, queue = tmp_path / "mails", f"tests-{uuid4().hex}"
    mails.mkdir()
    monkeypatch.setenv("EMAIL_URL", f"file:///{mails}")
    invitation = invite(cast)
    with worker(queue, tmp_path / "log"):
        tasks.send_invitation.apply_async((invitation.pk,), queue=queue)
        wait_for(lambda: bool(Invitation.objects.get().sent_at), "mail")
    [file] = mails.iterdir()
    member = service.accept_invitation(token=token_in(file.read_text()), user=factories.make_user(EMAIL))
    assert member.organization == cast.organization
