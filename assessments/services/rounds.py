"""What changes a round: planning, opening, closing it with its results, opening it again, consensus, nudging."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from celery import current_app
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from assessments.models import Consensus, Participant, QuestionnaireVersion, Round
from assessments.models.rounds import Aggregate, RoundQuerySet, RoundStatus
from assessments.selectors.closing import consensus_by_team
from assessments.selectors.questionnaires import definition_of
from assessments.services.results import keep_results
from organizations.models import Organization, Team, User

logger = logging.getLogger(__name__)

# By name: tasks call services, never the reverse.
INVITE = "assessments.tasks.invite_participants"
NUDGE = "assessments.tasks.nudge_participants"

CHANGED_WHILE_OPEN = {"starts_on", "ends_on", "closes_at"}


class NotOpen(Exception):
    """This takes an open round."""


class NotADraft(Exception):
    """This takes a draft."""


class NotClosed(Exception):
    """This takes a closed round."""


class HasParticipants(Exception):
    """People of this team take part already."""


class Withheld(Exception):
    """The result of this team is not shown, as the round is anonymous."""


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
def change_round(*, round_: Round, **changes: Any) -> None:
    """Change what `plan_round` takes of a draft, of an open round only its period and when it closes.

    A team that no longer takes part goes with the people asked for it. Raises NotADraft for what cannot change any
    more in an open round, and NotOpen for a closed one.
    """
    status = _lock(round_).status
    if status == RoundStatus.CLOSED:
        raise NotOpen(str(round_))
    if status == RoundStatus.OPEN and not changes.keys() <= CHANGED_WHILE_OPEN:
        raise NotADraft(str(round_))
    teams = changes.pop("teams", None)
    if changes:
        Round.objects.filter(pk=round_.pk).update(**changes)
    if teams is not None:
        round_.participants.exclude(team__in=teams).delete()
        round_.teams.set(teams, through_defaults={"organization": round_.organization})
    round_.refresh_from_db()


def discard_round(*, round_: Round) -> None:
    """Delete a draft with the people to be asked. Raises NotADraft."""
    with transaction.atomic():
        if _lock(round_).status != RoundStatus.DRAFT:
            raise NotADraft(str(round_))
        Round.objects.filter(pk=round_.pk).delete()


@transaction.atomic
def add_team(*, round_: Round, team: Team) -> None:
    """Let a team of the organization take part; one that does already still does. Raises NotOpen for a closed round."""
    if _lock(round_).status == RoundStatus.CLOSED:
        raise NotOpen(str(round_))
    round_.teams.add(team, through_defaults={"organization": round_.organization})


@transaction.atomic
def remove_team(*, round_: Round, team: Team) -> None:
    """Take a team out of a round, of a draft with the people to be asked.

    Raises HasParticipants where people of it take part in an open round, and NotOpen for a closed one.
    """
    status = _lock(round_).status
    people = round_.participants.filter(team=team)
    if status == RoundStatus.CLOSED:
        raise NotOpen(str(round_))
    if status == RoundStatus.OPEN and people.exists():
        raise HasParticipants(str(team))
    people.delete()
    round_.teams.remove(team)


def add_participant(*, round_: Round, team: Team, email: str, user: User | None = None) -> Participant:
    """Ask a person to respond in a round for one of its teams; no mail is sent before the round's next ones."""
    return Participant.objects.create(
        organization_id=round_.organization_id, round=round_, team=team, email=email, user=user
    )


def open_round(*, round_: Round) -> None:
    """Open a draft: from now on people answer, and everyone is invited. Raises NotADraft."""
    _open(round_, Round.objects.filter(status=RoundStatus.DRAFT))


def close_round(*, round_: Round) -> None:
    """Close an open round and keep a result for each team and for the whole organization. Raises NotOpen.

    Answers on their way are waited for, and later ones refused; responses in progress do not count.
    """
    _close(round_, Round.objects.filter(status=RoundStatus.OPEN))


@transaction.atomic
def reopen_round(*, round_: Round, closes_at: dt.datetime | None = None) -> None:
    """Let people answer in a closed round again. Its next closing keeps new results beside these. Raises NotClosed."""
    reopened = Round.objects.filter(pk=round_.pk, status=RoundStatus.CLOSED).update(
        status=RoundStatus.OPEN, closed_at=None, closes_at=closes_at
    )
    if not reopened:
        raise NotClosed(str(round_))
    round_.refresh_from_db()
    enqueue_invitations(round_)


def extend_round(*, round_: Round, closes_at: dt.datetime | None) -> None:
    """Let an open round close at another moment, or with None by hand only. Raises NotOpen."""
    if not Round.objects.filter(pk=round_.pk, status=RoundStatus.OPEN).update(closes_at=closes_at):
        raise NotOpen(str(round_))
    round_.closes_at = closes_at


def open_and_close_due_rounds() -> None:
    """Open the drafts and close the rounds whose moment has come; one that fails is logged and stops no other.

    Any number of workers may do it at once.
    """
    _each(Round.objects.due_to_open(), _open)
    _each(Round.objects.due_to_close(), _close)


def nudge(*, round_: Round, team: Team | None = None) -> int:
    """Have everyone reminded, of a team or of all, who was invited and has not submitted; return how many these are.

    Nobody is reminded within a day of the invitation or the last reminder. Raises NotOpen.
    """
    if not Round.objects.filter(pk=round_.pk, status=RoundStatus.OPEN).exists():
        raise NotOpen(str(round_))
    people = Participant.objects.to_nudge().filter(round=round_)
    count = (people.filter(team=team) if team else people).count()
    if count:
        _enqueue(NUDGE, round_.pk, team.pk if team else None)
    return count


@transaction.atomic
def record_consensus(*, round_: Round, team: Team, agreed: Mapping[str, tuple[str, str]], user: User | None) -> None:
    """Keep what a team agreed on, choice and rationale by question key, in place of what it had agreed on before.

    The closed round gets a new revision of its results, unless nothing is new. Raises NotClosed, Withheld, and
    KeyError for what the questionnaire does not have.
    """
    if _lock(round_).status != RoundStatus.CLOSED:
        raise NotClosed(str(round_))
    if round_.results.current().filter(team=team, withheld=True).exists():
        raise Withheld(str(team))
    kept = consensus_by_team(round_).get(team.pk, {})
    changed = {key: new for key, new in agreed.items() if key not in kept or _said(kept[key]) != new}
    if not changed and kept.keys() == agreed.keys():
        return
    definition = definition_of(round_.version_id)
    for key, (choice, _rationale) in changed.items():
        definition.questions[key].choice(choice)
    Consensus.objects.filter(round=round_, team=team).exclude(question_key__in=agreed.keys() - changed.keys()).delete()
    Consensus.objects.bulk_create(
        Consensus(
            organization_id=round_.organization_id,
            round=round_,
            team=team,
            question_key=key,
            choice_key=choice,
            rationale=rationale,
            recorded_by=user,
        )
        for key, (choice, rationale) in changed.items()
    )
    Round.objects.filter(pk=round_.pk).update(revision=F("revision") + 1)
    round_.refresh_from_db()
    keep_results(round_=round_)


def enqueue_invitations(round_: Round) -> None:
    """Have everyone in an open round mailed who was not yet, once the transaction is done."""
    _enqueue(INVITE, round_.pk)


def invite_who_waits() -> None:
    """Have those in open rounds mailed who still wait for their invitation, as the queue or their mail failed."""
    rounds = Participant.objects.to_invite().order_by("round").values_list("round", flat=True).distinct()
    for round_id in rounds:
        _enqueue(INVITE, round_id)


def _enqueue(task: str, *args: int | None) -> None:
    # Robust: where the queue cannot be reached, invitations go out within the hour, and nudges can be asked for again.
    transaction.on_commit(lambda: current_app.send_task(task, args=list(args)), robust=True)


def _lock(round_: Round) -> Round:
    """Return the round as it is, and as it stays until the transaction ends. Raises Round.DoesNotExist."""
    return Round.objects.select_for_update(no_key=True).get(pk=round_.pk)


@transaction.atomic
def _open(round_: Round, drafts: RoundQuerySet) -> None:
    # The planned moment goes: a round opened before it may close before it too.
    opened = drafts.filter(pk=round_.pk).update(status=RoundStatus.OPEN, opened_at=timezone.now(), opens_at=None)
    if not opened:
        raise NotADraft(str(round_))
    round_.refresh_from_db()
    enqueue_invitations(round_)


@transaction.atomic
def _close(round_: Round, open_rounds: RoundQuerySet) -> None:
    # Waits for those who hold the round while they answer; see RoundQuerySet.hold.
    closed = open_rounds.filter(pk=round_.pk).update(
        status=RoundStatus.CLOSED, closed_at=timezone.now(), revision=F("revision") + 1
    )
    if not closed:
        raise NotOpen(str(round_))
    round_.refresh_from_db()
    keep_results(round_=round_)


def _each(due: RoundQuerySet, act: Callable[[Round, RoundQuerySet], None]) -> None:
    for round_ in list(due.order_by("pk")):
        try:
            act(round_, due)
        except (NotADraft, NotOpen):
            continue  # somebody was first, or chose another moment meanwhile
        except Exception:
            logger.exception("round_not_due_done", extra={"round_id": round_.pk})


def _said(consensus: Consensus) -> tuple[str, str]:
    return consensus.choice_key, consensus.rationale
