"""Reading answers: of one response for its form, of the last round beside it, and of a whole round for its results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from django.db.models import F, Q

from assessments.definition import Definition
from assessments.models import Answer, Participant, Response, Round
from assessments.models.responses import ResponseStatus
from assessments.scoring import Answers
from organizations.models import Member
from organizations.selectors import hash_of

RESPONDING = ("round", "team", "response")


def answers_of(response: Response) -> dict[str, Answer]:
    """Return a response's answers by question key. One query."""
    return {answer.question_key: answer for answer in response.answers.all()}


def choices_of(response: Response) -> Answers:
    """Return a response's choices by question key, questions without one left out. One query."""
    return dict(response.answers.exclude(choice_key="").values_list("question_key", "choice_key"))


def answered_questions(definition: Definition, answers: Mapping[str, Answer]) -> set[str]:
    """Return the keys of the questions that have all that submission asks for. No query."""
    return {key for key, row in answers.items() if definition.questions[key].is_answered(row.choice_key, row.note)}


def participant_of(member: Member, round_id: int) -> Participant | None:
    """Return a member's part in a round of the organization, with all that responding shows. One query."""
    asked = Participant.objects.filter(organization_id=member.organization_id, user_id=member.user_id)
    participant = asked.select_related(*RESPONDING).filter(round_id=round_id).order_by("pk").first()
    if participant:
        participant.round.organization = member.organization  # which is at hand
    return participant


def participant_by_link(token: str) -> Participant | None:
    """Return whose personal link it is, with all that responding shows. One query."""
    return (
        Participant.objects.select_related(*RESPONDING, "round__organization")
        .filter(token_hash=hash_of(token))
        .order_by("pk")
        .first()
    )


def last_answers(participant: Participant) -> dict[str, Answer]:
    """Return what the same person, by account or else by address, submitted in the round that this one started from.

    By question key; nothing where the round does not show it. Where that round was anonymous and this one is not, notes
    and links stay behind: with the name beside them here, they would tell who wrote them there. One query.
    """
    round_ = participant.round
    if not round_.show_last_answers or round_.previous_id is None:
        return {}
    same = Q(email__lower=participant.email.lower())
    if participant.user_id:
        same = Q(user_id=participant.user_id) | same & Q(user=None)
    before = (
        Participant.objects.filter(same, round_id=round_.previous_id, organization_id=round_.organization_id)
        .order_by(F("user_id").asc(nulls_last=True))
        .values("pk")[:1]
    )
    answers = Answer.objects.filter(response__participant__in=before, response__status=ResponseStatus.SUBMITTED)
    found: dict[str, Answer] = {}
    for answer in answers.annotate(was_anonymous=F("response__participant__round__anonymous")):
        if answer.was_anonymous and not round_.anonymous:
            answer.note = answer.evidence_url = ""
        found[answer.question_key] = answer
    return found


def answered_count(response: Response) -> int:
    """Return to how many questions a choice was given. One query."""
    return response.answers.exclude(choice_key="").count()


def submitted_answers(round_: Round) -> dict[int, list[Answers]]:
    """Return the submitted responses of a round by team id, each as choices by question key. One query."""
    rows = (
        Answer.objects.filter(response__participant__round=round_, response__status=ResponseStatus.SUBMITTED)
        .exclude(choice_key="")
        .values_list("response__participant__team_id", "response_id", "question_key", "choice_key")
    )
    teams: dict[int, dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for team_id, response_id, question_key, choice_key in rows.iterator():
        teams[team_id][response_id][question_key] = choice_key
    return {team_id: list(responses.values()) for team_id, responses in teams.items()}
