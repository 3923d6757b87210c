"""What badges show."""

from __future__ import annotations

from django.db.models import F, QuerySet

from assessments.models import Badge, Result
from organizations.models import Organization, Team


def badge_at(token: str) -> Badge | None:
    """Return the badge of a link, None for one that is unknown or revoked. One query."""
    return Badge.objects.filter(token=token).first()


def result_on(badge: Badge) -> Result | None:
    """Return the result of the newest round that is shown to people, with its level; None before there is one.

    One query, without the card.

    A round that was opened again keeps its last result until it closes anew.
    """
    results = Result.objects.current().filter(
        organization=badge.organization_id, team=badge.team_id, withheld=False, level__isnull=False
    )
    newest = results.order_by("-round__starts_on", "-round_id").select_related("round").defer("card")
    return newest.first()


def badges_of(organization: Organization) -> QuerySet[Badge]:
    """Return an organization's badges, that of the whole first, then the teams' by name. One query."""
    badges = Badge.objects.filter(organization=organization).select_related("organization", "team")
    return badges.order_by(F("team__name").asc(nulls_first=True))


def teams_without_badge(organization: Organization) -> QuerySet[Team]:
    """Return the teams in use that have no badge yet, by name. One query."""
    return organization.teams.filter(archived_at=None, badges=None).order_by("name")
