"""Tells other programs of a date: signed JSON as Standard Webhooks has it, or a message for Slack.

Nobody here may choose where our servers reach within their own network: requests-hardened looks a name up once, refuses
whatever is private, and connects to just the address that it looked at, so that no second look-up can differ.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from zoneinfo import ZoneInfo

import requests
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress

from assessments.delivery import LONGEST_ERROR, Verdict
from assessments.models import Reminder, ReminderHook
from assessments.models.reminders import Channel
from assessments.selectors.reminders import last_round
from assessments.services.letters import date_item

CONNECT_SECONDS, READ_SECONDS = 5, 10
GONE = 410
# The first that fits: a time-out is a failed connection too.
FAILURES = (
    (requests.exceptions.Timeout, "No answer in time"),
    (requests.exceptions.SSLError, "No valid certificate"),
    (requests.exceptions.ConnectionError, "No connection"),
)


class Refused(Exception):
    """The address answered, and did not say that it took the message."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class NotOverHttps(Exception):
    """Messages go by https only."""


def secret_of(hook: ReminderHook) -> str:
    """Return what a webhook's messages are signed with, as Standard Webhooks writes it; derived, so kept nowhere."""
    message = f"webhook:{hook.pk}:{hook.created_at.isoformat()}"
    digest = hmac.digest(settings.SECRET_KEY.encode(), message.encode(), hashlib.sha256)
    return "whsec_" + base64.b64encode(digest).decode()


def signature(secret: str, message_id: str, moment: int, body: str) -> str:
    """Return the header `webhook-signature` of a message: HMAC-SHA256 over id, Unix time and body.

    Specified at https://www.standardwebhooks.com.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.digest(key, f"{message_id}.{moment}.{body}".encode(), hashlib.sha256)
    return "v1," + base64.b64encode(signed).decode()


def send(reminder: Reminder, hook: ReminderHook) -> None:
    """Send a message. Raises Refused, NotOverHttps, and requests' exceptions, InvalidIPAddress among them."""
    allow_loopback = settings.WEBHOOKS_TO_LOOPBACK
    if not hook.url.startswith("https://") and not allow_loopback:
        raise NotOverHttps
    body = json.dumps(_slack(reminder) if hook.channel == Channel.SLACK else _event(reminder), ensure_ascii=False)
    headers = {"Content-Type": "application/json"}
    if hook.channel == Channel.WEBHOOK:
        message_id, moment = f"msg_{reminder.pk}", int(timezone.now().timestamp())
        headers |= {
            "webhook-id": message_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": signature(secret_of(hook), message_id, moment, body),
        }
    config = Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=allow_loopback,
        never_redirect=True,
        default_timeout=(CONNECT_SECONDS, READ_SECONDS),
        user_agent_override="MLOps-Maturity",
    )
    with Manager(config).get_session() as session:
        session.trust_env = False
        # The body of the answer is of no use, and could be endless: it is not read.
        with session.post(hook.url, data=body.encode(), headers=headers, stream=True) as answer:
            if not 200 <= answer.status_code < 300:  # a redirect is no success
                raise Refused(answer.status_code)


def verdict_on(error: BaseException) -> Verdict:
    """Return what to make of what sending raised; never more of the answer than its status, which could be private."""
    if isinstance(error, Refused):
        return Verdict(f"HTTP {error.status}", is_final=error.status == GONE)
    if isinstance(error, InvalidIPAddress):
        return Verdict("The address is a private one", is_final=True)
    if isinstance(error, NotOverHttps | requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return Verdict("The address is not https", is_final=True)
    return Verdict(
        next((words for kind, words in FAILURES if isinstance(error, kind)), type(error).__name__[:LONGEST_ERROR])
    )


def _event(reminder: Reminder) -> dict[str, object]:
    schedule = reminder.schedule
    assert schedule  # noqa: S101 - tells mypy what the constraint says
    return {
        "type": "reminder.test" if reminder.is_test else "reminder.due",
        "timestamp": reminder.send_at.isoformat(),
        "data": {
            "organization": schedule.organization.slug,
            "team": schedule.team.name if schedule.team else None,
            "date": reminder.on.isoformat(),
            "days_before": reminder.days_before,
            "round_id": schedule.opened_round_id if schedule.opened_on == reminder.on else None,
            "url": settings.BASE_URL + reverse("rounds", args=[schedule.organization.slug]),
        },
    }


def _slack(reminder: Reminder) -> dict[str, object]:
    """Return a message as Slack's incoming webhooks take it, and Mattermost's and Rocket.Chat's."""
    schedule = reminder.schedule
    assert schedule  # noqa: S101 - tells mypy what the constraint says
    organization = schedule.organization
    with translation.override(organization.language), timezone.override(ZoneInfo(organization.time_zone)):
        item = date_item(schedule, reminder.on, last_round(schedule))
        lead = _("Test: %(title)s") % {"title": item.title} if reminder.is_test else item.title
        words = "\n".join(map(_escaped, [f"*{lead}*", *item.before]))
        return {"text": f"{words}\n<{_escaped(item.url)}|{_escaped(item.action)}>"}


def _escaped(text: str) -> str:
    """Return text that Slack takes for nothing else (its rule for &, < and >)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
