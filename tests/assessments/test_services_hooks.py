"""Webhooks: signed, told once, tried again, and never sent into one's own network."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from assessments.models import Reminder, ReminderHook, ReminderSchedule
from assessments.models.reminders import Channel, Fate, Reason
from assessments.services import reminders
from assessments.services.hooks import secret_of, signature
from tests import factories
from tests.assessments.reminding import Clock, tick
from tests.factories import Cast

pytestmark = pytest.mark.django_db


class Listener(BaseHTTPRequestHandler):
    """Keeps what it is told, and answers with `statuses`, the last of them for ever."""

    told: list[tuple[dict[str, str], str]]
    statuses: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.told.append(({name.lower(): value for name, value in self.headers.items()}, body))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        self.send_response(status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def listener(settings: Settings) -> Iterator[tuple[type[Listener], str]]:
    settings.WEBHOOKS_TO_LOOPBACK = True
    handler = type("One", (Listener,), {"told": [], "statuses": [200]})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock(monkeypatch)
    clock.set("2026-03-01 08:00")
    return clock


@pytest.fixture
def schedule(cast: Cast, clock: Clock) -> ReminderSchedule:
    return factories.make_schedule(cast.organization, anchor=dt.date(2026, 4, 1))


def make_hook(cast: Cast, url: str, channel: Channel = Channel.WEBHOOK) -> ReminderHook:
    return reminders.make_hook(organization=cast.organization, channel=channel, url=url)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_is_told_once_signed(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, listener: tuple[type[Listener], str]
) -> None:
    handler, url = listener
    hook = make_hook(cast, url)
    clock.set("2026-03-18 09:00")
    for _twice in range(2):
        tick()
    [(headers, body)] = handler.told
    event = json.loads(body)
    assert (event["type"], event["data"]["organization"]) == ("reminder.due", "acme-insurance")
    assert (event["data"]["date"], event["data"]["days_before"]) == ("2026-04-01", 14)
    key = base64.b64decode(secret_of(hook).removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}"
    expected = base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert Reminder.objects.get(hook=hook).state == Fate.SENT


def test_slack_gets_a_message_in_which_nothing_is_markup(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, listener: tuple[type[Listener], str]
) -> None:
    handler, url = listener
    cast.organization.name = "Acme <!channel> & Sons"
    cast.organization.save()
    make_hook(cast, url, Channel.SLACK)
    clock.set("2026-03-18 09:00")
    tick()
    [(headers, body)] = handler.told
    text = json.loads(body)["text"]
    assert text.startswith("*Acme &lt;!channel&gt; &amp; Sons: the next assessment is due in 14 days*\n")
    assert text.endswith("|Plan the round>")
    assert "webhook-signature" not in headers


@pytest.mark.parametrize("status", [500, 404, 302])
def test_what_is_not_taken_is_tried_again_under_the_same_id_and_no_redirect_is_followed(
    status: int, cast: Cast, schedule: ReminderSchedule, clock: Clock, listener: tuple[type[Listener], str]
) -> None:
    handler, url = listener
    handler.statuses[:] = [status, 204]
    hook = make_hook(cast, url)
    clock.set("2026-03-18 09:00")
    tick()
    assert Reminder.objects.get(hook=hook).error == f"HTTP {status}"
    clock.forward(minutes=1)
    tick()
    assert Reminder.objects.get(hook=hook).state == Fate.SENT
    assert len({headers["webhook-id"] for headers, _body in handler.told}) == 1
    assert len(handler.told) == 2


def test_three_failures_switch_it_off_until_it_is_switched_on(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, listener: tuple[type[Listener], str]
) -> None:
    handler, url = listener
    handler.statuses[:] = [410]
    hook = make_hook(cast, url)
    for day in ("2026-03-18", "2026-03-29", "2026-04-01"):
        clock.set(f"{day} 09:00")
        tick()
    hook.refresh_from_db()
    assert (hook.failures, hook.disabled_at) == (3, clock.now)
    clock.set("2026-06-17 09:00")
    tick()
    assert len(handler.told) == 3
    reminders.enable_hook(hook=hook)
    clock.set("2026-06-28 09:00")
    tick()
    assert len(handler.told) == 4


def test_one_switched_off_meanwhile_is_left_out(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    hook = make_hook(cast, "https://hooks.example/1")
    clock.set("2026-03-18 06:00")
    tick()
    ReminderHook.objects.update(disabled_at=clock.now)
    clock.set("2026-03-18 09:00")
    tick()
    assert Reminder.objects.get(hook=hook).reason == Reason.OFF


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.7", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),  # noqa: S104 - not bound to
        *("::1", "fd00::1", "fe80::1", "::ffff:10.0.0.7", "64:ff9b::a00:7", "224.0.0.1"),
    ],
)
def test_private_addresses_are_refused_for_good_however_they_are_called(
    address: str, cast: Cast, schedule: ReminderSchedule, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_args, **_named: [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    )
    hook = make_hook(cast, "https://innocent.example/hook")
    clock.set("2026-03-18 09:00")
    tick()
    row = Reminder.objects.get(hook=hook)
    assert (row.state, row.error) == (Fate.FAILED, "The address is a private one")


def test_a_name_that_means_something_else_at_the_second_look_is_looked_up_once(
    cast: Cast, schedule: ReminderSchedule, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: harmless when it is checked, private when it is connected to."""
    looked_up: list[object] = []
    real_connect = socket.socket.connect
    connected: list[object] = []

    def resolve(host: Any, port: Any, *_args: Any, **_named: Any) -> list[Any]:
        looked_up.append(host)
        # An address written as such is no name: nothing is asked about it.
        address = host if host[0].isdigit() else ("203.0.114.9" if looked_up.count(host) == 1 else "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[1] == 443:
            connected.append(address[0])
            raise ConnectionRefusedError
        real_connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    make_hook(cast, "https://rebinding.example/hook")
    clock.set("2026-03-18 09:00")
    tick()
    assert connected == ["203.0.114.9"]
    assert looked_up.count("rebinding.example") == 1


def test_an_address_without_tls_is_refused(cast: Cast, schedule: ReminderSchedule, clock: Clock) -> None:
    hook = make_hook(cast, "http://hooks.example/1")
    clock.set("2026-03-18 09:00")
    tick()
    assert Reminder.objects.get(hook=hook).error == "The address is not https"


def test_an_organization_has_a_few_and_each_once(cast: Cast) -> None:
    for number in range(reminders.TooManyHooks.MOST):
        make_hook(cast, f"https://hooks.example/{number}")
    with pytest.raises(reminders.HookThere):
        make_hook(cast, "https://hooks.example/1")
    with pytest.raises(reminders.TooManyHooks):
        make_hook(cast, "https://hooks.example/new")


def test_secrets_differ(cast: Cast) -> None:
    one, two = (make_hook(cast, f"https://hooks.example/{number}") for number in range(2))
    assert secret_of(one) != secret_of(two)
    assert secret_of(one) == secret_of(ReminderHook.objects.get(pk=one.pk))
