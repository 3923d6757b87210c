"""Roadmaps that were kept: from which result to which target, and the practices to adopt, in their order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from assessments.models import Result
from organizations.audit.tracking import tracked
from organizations.models import Member, Organization, User
from organizations.tenancy import SameOrganization, tenant_key

MAX_MONTHS = 36
MAX_CAPACITY = Decimal(500)
MAX_EFFORT = Decimal(1000)


class FromShownResult(pgtrigger.Trigger):
    """No roadmap tells what a withheld result says."""

    when = pgtrigger.Before

    def __init__(self, *, name: str) -> None:
        pointed = pgtrigger.UpdateOf("result_id")  # type: ignore[no-untyped-call]
        super().__init__(name=name, operation=pgtrigger.Insert | pointed)

    def get_func(self, model: Any) -> str:
        """Return the body: it raises where the result is withheld."""
        return (
            f'IF EXISTS (SELECT 1 FROM "{Result._meta.db_table}" WHERE id = NEW.result_id AND withheld)'  # noqa: S608
            " THEN RAISE EXCEPTION 'pgtrigger: this result is withheld' USING ERRCODE = 'check_violation',"
            " CONSTRAINT = 'roadmap_from_shown_result'; END IF; RETURN NEW;"
        )


class RoadmapQuerySet(models.QuerySet["Roadmap"]):
    def with_progress(self) -> RoadmapQuerySet:
        """Annotate how many items there are (`planned`, less those dropped), and how many of these are `done`."""
        kept = ~Q(items__status=ItemStatus.DROPPED) & Q(items__isnull=False)
        return self.annotate(
            planned=models.Count("items", filter=kept), done=models.Count("items", filter=Q(items__status="done"))
        )


@tracked("organization", "result", "title", "target_level", "starts_on", "months", "capacity")
class Roadmap(models.Model):
    """A plan from a result to a target, `months` from `starts_on`, with so many person-weeks a month.

    The target is a level of the questionnaire by its number, a level for some dimensions by their keys, or both.
    `pinned` and `dropped` are the practices (question keys) that are in the plan, or out of it, whatever the cheapest
    plan says; `arranged` says that the items stand in an order of the user's, not the planner's.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="roadmaps", db_index=False, verbose_name=_("organization")
    )
    result = models.ForeignKey(Result, models.CASCADE, related_name="roadmaps", verbose_name=_("result"))
    previous = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("continues")
    )
    title = models.CharField(_("title"), max_length=120)
    target_level = models.PositiveSmallIntegerField(_("target level"), null=True, blank=True)
    dimension_targets = models.JSONField(_("target level by dimension"), default=dict, blank=True)
    starts_on = models.DateField(_("start"))
    months = models.PositiveSmallIntegerField(_("horizon in months"), default=6)
    capacity = models.DecimalField(_("person-weeks a month"), max_digits=6, decimal_places=2, default=Decimal(8))
    pinned = models.JSONField(_("pinned practices"), default=list, blank=True)
    dropped = models.JSONField(_("dropped practices"), default=list, blank=True)
    arranged = models.BooleanField(_("order set by hand"), default=False)
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("kept by")
    )
    created_at = models.DateTimeField(_("kept"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects: ClassVar[RoadmapQuerySet] = RoadmapQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("roadmap")
        verbose_name_plural = _("roadmaps")
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="roadmap_titled"),
            models.CheckConstraint(
                condition=Q(target_level__isnull=False) | ~Q(dimension_targets={}),
                name="roadmap_has_a_target",
                violation_error_message=_("A roadmap needs a target."),
            ),
            models.CheckConstraint(condition=Q(months__gte=1, months__lte=MAX_MONTHS), name="roadmap_months_in_range"),
            models.CheckConstraint(
                condition=Q(capacity__gt=0, capacity__lte=MAX_CAPACITY), name="roadmap_capacity_in_range"
            ),
            models.CheckConstraint(condition=Q(previous=None) | ~Q(previous=F("id")), name="roadmap_continues_another"),
            SameOrganization("result", name="roadmap_result_same_organization"),
            SameOrganization("previous", name="roadmap_previous_same_organization"),
            tenant_key("roadmap_of_organization"),
        ]
        triggers = [FromShownResult(name="roadmap_from_shown_result")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its plan."""
        return reverse("roadmap", args=[self.organization.slug, self.pk])


class ItemStatus(models.TextChoices):
    PLANNED = "planned", _("Planned")
    IN_PROGRESS = "in_progress", _("In progress")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


# The owner by key alone; notes are people's own words.
@tracked(
    "organization",
    "roadmap",
    "question_key",
    "position",
    "effort_weeks",
    "status",
    "owner",
    "due_on",
    named_by="question_key",
)
class Item(models.Model):
    """One practice to adopt; `position` (from 1) is its place among the roadmap's items, `effort_weeks` person-weeks.

    Of a ladder question it is one statement up, to `choice_key`, which is empty for a practice.
    What it takes, gains and depends on is worked out by roadmaps/planning.py from the roadmap's result.
    """

    NOTES_LENGTH = 4000
    REASON_LENGTH = 500

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="+", db_index=False, verbose_name=_("organization")
    )
    roadmap = models.ForeignKey(
        Roadmap, models.CASCADE, related_name="items", db_index=False, verbose_name=_("roadmap")
    )
    question_key = models.CharField(_("practice"), max_length=100)
    choice_key = models.CharField(_("statement to reach"), max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(_("position"))
    effort_weeks = models.DecimalField(_("effort in person-weeks"), max_digits=6, decimal_places=2)
    status = models.CharField(_("status"), max_length=11, choices=ItemStatus, default=ItemStatus.PLANNED)
    dropped_reason = models.CharField(_("reason for dropping it"), max_length=REASON_LENGTH, blank=True)
    owner = models.ForeignKey(
        Member, models.SET_NULL, null=True, blank=True, related_name="roadmap_items", verbose_name=_("owner")
    )
    due_on = models.DateField(_("due"), null=True, blank=True)
    done_on = models.DateField(_("done"), null=True, blank=True)
    notes = models.TextField(_("notes"), max_length=NOTES_LENGTH, blank=True)
    ticket_url = models.URLField(_("link to the ticket"), blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("item of a roadmap")
        verbose_name_plural = _("items of roadmaps")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("roadmap", "question_key", "choice_key", name="item_practice_unique"),
            models.UniqueConstraint(
                fields=["roadmap", "position"], name="item_position_unique", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=~Q(question_key=""), name="item_practice_given"),
            models.CheckConstraint(condition=Q(position__gte=1), name="item_position_from_one"),
            models.CheckConstraint(
                condition=Q(effort_weeks__gt=0, effort_weeks__lte=MAX_EFFORT), name="item_effort_in_range"
            ),
            models.CheckConstraint(condition=Q(status__in=ItemStatus.values), name="item_status_known"),
            models.CheckConstraint(
                condition=~Q(status=ItemStatus.DROPPED) | ~Q(dropped_reason=""),
                name="item_dropped_with_reason",
                violation_error_message=_("Say why it is dropped."),
            ),
            models.CheckConstraint(
                condition=Q(status=ItemStatus.DONE, done_on__isnull=False)
                | (~Q(status=ItemStatus.DONE) & Q(done_on=None)),
                name="item_done_on_a_day",
            ),
            SameOrganization("roadmap", name="item_roadmap_same_organization"),
            SameOrganization("owner", name="item_owner_same_organization"),
            tenant_key("item_of_organization"),
        ]

    def __str__(self) -> str:
        return self.question_key

    @property
    def key(self) -> tuple[str, str]:
        """What the planner calls it."""
        return self.question_key, self.choice_key

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.status in (ItemStatus.PLANNED, ItemStatus.IN_PROGRESS)
