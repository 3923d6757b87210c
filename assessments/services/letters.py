"""Mail as people read it: plain text and HTML of the same words, and the headers by which mail programs end it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Participant, ReminderSchedule, Round
from assessments.services.participants import token_of
from assessments.services.subscriptions import Link
from assessments.services.subscriptions import token_of as unsubscribe_token
from organizations.models import Organization


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a mail tells: what, in paragraphs before and after a link, and what the link is called."""

    title: str
    before: Sequence[str]
    url: str
    action: str
    after: Sequence[str] = ()


def letter(
    *, to: str, items: Sequence[Item], why: str, link: Link, message_id: str = "", is_test: bool = False, **options: Any
) -> EmailMultiAlternatives:
    """Return the mail that tells some things, in the language and time zone that are active.

    `why` says why one gets it, `link` what the link at its end ends; `options` are those of Django's EmailMessage.
    """
    address = settings.BASE_URL + reverse("unsubscribe", args=[unsubscribe_token(link)])
    context = {
        "items": items,
        "why": why,
        "is_test": is_test,
        "unsubscribe_url": address,
        # Whoever has an account chooses more finely.
        "preferences_url": settings.BASE_URL + reverse("mail_preferences") if link.recipient.user_id else "",
    }
    headers = {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message_id:
        headers["Message-ID"] = message_id
    text = render_to_string("assessments/mail/letter.txt", context)
    message = EmailMultiAlternatives(_subject(items, is_test=is_test), text, to=[to], headers=headers, **options)
    message.attach_alternative(render_to_string("assessments/mail/letter.html", context), "text/html")
    if settings.BOUNCES_TO:
        # The envelope's sender is where mail comes back to; people see the other one.
        message.extra_headers["From"] = settings.DEFAULT_FROM_EMAIL
        message.from_email = settings.BOUNCES_TO
    return message


def message_id_of(key: str) -> str:
    """Return a Message-ID that is the same whenever the mail of a key is sent."""
    return f"<{key}@{urlsplit(settings.BASE_URL).hostname}>"


def _subject(items: Sequence[Item], *, is_test: bool) -> str:
    subject = items[0].title
    if more := len(items) - 1:
        subject = ngettext("%(title)s, and %(count)d more", "%(title)s, and %(count)d more", more) % {
            "title": subject,
            "count": more,
        }
    subject = _("Test: %(title)s") % {"title": subject} if is_test else subject
    return " ".join(subject.split())


def date_item(schedule: ReminderSchedule, on: Any, last: Round | None) -> Item:
    """Return what facilitators are told of a schedule's date; of a round that opened by itself, that it did."""
    organization = schedule.organization
    words = {
        "organization": organization.name,
        "name": f"{organization.name}, {schedule.team}" if schedule.team else organization.name,
        "date": formats.date_format(on, "DATE_FORMAT"),
    }
    if schedule.opened_on == on and schedule.opened_round:
        return _opened_item(schedule, schedule.opened_round, words)
    days = (on - timezone.localdate()).days
    title, text = _when(days, words)
    before = [text]
    if last:
        text = _("The last round was %(period)s. A new one starts from it, with the same teams and people.")
        if schedule.team:
            text = _("The last round was %(period)s. A new one starts from it, with the same people of the team.")
        before.append(text % {"period": last.period})
    if schedule.problem:
        before.append(_("No round could open by itself: %(problem)s.") % {"problem": schedule.get_problem_display()})
    elif schedule.opens_round and days > 0:
        before.append(_("It opens by itself then. Look at the teams and people before."))
    wanted = {"from": last and last.pk, "team": schedule.team_id}
    query = urlencode({name: key for name, key in wanted.items() if key})
    path = reverse("new_round", args=[organization.slug]) + (f"?{query}" if query else "")
    return Item(title, before, settings.BASE_URL + path, _("Plan the round"))


def _when(days: int, words: dict[str, str]) -> tuple[str, str]:
    """Return a title and a sentence for a date in so many days, 0 for today, less for one that has passed."""
    if days > 0:
        words = words | {"days": ngettext("in %(count)d day", "in %(count)d days", days) % {"count": days}}
        return (
            _("%(name)s: the next assessment is due %(days)s") % words,
            _("The next assessment of machine learning in %(name)s is due %(days)s, on %(date)s.") % words,
        )
    if days == 0:
        return (
            _("%(name)s: the next assessment is due today") % words,
            _("The next assessment of machine learning in %(name)s is due today, %(date)s.") % words,
        )
    return (
        _("%(name)s: the next assessment was due on %(date)s") % words,
        _("The next assessment of machine learning in %(name)s was due on %(date)s, and no round was opened for it.")
        % words,
    )


def _opened_item(schedule: ReminderSchedule, round_: Round, words: dict[str, str]) -> Item:
    asked = round_.participants.count()
    before = [
        ngettext(
            "As planned, the round %(period)s of %(name)s has opened by itself, and %(count)d person is invited.",
            "As planned, the round %(period)s of %(name)s has opened by itself, and %(count)d people are invited.",
            asked,
        )
        % {**words, "period": round_.period, "count": asked}
    ]
    if round_.closes_at:
        closes = formats.date_format(timezone.localtime(round_.closes_at), "DATETIME_FORMAT")
        before.append(
            _("It closes on %(date)s (%(zone)s).") % {"date": closes, "zone": schedule.organization.time_zone}
        )
    title = _("%(name)s: the round %(period)s is open") % {**words, "period": round_.period}
    url = settings.BASE_URL + reverse("round", args=[schedule.organization.slug, round_.pk])
    return Item(title, before, url, _("See how it goes"))


def nudge_item(participant: Participant) -> Item:
    """Return what a person is told who was asked in a round and has not answered, with their link."""
    round_, organization = participant.round, participant.round.organization
    words = {"organization": organization.name, "period": round_.period, "team": participant.team.name}
    if round_.closes_at:
        until = formats.date_format(timezone.localtime(round_.closes_at), "DATETIME_FORMAT")
        ends = _("Until %(until)s (%(zone)s) you can come back by it and change your answers.") % {
            "until": until,
            "zone": organization.time_zone,
        }
    else:
        ends = _("Until the round closes you can come back by it and change your answers.")
    if round_.anonymous:
        seen = _("The round is anonymous: no answer is shown with a name, and no result of fewer than three people is.")
    else:
        seen = _("The round is not anonymous: those who run it see your answers with your name.")
    return Item(
        _("Reminder: %(organization)s asks you about machine learning, %(period)s") % words,
        [
            _(
                "%(organization)s asked you to answer for the team %(team)s (%(period)s), and your answers are not "
                "complete yet. What you have answered so far is kept."
            )
            % words,
            _("This link is yours alone, please don't pass it on. You need no account:"),
        ],
        settings.BASE_URL + reverse("respond_by_link", args=[token_of(participant)]),
        _("Go on answering"),
        [ends, seen],
    )


def why_nudged(organization: Organization) -> str:
    return _("You get this because %(organization)s asked you to answer.") % {"organization": organization.name}


def why_in_charge(organizations: Sequence[str]) -> str:
    return _("You get this because you run assessments in %(organizations)s.") % {
        "organizations": ", ".join(organizations)
    }
