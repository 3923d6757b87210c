"""Results: the score cards kept when a round closes."""

from __future__ import annotations

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.responses import NOTE_LENGTH
from assessments.models.rounds import Round
from organizations.audit.tracking import tracked
from organizations.models import Organization, Team, User
from organizations.tenancy import SameOrganization, tenant_key


class KeptWithOrganization(pgtrigger.Trigger):
    """No row goes before its organization does; seen when the transaction ends, as Django deletes that one last."""

    when = pgtrigger.After
    operation = pgtrigger.Delete
    timing = pgtrigger.Deferred

    def get_func(self, model: Any) -> str:
        """Return the body: it raises while the organization is there."""
        return (
            "IF EXISTS (SELECT 1 FROM organizations_organization WHERE id = OLD.organization_id) THEN"
            " RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME; END IF; RETURN NULL;"
        )


class ResultQuerySet(models.QuerySet["Result"]):
    def current(self) -> ResultQuerySet:
        """Return the results of each round's newest revision; an open round that was closed before has them too."""
        return self.filter(revision=F("round__revision"))


# Of an anonymous round with few answers not even the level may be known.
@tracked("organization", "round", "team", "revision")
class Result(models.Model):
    """The score card of a team, or with no team of the whole organization, in a closed round; it never changes.

    A round that was opened again makes a new `revision` when it closes, and so does a consensus; the old ones stay.
    `consensus` has the choice that stands for the team, by question key, and its rationale. `confidence` has the share
    (0 to 1) of bootstrap resamples by level number. `withheld`: the round is anonymous, and the card would give away
    what fewer than three people answered.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="results", db_index=False, verbose_name=_("organization")
    )
    round = models.ForeignKey(Round, models.CASCADE, related_name="results", db_index=False, verbose_name=_("round"))
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="results", verbose_name=_("team")
    )
    revision = models.PositiveSmallIntegerField(_("revision"), default=1)
    card = models.JSONField(_("score card"))
    consensus = models.JSONField(_("consensus"), default=dict, blank=True)
    confidence = models.JSONField(_("confidence"), default=dict, blank=True)
    respondents = models.PositiveIntegerField(_("respondents"))
    level = models.PositiveSmallIntegerField(_("maturity level"), null=True, blank=True)
    withheld = models.BooleanField(_("withheld"), default=False)
    created_at = models.DateTimeField(_("computed"), default=timezone.now, editable=False)

    objects: ClassVar[ResultQuerySet] = ResultQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        ordering = ["-round__starts_on", "team__name"]
        constraints = [
            models.UniqueConstraint("round", "team", "revision", name="result_unique", nulls_distinct=False),
            models.CheckConstraint(condition=Q(respondents__gte=0), name="result_respondents_counted"),
            models.CheckConstraint(condition=Q(revision__gte=1), name="result_revision_counted"),
            SameOrganization("round", name="result_round_same_organization"),
            SameOrganization("team", name="result_team_same_organization"),
            tenant_key("result_of_organization"),
        ]
        triggers = [
            pgtrigger.Protect(name="freeze_result", operation=pgtrigger.Update),
            KeptWithOrganization(name="keep_result"),
        ]

    def __str__(self) -> str:
        return f"{self.round}: {self.team or self.organization}"


@tracked("organization", "round", "team", "question_key", named_by="question_key")
class Consensus(models.Model):
    """What a team agreed on for a question after the answers were in; it stands for the team in the next revision."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name=_("organization"))
    round = models.ForeignKey(Round, models.CASCADE, related_name="consensus", db_index=False, verbose_name=_("round"))
    team = models.ForeignKey(Team, models.CASCADE, related_name="+", verbose_name=_("team"))
    question_key = models.CharField(_("question"), max_length=100)
    choice_key = models.CharField(_("choice"), max_length=60)
    rationale = models.CharField(_("rationale"), max_length=NOTE_LENGTH)
    recorded_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), auto_now=True)

    class Meta:
        verbose_name = _("consensus")
        verbose_name_plural = _("consensus")
        constraints = [
            models.UniqueConstraint("round", "team", "question_key", name="consensus_question_unique"),
            models.CheckConstraint(condition=~Q(choice_key=""), name="consensus_choice_given"),
            models.CheckConstraint(condition=~Q(rationale=""), name="consensus_rationale_given"),
            SameOrganization("round", name="consensus_round_same_organization"),
            SameOrganization("team", name="consensus_team_same_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.question_key}: {self.choice_key}"
