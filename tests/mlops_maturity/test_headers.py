"""What every response says to browsers, and how much every request may bring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.test.client import FakePayload
from django.urls import reverse
from pytest_django.fixtures import Settings

from organizations.models import User
from tests.factories import Cast

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
STRICT = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def directives(policy: str) -> dict[str, set[str]]:
    return {name: set(values) for name, *values in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize("path", ["/", "/nothing/", "/healthz", "/accounts/login/", "/admin/"])
def test_every_page_is_closed_to_other_sites(path: str, client: Client) -> None:
    reply = client.get(path)

    assert STRICT.items() <= dict(reply.items()).items()
    for feature in ("camera", "microphone", "geolocation", "payment"):
        assert f"{feature}=()" in reply["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in reply["Permissions-Policy"]


@pytest.mark.parametrize(
    ("path", "host", "length", "status"),
    [
        ("/", "evil.example", "0", 400),
        ("/%00", "testserver", "0", 404),
        ("/?q=%00", "testserver", "0", 400),
        ("/try/", "testserver", str(settings.MAX_BODY_BYTES + 1), 413),
    ],
)
@pytest.mark.parametrize("https", [False, True])
def test_what_is_refused_early_is_closed_to_other_sites_too(
    path: str, host: str, length: str, status: int, https: bool, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = https
    headers = {"Host": host, "X-Forwarded-Host": "evil.example"}

    reply = Client().generic(
        "POST", path, secure=https and host == "testserver", headers=headers, CONTENT_LENGTH=length
    )

    assert reply.status_code == status
    assert reply["X-Frame-Options"] == "DENY"
    assert directives(reply["Content-Security-Policy"])["default-src"] == {"'none'"}
    assert "camera=()" in reply["Permissions-Policy"]
    assert "evil.example" not in reply.content.decode()


def test_static_files_are_closed_to_other_sites_too(client: Client) -> None:
    reply = client.get("/static/css/app.css")

    assert reply.status_code == 200
    assert reply["Cross-Origin-Resource-Policy"] == "same-origin"
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in reply
    reply.close()


def test_the_administration_has_a_policy_of_its_own_and_nothing_else_has(cast: Cast, client_of: ClientOf) -> None:
    staff = client_of(cast.staff)
    pages = directives(staff.get("/")["Content-Security-Policy"])
    admin = directives(staff.get(reverse("admin:index"))["Content-Security-Policy"])

    assert pages["default-src"] == pages["frame-ancestors"] == pages["base-uri"] == {"'none'"}
    assert pages["script-src"] == pages["style-src"] == {"'self'"}
    assert admin == pages | {"script-src": {"'self'", "'unsafe-eval'"}}


def test_a_page_for_somebody_is_kept_by_nobody(cast: Cast, client: Client, client_of: ClientOf) -> None:
    assert client_of(cast.viewer).get("/nothing/")["Cache-Control"] == "private, no-store"
    assert "Cache-Control" not in client.get("/nothing/")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: Client) -> None:
    reply = client.generic("POST", "/try/", CONTENT_LENGTH=str(settings.MAX_BODY_BYTES + 1))

    assert reply.status_code == 413
    assert "That is too much at once." in reply.content.decode()


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"
PART = '--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{text}\r\n'
TOO_MUCH, UNREADABLE = (413, "That is too much at once."), (400, "We could not read that request.")


def parts(number: int, text: str = "x", *, file: str = "") -> str:
    return "".join(PART.format(name=f"f{n}", file=file, text=text) for n in range(number)) + "--b--\r\n"


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/try/", "/accounts/login/", "/admin/login/"])
@pytest.mark.parametrize(
    ("content_type", "body", "answer"),
    [
        (FORM, f"note={'x' * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}", TOO_MUCH),
        (FORM, "&f=x" * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 2), UNREADABLE),
        (PARTS, parts(1, "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE), TOO_MUCH),
        (PARTS, parts(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1), UNREADABLE),
        (PARTS, parts(settings.DATA_UPLOAD_MAX_NUMBER_FILES + 1, file='; filename="x"'), UNREADABLE),
        ("multipart/form-data", parts(1), UNREADABLE),
    ],
    ids=["text", "fields", "text in parts", "parts", "files", "no boundary"],
)
def test_what_is_too_much_or_broken_is_refused_with_our_page(
    content_type: str, body: str, answer: tuple[int, str], path: str, debug: bool, settings: Settings
) -> None:
    settings.DEBUG = debug
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")

    reply = client.post(path, body, content_type=content_type)

    status, words = answer
    assert reply.status_code == status
    assert words in reply.content.decode()


def test_a_body_that_breaks_off_is_refused_with_our_page(client: Client) -> None:
    class Broken(FakePayload):
        def read(self, *args: Any, **kwargs: Any) -> bytes:
            raise OSError("the browser has gone")

    environment: Any = {"wsgi.input": Broken(b"f=x")}
    reply = client.generic("POST", "/try/", "f=x", FORM, **environment)

    assert reply.status_code == 400
    assert "We could not read that request." in reply.content.decode()


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer wrong", "Basic abc", "Bearer \xe9"])
def test_metrics_are_for_the_bearer_of_the_token(authorization: str, client: Client) -> None:
    token = "k7Qe-2vXw9ZsLr4TnYb8HcJd5Fg6Mp1Ua3"
    headers = {"Authorization": authorization}

    assert client.get("/metrics", headers=headers).status_code == 404
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "METRICS_TOKEN", token)
        assert client.get("/metrics", headers=headers).status_code == 404
        page = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert page.status_code == 200
    assert "django_http_responses_total_by_status_view_method_total" in page.content.decode()


def test_what_the_database_has_no_text_for_reaches_no_view(client: Client) -> None:
    assert client.post("/accounts/oidc/a%00b/login/").status_code == 404
    assert client.get("/?q=a%00b").status_code == 400
    assert client.get("/?q=a%2500b").status_code == 200
