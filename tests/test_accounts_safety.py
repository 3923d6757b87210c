"""What keeps accounts safe: nobody learns who has one, guessing is slow, sessions end, stolen passwords are refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from pwned_passwords_django.api import PwnedPasswords
from pytest_django.fixtures import Settings

from mlops_maturity.sessions import seen_here
from mlops_maturity.templatetags.browsers import browser_name
from organizations.models import User
from tests.accounts import code_in_mail, link_in_mail, reauthenticate, text_of
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
KNOWN, UNKNOWN = "there@example.org", "nobody@example.org"
NEW_PASSWORD = "a quiet lighthouse at noon"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
STOLEN = "stolen from somewhere else"


def log_in(client: Client, user: User, browser: str = "") -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD}, HTTP_USER_AGENT=browser)


# Nobody waits in an account for its owner


def test_a_stranger_who_claimed_an_address_is_locked_out_when_its_owner_comes() -> None:
    """Confirmed by the log-in by code of the owner: the password and browser of who signed up are worth nothing."""
    stranger, owner = Client(), Client()
    stranger.post(reverse("account_signup"), {"email": UNKNOWN, "password1": NEW_PASSWORD})
    owner.post(reverse("account_request_login_code"), {"email": UNKNOWN})
    page = owner.post(reverse("account_confirm_login_code"), {"code": code_in_mail()}, follow=True)
    assert "The password chosen when this account was made does not count" in page.content.decode()
    assert owner.get(reverse("account")).status_code == 200
    mails = len(mail.outbox)
    for path in ("account_email_verification_sent", "account_login"):
        stranger.get(reverse(path))
    for browser in (stranger, Client()):
        browser.post(reverse("account_login"), {"login": UNKNOWN, "password": NEW_PASSWORD})
        assert not get_user(browser).is_authenticated
    assert len(mail.outbox) == mails


def test_who_signed_up_and_gives_the_password_keeps_it(client: Client) -> None:
    client.post(reverse("account_signup"), {"email": UNKNOWN, "password1": NEW_PASSWORD})
    client.post(reverse("account_email_verification_sent"), {"code": code_in_mail()})
    user = get_user(client)
    assert isinstance(user, User)
    assert user.has_usable_password()


def test_a_log_in_by_code_costs_no_password_of_a_confirmed_account(client: Client) -> None:
    user = make_user()
    client.post(reverse("account_request_login_code"), {"email": user.email})
    client.post(reverse("account_confirm_login_code"), {"code": code_in_mail()})
    assert get_user(client) == user
    user.refresh_from_db()
    assert user.has_usable_password()


# Nobody learns who has an account


def same_for_all(answer: Any, *emails: str) -> tuple[int, str, str]:
    """Return status, address and text of an answer without what may differ: addresses of people and CSRF tokens."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    page = re.sub("|".join(emails), "ADDRESS", page)
    return answer.status_code, answer.headers.get("Location", ""), page


@pytest.mark.parametrize(
    ("name", "fields", "wrong_code_to"),
    [
        ("account_signup", {"password1": NEW_PASSWORD}, "account_email_verification_sent"),
        ("account_request_login_code", {}, "account_confirm_login_code"),
        ("account_reset_password", {}, None),
    ],
)
def test_answers_are_alike_for_known_and_unknown_addresses(
    name: str, fields: dict[str, str], wrong_code_to: str | None
) -> None:
    make_user(KNOWN)

    def walk(email: str) -> list[tuple[int, str, str]]:
        client = Client()
        answers = [client.post(reverse(name), {"email": email, **fields})]
        answers.append(client.get(answers[0].headers["Location"]))
        answers += [client.get(reverse(page)) for page in ("home", "account_login", "account_request_login_code")]
        if wrong_code_to:
            answers += [client.post(reverse(wrong_code_to), {"code": "BBBB-BBBB"}) for _attempt in range(3)]
        return [same_for_all(answer, email) for answer in answers]

    assert walk(KNOWN) == walk(UNKNOWN)
    assert [message.to for message in mail.outbox] == [[KNOWN], [UNKNOWN]]


@pytest.mark.parametrize(
    ("name", "field", "password_field"),
    [("account_login", "login", "password"), ("account_signup", "email", "password1")],
)
def test_answers_take_as_long_for_known_and_unknown_addresses(
    name: str, field: str, password_field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time goes into hashing passwords."""
    make_user(KNOWN)
    hashed: list[str] = []
    hash_password = MD5PasswordHasher.encode

    def encode(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return hash_password(hasher, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)

    def hashes(email: str) -> int:
        hashed.clear()
        Client().post(reverse(name), {field: email, password_field: NEW_PASSWORD})
        return len(hashed)

    assert hashes(KNOWN) == hashes(UNKNOWN) > 0


def test_a_new_code_is_sent_alike() -> None:
    make_user(KNOWN)

    def walk(email: str) -> tuple[int, str, str]:
        client = Client()
        client.post(reverse("account_request_login_code"), {"email": email})
        answer = client.post(reverse("account_confirm_login_code"), {"action": "resend"}, follow=True)
        return same_for_all(answer, email)

    assert walk(KNOWN) == walk(UNKNOWN)


def test_a_sign_up_with_a_taken_address_changes_nothing_and_tells_its_owner(client: Client) -> None:
    user = make_user(KNOWN)
    client.post(reverse("account_signup"), {"email": KNOWN.upper(), "password1": NEW_PASSWORD})
    assert mail.outbox[0].subject == "You already have an account with MLOps Maturity"
    assert User.objects.get() == user
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("name", "asked_for"),
    [
        ("account_reset_password", "asked for a new password for nobody@example.org."),
        ("account_request_login_code", "asked for a code to log in with nobody@example.org."),
    ],
)
def test_what_was_asked_for_an_unknown_address_is_told_its_owner_only(
    name: str, asked_for: str, client: Client
) -> None:
    client.post(reverse(name), {"email": UNKNOWN})
    [message] = mail.outbox
    assert message.subject == "There is no account with this email address"
    assert str(message.body).count("asked for") == 1
    assert asked_for in str(message.body)


def test_adding_the_address_of_another_account_looks_like_any_other(client_of: ClientOf) -> None:
    make_user(KNOWN)

    def walk(email: str) -> tuple[int, str, str]:
        client = client_of(user := make_user())
        reauthenticate(client)
        answer = client.post(reverse("account_email"), {"action_add": "", "email": email}, follow=True)
        return same_for_all(answer, email, user.email)

    assert walk(KNOWN) == walk(UNKNOWN)


# Guessing is slow


SLOWED: list[tuple[str, dict[str, str], int, bool]] = [
    ("account_signup", {"email": "x", "password1": "x"}, 20, False),
    ("account_login", {"login": "x"}, 30, False),
    ("account_reset_password", {"email": UNKNOWN}, 5, False),
    ("mfa_login_webauthn", {"credential": "{}"}, 10, False),
    ("account_reauthenticate", {"password": "wrong"}, 10, True),
    ("mfa_reauthenticate", {"code": "000000"}, 10, True),
    ("account_change_password", {"oldpassword": "wrong"}, 5, True),
    ("account_email", {"action_add": "", "email": "x"}, 10, True),
]
"""Name of a page, what is sent, how often, and whether one is logged in."""
ENDED_BY_THREE = {
    "account_confirm_login_code": "tests/test_accounts.py::test_three_wrong_codes_end_the_log_in",
    "account_email_verification_sent": "tests/test_accounts_confirmation.py::test_a_wrong_code_confirms_nothing…",
    "confirm_by_code": "tests/test_accounts_confirmation.py::test_three_wrong_codes_end_it",
}
SLOWED_BY_ACCOUNT = {
    "account_request_login_code": "test_codes_for_one_address_are_few",
    "mfa_authenticate": "tests/test_accounts_second_factor.py::test_guessing_codes_is_slowed_down",
}
SIGNED = "takes what a key has signed for this session's challenge, which nobody guesses"
NO_CREDENTIAL: dict[str | None, str] = {
    "account_reset_password_from_key": "the link holds a signed key, and is slowed down nevertheless: 20 a minute",
    "account_set_password": "for somebody who has none, after confirming by code",
    "mfa_activate_totp": "the code shows that one's own app has the key that the page shows",
    "mfa_add_webauthn": SIGNED,
    "mfa_reauthenticate_webauthn": SIGNED,
    **dict.fromkeys(("openid_connect_login", "openid_connect_callback", "sign_on"), "the provider asks"),
    **dict.fromkeys(
        (
            *("account", "own_data", "download_own_data", "delete_account", "end_session", "account_logout"),
            *("account_inactive", "account_reset_password_from_key_done", "account_reset_password_done", "mfa_index"),
            *("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
            *("mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn"),
            *("socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup"),
            *("socialaccount_connections", "usersessions_list", None),
        ),
        "takes none",
    ),
}


def account_pages(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str | None]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from account_pages(pattern.url_patterns)
        else:
            yield pattern.name


def test_each_page_of_accounts_is_slowed_down_or_takes_no_credential() -> None:
    """A new page has to be put in its place."""
    resolvers = [one for one in get_resolver().url_patterns if str(one.pattern) == "accounts/"]
    own = [one for one in get_resolver().url_patterns if str(one.pattern).startswith("accounts/")]
    names = set(account_pages([*resolvers, *own]))
    assert {
        name for name, *_rest in SLOWED
    } | ENDED_BY_THREE.keys() | SLOWED_BY_ACCOUNT.keys() | NO_CREDENTIAL.keys() == names


@pytest.mark.parametrize(("name", "fields", "allowed", "logged_in"), SLOWED)
def test_too_many_attempts_are_answered_with_our_page(
    name: str, fields: dict[str, str], allowed: int, logged_in: bool, client: Client, client_of: ClientOf
) -> None:
    if logged_in:
        client = client_of(user := make_user())
        if name == "mfa_reauthenticate":
            TOTP.activate(user, generate_totp_secret())
    for _attempt in range(allowed):
        assert client.post(reverse(name), fields).status_code != 429
    answer = client.post(reverse(name), fields)
    assert answer.status_code == 429
    assert "That was too often." in text_of(answer)


def test_codes_for_one_address_are_few() -> None:
    answers = [Client().post(reverse("account_request_login_code"), {"email": UNKNOWN}) for _attempt in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 200]
    assert "Try again later." in text_of(answers[-1])
    assert len(mail.outbox) == 3


def test_who_asks_is_told_apart_behind_a_proxy(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    fields = {"email": "x", "password1": "x"}

    def sign_up(address: str) -> int:
        return Client().post(reverse("account_signup"), fields, HTTP_X_FORWARDED_FOR=f"8.8.8.8, {address}").status_code

    assert {sign_up("192.0.2.1") for _attempt in range(20)} == {200}
    assert sign_up("192.0.2.1") == 429
    assert sign_up("192.0.2.2") == 200


# Sensitive steps ask who it is


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("account_email", {"action_add": "", "email": "second@example.org"}),
        ("mfa_activate_totp", None),
        ("mfa_add_webauthn", None),
        ("mfa_generate_recovery_codes", {}),
    ],
)
def test_sensitive_steps_ask_for_the_password_first(
    name: str, fields: dict[str, str] | None, client_of: ClientOf
) -> None:
    client = client_of(make_user())
    answer = client.get(reverse(name)) if fields is None else client.post(reverse(name), fields)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert mail.outbox == []


def test_what_was_sent_is_done_after_the_password(client_of: ClientOf) -> None:
    client = client_of(make_user())
    answer = client.post(reverse("account_email"), {"action_add": "", "email": "second@example.org"})
    client.post(answer.headers["Location"], {"password": "wrong"})
    assert mail.outbox == []
    client.post(answer.headers["Location"], {"password": PASSWORD, "next": reverse("account_email")})
    assert [message.to for message in mail.outbox] == [["second@example.org"]]


def test_a_changed_password_is_told_by_mail(client_of: ClientOf) -> None:
    user = make_user()
    data = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client_of(user).post(reverse("account_change_password"), data, HTTP_USER_AGENT="Browser <1> & co")
    [message] = mail.outbox
    assert message.to == [user.email]
    assert "Your password has been changed." in message.body
    assert "from 127.0.0.1, with Browser <1> & co." in message.body


# Sessions


def test_sessions_are_listed_and_ended_one_by_one(client: Client) -> None:
    user = make_user()
    other, third = Client(), Client()
    log_in(client, user, "This one")
    log_in(other, user, "Stolen laptop")
    log_in(third, user, "Phone")
    says = text_of(client.get(reverse("usersessions_list")))
    assert says.count("logged in since ") == 3
    assert says.count("this browser") == 1

    stolen = UserSession.objects.get(user_agent="Stolen laptop")
    answer = client.post(reverse("end_session", args=[stolen.pk]), follow=True)

    assert "That browser is logged out." in text_of(answer)
    assert not UserSession.objects.filter(pk=stolen.pk).exists()
    assert [get_user(each).is_authenticated for each in (client, other, third)] == [True, False, True]


def test_sessions_that_have_ended_are_forgotten(client: Client) -> None:
    """By time, by a change of password, or as they are somebody else's by now."""
    user = make_user()
    log_in(client, user)
    expired, outdated, elsewheres = Client(), Client(), Client()
    for other in (expired, outdated, elsewheres):
        log_in(other, user)
    Session.objects.filter(pk=expired.session.session_key).update(expire_date=timezone.now())
    for other, key, value in ((outdated, HASH_SESSION_KEY, "old"), (elsewheres, SESSION_KEY, str(make_user().pk))):
        session = other.session
        session[key] = value
        session.save()

    assert text_of(client.get(reverse("usersessions_list"))).count("logged in since ") == 1
    assert UserSession.objects.get().session_key == client.session.session_key


def test_a_session_is_told_by_browser_system_and_when_it_was_last_seen(client: Client) -> None:
    user, other = make_user(), Client()
    log_in(client, user, CHROME)
    log_in(other, user, "curl/8.5.0")
    UserSession.objects.filter(user_agent="curl/8.5.0").update(
        created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC), last_seen_at=datetime(2026, 3, 2, 10, 45, tzinfo=UTC)
    )
    [first, second] = text_of(client.get(reverse("usersessions_list"))).split("<li class")[1:]
    assert "curl" in first
    assert "logged in since 1 March 2026, 09:30 UTC" in first
    assert "last seen 2 March 2026, 10:45 UTC" in first
    assert "this browser" not in first
    assert "Chrome on Linux" in second
    assert "this browser" in second

    # Within minutes nothing is written, later it is.
    before = UserSession.objects.get(user_agent="curl/8.5.0").last_seen_at
    other.get(reverse("home"), headers={"user-agent": "curl/8.5.0"})
    assert UserSession.objects.get(user_agent="curl/8.5.0").last_seen_at == before
    cache.clear()
    seen_here.clear()
    other.get(reverse("home"), headers={"user-agent": "curl/8.5.0"})
    assert timezone.now() - UserSession.objects.get(user_agent="curl/8.5.0").last_seen_at < timedelta(minutes=1)


def test_a_log_in_ends_when_it_is_not_used(client: Client) -> None:
    log_in(client, make_user())
    session = Session.objects.get()
    assert timedelta(days=13) < session.expire_date - timezone.now() <= timedelta(days=14)
    # Another click, days later, begins the time anew.
    Session.objects.update(expire_date=timezone.now() + timedelta(days=1))
    cache.clear()
    seen_here.clear()
    client.get(reverse("home"))
    session.refresh_from_db()
    assert session.expire_date - timezone.now() > timedelta(days=13)
    Session.objects.update(expire_date=timezone.now())
    assert not get_user(client).is_authenticated


def test_pages_do_without_redis(client_of: ClientOf, settings: Settings) -> None:
    client = client_of(make_user())
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    assert client.get(reverse("account")).status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME, "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("curl/8.5.0", "curl"),
        ("<b>Something</b>", "An unknown browser"),
        ("", "An unknown browser"),
    ],
)
def test_browsers_have_names(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name


def test_all_other_sessions_end_at_once(client: Client) -> None:
    user = make_user()
    others = [Client(), Client()]
    for each in (client, *others):
        log_in(each, user)
    client.post(reverse("usersessions_list"))
    assert get_user(client).is_authenticated
    assert not any(get_user(each).is_authenticated for each in others)


def test_nobody_ends_the_session_of_another(client: Client, client_of: ClientOf) -> None:
    log_in(client, make_user())
    session = UserSession.objects.get()
    assert client_of(make_user()).post(reverse("end_session", args=[session.pk])).status_code == 404
    assert get_user(client).is_authenticated


def test_a_new_password_ends_all_other_sessions(client: Client) -> None:
    user = make_user()
    other = Client()
    log_in(client, user)
    log_in(other, user)
    data = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(reverse("account_change_password"), data)
    assert get_user(client).is_authenticated
    assert not get_user(other).is_authenticated


def test_a_password_reset_ends_all_sessions(client: Client) -> None:
    user = make_user()
    log_in(client, user)
    other = Client()
    other.post(reverse("account_reset_password"), {"email": user.email})
    page = other.get(link_in_mail(), follow=True)
    [(form, _status)] = page.redirect_chain[-1:]
    assert other.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}).status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert not get_user(client).is_authenticated


# Stolen passwords


class Range(BaseHTTPRequestHandler):
    """Answers as the service does: what follows five characters of the hash, with how often it was stolen."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        digest = hashlib.sha1(STOLEN.encode(), usedforsecurity=False).hexdigest().upper()
        body = f"{digest[5:]}:1,234\r\n0018A45C4D1DEF81644B54AB7F969B88D65:0\r\n".encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing: only failures are to be read."""


@pytest.fixture
def stolen_passwords(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """The service of stolen passwords on this machine, and settings that ask it."""
    server = HTTPServer(("127.0.0.1", 0), Range)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(PwnedPasswords, "api_endpoint", f"http://127.0.0.1:{server.server_port}/range/")
    monkeypatch.setattr(Range, "asked", [])
    settings.AUTH_PASSWORD_VALIDATORS = [
        *settings.AUTH_PASSWORD_VALIDATORS,
        settings.BREACHED_PASSWORD_VALIDATOR,
    ]
    yield server
    server.shutdown()
    server.server_close()


def test_a_stolen_password_is_refused(stolen_passwords: HTTPServer, client: Client) -> None:
    data = {"email": "new@example.org", "password1": STOLEN}
    assert "on lists of stolen passwords" in text_of(client.post(reverse("account_signup"), data))
    assert not User.objects.exists()
    [asked] = Range.asked
    assert re.fullmatch(r"/range/[0-9A-F]{5}", asked)
    client.post(reverse("account_signup"), data | {"password1": NEW_PASSWORD})
    assert User.objects.exists()


def test_without_the_service_sign_up_goes_on(stolen_passwords: HTTPServer, client: Client) -> None:
    stolen_passwords.shutdown()
    stolen_passwords.server_close()
    client.post(reverse("account_signup"), {"email": "new@example.org", "password1": STOLEN})
    assert User.objects.exists()
    with pytest.raises(ValidationError, match="too common"):
        validate_password("password1234")
