"""Questionnaires and their numbered versions; what a version asks is one document (docs/decisions/0003)."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from organizations.audit.tracking import tracked
from organizations.models import Organization
from organizations.tenancy import SameOrNoOrganization, frozen_organization

MAX_SOURCE = 2_000_000
"""Characters of a file that is kept as written; a file has as many bytes at most."""


@tracked("organization", "slug", "title")
class Questionnaire(models.Model):
    """A named instrument; one without an organization is offered to all."""

    organization = models.ForeignKey(
        Organization,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="questionnaires",
        db_index=False,
        verbose_name=_("organization"),
    )
    slug = models.SlugField(_("key"), max_length=60)
    title = models.CharField(_("title"), max_length=200)

    class Meta:
        verbose_name = _("questionnaire")
        verbose_name_plural = _("questionnaires")
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                "slug",
                name="questionnaire_slug_unique",
                nulls_distinct=False,
                violation_error_message=_("There is already a questionnaire with this key."),
            )
        ]
        triggers = [frozen_organization("questionnaire_organization_stays")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("questionnaire", args=[self.pk])


class VersionStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


def _columns(row: str) -> str:
    """Name every column of a version but its status, of the row before or after a change."""
    names = ("id", "organization_id", "questionnaire_id", "number", "definition", "source", "revision")
    return f"({', '.join(f'{row}.{name}' for name in (*names, 'created_at', 'published_at'))})"


class KeptVersion(pgtrigger.Trigger):
    """A version that was published is never deleted, but with its organization: rounds and files may name it.

    Seen when the transaction ends, as Django deletes the organization last.
    """

    when = pgtrigger.After
    operation = pgtrigger.Delete
    timing = pgtrigger.Deferred
    condition = pgtrigger.Condition("OLD.status <> 'draft'")

    def get_func(self, model: Any) -> str:
        """Return the body: it raises while the organization is there, and where there is none."""
        return (
            "IF OLD.organization_id IS NULL"
            " OR EXISTS (SELECT 1 FROM organizations_organization WHERE id = OLD.organization_id) THEN"
            " RAISE EXCEPTION 'pgtrigger: Cannot delete published rows from % table', TG_TABLE_NAME; END IF;"
            " RETURN NULL;"
        )


class VersionQuerySet(models.QuerySet["QuestionnaireVersion"]):
    def published(self) -> VersionQuerySet:
        """Return the versions that new rounds may use."""
        return self.filter(status=VersionStatus.PUBLISHED)

    def newest_of(self, slug: str) -> QuestionnaireVersion | None:
        """Return the newest version of the questionnaire offered to all under `slug`, None without one. One query."""
        return (
            self.filter(questionnaire__slug=slug, questionnaire__organization=None)
            .select_related("questionnaire")
            .order_by("-number")
            .first()
        )


@tracked("organization", "questionnaire", "number", "status", also=["definition"])
class QuestionnaireVersion(models.Model):
    """A version of a questionnaire: draft, then published and frozen, then retired."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("organization")
    )
    questionnaire = models.ForeignKey(
        Questionnaire, models.CASCADE, related_name="versions", db_index=False, verbose_name=_("questionnaire")
    )
    number = models.PositiveIntegerField(_("number"))
    status = models.CharField(_("status"), max_length=9, choices=VersionStatus, default=VersionStatus.DRAFT)
    definition = models.JSONField(_("definition"))
    source = models.TextField(
        _("file"), blank=True, default="", help_text=_("As it was written, with its comments; empty without a file.")
    )
    revision = models.PositiveIntegerField(
        _("revision"), default=0, editable=False, help_text=_("How often the draft was changed in the browser.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    objects: ClassVar[VersionQuerySet] = VersionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("questionnaire version")
        verbose_name_plural = _("questionnaire versions")
        ordering = ["questionnaire", "-number"]
        constraints = [
            models.UniqueConstraint("questionnaire", "number", name="version_number_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_positive"),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("source"), MAX_SOURCE), name="version_source_not_too_long"
            ),
            models.CheckConstraint(condition=Q(status__in=VersionStatus.values), name="version_status_known"),
            models.CheckConstraint(
                condition=Q(status=VersionStatus.DRAFT, published_at=None)
                | Q(status__in=[VersionStatus.PUBLISHED, VersionStatus.RETIRED], published_at__isnull=False),
                name="version_published_at_iff_published",
            ),
        ]
        triggers = [
            # Not pgtrigger.ReadOnly: it takes no condition beside its fields, and would freeze drafts too.
            pgtrigger.Protect(
                name="freeze_published_version",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    f"OLD.status <> 'draft' AND {_columns('OLD')} IS DISTINCT FROM {_columns('NEW')}"
                ),
            ),
            KeptVersion(name="keep_published_version"),
            SameOrNoOrganization("questionnaire", name="version_questionnaire_same_organization"),
            frozen_organization("version_organization_stays"),
            pgtrigger.FSM(
                name="version_status_goes_forward",
                field="status",
                transitions=[("draft", "published"), ("published", "retired"), ("retired", "published")],
            ),
        ]

    def __str__(self) -> str:
        return _("%(questionnaire)s, version %(number)d") % {
            "questionnaire": self.questionnaire.title,
            "number": self.number,
        }
