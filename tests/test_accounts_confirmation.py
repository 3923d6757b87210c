"""Accounts with neither password nor second factor confirm by an emailed code, wherever others confirm by those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.core import mail
from django.test import Client
from django.urls import reverse

from mlops_maturity.confirmation import SESSION_KEY
from organizations.models import Organization, Role, User
from tests.accounts import code_in_mail, confirm_by_code, text_of
from tests.factories import make_member, make_organization, make_user

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
NEW_PASSWORD = "a quiet lighthouse at noon"


@pytest.fixture
def organization() -> Organization:
    return make_organization("Acme")


@pytest.fixture
def owner(organization: Organization) -> User:
    owner = make_user("code-only@example.org", password=None)
    make_member(organization, owner, role=Role.OWNER)
    return owner


def status_of_download(client: Client) -> int:
    answer = client.get(reverse("download_own_data"))
    answer.getvalue()  # read to its end, which closes its file
    return answer.status_code


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("download_own_data", None),
        ("delete_account", None),
        ("delete_account", {"sure": "on"}),
        ("organization_export", None),
        ("delete_organization", None),
        ("delete_organization", {"name": "Acme"}),
        ("account_set_password", None),
        ("account_set_password", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}),
        ("account_email", {"action_add": "", "email": "second@example.org"}),
        ("mfa_activate_totp", None),
        ("mfa_add_webauthn", None),
    ],
)
def test_a_stolen_session_is_not_enough(
    name: str, fields: dict[str, str] | None, organization: Organization, owner: User, client_of: ClientOf
) -> None:
    client = client_of(owner)
    path = reverse(name, args=[organization.slug] if "organization" in name else [])

    def ask() -> Any:
        return client.get(path) if fields is None else client.post(path, fields)

    answer = ask()
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("confirm_by_code"))
    assert mail.outbox == []
    owner.refresh_from_db()
    assert not owner.has_usable_password()
    organization.refresh_from_db()
    assert organization.deletion_at is None

    confirm_by_code(client)
    answer = ask()
    answer.close()  # an export is a file
    assert reverse("confirm_by_code") not in answer.headers.get("Location", "")


def test_what_was_sent_is_done_after_the_code(owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    path = reverse("account_set_password")
    client.post(path, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    confirm_by_code(client, next=path)
    owner.refresh_from_db()
    assert owner.check_password(NEW_PASSWORD)


def test_the_way_from_ones_data_to_the_download(owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    assert "Confirm that it is you, then download" in text_of(client.get(reverse("own_data")))
    page = client.get(f"{reverse('account_reauthenticate')}?next={reverse('own_data')}", follow=True)
    assert "We send a code to code-only@example.org, to be sure." in text_of(page)
    page = client.post(reverse("confirm_by_code"), {"send": "", "next": reverse("own_data")}, follow=True)
    assert "We have sent a code to code-only@example.org." in text_of(page)
    [sent] = mail.outbox
    assert sent.to == ["code-only@example.org"]
    assert sent.subject == "Your code to confirm that it is you"
    answer = client.post(reverse("confirm_by_code"), {"code": code_in_mail(), "next": reverse("own_data")})
    assert answer["Location"] == reverse("own_data")
    assert "Download it" in text_of(client.get(reverse("own_data")))


def test_it_holds_for_a_few_minutes(owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    confirm_by_code(client)
    for seconds, status in ((290, 200), (20, 302)):
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY][-1]["at"] -= seconds
        session.save()
        assert status_of_download(client) == status


def test_a_code_is_good_once_and_in_its_browser_only(owner: User, client_of: ClientOf) -> None:
    client, other = client_of(owner), client_of(owner)
    client.post(reverse("confirm_by_code"), {"send": ""})
    for browser in (other, client, client):
        browser.post(reverse("confirm_by_code"), {"code": code_in_mail()})
    assert [status_of_download(each) for each in (client, other)] == [200, 302]
    page = client.post(reverse("confirm_by_code"), {"code": code_in_mail()}, follow=True)
    assert "That code is no longer good." in page.content.decode()


def test_a_code_expires(owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    client.post(reverse("confirm_by_code"), {"send": ""})
    session = client.session
    session[SESSION_KEY]["at"] -= 601
    session.save()
    client.post(reverse("confirm_by_code"), {"code": code_in_mail()})
    assert status_of_download(client) == 302


def test_three_wrong_codes_end_it(owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    client.post(reverse("confirm_by_code"), {"send": ""})
    for _attempt in range(2):
        assert "Incorrect code." in text_of(client.post(reverse("confirm_by_code"), {"code": "BBBB-BBBB"}))
    page = client.post(reverse("confirm_by_code"), {"code": "BBBB-BBBB"}, follow=True)
    assert "That was wrong too often." in page.content.decode()
    client.post(reverse("confirm_by_code"), {"code": code_in_mail()})
    assert status_of_download(client) == 302


def test_codes_to_one_address_are_few(owner: User, client_of: ClientOf) -> None:
    client = client_of(owner)
    answers = [client.post(reverse("confirm_by_code"), {"send": ""}) for _attempt in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert len(mail.outbox) == 3


def test_who_has_a_password_does_not_get_around_it_by_a_code(client_of: ClientOf) -> None:
    client = client_of(make_user())
    answer = client.post(reverse("confirm_by_code"), {"send": ""})
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert mail.outbox == []
