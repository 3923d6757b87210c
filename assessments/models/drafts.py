"""What a draft said after each change, so that changes can be undone and people who edit at once are told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assessments.models.questionnaires import QuestionnaireVersion
from organizations.models import Organization, User
from organizations.tenancy import SameOrNoOrganization, frozen_organization


class Act(models.TextChoices):
    """What was done to a draft; the words begin the sentence that tells so."""

    BEGIN = "begin", _("Begun")
    ADD = "add", _("Added")
    CHANGE = "change", _("Changed")
    MOVE = "move", _("Moved")
    DUPLICATE = "duplicate", _("Duplicated")
    REMOVE = "remove", _("Deleted")
    IMPORT = "import", _("Imported from a file")
    UNDO = "undo", _("Undone")
    REDO = "redo", _("Done again")


class DraftRevision(models.Model):
    """A draft after its `number`th change. The newest is what the draft says; none goes before the draft is published.

    `back` and `forward` are the numbers of the revisions whose content undo and redo bring back: an undo is a change
    too, so that what anybody has seen stays known by its number.
    """

    KEPT = 100

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("organization")
    )
    version = models.ForeignKey(
        QuestionnaireVersion,
        models.CASCADE,
        related_name="revisions",
        db_index=False,
        verbose_name=_("questionnaire version"),
    )
    number = models.PositiveIntegerField(_("number"))
    definition = models.JSONField(_("definition"))
    source = models.TextField(_("file"), blank=True, default="")
    act = models.CharField(_("what was done"), max_length=9, choices=Act)
    label = models.CharField(_("to what"), max_length=200, blank=True, default="")
    back = models.PositiveIntegerField(_("undo leads to"), null=True, blank=True)
    forward = models.PositiveIntegerField(_("redo leads to"), null=True, blank=True)
    made_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("made by")
    )
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("draft revision")
        verbose_name_plural = _("draft revisions")
        ordering = ["version", "-number"]
        constraints = [
            models.UniqueConstraint("version", "number", name="draft_revision_number_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="draft_revision_number_positive"),
            models.CheckConstraint(condition=Q(act__in=Act.values), name="draft_revision_act_known"),
        ]
        triggers = [
            SameOrNoOrganization("version", name="draft_revision_version_same_organization"),
            frozen_organization("draft_revision_organization_stays"),
        ]

    def __str__(self) -> str:
        return f"{self.version}, {self.number}"

    def change(self) -> DraftRevision:
        """Return the change that led to what it says: itself, or where it is an undo or redo, the one gone back to.

        Each change goes back to another revision, while what leads to the same content has the same `back`. One query
        for an undo or redo.
        """
        if self.act not in (Act.UNDO, Act.REDO):
            return self
        rows = DraftRevision.objects.filter(version_id=self.version_id, back=self.back)
        rows = rows.exclude(act__in=[Act.UNDO, Act.REDO]).select_related("made_by").defer("definition", "source")
        return rows.filter(number__lt=self.number).order_by("number").first() or self
