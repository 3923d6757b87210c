"""Making badges and revoking them."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from assessments.models import Badge
from organizations.models import Organization, Team


class BadgeThere(Exception):
    """There is a badge for this already."""


def make_badge(*, organization: Organization, team: Team | None) -> Badge:
    """Make a badge of a team, or with None of the whole organization, and return it. Raises BadgeThere."""
    try:
        with transaction.atomic():
            return Badge.objects.create(organization=organization, team=team)
    except IntegrityError as error:
        if "badge_unique" not in str(error):
            raise
        raise BadgeThere from error


def revoke_badge(*, badge: Badge) -> None:
    """Let a badge's link lead nowhere from now on."""
    Badge.objects.filter(pk=badge.pk).delete()
