"""Badges: links by which everybody sees a maturity level, until an owner revokes them."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from organizations.audit.tracking import tracked
from organizations.models import Organization, Team
from organizations.tenancy import SameOrganization


def new_token() -> str:
    """Return what nobody guesses."""
    return secrets.token_urlsafe(16)


# Never the token: who reads the trail need not see the link.
@tracked("organization", "team")
class Badge(models.Model):
    """The level of a team, or with no team of the whole organization, at a link of its own; revoked, the row goes.

    The token is kept as it is: owners copy the link again and again, and it opens nothing but one number.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="badges", db_index=False, verbose_name=_("organization")
    )
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="badges", verbose_name=_("team"))
    token = models.CharField(_("token"), max_length=43, unique=True, default=new_token, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("badge")
        verbose_name_plural = _("badges")
        ordering = ["team__name"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                "team",
                name="badge_unique",
                nulls_distinct=False,
                violation_error_message=_("There is a badge for this already."),
            ),
            models.CheckConstraint(condition=~Q(token=""), name="badge_token_given"),
            SameOrganization("team", name="badge_team_same_organization"),
        ]

    def __str__(self) -> str:
        return str(self.team or self.organization)

    def get_absolute_url(self) -> str:
        """Where everybody sees it."""
        return reverse("badge_image", args=[self.token])
