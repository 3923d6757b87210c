"""What changes a response: starting, answering, submitting, taking it up again, keeping and discarding it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from assessments.definition import Definition
from assessments.models import Answer, QuestionnaireVersion, Response
from assessments.models.responses import ResponseStatus
from assessments.selectors.questionnaires import definition_of
from organizations.models import User

ABANDONED_AFTER_DAYS = 90
PARTS = ("choice_key", "note", "evidence_url")


class AlreadySubmitted(Exception):
    """The response has been submitted; its answers no longer change."""


class StillOpen(Exception):
    """Questions without an answer stand in the way of submitting; `questions` are their keys in order."""

    def __init__(self, questions: list[str]) -> None:
        super().__init__(f"{len(questions)} questions are open")
        self.questions = questions


@dataclass(frozen=True, slots=True)
class Given:
    """What a person gave for one question; an empty string takes a part back, None leaves it as it is kept."""

    question_key: str
    choice_key: str | None = ""
    note: str | None = ""
    evidence_url: str | None = ""

    def over(self, kept: Answer) -> Answer:
        """Return what is kept with the parts given in place of its own; nothing is written."""
        for part in PARTS:
            if (value := getattr(self, part)) is not None:
                setattr(kept, part, value)
        return kept


def start_response(*, version: QuestionnaireVersion, user: User | None) -> Response:
    """Begin a self-assessment outside any round, kept by the user's account if there is one."""
    return Response.objects.create(version=version, user=user)


@transaction.atomic
def save_answers(*, response: Response, given: Iterable[Given]) -> None:
    """Keep what was given, question by question; an answer of which nothing is left is deleted.

    The response's row is locked first, so that no answer slips in after submission and two tabs that give parts of
    one answer do not undo each other. Keys are taken as checked against the definition. Five queries, however many
    answers. Raises AlreadySubmitted.
    """
    _lock_in_progress(response)
    kept = {answer.question_key: answer for answer in response.answers.all()}
    answers = [
        row.over(
            kept.get(row.question_key)
            or Answer(organization_id=response.organization_id, response=response, question_key=row.question_key)
        )
        for row in given
    ]
    empty = [answer for answer in answers if not any(getattr(answer, part) for part in PARTS)]
    Answer.objects.filter(response=response, question_key__in=[answer.question_key for answer in empty]).delete()
    for answer in answers:
        answer.pk = None  # as only a new row can meet the one kept and update it
    Answer.objects.bulk_create(
        [answer for answer in answers if answer not in empty],
        update_conflicts=True,
        unique_fields=["response", "question_key"],
        update_fields=[*PARTS, "updated_at"],
    )
    Response.objects.filter(pk=response.pk).update(updated_at=timezone.now())


@transaction.atomic
def submit_response(*, response: Response) -> None:
    """Submit a response whose every question has an answer. Raises AlreadySubmitted or StillOpen."""
    _lock_in_progress(response)
    answered = set(response.answers.exclude(choice_key="").values_list("question_key", flat=True))
    open_questions = [key for key in _definition(response).questions if key not in answered]
    if open_questions:
        raise StillOpen(open_questions)
    response.status = ResponseStatus.SUBMITTED
    response.submitted_at = timezone.now()
    response.save(update_fields=["status", "submitted_at", "updated_at"])


def reopen_response(*, response: Response) -> None:
    """Take a submitted self-assessment up again; its answers can change until it is submitted anew."""
    Response.objects.filter(pk=response.pk, participant=None).update(
        status=ResponseStatus.IN_PROGRESS, submitted_at=None, updated_at=timezone.now()
    )


def keep_response(*, response: Response, user: User) -> None:
    """Let a user's account keep a self-assessment made before log-in; one that another account keeps stays there."""
    Response.objects.filter(pk=response.pk, participant=None, user=None).update(user=user)


def discard_response(*, response: Response) -> None:
    """Delete a self-assessment with all its answers."""
    Response.objects.filter(pk=response.pk, participant=None).delete()


def purge_abandoned_responses() -> int:
    """Delete visitors' self-assessments untouched for 90 days that no account keeps; return how many rows went."""
    deleted, _by_model = Response.objects.abandoned(days=ABANDONED_AFTER_DAYS).delete()
    return deleted


def _lock_in_progress(response: Response) -> None:
    locked = Response.objects.select_for_update().only("status").get(pk=response.pk)
    if locked.is_submitted:
        raise AlreadySubmitted


def _definition(response: Response) -> Definition:
    return definition_of(response.version_id)
