"""What changes a round: opening it, asking people, closing it with its results."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from assessments import scoring
from assessments.definition import Definition
from assessments.models import Participant, QuestionnaireVersion, Result, Round
from assessments.models.rounds import Aggregate, RoundStatus
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.responses import submitted_answers
from organizations.models import Organization, Team, User


class NotOpen(Exception):
    """Only an open round can be closed."""


class NotADraft(Exception):
    """Only a draft can be opened."""


@transaction.atomic
def plan_round(
    *,
    organization: Organization,
    version: QuestionnaireVersion,
    starts_on: dt.date,
    ends_on: dt.date,
    teams: Iterable[Team],
    aggregate: Aggregate = Aggregate.MEAN,
    anonymous: bool = False,
    opens_at: dt.datetime | None = None,
    closes_at: dt.datetime | None = None,
    previous: Round | None = None,
    show_last_answers: bool = False,
) -> Round:
    """Make a draft of a round of a published version for a period (first and last day) and some teams."""
    draft = Round.objects.create(
        organization=organization,
        version=version,
        starts_on=starts_on,
        ends_on=ends_on,
        aggregate=aggregate,
        anonymous=anonymous,
        opens_at=opens_at,
        closes_at=closes_at,
        previous=previous,
        show_last_answers=show_last_answers,
    )
    draft.teams.set(teams, through_defaults={"organization": organization})
    return draft


@transaction.atomic
def open_round(*, round_: Round) -> None:
    """Open a draft: from now on people answer. Raises NotADraft."""
    opened = Round.objects.filter(pk=round_.pk, status=RoundStatus.DRAFT).update(
        status=RoundStatus.OPEN, opened_at=timezone.now()
    )
    if not opened:
        raise NotADraft(str(round_))
    round_.refresh_from_db()


def add_participant(*, round_: Round, team: Team, email: str, user: User | None = None) -> Participant:
    """Ask a person to respond in a round for one of its teams."""
    return Participant.objects.create(
        organization_id=round_.organization_id, round=round_, team=team, email=email, user=user
    )


@transaction.atomic
def close_round(*, round_: Round) -> None:
    """Close an open round and keep a result for each team and for the whole organization. Raises NotOpen."""
    closed = Round.objects.filter(pk=round_.pk, status=RoundStatus.OPEN).update(
        status=RoundStatus.CLOSED, closed_at=timezone.now(), revision=F("revision") + 1
    )
    if not closed:
        raise NotOpen(str(round_))
    round_.refresh_from_db()
    definition = definition_of(round_.version_id)
    by_team = submitted_answers(round_)
    everyone = [answers for responses in by_team.values() for answers in responses]
    results = [_result(round_, definition, None, everyone)]
    results += [_result(round_, definition, team, by_team.get(team.pk, [])) for team in round_.teams.all()]
    Result.objects.bulk_create(results)


def _result(round_: Round, definition: Definition, team: Team | None, responses: list[scoring.Answers]) -> Result:
    card = scoring.score_card(definition, responses, aggregate="median" if round_.aggregate == "median" else "mean")
    return Result(
        organization_id=round_.organization_id,
        round=round_,
        team=team,
        revision=round_.revision,
        card=scoring.to_mapping(card),
        respondents=card.respondents,
        level=card.level.number if card.level else None,
    )
