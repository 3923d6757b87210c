"""What people answered. A visitor's try-out belongs to no participant and no organization (docs/decisions/0004)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.models.questionnaires import QuestionnaireVersion
from assessments.models.rounds import Participant, Round
from organizations.models import Organization, User
from organizations.tenancy import OwnOrShared, SameOrganization, SameOrNoOrganization, frozen_organization

NOTE_LENGTH = 2000
EVIDENCE_URL_LENGTH = 500
WITH_A_NOTE = Q(note__gt="") | Q(evidence_url__gt="")


class ResponseStatus(models.TextChoices):
    IN_PROGRESS = "in_progress", _("In progress")
    SUBMITTED = "submitted", _("Submitted")


class ResponseQuerySet(models.QuerySet["Response"]):
    def tried_by(self, user: User) -> ResponseQuerySet:
        """Return the self-assessments a user has made outside any round, newest first."""
        return self.filter(user=user, participant=None).order_by("-created_at")

    def tried_here(self, public_id: str, user: User | None) -> ResponseQuerySet:
        """Return the self-assessment that a browser holds the key of, unless another account keeps it."""
        return self.filter(Q(user=None) | Q(user=user), public_id=public_id, participant=None)

    def tried_in(self, public_ids: Sequence[str], user: User | None) -> ResponseQuerySet:
        """Return the self-assessments that a browser holds the keys of, and those an account keeps, newest first."""
        made_here = Q(user=None, public_id__in=public_ids)
        own = made_here | Q(user=user) if user else made_here
        return self.filter(own, participant=None).order_by("-created_at")

    def in_progress(self) -> ResponseQuerySet:
        """Return the responses that have not been submitted."""
        return self.filter(status=ResponseStatus.IN_PROGRESS)

    def submitted_in(self, round_: Round) -> ResponseQuerySet:
        """Return the responses that were submitted in a round."""
        return self.filter(participant__round=round_, status=ResponseStatus.SUBMITTED)

    def hold(self, response: Response) -> Response:
        """Return a response that nobody else changes until the transaction ends; its `updated_at` is now.

        In a round, with `round_status` and `round_closes_at` of that, which stays as it is. Many may hold one round at
        once: whoever closes it waits for them, and who comes to hold it then waits for the closing. One query.
        """
        if response.participant_id is None:
            [row] = self.raw(
                "UPDATE assessments_response SET updated_at = %s WHERE id = %s"
                " RETURNING id, status, participant_id, counted_since",
                [timezone.now(), response.pk],
            )
            return row
        # FOR SHARE, which Django has no word for: with select_for_update() respondents would wait for each other.
        [row] = self.raw(
            "WITH asked AS (SELECT participant.id, round.status, round.closes_at FROM assessments_participant AS"
            " participant JOIN assessments_round AS round ON round.id = participant.round_id"
            " WHERE participant.id = %s FOR SHARE OF round)"
            " UPDATE assessments_response AS response SET updated_at = %s FROM asked"
            " WHERE response.id = %s AND response.participant_id = asked.id"
            " RETURNING response.id, response.status, response.participant_id, response.counted_since,"
            " asked.status AS round_status, asked.closes_at AS round_closes_at",
            [response.participant_id, timezone.now(), response.pk],
        )
        return row

    def abandoned(self, *, days: int) -> ResponseQuerySet:
        """Return visitors' responses that nobody's account keeps and nobody touched for so many days."""
        return self.filter(participant=None, user=None, updated_at__lt=timezone.now() - dt.timedelta(days=days))


class Response(models.Model):
    """One person's answers to a questionnaire version, as a participant of a round or on their own.

    `counted_since`, in anonymous rounds only: the revision from which on it is part of the results that are shown.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("organization")
    )
    participant = models.OneToOneField(
        Participant, models.CASCADE, null=True, blank=True, related_name="response", verbose_name=_("participant")
    )
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="responses", verbose_name=_("user")
    )
    version = models.ForeignKey(
        QuestionnaireVersion, models.RESTRICT, related_name="responses", verbose_name=_("questionnaire version")
    )
    public_id = models.UUIDField(_("public key"), unique=True, default=uuid.uuid4, editable=False)
    status = models.CharField(_("status"), max_length=11, choices=ResponseStatus, default=ResponseStatus.IN_PROGRESS)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    counted_since = models.PositiveSmallIntegerField(_("counted since revision"), null=True, editable=False)

    objects: ClassVar[ResponseQuerySet] = ResponseQuerySet.as_manager()  # type: ignore[assignment]

    # Of one that is held.
    round_status: str
    round_closes_at: dt.datetime | None

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        constraints = [
            models.CheckConstraint(
                condition=Q(participant=None, organization=None)
                | Q(participant__isnull=False, organization__isnull=False),
                name="response_organization_iff_participant",
            ),
            models.CheckConstraint(condition=Q(status__in=ResponseStatus.values), name="response_status_known"),
            models.CheckConstraint(
                condition=Q(status=ResponseStatus.IN_PROGRESS, submitted_at=None)
                | Q(status=ResponseStatus.SUBMITTED, submitted_at__isnull=False),
                name="response_submitted_at_iff_submitted",
            ),
            models.CheckConstraint(
                condition=Q(counted_since=None) | Q(participant__isnull=False, submitted_at__isnull=False),
                name="response_counted_is_submitted",
            ),
            SameOrganization("participant", name="response_participant_same_organization"),
        ]
        triggers = [
            OwnOrShared("version", name="response_version_own_or_shared"),
            frozen_organization("response_organization_stays"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    def get_absolute_url(self) -> str:
        """Where a self-assessment's result is read."""
        return reverse("own_result", args=[self.public_id])

    @property
    def is_submitted(self) -> bool:
        return self.status == ResponseStatus.SUBMITTED


class Answer(models.Model):
    """One choice for one question, with an optional note and evidence link; a note may come before the choice."""

    organization = models.ForeignKey(
        Organization,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("organization"),
    )
    response = models.ForeignKey(
        Response, models.CASCADE, related_name="answers", db_index=False, verbose_name=_("response")
    )
    question_key = models.CharField(_("question"), max_length=100)
    choice_key = models.CharField(_("choice"), max_length=60, blank=True)
    note = models.CharField(_("note"), max_length=NOTE_LENGTH, blank=True)
    evidence_url = models.URLField(_("evidence link"), max_length=EVIDENCE_URL_LENGTH, blank=True)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            # Also the index by which a response's answers are found.
            models.UniqueConstraint("response", "question_key", name="answer_question_unique"),
            models.CheckConstraint(
                condition=~Q(choice_key="") | ~Q(note="") | ~Q(evidence_url=""), name="answer_says_something"
            ),
        ]
        indexes = [
            # By which a result finds its few notes among its organization's answers (selectors/opinions.py).
            models.Index(fields=["organization", "response"], condition=WITH_A_NOTE, name="answer_noted"),
        ]
        triggers = [SameOrNoOrganization("response", name="answer_response_same_organization")]

    def __str__(self) -> str:
        return f"{self.question_key}: {self.choice_key}"
