"""What the logs and the reports of errors say, and that they say nothing about people."""

from __future__ import annotations

import json
import logging
import logging.config
import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import sentry_sdk
from django.db import IntegrityError, transaction
from django.test import Client, RequestFactory
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from assessments.models import Answer
from mlops_maturity.monitoring import logging_config, scrub, start_sentry
from organizations.models import User
from tests.factories import Cast, make_response, make_user

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
Lines = Callable[[], list[dict[str, Any]]]
SECRET = "/orgs/tok-9f1c2d7be/?email=ann@acme.example"


MESSAGE = "ann@acme.example broke it\nDETAIL:  Failing row contains (our note)."


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Log as production does; return a function that gives what was logged since."""
    output = StringIO()
    config = logging_config(level="INFO", plain=False)
    config["handlers"]["console"]["stream"] = output
    root, quiet = logging.getLogger(), logging.getLogger("django.request")
    before, level, quiet_level = root.handlers[:], root.level, quiet.level
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in output.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)
    quiet.setLevel(quiet_level)


def broken(*args: object, **kwargs: object) -> None:
    raise RuntimeError(MESSAGE)


def test_a_request_is_a_line_of_json_with_the_id_that_the_response_carries(client: Client, lines: Lines) -> None:
    reply = client.get("/healthz")

    [line] = lines()
    assert re.fullmatch(r"[0-9a-f-]{36}", reply["X-Request-ID"])
    assert line.pop("timestamp").startswith("20")
    assert line == {
        "event": "request_finished",
        "request": "GET /healthz",
        "code": 200,
        "request_id": reply["X-Request-ID"],
        "logger": "django_structlog.middlewares.request",
        "level": "info",
    }


def test_each_request_has_an_id_of_its_own_whatever_it_claims(client: Client) -> None:
    first, second = (client.get("/healthz", headers={"X-Request-ID": "mine"})["X-Request-ID"] for _n in range(2))

    assert len({first, second, "mine"}) == 3


def test_what_was_not_there_or_not_allowed_is_logged_once_by_its_route(
    cast: Cast, client_of: ClientOf, lines: Lines
) -> None:
    client_of(cast.viewer).get(
        SECRET, headers={"User-Agent": "Agent Smith", "X-Forwarded-For": "203.0.113.7"}, REMOTE_ADDR="203.0.113.7"
    )
    Client(enforce_csrf_checks=True).post("/orgs/tok-9f1c2d7be/")
    Client().get("/tok-9f1c2d7be")

    requests = [(line["request"], line["code"]) for line in lines() if "request" in line]
    assert requests == [
        ("GET /orgs/<slug:slug>/", 404),
        ("POST /orgs/<slug:slug>/", 403),
        ("GET (no such address)", 404),
    ]
    everything = json.dumps(lines())
    for secret in ("tok-9f1c2d7be", "@", "Smith", "203.0.113.7", cast.viewer.email):
        assert secret not in everything


def test_an_error_is_logged_with_its_traceback_and_without_what_people_wrote(
    client: Client, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assessments.views.home.versions_on_offer", broken)
    client.raise_request_exception = False

    reply = client.get("/")

    [line] = lines()
    assert (line["event"], line["code"], line["level"]) == ("request_failed", 500, "error")
    assert line["request_id"] == reply["X-Request-ID"]
    assert "RuntimeError: [email] broke it" in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert "our note" not in line["exception"]
    assert "acme" not in json.dumps(line)


def test_a_row_that_the_database_repeats_is_left_out(lines: Lines) -> None:
    response = make_response(user=make_user(), submitted=False)
    answer = Answer.objects.filter(response=response).first()
    assert answer
    answer.pk, answer.note = None, "our secret\nPlan B"
    try:
        with transaction.atomic():
            answer.save(force_insert=True)
    except IntegrityError:
        logging.getLogger("tests").exception("It failed for %s", "ann@acme.example")

    [line] = lines()
    assert line["event"] == "It failed for [email]"
    assert "duplicate key value violates unique constraint" in line["exception"]
    assert "already exists" not in line["exception"]
    assert "The above exception was the direct cause" in line["exception"]


def test_scrub_leaves_the_rest_of_a_traceback() -> None:
    row = "x\nDETAIL:  Failing row contains (1, our secret\nPlan B).\n\nThe above exception was the cause:\n\nTraceback"

    assert scrub(row) == "x\nDETAIL: [left out]\n\nThe above exception was the cause:\n\nTraceback"
    assert scrub("Key (email)=(ann@acme.example) is taken by <Bob.O'Neil+x@acme.example>") == (
        "Key (email)=([email]) is taken by <Bob.O'[email]>"
    )


class Kept(Transport):
    """Keeps what would go to Sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.events.append(envelope.get_event())


def test_sentry_learns_of_errors_and_nothing_about_people(
    cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept()
    start_sentry("https://key@sentry.example/1", transport=kept)
    try:
        monkeypatch.setattr("assessments.views.home.organizations_of", broken)
        client = client_of(cast.viewer)
        client.raise_request_exception = False
        client.get("/?email=ann@acme.example", headers={"User-Agent": "Agent Smith"})
        sentry_sdk.flush()
    finally:
        sentry_sdk.get_global_scope().set_client(None)

    [event] = kept.events
    [error] = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", "[email] broke it\nDETAIL: [left out]")
    assert event["transaction"] == "/"
    assert {"request", "user", "breadcrumbs"} & set(event) == set()
    everything = json.dumps(event, default=str)
    for secret in ("ann@", "our note", "Smith", cast.viewer.email, '"vars"'):
        assert secret not in everything


def test_django_logs_the_route_of_a_request_too(lines: Lines) -> None:
    request = RequestFactory().get("/invitations/tok-9f1c2d7be/")

    logging.getLogger("django.security.csrf").warning(
        "Forbidden (%s): %s", "no cookie", request.path, extra={"request": request}
    )

    assert lines()[0]["event"] == "Forbidden (no cookie): (no such address)"
