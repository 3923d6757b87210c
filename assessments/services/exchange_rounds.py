"""Making the rounds of an organization's document."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from assessments import scoring
from assessments.definition import Definition
from assessments.exchange.findings import moment, moment_in, version_key
from assessments.exchange.parts import POOL, Made
from assessments.exchange.seats import seats
from assessments.models import (
    Answer,
    Consensus,
    Participant,
    QuestionnaireVersion,
    Response,
    Result,
    Round,
    RoundTeam,
)
from assessments.models.responses import ResponseStatus
from assessments.models.rounds import placeholder
from organizations.models import Team

M = TypeVar("M", bound=models.Model)

BATCH = 1000


def create_with(rows: list[M], *moments: str) -> None:
    """Insert rows of one table, with the moments that they have in these fields, which otherwise were now."""
    if not rows:
        return
    table: Any = type(rows[0])
    kept = [[getattr(row, name) for name in moments] for row in rows]
    table.objects.bulk_create(rows, batch_size=BATCH)
    for row, values in zip(rows, kept, strict=True):
        for name, value in zip(moments, values, strict=True):
            setattr(row, name, value)
    table.objects.bulk_update(rows, moments, batch_size=BATCH)


def import_rounds(rows: Iterable[Mapping[str, Any]], made: Made) -> None:
    """Make the rounds of a checked document, and put them and their results into `made`."""
    following: dict[int, int] = {}
    for row in rows:
        made.rounds[row["number"]] = _import_round(row, made)
        if "previous" in row:
            following[row["number"]] = row["previous"]
    for number, previous in following.items():
        Round.objects.filter(pk=made.rounds[number].pk).update(previous=made.rounds[previous])


@dataclass(slots=True)
class _Rows:
    """The rows of a round that are written together."""

    participants: list[Participant] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def write(self) -> None:
        Participant.objects.bulk_create(self.participants, batch_size=BATCH)
        create_with(self.responses, "created_at", "updated_at")
        Answer.objects.bulk_create(self.answers, batch_size=BATCH)


def _import_round(row: Mapping[str, Any], made: Made) -> Round:
    version = made.versions[version_key(row["questionnaire"])]
    round_ = Round.objects.create(
        organization=made.organization,
        version=version,
        starts_on=dt.date.fromisoformat(row["starts_on"]),
        ends_on=dt.date.fromisoformat(row["ends_on"]),
        status=row["status"],
        aggregate=row["aggregate"],
        anonymous=row["anonymous"],
        show_last_answers=row["show_last_answers"],
        opens_at=moment_in(row, "opens_at"),
        closes_at=moment_in(row, "closes_at"),
        opened_at=moment_in(row, "opened_at"),
        closed_at=moment_in(row, "closed_at"),
        revision=row["revision"],
    )
    RoundTeam.objects.bulk_create(
        RoundTeam(organization=made.organization, round=round_, team=made.teams[name]) for name in row["teams"]
    )
    rows = _unnamed(round_, row, made) if "asked" in row else _named(round_, row, made)
    rows.write()
    _import_consensus(round_, row["consensus"], made)
    _import_results(round_, row, rows.responses, made)
    return round_


def _named(round_: Round, row: Mapping[str, Any], made: Made) -> _Rows:
    rows = _Rows()
    for given in row["participants"]:
        participant = _participant(round_, made.teams[given["team"]], given["email"])
        participant.user = made.users.get(given.get("member", ""))
        participant.invited_at, participant.nudged_at = moment_in(given, "invited_at"), moment_in(given, "nudged_at")
        rows.participants.append(participant)
        if found := given.get("response"):
            response = _response(participant, found["status"], moment_in(found, "submitted_at"))
            response.created_at, response.updated_at = moment(found["started_at"]), moment(found["changed_at"])
            rows.responses.append(response)
            rows.answers += [
                _answer(response, question, answer.get("choice", ""), answer)
                for question, answer in found["answers"].items()
            ]
    return rows


def _unnamed(round_: Round, row: Mapping[str, Any], made: Made) -> _Rows:
    """Make the participants, nobody by name, and give some of each team its responses.

    Those of the teams that are not named go to any of these: their results are withheld for good.
    """
    rows = _Rows()
    when = round_.closed_at or round_.opened_at
    assert when is not None  # noqa: S101 - it has been open, as it has answers
    answering = _placeholders(round_, row, made, rows)
    free: dict[str | None, list[Response]] = defaultdict(list)
    answers: dict[UUID, dict[str, Answer]] = {}
    for given in row["responses"]:
        response = _response(next(answering[given.get("team")]), ResponseStatus.SUBMITTED, when)
        response.created_at = response.updated_at = when
        response.counted_since = given["since"]
        rows.responses.append(response)
        free[given.get("team")].append(response)
        answers[response.public_id] = {
            question: _answer(response, question, choice, {}) for question, choice in given["answers"].items()
        }
    taken: Counter[tuple[str | None, str]] = Counter()
    for remark in row["remarks"]:
        team, question = remark.get("team"), remark["question"]
        response = free[team][taken[team, question]]
        taken[team, question] += 1
        answer = answers[response.public_id].setdefault(question, _answer(response, question, "", {}))
        answer.note, answer.evidence_url = remark.get("note", ""), remark.get("evidence_url", "")
    rows.answers += [answer for own in answers.values() for answer in own.values()]
    return rows


def _placeholders(
    round_: Round, row: Mapping[str, Any], made: Made, rows: _Rows
) -> Mapping[str | None, Iterator[Participant]]:
    """Add the participants of an anonymous round to `rows`; return those who answer by team, as responses name it."""
    named = {response["team"] for response in row["responses"] if "team" in response}
    answering: dict[str | None, list[Participant]] = defaultdict(list)
    taken, _left = seats(row)
    for team, asked in row["asked"].items():
        people = [_participant(round_, made.teams[team], placeholder("anonymous")) for _n in range(asked)]
        rows.participants += people
        answering[team if team in named else POOL] += people[: taken.get(team, 0)]
    return {team: iter(people) for team, people in answering.items()}


def _participant(round_: Round, team: Team, email: str) -> Participant:
    return Participant(organization_id=round_.organization_id, round=round_, team=team, email=email)


def _response(participant: Participant, status: str, submitted_at: dt.datetime | None) -> Response:
    return Response(
        organization_id=participant.organization_id,
        participant=participant,
        version_id=participant.round.version_id,
        status=status,
        submitted_at=submitted_at,
    )


def _answer(response: Response, question: str, choice: str, extra: Mapping[str, str]) -> Answer:
    return Answer(
        organization_id=response.organization_id,
        response=response,
        question_key=question,
        choice_key=choice,
        note=extra.get("note", ""),
        evidence_url=extra.get("evidence_url", ""),
    )


def _import_consensus(round_: Round, rows: Iterable[Mapping[str, Any]], made: Made) -> None:
    consensus = [
        Consensus(
            organization_id=round_.organization_id,
            round=round_,
            team=made.teams[row["team"]],
            question_key=row["question"],
            choice_key=row["choice"],
            rationale=row["rationale"],
            recorded_by=made.users.get(row.get("recorded_by", "")),
            recorded_at=moment(row["recorded_at"]),
        )
        for row in rows
    ]
    create_with(consensus, "recorded_at")


def _import_results(round_: Round, row: Mapping[str, Any], responses: Iterable[Response], made: Made) -> None:
    if not row["results"]:
        return
    definition = _definition(round_.version)
    counted = [response for response in responses if response.counted_since is not None]
    results = {
        (row["number"], given.get("team"), given["revision"]): _result(round_, given, definition, counted, made)
        for given in row["results"]
    }
    Result.objects.bulk_create(results.values(), batch_size=BATCH)
    made.results |= results


def _definition(version: QuestionnaireVersion) -> Definition:
    # Not the cached one: the version may be gone again when this transaction fails.
    return Definition.from_mapping(version.definition)


def _result(
    round_: Round, row: Mapping[str, Any], definition: Definition, counted: Iterable[Response], made: Made
) -> Result:
    team = made.teams[row["team"]] if "team" in row else None
    card = scoring.from_mapping(definition, row["card"]) if "card" in row else scoring.score_card(definition, [])
    respondents = card.respondents
    if "withheld" in row and team is not None:
        respondents = sum(
            response.participant is not None
            and response.participant.team_id == team.pk
            and (response.counted_since or 0) <= row["revision"]
            for response in counted
        )
    return Result(
        organization_id=round_.organization_id,
        round=round_,
        team=team,
        revision=row["revision"],
        card=scoring.to_mapping(card),
        consensus=row.get("consensus", {}),
        confidence=row.get("confidence", {}),
        respondents=respondents,
        level=card.level.number if card.level else None,
        withheld="withheld" in row,
        created_at=moment(row["computed_at"]),
    )
