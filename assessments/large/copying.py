"""Writes organizations by COPY, each in a transaction, their rounds closed with the results that a closing makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from assessments.definition import Definition
from assessments.large.believable import Given, Size, answers
from assessments.models import Answer, Participant, Response, Round
from assessments.models.responses import ResponseStatus
from assessments.models.rounds import RoundStatus, RoundTeam
from assessments.selectors.questionnaires import definition_of
from assessments.services.results import keep_results
from organizations.models import Member, Organization, Role, Team, User

ASKED_AND_SILENT = 10
"""For so many people who respond in a round one was asked and does not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One organization to write: its address, the days of its rounds (oldest first), its size, and the chance of it."""

    slug: str
    version_id: int
    periods: Sequence[tuple[dt.date, dt.date]]
    size: Size
    seed: str
    last_open: bool = False


@transaction.atomic
def write_organization(plan: Plan) -> int:
    """Write one organization, its owner without a password; return how many answers it has. Memory: one round's people.

    Raises IntegrityError where its address is taken.
    """
    with connection.cursor() as cursor:
        # Triggers look other rows up by a plan that is made while these tables are empty, and kept.
        cursor.execute("SET LOCAL enable_seqscan = off")
    organization = Organization.objects.create(name=f"Organization {plan.slug}", slug=plan.slug)
    owner = User.objects.create_user(f"owner@{plan.slug}.example")
    Member.objects.create(organization=organization, user=owner, role=Role.OWNER)
    teams = Team.objects.bulk_create(
        [Team(organization=organization, name=f"Team {number + 1}") for number in range(plan.size.teams)]
    )
    rounds = _rounds(plan, organization, teams)
    definition = definition_of(plan.version_id)
    given_by_round = answers(definition, plan.size, rounds=len(rounds), seed=plan.seed)
    for round_, given in zip(rounds, given_by_round, strict=True):
        _write_round(round_, teams, plan, definition, given)
    for round_ in rounds[: len(rounds) - plan.last_open]:
        keep_results(round_=round_)
    return len(rounds) * plan.size.respondents * len(definition.questions)


def _rounds(plan: Plan, organization: Organization, teams: Sequence[Team]) -> list[Round]:
    rounds = Round.objects.bulk_create(
        Round(
            organization=organization,
            version_id=plan.version_id,
            starts_on=first,
            ends_on=last,
            status=RoundStatus.CLOSED,
            opened_at=_opened_at(first),
            closed_at=_opened_at(first) + dt.timedelta(days=30),
            revision=1,
        )
        for first, last in plan.periods
    )
    RoundTeam.objects.bulk_create(
        [RoundTeam(organization=organization, round=round_, team=team) for round_ in rounds for team in teams]
    )
    if plan.last_open:
        Round.objects.filter(pk=rounds[-1].pk).update(status=RoundStatus.OPEN, closed_at=None, revision=0)
    return rounds


def _write_round(
    round_: Round, teams: Sequence[Team], plan: Plan, definition: Definition, given: Iterable[Given]
) -> None:
    organization, opened_at = round_.organization_id, _opened_at(round_.starts_on)
    responding = plan.size.respondents
    asked = _ids(Participant, responding + responding // ASKED_AND_SILENT)
    _copy(
        Participant,
        "id, organization_id, round_id, team_id, email, invited_at, mail_waits",
        (
            f"{pk}\t{organization}\t{round_.pk}\t{teams[n % len(teams)].pk}"
            f"\tperson{n}@{plan.slug}.example\t{opened_at}\tf\n"
            for n, pk in enumerate(asked)
        ),
    )
    ids = _ids(Response, responding)
    moments = [opened_at + dt.timedelta(minutes=37 * n % 28_800) for n in range(responding)]
    _copy(
        Response,
        "id, organization_id, participant_id, version_id, public_id, status, created_at, updated_at, submitted_at",
        (
            f"{pk}\t{organization}\t{participant}\t{round_.version_id}\t{UUID(int=(organization << 64) + pk)}"
            f"\t{ResponseStatus.SUBMITTED}\t{moment}\t{moment}\t{moment}\n"
            for pk, participant, moment in zip(ids, asked[:responding], moments, strict=True)
        ),
    )
    keys = list(definition.questions)
    _copy(
        Answer,
        "organization_id, response_id, question_key, choice_key, note, evidence_url, updated_at",
        (
            "".join(
                f"{organization}\t{pk}\t{key}\t{choice}\t{person.notes.get(n, '')}\t\t{moment}\n"
                for n, key, choice in zip(count(), keys, person.choices)
            )
            for pk, person, moment in zip(ids, given, moments, strict=True)
        ),
    )


def _ids(model: type[Model], number: int) -> list[int]:
    """Take so many ids of a table; others who insert meanwhile get other ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, number],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _copy(model: type[Model], columns: str, blocks: Iterator[str]) -> None:
    """Send lines of tab-separated values, in blocks, which hold neither tabs nor backslashes of their own."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {model._meta.db_table} ({columns}) FROM STDIN") as copy:
        for block in blocks:
            copy.write(block)


def _opened_at(first: dt.date) -> dt.datetime:
    return dt.datetime.combine(first + dt.timedelta(days=30), dt.time(9), dt.UTC)
