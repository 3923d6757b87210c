"""Sign-on with OpenID Connect, against a provider on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as django_settings
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from organizations.models import User
from tests.accounts import code_in_mail, reauthenticate, text_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
LOGIN = "/accounts/oidc/sign-on/login/"


@dataclass
class Provider:
    """What the provider says of whoever logs in there, and what it was asked."""

    url: str = ""
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "42", "email": "ada@example.org", "email_verified": True}
    )
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """A provider that answers as OpenID Connect demands, and settings that know it."""
    said = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            said.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self._answer()

        def _answer(self) -> None:
            token = jwt.encode(
                {"iss": said.url, "aud": "client", "exp": time.time() + 60, "iat": time.time(), **said.person},
                "a key that nobody checks, as the token comes from the provider itself",
                algorithm="HS256",
            )
            body = {
                "/.well-known/openid-configuration": {
                    "issuer": said.url,
                    "authorization_endpoint": f"{said.url}/authorize",
                    "token_endpoint": f"{said.url}/token",
                    "userinfo_endpoint": f"{said.url}/person",
                    "jwks_uri": f"{said.url}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                },
                "/token": {"access_token": "access", "token_type": "Bearer", "id_token": token},
                "/person": said.person,
            }[self.path]
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args: Any) -> None:
            """Say nothing: only failures are to be read."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    said.url = f"http://127.0.0.1:{server.server_port}"
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": django_settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]
        | {
            "APPS": [
                {
                    "provider_id": "sign-on",
                    "name": "Acme",
                    "client_id": "client",
                    "secret": "the secret",
                    "settings": {"server_url": said.url},
                }
            ]
        }
    }
    yield said
    server.shutdown()
    server.server_close()


def sign_on(client: Client, process: str = "login") -> Any:
    """Go to the provider and back, as its log-in page sends a browser; return the answer to the last step."""
    answer = client.post(f"{LOGIN}?process={process}&next=/try/")
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    path = urlsplit(asked["redirect_uri"][0]).path
    return client.get(path, {"code": "the code", "state": asked["state"][0]})


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_the_button_stands_where_there_is_a_provider(name: str, client: Client, provider: Provider) -> None:
    says = text_of(client.get(reverse(name), {"next": "/try/"}))
    assert "Continue with Acme" in says
    assert f'action="{LOGIN}?process=login&amp;next=%2Ftry%2F"' in says


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_and_nowhere_else(name: str, client: Client) -> None:
    assert "Continue with" not in text_of(client.get(reverse(name)))
    assert client.post(LOGIN).status_code == 404


def test_a_link_alone_starts_nothing(client: Client, provider: Provider) -> None:
    answer = client.get(LOGIN)
    assert answer.status_code == 200
    assert "Continue with Acme" in text_of(answer)


def test_somebody_new_has_an_account_at_once(client: Client, provider: Provider) -> None:
    assert sign_on(client).headers["Location"] == "/try/"
    user = User.objects.get()
    assert get_user(client) == user
    assert user.email == "ada@example.org"
    assert not user.has_usable_password()
    assert EmailAddress.objects.get(user=user).verified
    [asked] = map(parse_qs, provider.asked)
    assert asked["client_secret"] == ["the secret"]
    assert asked["code_verifier"]


def test_and_comes_back_to_it_whatever_the_address_is_by_then(client: Client, provider: Provider) -> None:
    sign_on(Client())
    provider.person["email"] = "ada@elsewhere.example"
    sign_on(client)
    assert get_user(client) == User.objects.get()


def test_a_verified_address_logs_in_to_the_account_that_has_it(client: Client, provider: Provider) -> None:
    user = make_user("ada@example.org")
    sign_on(client)
    assert get_user(client) == user
    assert SocialAccount.objects.get().user == user


def test_an_account_that_never_confirmed_the_address_loses_its_password(client: Client, provider: Provider) -> None:
    user = make_user("ada@example.org", verified=False)
    answer = sign_on(client)
    client.post(answer.headers["Location"], {"code": code_in_mail()})
    user.refresh_from_db()
    assert get_user(client) == user
    assert not user.has_usable_password()


def test_an_address_that_is_not_verified_logs_in_to_nothing(client: Client, provider: Provider) -> None:
    make_user("ada@example.org")
    provider.person["email_verified"] = False
    sign_on(client)
    assert not get_user(client).is_authenticated
    assert mail.outbox[0].subject == "You already have an account with MLOps Maturity"


def test_an_address_that_is_not_verified_gets_a_code(client: Client, provider: Provider) -> None:
    provider.person["email_verified"] = False
    answer = sign_on(client)
    assert not get_user(client).is_authenticated
    client.post(answer.headers["Location"], {"code": code_in_mail()})
    assert get_user(client) == User.objects.get(email="ada@example.org")


def test_without_an_address_the_provider_is_not_enough(client: Client, provider: Provider) -> None:
    del provider.person["email"]
    answer = client.get(sign_on(client).headers["Location"])
    assert "has told us none" in text_of(answer)
    answer = client.post(reverse("socialaccount_signup"), {"email": "mine@example.org"})
    client.post(answer.headers["Location"], {"code": code_in_mail()})
    assert get_user(client) == User.objects.get(email="mine@example.org")


def test_connect_and_disconnect(client_of: ClientOf, provider: Provider) -> None:
    user = make_user("grace@example.org")
    client = client_of(user)
    assert "Acme" in text_of(client.get(reverse("account")))
    reauthenticate(client)
    sign_on(client, "connect")
    other = Client()
    sign_on(other)
    assert get_user(other) == user

    account = SocialAccount.objects.get()
    assert "Disconnect it" in text_of(client.get(reverse("socialaccount_connections")))
    client.post(reverse("socialaccount_connections"), {"account": account.pk})
    assert not SocialAccount.objects.exists()


def test_an_answer_that_nobody_asked_for_is_refused(client: Client, provider: Provider) -> None:
    callback = reverse("openid_connect_callback", args=["sign-on"])
    answer = client.get(callback, {"code": "the code", "state": "invented"})
    assert answer.status_code == 401
    assert "That log-in did not work" in text_of(answer)
    assert not User.objects.exists()


def test_a_provider_that_does_not_answer_says_so(client: Client, provider: Provider, settings: Settings) -> None:
    [app] = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    answer = client.post(LOGIN)
    assert answer.status_code == 503
    assert "The service you log in with does not answer." in text_of(answer)
