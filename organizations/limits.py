"""How many mails a day people may cause to addresses that they type, so that nobody is flooded in this site's name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from organizations.models import Organization, User

# Each key belongs to one day; it goes when no clock can still think that it is that day.
KEPT = 2 * 24 * 3600


class TooManyMails(Exception):
    """The day's mails are used up: those to `emails`, or, where it is empty, the sender's or the organization's."""

    def __init__(self, emails: Sequence[str]) -> None:
        super().__init__(", ".join(emails))
        self.emails = emails

    @property
    def reason(self) -> str:
        """What to tell the sender."""
        if self.emails:
            return _("Too many mails have gone there today: %(emails)s. Try again tomorrow.") % {
                "emails": ", ".join(self.emails)
            }
        return _("These are too many mails for one day. Send the others tomorrow.")


def count_mails(*, kind: str, by: User, organization: Organization, emails: Sequence[str]) -> None:
    """Count one mail to each address against the day's limits of settings.MAIL_LIMITS[kind].

    Raises TooManyMails, and counts none, where one of the limits would be passed.
    """
    most = settings.MAIL_LIMITS[kind]
    senders = {_key(kind, "user", str(by.pk)): "user", _key(kind, "organization", str(organization.pk)): "organization"}
    addresses = {_key(kind, "address", email.lower()): email for email in emails}
    steps = dict.fromkeys(addresses, 1) | dict.fromkeys(senders, len(emails))
    counts = {key: _add(key, step) for key, step in steps.items()}
    flooded = [email for key, email in addresses.items() if counts[key] > most["address"]]
    if flooded or any(counts[key] > most[sender] for key, sender in senders.items()):
        for key, step in steps.items():
            _add(key, -step)
        raise TooManyMails(flooded)


def _add(key: str, step: int) -> int:
    cache.add(key, 0, timeout=KEPT)
    return cache.incr(key, step)


def _key(kind: str, of: str, who: str) -> str:
    """Return the key of today's count; no address can be read in it."""
    return f"mails:{timezone.now():%Y-%m-%d}:{kind}:{of}:{hashlib.sha256(who.encode()).hexdigest()}"
