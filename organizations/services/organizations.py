"""What changes an organization itself: founding it, its name, address, time zone and language."""

from __future__ import annotations

from collections.abc import Iterator

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.crypto import get_random_string
from django.utils.text import slugify

from organizations.models import Member, Organization, Role, User

# Leaves room in the field for what makes an address unique.
SLUG_LENGTH = 50


class AddressNotConfirmed(Exception):
    """Whoever founds an organization must have confirmed an email address: it sends mail in their name."""


class SlugTaken(Exception):
    """Another organization has this address, or the site itself uses it."""


def may_found(user: User) -> bool:
    """Return whether the user has a confirmed email address, and so may found an organization. One query."""
    return bool(EmailAddress.objects.filter(user=user, verified=True).exists())


def create_organization(*, founder: User, name: str, time_zone: str, language: str) -> Organization:
    """Create an organization with an address made from its name; the founder owns it. Raises AddressNotConfirmed."""
    if not may_found(founder):
        raise AddressNotConfirmed(founder.email)
    for slug in _slugs(name):
        try:
            with transaction.atomic():
                organization = Organization.objects.create(name=name, slug=slug, time_zone=time_zone, language=language)
                Member.objects.create(organization=organization, user=founder, role=Role.OWNER)
        except IntegrityError as error:
            if "slug" not in str(error):
                raise
        else:
            return organization
    raise AssertionError  # the addresses to try do not end


def update_organization(*, organization: Organization, name: str, slug: str, time_zone: str, language: str) -> None:
    """Change what an organization is called, where it is found, and how it tells the time. Raises SlugTaken."""
    try:
        with transaction.atomic():
            Organization.objects.filter(pk=organization.pk).update(
                name=name, slug=slug, time_zone=time_zone, language=language
            )
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        raise SlugTaken(slug) from error
    organization.refresh_from_db()


def _slugs(name: str) -> Iterator[str]:
    """Yield addresses to try: the name's own, then, without end, with something random behind it."""
    slug = slugify(name)[:SLUG_LENGTH].strip("-") or "organization"
    yield slug
    while True:
        yield f"{slug}-{get_random_string(5, '23456789abcdefghjkmnpqrstuvwxyz')}"
