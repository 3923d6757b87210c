"""The figures that an organization puts into a roadmap's business case."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from organizations.audit.tracking import tracked
from organizations.models import Organization, User
from organizations.tenancy import SameOrganization
from roadmaps.assumptions import CURRENCIES
from roadmaps.models.roadmaps import Roadmap


@tracked("organization", "roadmap", "currency", also=["given"], named_by="roadmap")
class BusinessCase(models.Model):
    """What was entered for a roadmap's business case: by assumption, then low, expected and high; the rest is assumed.

    What follows from it is worked out by roadmaps/business_case.py from the roadmap as it is now.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("organization"))
    roadmap = models.OneToOneField(Roadmap, models.CASCADE, related_name="business_case", verbose_name=_("roadmap"))
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    given = models.JSONField(_("figures entered"), default=dict, blank=True)
    updated_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("saved by")
    )
    updated_at = models.DateTimeField(_("saved"), auto_now=True)

    class Meta:
        verbose_name = _("business case")
        verbose_name_plural = _("business cases")
        constraints = [
            models.CheckConstraint(condition=Q(currency__in=list(CURRENCIES)), name="business_case_currency_known"),
            SameOrganization("roadmap", name="business_case_roadmap_same_organization"),
        ]

    def __str__(self) -> str:
        return str(self.roadmap)
