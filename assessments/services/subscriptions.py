"""What people want of our mail: ending it by a link in the mail, choosing on a page, and mail that comes back.

The link's token is encrypted and signed (Fernet, with a key made of the secret key): it tells nobody whose it is, works
without an account, and expires. It can end mail and take that back, nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from assessments.models import Subscription
from organizations.models import Organization, User

DAYS_VALID = 90
KINDS = ("reminders", "nudges")


class NoSuchLink(Exception):
    """The token is not ours, or has expired."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person: the key of a user, or an address without account."""

    user_id: int | None
    email: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What a link in a mail ends: mail of some kinds of some organizations to a person."""

    recipient: Recipient
    organizations: Collection[int]
    kinds: Collection[str]


def token_of(link: Link) -> str:
    """Return what a link's address ends with, valid for 90 days from now."""
    who = link.recipient.user_id or link.recipient.email.lower()
    kept = json.dumps([who, sorted(link.organizations), sorted(link.kinds)], separators=(",", ":"))
    return _fernet().encrypt_at_time(kept.encode(), int(timezone.now().timestamp())).decode().rstrip("=")


def read_token(token: str) -> Link:
    """Return the link of a token. Raises NoSuchLink."""
    padded = token.rstrip("=") + "=" * (-len(token.rstrip("=")) % 4)
    try:
        kept = _fernet().decrypt_at_time(padded, DAYS_VALID * 24 * 3600, int(timezone.now().timestamp()))
        who, organizations, kinds = json.loads(kept)
    except (InvalidToken, ValueError) as error:
        raise NoSuchLink from error
    recipient = Recipient(who) if isinstance(who, int) else Recipient(None, who)
    return Link(recipient, organizations, kinds)


def organizations_of(link: Link) -> list[Organization]:
    """Return the organizations of a link that are still there, by name. Raises NoSuchLink where the account is not."""
    if link.recipient.user_id and not User.objects.filter(pk=link.recipient.user_id).exists():
        raise NoSuchLink
    return list(Organization.objects.filter(pk__in=link.organizations).order_by("name"))


def set_wanted(*, link: Link, wanted: bool) -> None:
    """End the mail that a link ends, or take that back; doing so twice is no harm. Raises NoSuchLink."""
    for organization in organizations_of(link):
        change_subscription(
            organization=organization,
            recipient=link.recipient,
            **{kind: wanted for kind in link.kinds if kind in KINDS},
        )


@transaction.atomic
def change_subscription(*, organization: Organization, recipient: Recipient, **changes: Any) -> None:
    """Change what a person wants from an organization: `reminders`, `nudges`, `language`, `bounces`."""
    Subscription.objects.update_or_create(**_key(organization.pk, recipient), defaults=changes)


def count_bounce(*, organization: int, recipient: Recipient, is_first: bool) -> None:
    """Note that mail to a person came back, the first in a row or another; after three nothing more is sent."""
    with transaction.atomic():
        row, _is_new = Subscription.objects.get_or_create(**_key(organization, recipient))
        Subscription.objects.filter(pk=row.pk).update(bounces=1 if is_first else F("bounces") + 1)


def _key(organization: int, recipient: Recipient) -> dict[str, Any]:
    email = "" if recipient.user_id else recipient.email.lower()
    return {"organization_id": organization, "user_id": recipient.user_id, "email": email}


def _fernet() -> Fernet:
    digest = hashlib.sha256(b"mail-preferences:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
