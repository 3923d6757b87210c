"""The pages that say what went wrong: ours, with the right status, and a fragment for htmx."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpResponse, HttpResponseNotFound
from django.test import Client
from psycopg.errors import DiskFull

from mlops_maturity import errors
from tests.factories import Cast

pytestmark = pytest.mark.django_db


def test_an_unknown_address_gets_our_page(client: Client) -> None:
    reply = client.get("/nothing/")

    assert reply.status_code == 404
    assert "There is nothing here." in reply.content.decode()


def test_htmx_gets_the_words_without_the_page(client: Client) -> None:
    body = client.get("/nothing/", headers={"HX-Request": "true"}).content.decode()

    assert "There is nothing here." in body
    assert "<html" not in body


def test_something_broken_gets_our_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("assessments.views.home.versions_on_offer", broken)
    client.raise_request_exception = False

    reply = client.get("/")

    assert reply.status_code == 500
    assert "Something broke on our side." in reply.content.decode()


def full() -> OperationalError:
    error = OperationalError("could not extend file")
    error.__cause__ = DiskFull("could not extend file")
    return error


def break_database(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every query fail as where the database is away."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise error

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", refuse)


@pytest.mark.parametrize(
    ("error", "words", "seconds"),
    [
        (OperationalError("the database system is starting up"), "The database cannot be reached just now.", "5"),
        (InterfaceError("connection already closed"), "The database cannot be reached just now.", "5"),
        (full(), "There is no room left to save anything.", "60"),
        (InternalError("could not extend file: it may not grow"), "There is no room left to save anything.", "60"),
    ],
)
def test_without_the_database_each_page_says_so_and_nobody_is_logged_out(
    error: Exception,
    words: str,
    seconds: str,
    cast: Cast,
    client_of: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = client_of(cast.owner)
    client.raise_request_exception = False

    with monkeypatch.context() as broken:
        break_database(broken, error)
        reply = client.get("/accounts/")
        fragment = client.get("/accounts/", headers={"HX-Request": "true"}).content.decode()
        data = client.get("/accounts/", headers={"Accept": "application/json"})

    assert (reply.status_code, reply["Retry-After"], reply["Cache-Control"]) == (503, seconds, "no-store")
    assert words in reply.content.decode()
    assert "Log in" not in reply.content.decode()
    assert settings.SESSION_COOKIE_NAME not in reply.cookies
    assert words in fragment
    assert "<html" not in fragment
    assert (data.status_code, data["Retry-After"], data.json()["error"]) == (503, seconds, words)
    assert client.get("/accounts/").status_code == 200


def test_a_form_from_a_stale_page_gets_our_page() -> None:
    reply = Client(enforce_csrf_checks=True).post("/try/")

    assert reply.status_code == 403
    assert "This page has become out of date." in reply.content.decode()


@pytest.mark.parametrize("path", ["/%00/", "/results/%00/", "/orgs/%C3%28/"])
def test_broken_addresses_are_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("inner", "ours"), [(HttpResponseNotFound("technical"), True), (HttpResponse("own", status=404), False)]
)
def test_in_debug_only_djangos_own_page_is_replaced(inner: HttpResponse, ours: bool, client: Client) -> None:
    request = client.get("/").wsgi_request

    reply = errors.own_not_found(lambda request: inner)(request)

    assert reply.status_code == 404
    assert ("There is nothing here." in reply.content.decode()) == ours


def test_every_page_forbids_inline_script_and_style(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
