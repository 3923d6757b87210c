"""Sends the reminders that are due: claims one person's at a time, sends one mail, records what became of it.

A claim is a committed row with an end; no transaction and no lock is held while a mail server is waited for. Whoever
dies with a claim leaves it to the next worker, LEASE later. Where that is between the server's OK and the record, the
mail goes out twice, with the same Message-ID; it never goes missing (docs/reminders.md says why).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone, translation

from assessments.delivery import Verdict, is_given_up, verdict_on, wait_before
from assessments.models import Participant, Reminder, ReminderHook
from assessments.models.reminders import Fate, Reason, ReminderQuerySet
from assessments.schedules import Rhythm
from assessments.selectors.reminders import last_round, reason_against, subscription_of
from assessments.services import hooks
from assessments.services.letters import Item, date_item, letter, message_id_of, nudge_item, why_in_charge, why_nudged
from assessments.services.subscriptions import Link, Recipient, count_bounce
from organizations.limits import mail_to
from organizations.models import User

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 10)
"""For so long a claim holds: longer than a task may run, so that nobody alive outstays it."""
SECONDS_AT_ONCE = 180
"""So long one call goes on; the rest is for another one."""
RELATED = ("organization", "schedule__organization", "schedule__team", "schedule__opened_round", "user", "hook")


def send_due() -> bool:
    """Send what is due for about three minutes; return whether there is more. Any number of workers may do it at once.

    Where the mail server is down or throttles, the rest is left for the next call.
    """
    end = time.monotonic() + SECONDS_AT_ONCE
    connection = get_connection()
    try:
        while time.monotonic() < end:
            claimed = _claim()
            if not claimed:
                return False
            if not _deliver(claimed, connection):
                return False
    finally:
        _close(connection)
    return True


def _close(connection: BaseEmailBackend) -> None:
    # A server that is gone cannot be told goodbye.
    with suppress(OSError):
        connection.close()


@transaction.atomic
def take_bounces(*, message_ids: Collection[str]) -> int:
    """Note that sent mails came back for good, by their Message-IDs; return how many reminders these are.

    The same notice twice counts once.
    """
    rows = Reminder.objects.filter(message_id__in=message_ids, state=Fate.SENT, hook=None)
    back = list(rows.select_for_update(no_key=True, of=("self",)).select_related("user", "participant"))
    Reminder.objects.filter(pk__in=[row.pk for row in back]).update(
        state=Fate.FAILED, sent_at=None, error="The mail was taken, and came back."
    )
    for row in back:
        _count_bounce(row)
    return len(back)


def _claim() -> list[Reminder]:
    """Claim what is one message, for one person or webhook, and return it; an empty list where nothing is due."""
    while True:
        with transaction.atomic():
            due = Reminder.objects.claimable()
            user = _person(due)
            rows = _of_person(user) if user else _of_nobody(due)
            if rows:
                return _mark(rows)
            if user is None:
                return []
        # Somebody else has just claimed what this person had; their row was locked meanwhile, so look again.


def _person(due: ReminderQuerySet) -> User | None:
    """Return somebody with a mail due, held so that no other worker claims the rest of their day."""
    mine = Exists(due.filter(user=OuterRef("pk")))
    return User.objects.select_for_update(skip_locked=True, no_key=True).filter(mine).order_by("pk").first()


def _of_person(user: User) -> list[Reminder]:
    """Return a person's message: the one somebody began, or all that is for them until their day is over."""
    locked = Reminder.objects.select_for_update(no_key=True, of=("self",)).select_related("organization")
    first = locked.filter(pk__in=Reminder.objects.claimable().filter(user=user)).order_by("try_at", "pk").first()
    if first is None:
        return []
    if first.message_id:
        return list(locked.filter(pk__in=_unfinished(first)))
    if first.is_test:
        return [first]
    zone = Rhythm("year", first.on, 0, first.organization.time_zone)
    today = Reminder.objects.filter(user=user, state=Fate.DUE, message_id="", is_test=False)
    return list(locked.filter(pk__in=today.filter(send_at__lt=zone.midnight_after(timezone.now()))))


def _of_nobody(due: ReminderQuerySet) -> list[Reminder]:
    """Return a message to somebody without account, or to a webhook."""
    locked = due.filter(user=None).select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(locked.order_by("try_at", "pk")[:1])


def _unfinished(first: Reminder) -> ReminderQuerySet:
    return Reminder.objects.filter(message_id=first.message_id, state__in=[Fate.DUE, Fate.CLAIMED])


def _mark(rows: Sequence[Reminder]) -> list[Reminder]:
    now = timezone.now()
    keys = [row.pk for row in rows]
    message_id = rows[0].message_id or _message_id(min(keys))
    Reminder.objects.filter(pk__in=keys).update(
        state=Fate.CLAIMED, claimed_until=now + LEASE, message_id=message_id, attempts=F("attempts") + 1
    )
    Reminder.objects.filter(pk__in=keys, first_tried_at=None).update(first_tried_at=now)
    found = Reminder.objects.filter(pk__in=keys).select_related(*RELATED, "participant__team", "participant__round")
    of_team = F("schedule__team__name").asc(nulls_first=True)
    return list(found.order_by("organization__name", "on", of_team, "pk"))


def _message_id(key: int) -> str:
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"reminder:{key}".encode(), hashlib.sha256).hex()[:16]
    return message_id_of(f"reminder.{key}.{digest}")


def _deliver(claimed: Sequence[Reminder], connection: BaseEmailBackend) -> bool:
    """Send a message and record its fate; return whether the next one may be tried right away."""
    wanted = []
    for reminder in claimed:
        if reason := reason_against(reminder):
            _record([reminder], state=Fate.LEFT_OUT, reason=reason)
        else:
            wanted.append(reminder)
    if not wanted:
        return True
    try:
        if wanted[0].hook:
            hooks.send(wanted[0], wanted[0].hook)
        else:
            _send(wanted, connection)
    except Exception as error:
        verdict = hooks.verdict_on(error) if wanted[0].hook else verdict_on(error)
        if not isinstance(error, OSError):
            logger.exception("reminder_not_sent", extra={"reminder_id": wanted[0].pk})
        _close(connection)
        _fail(wanted, verdict)
        return not verdict.is_servers
    _succeed(wanted)
    return True


def _send(reminders: Sequence[Reminder], connection: BaseEmailBackend) -> None:
    subscription = subscription_of(reminders[0])
    organization = reminders[0].organization
    language = (subscription and subscription.language) or organization.language
    with translation.override(language), timezone.override(ZoneInfo(organization.time_zone)):
        message = _message(reminders, connection)
        connection.open()
        if reminders[0].user_id:
            message.send()
            return
        # To an address that somebody typed; one too many is dropped in silence (docs/decisions/0027).
        with mail_to(message.to[0]) as allowed:
            if allowed:
                message.send()


def _message(reminders: Sequence[Reminder], connection: BaseEmailBackend) -> EmailMessage:
    """Return one mail about some reminders of one person."""
    in_charge = sorted({reminder.organization.name for reminder in reminders if reminder.schedule})
    return letter(
        to=_address(reminders[0]),
        items=[_item(reminder) for reminder in reminders],
        why=why_in_charge(in_charge) if in_charge else why_nudged(reminders[0].organization),
        link=_link(reminders),
        message_id=reminders[0].message_id,
        is_test=reminders[0].is_test,
        connection=connection,
    )


def _item(reminder: Reminder) -> Item:
    if reminder.participant:
        return nudge_item(reminder.participant)
    assert reminder.schedule  # noqa: S101 - tells mypy what the constraint says
    return date_item(reminder.schedule, reminder.on, last_round(reminder.schedule))


def _link(reminders: Sequence[Reminder]) -> Link:
    kinds = {"nudges" if reminder.participant else "reminders" for reminder in reminders}
    return Link(_recipient(reminders[0]), {reminder.organization_id for reminder in reminders}, kinds)


def _address(reminder: Reminder) -> str:
    if reminder.user:
        return reminder.user.email
    assert reminder.participant  # noqa: S101 - tells mypy what the constraint says
    return reminder.participant.email


def _recipient(reminder: Reminder) -> Recipient:
    return Recipient(reminder.user_id) if reminder.user_id else Recipient(None, _address(reminder))


def _succeed(reminders: Sequence[Reminder]) -> None:
    now = timezone.now()
    # First of all: until this is written, a crash has the mail sent again.
    _record(reminders, state=Fate.SENT, sent_at=now, error="")
    if hook := reminders[0].hook:
        ReminderHook.objects.filter(pk=hook.pk, failures__gt=0).update(failures=0)
        return
    nudged = [reminder.participant_id for reminder in reminders if reminder.participant_id]
    Participant.objects.filter(pk__in=nudged).update(nudged_at=now)


def _fail(reminders: Sequence[Reminder], verdict: Verdict) -> None:
    first = reminders[0]
    now = timezone.now()
    if verdict.is_final or is_given_up(first.first_tried_at or now, now):
        _record(reminders, state=Fate.FAILED, error=verdict.text)
        if first.hook:
            _count_failure(first.hook)
    else:
        _record(reminders, state=Fate.DUE, error=verdict.text, try_at=now + wait_before(first.attempts))
    if verdict.is_bounce:
        for row in {row.organization_id: row for row in reminders}.values():
            _count_bounce(row)


def _count_bounce(reminder: Reminder) -> None:
    """Count a mail that came back: in a row with those before unless the last of these got through.

    That cannot be told when a server takes a mail, as it may send it back later, but when the next one is sent.
    """
    earlier = Reminder.objects.filter(
        organization=reminder.organization_id, state__in=[Fate.SENT, Fate.FAILED], send_at__lt=reminder.send_at
    )
    if reminder.user_id:
        earlier = earlier.filter(user=reminder.user_id)
    else:
        earlier = earlier.filter(user=None, participant__email__iexact=_address(reminder))
    last = earlier.order_by("-send_at").first()
    count_bounce(
        organization=reminder.organization_id,
        recipient=_recipient(reminder),
        is_first=last is not None and last.state == Fate.SENT,
    )


def _count_failure(hook: ReminderHook) -> None:
    ReminderHook.objects.filter(pk=hook.pk).update(failures=F("failures") + 1)
    broken = ReminderHook.objects.filter(pk=hook.pk, failures__gte=ReminderHook.MOST_FAILURES, disabled_at=None)
    broken.update(disabled_at=timezone.now())


def _record(reminders: Sequence[Reminder], **fate: object) -> None:
    """Write down what became of what we claimed; not of what another worker has claimed since."""
    ours = Reminder.objects.filter(
        pk__in=[row.pk for row in reminders], state=Fate.CLAIMED, claimed_until=reminders[0].claimed_until
    )
    ours.update(claimed_until=None, **({"reason": Reason.NONE} | fate))
