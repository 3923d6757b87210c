"""What a person's earlier answers propose for the questionnaire they answer now; never anybody else's answers."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from assessments.definition import Definition, Question
from assessments.models import Answer, Participant, Response, Round
from assessments.models.responses import ResponseStatus
from assessments.proposals import proposals
from assessments.selectors.questionnaires import definition_of
from organizations.models import User

MOST_RESPONSES = 50
"""Looked at, the newest; of each questionnaire the newest one counts."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A choice proposed for a question, and the answers that it follows from: to which questionnaire, given when."""

    choice_key: str
    questionnaire: str
    answered_at: dt.datetime
    sources: Sequence[tuple[Question, str]]
    """Each question with the label of the choice that was given."""


def own_earlier(user: User | None, tried: Sequence[str]) -> list[Q]:
    """Return the conditions of the self-assessments of an account, and of those that a browser made without one."""
    own = [Q(participant=None, user=user)] if user else []
    return [*own, Q(participant=None, user=None, public_id__in=tried)] if tried else own


def earlier_in_organization(participant: Participant, user: User | None) -> list[Q]:
    """Return the condition of what a participant answered in other rounds of the same organization.

    Who has logged in is known by the account. Who holds a personal link is known by the address it was sent to, which
    several people may read: what was answered anonymously is left out then.
    """
    asked = Participant.objects.filter(organization_id=participant.organization_id)
    if user is not None and user.pk == participant.user_id:
        return [Q(participant__in=asked.filter(user=user))]
    named = Round.objects.filter(organization_id=participant.organization_id, anonymous=False)
    same_account = Q(user=None) | Q(user=participant.user_id)
    same = asked.filter(same_account, round__in=named, email__lower=participant.email.lower())
    return [Q(participant__in=same)]


def proposals_for(definition: Definition, whose: Sequence[Q]) -> dict[str, Proposed]:
    """Return what is proposed by question key, from the newest submitted response to each other questionnaire.

    Those that meet any of the conditions. Where several propose something, the newest does. Two queries (and one for
    each version not yet read), none without a condition.
    """
    newest: dict[str, tuple[Response, Definition]] = {}
    for response in _submitted(whose):
        answered = definition_of(response.version_id)
        if answered.slug != definition.slug:
            newest.setdefault(answered.slug, (response, answered))
    if not newest:
        return {}
    given = _choices(response.pk for response, _ in newest.values())
    found: dict[str, Proposed] = {}
    for response, answered in newest.values():
        for key, proposal in proposals(definition, answered, given[response.pk]).items():
            sources = [(answered.questions[source], given[response.pk][source]) for source in proposal.sources]
            found.setdefault(key, _proposed(response, answered, proposal.choice, sources))
    return found


def _submitted(whose: Sequence[Q]) -> Iterable[Response]:
    """Return the newest submitted responses that meet any of the conditions.

    One query, each condition by its own index: with OR between them all responses of everybody would be read.
    """
    if not whose:
        return []
    submitted = Response.objects.filter(status=ResponseStatus.SUBMITTED).only("version_id", "submitted_at")
    first, *others = [submitted.filter(condition) for condition in whose]
    return first.union(*others).order_by("-submitted_at")[:MOST_RESPONSES]


def _choices(responses: Iterable[int]) -> Mapping[int, dict[str, str]]:
    rows = Answer.objects.filter(response__in=list(responses)).exclude(choice_key="")
    given: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for response_id, question, choice in rows.values_list("response_id", "question_key", "choice_key"):
        given[response_id][question] = choice
    return given


def _proposed(
    response: Response, answered: Definition, choice: str, sources: Sequence[tuple[Question, str]]
) -> Proposed:
    assert response.submitted_at is not None  # noqa: S101 - the database holds it of submitted ones
    return Proposed(
        choice_key=choice,
        questionnaire=answered.title,
        answered_at=response.submitted_at,
        sources=[(question, question.choice(given).label) for question, given in sources],
    )
