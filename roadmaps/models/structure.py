"""Who is there, and how far the governance of a level is in place."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from organizations.audit.tracking import tracked
from organizations.models import Member, Organization
from organizations.tenancy import SameOrganization
from roadmaps.models.roadmaps import Roadmap


@tracked("organization", "role", "people", named_by="role")
class StaffedRole(models.Model):
    """How many people an organization has in a role, by the role's name in questionnaires; 0 says that it has none.

    A role without a row is not recorded: nobody has said yet.
    """

    NOTE_LENGTH = 200
    MOST_PEOPLE = 10_000

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="staffed_roles", db_index=False, verbose_name=_("organization")
    )
    role = models.CharField(_("role"), max_length=200)
    people = models.PositiveSmallIntegerField(_("people"))
    note = models.CharField(_("note"), max_length=NOTE_LENGTH, blank=True)
    updated_at = models.DateTimeField(_("recorded"), auto_now=True)

    class Meta:
        verbose_name = _("role in the organization")
        verbose_name_plural = _("roles in the organization")
        ordering = ["role"]
        constraints = [
            models.UniqueConstraint("organization", Lower("role"), name="staffed_role_unique"),
            models.CheckConstraint(condition=~Q(role=""), name="staffed_role_named"),
            models.CheckConstraint(condition=Q(people__gte=0, people__lte=10_000), name="staffed_role_people_in_range"),
        ]

    def __str__(self) -> str:
        return self.role


class ControlStatus(models.TextChoices):
    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In progress")
    IN_PLACE = "in_place", _("In place")
    NOT_NEEDED = "not_needed", _("Not needed")


# The owner by key alone; the note is people's own words.
@tracked("organization", "roadmap", "key", "status", "owner", named_by="key")
class Control(models.Model):
    """How far a roadmap has come with one control: of its target level's framework, or of a practice it adopts.

    `key` is `level:NUMBER:TOPIC` or `practice:QUESTION_KEY`. A control without a row is open and has no owner.
    """

    NOTE_LENGTH = 1000

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("organization"))
    roadmap = models.ForeignKey(
        Roadmap, models.CASCADE, related_name="controls", db_index=False, verbose_name=_("roadmap")
    )
    key = models.CharField(_("control"), max_length=220)
    status = models.CharField(_("status"), max_length=11, choices=ControlStatus, default=ControlStatus.OPEN)
    owner = models.ForeignKey(
        Member, models.SET_NULL, null=True, blank=True, related_name="controls", verbose_name=_("owner")
    )
    note = models.TextField(_("note"), max_length=NOTE_LENGTH, blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("governance control")
        verbose_name_plural = _("governance controls")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint("roadmap", "key", name="control_unique"),
            models.CheckConstraint(condition=~Q(key=""), name="control_named"),
            models.CheckConstraint(condition=Q(status__in=ControlStatus.values), name="control_status_known"),
            models.CheckConstraint(
                condition=~Q(status=ControlStatus.NOT_NEEDED) | ~Q(note=""),
                name="control_not_needed_with_reason",
                violation_error_message=_("Say why it is not needed."),
            ),
            SameOrganization("roadmap", name="control_roadmap_same_organization"),
            SameOrganization("owner", name="control_owner_same_organization"),
        ]

    def __str__(self) -> str:
        return self.key
