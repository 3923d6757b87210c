"""Results: the score cards kept when a round closes."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models.rounds import Round
from organizations.audit.tracking import tracked
from organizations.models import Organization, Team
from organizations.tenancy import SameOrganization


# Of an anonymous round with few answers not even the level may be known.
@tracked("organization", "round", "team")
class Result(models.Model):
    """The score card of a team, or with no team of the whole organization, in a closed round; it never changes."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="results", verbose_name=_("organization")
    )
    round = models.ForeignKey(Round, models.CASCADE, related_name="results", verbose_name=_("round"))
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="results", verbose_name=_("team")
    )
    card = models.JSONField(_("score card"))
    respondents = models.PositiveIntegerField(_("respondents"))
    level = models.PositiveSmallIntegerField(_("maturity level"), null=True, blank=True)
    created_at = models.DateTimeField(_("computed"), auto_now_add=True)

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        ordering = ["-round__starts_on", "team__name"]
        constraints = [
            models.UniqueConstraint("round", "team", name="result_unique", nulls_distinct=False),
            models.CheckConstraint(condition=Q(respondents__gte=0), name="result_respondents_counted"),
            SameOrganization("round", name="result_round_same_organization"),
            SameOrganization("team", name="result_team_same_organization"),
        ]
        triggers = [pgtrigger.Protect(name="freeze_result", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.round}: {self.team or self.organization}"
