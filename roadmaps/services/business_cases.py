"""Keeping what was entered for a business case."""

from __future__ import annotations

from organizations.models import User
from roadmaps.assumptions import Given
from roadmaps.models import BusinessCase, Roadmap


def save_case(*, roadmap: Roadmap, currency: str, given: Given, user: User) -> BusinessCase:
    """Keep a roadmap's figures in place of those kept before; an assumption without any is assumed again."""
    case, _is_new = BusinessCase.objects.update_or_create(
        roadmap=roadmap,
        defaults={
            "organization_id": roadmap.organization_id,
            "currency": currency,
            "given": {key: dict(parts) for key, parts in given.items() if parts},
            "updated_by": user,
        },
    )
    return case
