"""The rounds of an organization's document, named and anonymous.

Anonymous rounds stay anonymous (docs/exports.md): nobody is named beside an answer, none of what is told of a person's
answers is linked to another, and what `assessments.anonymity` does not show is told of no team. Answers that are not
part of a shown result are left out: of two exports the later one would tell what was answered in between.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from assessments.anonymity import shown_groups, unlinked
from assessments.exchange.parts import POOL, Names
from assessments.exchange.text import moment_text, text, without_empty
from assessments.models import Answer, Consensus, Participant, Result, Round, RoundTeam
from assessments.models.rounds import RoundStatus
from assessments.selectors.questionnaires import definition_of
from organizations.models import Organization

IN_ORDER = ("starts_on", "ends_on", "pk")


def round_numbers(organization: Organization) -> dict[int, int]:
    """Return the number of each round in the document by its id, from 1 for the oldest. One query."""
    rounds = Round.objects.filter(organization=organization).order_by(*IN_ORDER).values_list("pk", flat=True)
    return {pk: number for number, pk in enumerate(rounds, start=1)}


def rounds_of(organization: Organization, names: Names) -> Iterator[dict[str, Any]]:
    """Yield the rounds, oldest first. Six queries: the tables below rounds are read beside them, in the same order."""
    of = {"organization": organization}
    teams = _taker(_by_round(RoundTeam.objects.filter(**of), "", "team_id"))
    people = _taker(_by_round(Participant.objects.filter(**of), "", *_PERSON))
    at = "response__participant__"
    told = Q(**{f"{at}round__anonymous": False}) | Q(response__counted_since__isnull=False)
    answers = _taker(_by_round(Answer.objects.filter(told, **of), at, *_ANSWER))
    consensus = _taker(_by_round(Consensus.objects.filter(**of), "", *_CONSENSUS))
    results = _taker(_by_round(Result.objects.filter(**of), "", *_RESULT))
    for round_ in Round.objects.filter(**of).order_by(*IN_ORDER).iterator():
        yield _round(
            round_,
            names,
            _Rows(
                teams=sorted(names.teams[team] for (team,) in teams(round_.pk)),
                people=[_Person(*row) for row in people(round_.pk)],
                answers=_grouped(_Answer(*row) for row in answers(round_.pk)),
                consensus=[_Consensus(*row) for row in consensus(round_.pk)],
                results=[_Result(*row) for row in results(round_.pk)],
            ),
        )


class _Person(NamedTuple):
    email: str
    team: int
    user: int | None
    invited_at: dt.datetime | None
    nudged_at: dt.datetime | None
    response: int | None
    status: str | None
    started_at: dt.datetime | None
    changed_at: dt.datetime | None
    submitted_at: dt.datetime | None
    counted_since: int | None


_PERSON = (
    *("email", "team_id", "user_id", "invited_at", "nudged_at", "response__id", "response__status"),
    *("response__created_at", "response__updated_at", "response__submitted_at", "response__counted_since"),
)


class _Answer(NamedTuple):
    response: int
    question: str
    choice: str
    note: str
    evidence_url: str


_ANSWER = ("response_id", "question_key", "choice_key", "note", "evidence_url")


class _Consensus(NamedTuple):
    team: int
    question: str
    choice: str
    rationale: str
    recorded_by: int | None
    recorded_at: dt.datetime


_CONSENSUS = ("team_id", "question_key", "choice_key", "rationale", "recorded_by_id", "recorded_at")


class _Result(NamedTuple):
    team: int | None
    revision: int
    card: dict[str, Any]
    consensus: dict[str, Any]
    confidence: dict[str, Any]
    withheld: bool
    computed_at: dt.datetime


_RESULT = ("team_id", "revision", "card", "consensus", "confidence", "withheld", "created_at")


@dataclass(frozen=True, slots=True)
class _Rows:
    """What a round holds: names of its teams, and rows of the tables; answers by response."""

    teams: list[str]
    people: list[_Person]
    answers: Mapping[int, list[_Answer]]
    consensus: list[_Consensus]
    results: list[_Result]


def _by_round(rows: QuerySet[Any], at: str, *fields: str) -> Iterator[tuple[Any, ...]]:
    """Yield rows as tuples that begin with their round's key, in the order of `rounds_of`; `at` leads to the round."""
    order = [f"{at}round__starts_on", f"{at}round__ends_on", f"{at}round_id"]
    return rows.order_by(*order).values_list(f"{at}round_id", *fields).iterator()


def _taker(rows: Iterable[tuple[Any, ...]]) -> Callable[[int], list[tuple[Any, ...]]]:
    """Return a function that gives the rows of one round after the other, in the rows' order, without the key."""
    groups = groupby(rows, key=itemgetter(0))
    ahead = next(groups, None)

    def take(round_id: int) -> list[tuple[Any, ...]]:
        nonlocal ahead
        if ahead is None or ahead[0] != round_id:
            return []
        taken = [row[1:] for row in ahead[1]]
        ahead = next(groups, None)
        return taken

    return take


def _grouped(answers: Iterable[_Answer]) -> Mapping[int, list[_Answer]]:
    found: defaultdict[int, list[_Answer]] = defaultdict(list)
    for answer in sorted(answers):
        found[answer.response].append(answer)
    return found


def _round(round_: Round, names: Names, rows: _Rows) -> dict[str, Any]:
    return without_empty(
        {
            "number": names.rounds[round_.pk],
            "starts_on": round_.starts_on.isoformat(),
            "ends_on": round_.ends_on.isoformat(),
            "status": round_.status,
            "aggregate": round_.aggregate,
            "anonymous": round_.anonymous,
            "show_last_answers": round_.show_last_answers,
            "previous": names.rounds.get(round_.previous_id or 0),
            "opens_at": moment_text(round_.opens_at),
            "closes_at": moment_text(round_.closes_at),
            "opened_at": moment_text(round_.opened_at),
            "closed_at": moment_text(round_.closed_at),
            "revision": round_.revision,
            "questionnaire": names.versions[round_.version_id],
            "teams": rows.teams,
            **(_anonymous(round_, names, rows) if round_.anonymous else _named(names, rows)),
            "consensus": sorted((_consensus(row, names) for row in rows.consensus), key=text),
            "results": [_result(row, names) for row in _in_order(rows.results, names)],
        }
    )


def _named(names: Names, rows: _Rows) -> dict[str, Any]:
    return {
        "participants": [
            without_empty(
                {
                    **_participant(person, names),
                    "nudged_at": moment_text(person.nudged_at),
                    "response": _response(person, rows.answers) if person.response else None,
                }
            )
            for person in sorted(rows.people, key=lambda person: person.email.lower())
        ]
    }


def _participant(person: _Person, names: Names) -> dict[str, Any]:
    return {
        "email": person.email,
        "team": names.teams[person.team],
        # Of who has left, nothing but the address that the organization entered is its own.
        "member": names.members.get(person.user or 0),
        "invited_at": moment_text(person.invited_at),
    }


def _response(person: _Person, answers: Mapping[int, list[_Answer]]) -> dict[str, Any]:
    return without_empty(
        {
            "status": person.status,
            "started_at": moment_text(person.started_at),
            "changed_at": moment_text(person.changed_at),
            "submitted_at": moment_text(person.submitted_at),
            "answers": {
                answer.question: without_empty(
                    {"choice": answer.choice, "note": answer.note, "evidence_url": answer.evidence_url}
                )
                for answer in answers.get(person.response or 0, [])
            },
        }
    )


def _anonymous(round_: Round, names: Names, rows: _Rows) -> dict[str, Any]:
    """Return who was asked while nothing of the answers is told, from then on how many were, and what they said."""
    counted = [person for person in rows.people if person.counted_since is not None]
    if round_.status != RoundStatus.CLOSED and not counted:
        asked = sorted(rows.people, key=lambda person: person.email.lower())
        # Not when they were reminded: only those are who have not answered.
        return {"participants": [without_empty(_participant(person, names)) for person in asked]}
    shown = {row.team for row in rows.results if row.revision == round_.revision and not row.withheld}
    groups: defaultdict[tuple[int | None, int], list[dict[str, str]]] = defaultdict(list)
    remarks = []
    for person in counted:
        team = person.team if person.team in shown else POOL
        answers = rows.answers.get(person.response or 0, [])
        groups[team, person.counted_since or 0].append({answer.question: answer.choice for answer in answers})
        remarks += [_remark(team, answer, names) for answer in answers if answer.note or answer.evidence_url]
    definition = definition_of(round_.version_id)
    dimensions = [[question.key for question in dimension.questions] for dimension in definition.dimensions]
    responses = [
        without_empty({"team": names.teams.get(team or 0), "since": since, "answers": answers})
        for (team, since), given in groups.items()
        for answers in unlinked(dimensions, given)
    ]
    everybody, answered = (Counter(person.team for person in people) for people in (rows.people, counted))
    # As on the round's page: of one or two it would be known who of them has answered.
    told = shown_groups(everybody).groups
    return {
        "asked": _by_name(everybody, names),
        "answered": _by_name({team: answered[team] for team in told}, names),
        "responses": sorted(responses, key=text),
        "remarks": sorted(remarks, key=text),
    }


def _by_name(counts: Mapping[int, int], names: Names) -> dict[str, int]:
    return dict(sorted((names.teams[team], count) for team, count in counts.items()))


def _remark(team: int | None, answer: _Answer, names: Names) -> dict[str, Any]:
    """Return a note and evidence apart from the choice: its author might be known by the words."""
    return without_empty(
        {
            "team": names.teams.get(team or 0),
            "question": answer.question,
            "note": answer.note,
            "evidence_url": answer.evidence_url,
        }
    )


def _consensus(row: _Consensus, names: Names) -> dict[str, Any]:
    return without_empty(
        {
            "team": names.teams[row.team],
            "question": row.question,
            "choice": row.choice,
            "rationale": row.rationale,
            "recorded_by": names.members.get(row.recorded_by or 0),
            "recorded_at": moment_text(row.recorded_at),
        }
    )


def _in_order(results: Iterable[_Result], names: Names) -> list[_Result]:
    return sorted(results, key=lambda row: (row.revision, names.teams.get(row.team or 0, "")))


def _result(row: _Result, names: Names) -> dict[str, Any]:
    """Return a result; of one that is withheld no more than that it is."""
    told = {
        "team": names.teams.get(row.team or 0),
        "revision": row.revision,
        "computed_at": moment_text(row.computed_at),
    }
    if row.withheld:
        return without_empty(told | {"withheld": True})
    return without_empty(
        told | {"card": row.card, "consensus": row.consensus or None, "confidence": row.confidence or None}
    )
