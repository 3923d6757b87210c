"""What every response says to browsers, and how much every request may bring."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

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


def test_static_files_are_closed_to_other_sites_too(client: Client) -> None:
    reply = client.get("/static/css/app.css")

    assert reply.status_code == 200
    assert reply["Cross-Origin-Resource-Policy"] == "same-origin"
    assert reply["X-Content-Type-Options"] == "nosniff"
    reply.close()


def test_the_administration_has_a_policy_of_its_own_and_nothing_else_has(cast: Cast, client_of: ClientOf) -> None:
    staff = client_of(cast.staff)
    pages = directives(staff.get("/")["Content-Security-Policy"])
    admin = directives(staff.get(reverse("admin:index"))["Content-Security-Policy"])

    assert pages["default-src"] == pages["frame-ancestors"] == pages["base-uri"] == {"'none'"}
    assert pages["script-src"] == pages["style-src"] == {"'self'"}
    assert admin == pages | {
        "script-src": {"'self'", "'unsafe-eval'"},
        "style-src": {"'self'", "'unsafe-inline'"},
    }


def test_a_page_for_somebody_is_kept_by_nobody(cast: Cast, client: Client, client_of: ClientOf) -> None:
    assert client_of(cast.viewer).get("/nothing/")["Cache-Control"] == "private, no-store"
    assert "Cache-Control" not in client.get("/nothing/")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: Client) -> None:
    reply = client.generic("POST", "/try/", CONTENT_LENGTH=str(settings.MAX_BODY_BYTES + 1))

    assert reply.status_code == 413
    assert "That is too much at once." in reply.content.decode()


def test_too_much_text_or_too_many_fields_are_refused_with_our_page() -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    form = "application/x-www-form-urlencoded"
    text = f"note={'x' * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}"
    fields = "&".join(f"field{number}=x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1))

    too_much, too_many = (client.post("/try/", body, content_type=form) for body in (text, fields))

    assert (too_much.status_code, too_many.status_code) == (413, 400)
    assert "That is too much at once." in too_much.content.decode()
    assert "We could not read that request." in too_many.content.decode()


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
