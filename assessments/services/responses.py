"""What changes a response: starting, answering, submitting, taking it up again, keeping and discarding it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from assessments.models import Answer, Participant, QuestionnaireVersion, Response, Round
from assessments.models.responses import ResponseStatus
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.responses import answered_questions, answers_of
from organizations.models import User

ABANDONED_AFTER_DAYS = 90
PARTS = ("choice_key", "note", "evidence_url")


class AlreadySubmitted(Exception):
    """The response has been submitted; its answers no longer change."""


class AlreadyCounted(AlreadySubmitted):
    """The response is part of an anonymous round's result that was shown: a change would show by the difference."""


class RoundClosed(Exception):
    """The round takes no answers, no longer or not yet."""


class StillOpen(Exception):
    """Questions without an answer stand in the way of submitting; `questions` are their keys in order.

    A choice that takes a question out of the score is none without a note that says why.
    """

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
def start_participant_response(*, participant: Participant) -> Response:
    """Begin a participant's response, or return the one that there is, as another tab may have begun it.

    Raises RoundClosed.
    """
    round_ = Round.objects.hold(participant.pk)
    if not round_.takes_answers:
        raise RoundClosed
    # Without the account: the answers are the round's, and stay with it when the account goes.
    response, _is_new = Response.objects.get_or_create(
        participant=participant,
        defaults={"organization_id": participant.organization_id, "version_id": round_.version_id},
    )
    return response


def save_answers(*, response: Response, given: Iterable[Given]) -> dict[str, Answer]:
    """Keep what was given, as `change_answers` does."""
    return change_answers(response=response, give=lambda _kept: given)


@transaction.atomic
def change_answers(*, response: Response, give: Callable[[dict[str, Answer]], Iterable[Given]]) -> dict[str, Answer]:
    """Keep what `give` makes of the answers kept so far, by question key; return all answers now kept, by the same.

    An answer of which nothing is left is deleted. In a response that stays submitted while it is changed, what would
    leave a question open is not kept; whoever asks sees it by what is returned.

    The response's row is locked first, so that no answer slips in after submission and two tabs that give parts of
    one answer do not undo each other; in a round, the round is held open before, so that no answer slips in after its
    closing. Keys are taken as checked against the definition. Four queries, five where one is deleted, however many
    answers. Raises AlreadySubmitted, AlreadyCounted and RoundClosed.
    """
    submitted = _lock_for_answers(response).is_submitted
    kept = answers_of(response)
    changed = {}
    for row in give(kept):
        before = kept.get(row.question_key)
        answer = row.over(copy(before) if before else _new_answer(response, row.question_key))
        if _parts(answer) != (_parts(before) if before else ("", "", "")) and not (
            submitted and _leaves_open(response, answer)
        ):
            changed[row.question_key] = answer
    empty = {key for key, answer in changed.items() if not any(_parts(answer))}
    Answer.objects.filter(response=response, question_key__in=empty).delete()
    for answer in changed.values():
        answer.pk = None  # as only a new row can meet the one kept and update it
    Answer.objects.bulk_create(
        [answer for key, answer in changed.items() if key not in empty],
        update_conflicts=True,
        unique_fields=["response", "question_key"],
        update_fields=[*PARTS, "updated_at"],
    )
    Response.objects.filter(pk=response.pk).update(updated_at=timezone.now())
    return {key: answer for key, answer in (kept | changed).items() if key not in empty}


@transaction.atomic
def submit_response(*, response: Response) -> None:
    """Submit a response whose every question has an answer. Raises AlreadySubmitted, StillOpen or RoundClosed."""
    if _lock(response).is_submitted:
        raise AlreadySubmitted
    definition = definition_of(response.version_id)
    answered = answered_questions(definition, answers_of(response))
    open_questions = [key for key in definition.questions if key not in answered]
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


def _lock(response: Response) -> Response:
    held = Response.objects.hold(response)
    if held.participant_id and not Round(status=held.round_status, closes_at=held.round_closes_at).takes_answers:
        raise RoundClosed
    return held


def _lock_for_answers(response: Response) -> Response:
    """A participant's response can change after it was submitted, a self-assessment has to be taken up again."""
    locked = _lock(response)
    if locked.counted_since:
        raise AlreadyCounted
    if locked.is_submitted and locked.participant_id is None:
        raise AlreadySubmitted
    return locked


def _new_answer(response: Response, question_key: str) -> Answer:
    return Answer(organization_id=response.organization_id, response=response, question_key=question_key)


def _parts(answer: Answer) -> tuple[str, ...]:
    return tuple(getattr(answer, part) for part in PARTS)


def _leaves_open(response: Response, answer: Answer) -> bool:
    question = definition_of(response.version_id).questions[answer.question_key]
    return not question.is_answered(answer.choice_key, answer.note)
