"""How many mails a day people may cause to addresses that they type, so that nobody is flooded in this site's name.

And how often a day they may try a new web address for an organization, as the answer tells of others.

What an organization did itself is counted when it asks, and refused with the reason. What all did together is counted
when a mail is sent, which nobody is told: a refusal would say that others write there (docs/decisions/0027).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from organizations.models import Organization, User

# Each key belongs to one day; it goes when no clock can still think that it is that day.
KEPT = 2 * 24 * 3600


class TooManyMails(Exception):
    """The organization's mails to `emails` are used up for today; where it is empty, all of the sender's or its own.

    `left` is how many more these two may still send today.
    """

    def __init__(self, emails: Sequence[str], *, left: int) -> None:
        super().__init__(", ".join(emails))
        self.emails = emails
        self.left = left

    @property
    def reason(self) -> str:
        """What to tell the sender."""
        if self.emails:
            return _("You have sent too many mails there today: %(emails)s. Try again tomorrow.") % {
                "emails": ", ".join(self.emails)
            }
        text = ngettext(
            "These are too many mails for one day. %(left)d more can go today; send the others tomorrow.",
            "These are too many mails for one day. %(left)d more can go today; send the others tomorrow.",
            self.left,
        )
        return text % {"left": self.left}


def count_mails(*, kind: str, by: User, organization: Organization, emails: Sequence[str]) -> None:
    """Count one mail of an organization to each address against the day's limits of settings.MAIL_LIMITS[kind].

    Raises TooManyMails, and counts none, where one of the limits would be passed.
    """
    most = settings.MAIL_LIMITS[kind]
    senders = {_key(kind, "user", str(by.pk)): "user", _key(kind, "organization", str(organization.pk)): "organization"}
    addresses = {_key(kind, "address", f"{organization.pk} {email.lower()}"): email for email in emails}
    steps = dict.fromkeys(addresses, 1) | dict.fromkeys(senders, len(emails))
    counts = {key: _add(key, step) for key, step in steps.items()}
    flooded = [email for key, email in addresses.items() if counts[key] > most["address"]]
    if flooded or any(counts[key] > most[sender] for key, sender in senders.items()):
        for key, step in steps.items():
            _add(key, -step)
        left = min(most[sender] - counts[key] + len(emails) for key, sender in senders.items())
        raise TooManyMails(flooded, left=max(left, 0))


def may_try_address(user: User) -> bool:
    """Count one more web address that somebody tries for an organization, and say whether it may be tried today."""
    return _add(_key("web-address", "user", str(user.pk)), 1) <= settings.WEB_ADDRESSES_A_DAY


@contextmanager
def mail_to(email: str) -> Iterator[bool]:
    """Say whether one more mail may go to an address today, of settings.MAILS_TO_AN_ADDRESS by whomever.

    It counts, unless the block raises. Whoever is told that it may not sends the mail another day, or never.
    """
    key = _key("any", "address", email.lower())
    allowed = _add(key, 1) <= settings.MAILS_TO_AN_ADDRESS
    try:
        yield allowed
    except BaseException:
        _add(key, -1)
        raise


def _add(key: str, step: int) -> int:
    cache.add(key, 0, timeout=KEPT)
    try:
        return cache.incr(key, step)
    except ValueError:  # Redis went, or came back, in between
        cache.add(key, 0, timeout=KEPT)
        return cache.incr(key, step)


def _key(kind: str, of: str, who: str) -> str:
    """Return the key of today's count; no address can be read in it."""
    return f"limits:{timezone.now():%Y-%m-%d}:{kind}:{of}:{hashlib.sha256(who.encode()).hexdigest()}"
