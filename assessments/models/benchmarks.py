"""Benchmarks: the tools that teams use, who shares scores with whom, and what was published elsewhere."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from organizations.audit.tracking import tracked
from organizations.models import Organization, Team, User
from organizations.tenancy import SameOrganization


class TeamTool(models.Model):
    """A team uses a tool: one on a maturity level's list, or one of its own."""

    NAME_LENGTH = 60

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("organization"))
    team = models.ForeignKey(Team, models.CASCADE, related_name="tools", db_index=False, verbose_name=_("team"))
    name = models.CharField(_("name"), max_length=NAME_LENGTH)

    class Meta:
        verbose_name = _("tool of a team")
        verbose_name_plural = _("tools of teams")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="team_tool_unique"),
            models.CheckConstraint(condition=~Q(name=""), name="team_tool_named"),
            SameOrganization("team", name="team_tool_team_same_organization"),
        ]

    def __str__(self) -> str:
        return self.name


class SizeBand(models.TextChoices):
    """How many people of an organization work on machine learning."""

    TO_10 = "1-10", _("1 to 10 people")
    TO_50 = "11-50", _("11 to 50 people")
    TO_250 = "51-250", _("51 to 250 people")
    MORE = "251+", _("more than 250 people")


@tracked("organization", "size")
class BenchmarkSharing(models.Model):
    """An organization lets its latest scores count in the installation's benchmark; it stops when the row goes."""

    organization = models.OneToOneField(
        Organization, models.CASCADE, related_name="benchmark_sharing", verbose_name=_("organization")
    )
    size = models.CharField(_("people who work on machine learning"), max_length=6, choices=SizeBand)
    agreed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("agreed by")
    )
    since = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("shared scores")
        verbose_name_plural = _("shared scores")
        ordering = ["organization__name"]
        constraints = [models.CheckConstraint(condition=Q(size__in=SizeBand.values), name="benchmark_size_known")]

    def __str__(self) -> str:
        return str(self.organization)


class BenchmarkSnapshot(models.Model):
    """Where the scores of those who shared stood in a quarter, of one size or of all (""); made once, never anew.

    `cut_points` has what `assessments.benchmarks.cut_points` gave, as text, by dimension key, that of the overall score
    under "". `shared_by` are those of whom it was made and who still share.
    """

    # By name, not by key: no row here belongs to an organization, and a version can.
    questionnaire = models.SlugField(_("questionnaire"), db_index=False, max_length=60)
    version = models.PositiveIntegerField(_("version"))
    starts_on = models.DateField(_("first day of the quarter"))
    size = models.CharField(_("people who work on machine learning"), max_length=6, choices=SizeBand, blank=True)
    cut_points = models.JSONField(_("cut points"))
    shared_by = models.ManyToManyField(BenchmarkSharing, related_name="snapshots", verbose_name=_("shared by"))
    created_at = models.DateTimeField(_("computed"), auto_now_add=True)

    class Meta:
        verbose_name = _("benchmark of a quarter")
        verbose_name_plural = _("benchmarks of quarters")
        ordering = ["-starts_on", "questionnaire", "version", "size"]
        constraints = [
            models.UniqueConstraint("questionnaire", "version", "starts_on", "size", name="benchmark_snapshot_unique"),
            models.CheckConstraint(condition=Q(size__in=["", *SizeBand.values]), name="benchmark_snapshot_size_known"),
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire} {self.version}, {self.starts_on:%Y-%m-%d} {self.size}".strip()


class PublishedBenchmark(models.Model):
    """A benchmark that somebody published, as its file says it (docs/benchmarks.md)."""

    slug = models.SlugField(_("key"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=200)
    questionnaire = models.SlugField(_("questionnaire"), max_length=60)
    document = models.JSONField(_("document"))
    imported_at = models.DateTimeField(_("imported"), auto_now=True)

    class Meta:
        verbose_name = _("published benchmark")
        verbose_name_plural = _("published benchmarks")
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(condition=~Q(slug=""), name="published_benchmark_slug_given"),
            models.CheckConstraint(condition=~Q(title=""), name="published_benchmark_title_given"),
        ]

    def __str__(self) -> str:
        return self.title
