"""Accounts: sign-up, log-in, log-out, passwords and email addresses, as a person goes through them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from organizations.models import User
from tests.accounts import code_in_mail, confirm_by_code, link_in_mail, reauthenticate, text_of
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
NEXT = "/results/0f8fad5b-d9cb-469f-a165-70867728950e/"
NEW_PASSWORD = "a quiet lighthouse at noon"


def sign_up(client: Client, email: str = "new@example.org", **data: str) -> Any:
    return client.post(reverse("account_signup"), {"email": email, "password1": NEW_PASSWORD, **data})


def test_sign_up_goes_on_to_next_once_the_address_is_confirmed(client: Client) -> None:
    page = client.get(reverse("account_signup"), {"next": NEXT})
    assert f'<input type="hidden" name="next" value="{NEXT}"' in text_of(page)
    assert f"{reverse('account_login')}?next=" in text_of(page)
    answer = client.get(sign_up(client, "New@Example.org", next=NEXT).headers["Location"])
    assert "new@example.org" in text_of(answer).lower()
    assert not get_user(client).is_authenticated
    [message] = mail.outbox
    assert message.subject == "Your code to confirm this address for MLOps Maturity"
    assert message.to == ["new@example.org"]

    answer = client.post(reverse("account_email_verification_sent"), {"code": code_in_mail()})

    assert answer.headers["Location"] == NEXT
    user = get_user(client)
    assert user == User.objects.get(email="new@example.org")
    assert user.check_password(NEW_PASSWORD)
    assert EmailAddress.objects.get(user=user).verified


def test_a_wrong_code_confirms_nothing_and_three_end_the_sign_up(client: Client) -> None:
    sign_up(client)
    page = reverse("account_email_verification_sent")
    for _attempt in range(2):
        assert "Incorrect code." in text_of(client.post(page, {"code": "BBBB-BBBB"}))
    assert client.post(page, {"code": "BBBB-BBBB"}).headers["Location"] == reverse("account_login")
    client.post(page, {"code": code_in_mail()})
    assert not get_user(client).is_authenticated
    assert not EmailAddress.objects.get(email="new@example.org").verified


def test_a_code_works_in_the_browser_that_asked_for_it_only(client: Client) -> None:
    sign_up(client)
    other = Client()
    other.post(reverse("account_email_verification_sent"), {"code": code_in_mail()})
    assert not get_user(other).is_authenticated
    assert not EmailAddress.objects.get(email="new@example.org").verified


def test_a_new_code_takes_the_place_of_the_old_one(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "5/m/key"}
    sign_up(client)
    old = code_in_mail()
    page = reverse("account_email_verification_sent")
    client.post(page, {"action": "resend"})
    assert len(mail.outbox) == 2
    assert "Incorrect code." in text_of(client.post(page, {"code": old}))
    client.post(page, {"code": code_in_mail()})
    assert get_user(client).is_authenticated


def test_a_sign_up_that_was_left_goes_on_at_log_in(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "5/m/key"}
    sign_up(client)
    other = Client()
    answer = other.post(reverse("account_login"), {"login": "new@example.org", "password": NEW_PASSWORD})
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    other.post(answer.headers["Location"], {"code": code_in_mail()})
    assert get_user(other) == User.objects.get(email="new@example.org")


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("short", "at least 10 characters"),
        ("password1234", "too common"),
        ("12345678901234", "entirely numeric"),
        ("new.comer@example.org", "too similar to the email address"),
        ("New.Comer26", "too similar to the email address"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(client: Client, password: str, complaint: str) -> None:
    answer = client.post(reverse("account_signup"), {"email": "new.comer@example.org", "password1": password})
    assert complaint in text_of(answer)
    assert 'href="#id_password1"' in text_of(answer)
    assert not User.objects.exists()


def test_log_in_goes_on_to_next(client: Client) -> None:
    user = make_user()
    page = client.get(reverse("account_login"), {"next": NEXT})
    assert f'<input type="hidden" name="next" value="{NEXT}"' in text_of(page)
    assert f"{reverse('account_signup')}?next=" in text_of(page)
    answer = client.post(reverse("account_login"), {"login": user.email.upper(), "password": PASSWORD, "next": NEXT})
    assert answer.headers["Location"] == NEXT
    assert get_user(client) == user


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_next_never_leads_away_from_this_site(client: Client, elsewhere: str) -> None:
    user = make_user()
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD, "next": elsewhere})
    assert answer.headers["Location"] == reverse("home")


@pytest.mark.parametrize("login", ["there@example.org", "nobody@example.org"])
def test_a_wrong_password_and_an_unknown_address_read_the_same(client: Client, login: str) -> None:
    make_user("there@example.org")
    answer = client.post(reverse("account_login"), {"login": login, "password": "wrong"})
    assert "The email address and/or password you specified are not correct." in text_of(answer)
    assert 'role="alert"' in text_of(answer)
    assert not get_user(client).is_authenticated


def test_guessing_passwords_is_slowed_down(client: Client) -> None:
    user = make_user()
    for _attempt in range(5):
        client.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert "Too many failed login attempts. Try again later." in text_of(answer)
    assert not get_user(client).is_authenticated


def test_a_switched_off_account_does_not_log_in(client: Client) -> None:
    user = make_user(is_active=False)
    answer = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD}, follow=True)
    assert not get_user(client).is_authenticated
    assert answer.status_code == 200


def test_log_out_needs_a_confirmation(client_of: ClientOf) -> None:
    client = client_of(make_user())
    assert "Log out" in text_of(client.get(reverse("account_logout")))
    assert get_user(client).is_authenticated
    answer = client.post(reverse("account_logout"), follow=True)
    assert not get_user(client).is_authenticated
    assert "You have logged out." in text_of(answer)


def test_a_forgotten_password_is_replaced_by_mail(client: Client) -> None:
    user = make_user()
    answer = client.post(reverse("account_reset_password"), {"email": user.email}, follow=True)
    assert "Look into your mailbox" in text_of(answer)
    assert mail.outbox[0].subject == "Choose a new password for MLOps Maturity"
    path = link_in_mail()
    page = client.get(path, follow=True)
    form_action, _status = page.redirect_chain[-1]
    answer = client.post(form_action, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}, follow=True)
    assert "Your password is changed" in text_of(answer)
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert "This link no longer works" in text_of(Client().get(path, follow=True))


def test_a_code_logs_in_without_the_password(client: Client) -> None:
    user = make_user()
    page = client.get(reverse("account_request_login_code"), {"next": NEXT})
    assert f'<input type="hidden" name="next" value="{NEXT}"' in text_of(page)
    answer = client.post(reverse("account_request_login_code"), {"email": user.email, "next": NEXT})
    assert mail.outbox[0].subject == "Your code to log in to MLOps Maturity"
    answer = client.post(answer.headers["Location"], {"code": code_in_mail().lower(), "next": NEXT})
    assert answer.headers["Location"] == NEXT
    assert get_user(client) == user


def test_three_wrong_codes_end_the_log_in(client: Client) -> None:
    client.post(reverse("account_request_login_code"), {"email": make_user().email})
    page = reverse("account_confirm_login_code")
    for _attempt in range(3):
        client.post(page, {"code": "BBBB-BBBB"})
    client.post(page, {"code": code_in_mail()})
    assert not get_user(client).is_authenticated


def test_the_password_is_changed(client_of: ClientOf) -> None:
    user = make_user()
    client = client_of(user)
    data = {"oldpassword": "wrong", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert "Please type your current password." in text_of(client.post(reverse("account_change_password"), data))
    client.post(reverse("account_change_password"), data | {"oldpassword": PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert get_user(client).is_authenticated


def test_an_account_without_a_password_sets_one(client_of: ClientOf) -> None:
    user = make_user(password=None)
    client = client_of(user)
    confirm_by_code(client)
    answer = client.get(reverse("account_change_password"), follow=True)
    assert "Set a password" in text_of(answer)
    client.post(reverse("account_set_password"), {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_an_address_is_added_made_the_main_one_and_removed(client_of: ClientOf) -> None:
    user = make_user("first@example.org")
    client = client_of(user)
    reauthenticate(client)
    page = reverse("account_email")
    answer = client.post(page, {"action_add": "", "email": "Second@example.org"})
    client.post(answer.headers["Location"], {"code": code_in_mail()})
    other_browser = Client()
    other_browser.post(reverse("account_login"), {"login": "second@example.org", "password": PASSWORD})
    assert get_user(other_browser) == user
    client.post(page, {"action_primary": "", "email": "second@example.org"})
    user.refresh_from_db()
    assert user.email == "second@example.org"
    answer = client.post(page, {"action_remove": "", "email": "first@example.org"}, follow=True)
    assert "Removed email address first@example.org." in text_of(answer)
    assert list(EmailAddress.objects.filter(user=user).values_list("email", flat=True)) == ["second@example.org"]


def test_the_overview_says_what_there_is(client_of: ClientOf) -> None:
    user = make_user()
    client = client_of(user)
    says = text_of(client.get(reverse("account")))
    assert user.email in says
    assert "None yet: whoever knows your password gets in." in says
    for name in ("account_email", "account_change_password", "mfa_index", "usersessions_list"):
        assert f'href="{reverse(name)}"' in says
    assert reverse("socialaccount_connections") not in says


@pytest.mark.parametrize(
    ("name", "logged_in"),
    [
        ("account_login", False),
        ("account_signup", False),
        ("account_request_login_code", False),
        ("account_reset_password", False),
        ("account_reset_password_done", False),
        ("account_reset_password_from_key_done", False),
        ("account_inactive", False),
        ("socialaccount_login_cancelled", False),
        ("socialaccount_login_error", False),
        ("account", True),
        ("account_logout", True),
        ("account_email", True),
        ("account_change_password", True),
        ("account_reauthenticate", True),
        ("mfa_index", True),
        ("mfa_activate_totp", True),
        ("mfa_add_webauthn", True),
        ("mfa_list_webauthn", True),
        ("usersessions_list", True),
        ("socialaccount_connections", True),
    ],
)
def test_every_page_stands_in_our_frame(name: str, logged_in: bool, client: Client, client_of: ClientOf) -> None:
    if logged_in:
        client = client_of(make_user())
        reauthenticate(client)
    assert_in_our_frame(client.get(reverse(name)))


def test_pages_that_ask_for_codes_stand_in_our_frame(client: Client) -> None:
    assert_in_our_frame(client.get(sign_up(client).headers["Location"]))
    answer = Client().post(reverse("account_request_login_code"), {"email": "x@example.org"}, follow=True)
    assert_in_our_frame(answer)


def assert_in_our_frame(answer: Any) -> None:
    page = answer.content.decode()
    # A sign-on that failed is answered with 401.
    assert answer.status_code in {200, 401}
    assert re.search(r"<title>[^<]*\S · MLOps Maturity</title>", " ".join(page.split()))
    assert page.count("<h1") == 1
    assert not re.search(r'<script(?![^>]*( src=|type="application/json"))| style=| on\w+=', page)
    for field in re.findall(r"<input[^>]*type=\"password\"[^>]*>", page):
        assert re.search(r'autocomplete="(current|new)-password"', field)
