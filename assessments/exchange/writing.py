"""An organization's document: everything it owns under natural keys, in an order that depends on the content alone.

Anonymous rounds stay anonymous: nobody is named, answers come without notes and in an order that says nothing, notes
apart from the answers they were given with, and what `assessments.anonymity` does not show is left out. While such a
round is open its answers are left out altogether: two exports would tell what was answered in between.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Q, QuerySet

from assessments.anonymity import shown_groups
from assessments.models import Answer, Participant, Questionnaire, QuestionnaireVersion, Result, Round, RoundTeam
from assessments.models.responses import ResponseStatus
from assessments.models.rounds import RoundStatus
from organizations.models import Member, Organization

FORMAT = "mlops-maturity-organization"
VERSION = 1

Rows = list[tuple[Any, ...]]


def organization_document(organization: Organization) -> Iterator[str]:
    """Yield an organization's document, piece by piece. Eleven queries, whatever it holds; one round in memory."""
    members = list(organization.members.select_related("user", "team"))
    parts = {
        "format": FORMAT,
        "version": VERSION,
        "organization": _settings(organization),
        "teams": [
            _without_empty({"name": team.name, "archived_at": _moment(team.archived_at)})
            for team in sorted(organization.teams.all(), key=lambda team: team.name)
        ],
        "members": sorted(map(_member, members), key=itemgetter("email")),
        "invitations": _invitations(organization, members),
        "questionnaires": _questionnaires(organization),
        "shared_versions": _shared_versions(organization),
    }
    yield "{"
    for key, value in parts.items():
        yield f"{_text(key)}: {_text(value)},\n"
    yield '"rounds": ['
    separator = "\n"
    for round_ in _rounds(organization, {member.user_id: member.user.email for member in members}):
        yield separator + _text(round_)
        separator = ",\n"
    yield "\n]}\n"


def _settings(organization: Organization) -> dict[str, Any]:
    return {
        "slug": organization.slug,
        "name": organization.name,
        "time_zone": organization.time_zone,
        "language": organization.language,
        "created_at": _moment(organization.created_at),
    }


def _member(member: Member) -> dict[str, Any]:
    return _without_empty(
        {
            "email": member.user.email,
            "first_name": member.user.first_name,
            "last_name": member.user.last_name,
            "role": member.role,
            "team": member.team.name if member.team else None,
            "joined_at": _moment(member.joined_at),
        }
    )


def _invitations(organization: Organization, members: Iterable[Member]) -> list[dict[str, Any]]:
    """Return whom the organization still waits for; nothing of their links."""
    emails = {member.user_id: member.user.email for member in members}
    return [
        _without_empty(
            {
                "email": invitation.email,
                "role": invitation.role,
                "team": invitation.team.name if invitation.team else None,
                "invited_by": emails.get(invitation.invited_by_id or 0),
                "expires_at": _moment(invitation.expires_at),
            }
        )
        for invitation in sorted(organization.invitations.select_related("team"), key=lambda one: one.email)
    ]


def _questionnaires(organization: Organization) -> list[dict[str, Any]]:
    """Return the organization's own questionnaires with every version. Two queries."""
    versions: dict[int, list[dict[str, Any]]] = {}
    for version in QuestionnaireVersion.objects.filter(organization=organization).order_by("number"):
        versions.setdefault(version.questionnaire_id, []).append(
            _without_empty(
                {
                    "number": version.number,
                    "status": version.status,
                    "published_at": _moment(version.published_at),
                    "definition": version.definition,
                }
            )
        )
    return [
        {"slug": own.slug, "title": own.title, "versions": versions.get(own.pk, [])}
        for own in sorted(Questionnaire.objects.filter(organization=organization), key=lambda own: own.slug)
    ]


def _shared_versions(organization: Organization) -> list[dict[str, Any]]:
    """Return the versions offered to all that the organization's rounds used."""
    used = QuestionnaireVersion.objects.filter(organization=None, rounds__organization=organization).distinct()
    rows = used.values_list("questionnaire__slug", "questionnaire__title", "number", "definition")
    return [
        dict(zip(("slug", "title", "number", "definition"), row, strict=True))
        for row in sorted(rows, key=itemgetter(0, 2))
    ]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a round holds: names of its teams; participants, answers by response, and results as rows of the tables."""

    teams: list[str]
    participants: Rows
    answers: dict[int, Rows]
    results: Rows


def _rounds(organization: Organization, members: dict[int, str]) -> Iterator[dict[str, Any]]:
    """Yield the rounds, oldest first. Five queries: the tables below rounds are read beside them, in the same order."""
    rounds = Round.objects.filter(organization=organization).select_related("version__questionnaire")
    teams = _taker(_by_round(RoundTeam.objects.filter(organization=organization), "", "team__name"))
    participants = _taker(
        _by_round(
            Participant.objects.filter(organization=organization),
            "",
            *("email", "team__name", "user_id", "response__id", "response__status"),
            *("response__created_at", "response__updated_at", "response__submitted_at"),
        )
    )
    at = "response__participant__"
    readable = Q(**{f"{at}round__anonymous": False}) | Q(
        **{f"{at}round__status": RoundStatus.CLOSED, "response__status": ResponseStatus.SUBMITTED}
    )
    answers = _taker(
        _by_round(
            Answer.objects.filter(readable, organization=organization),
            at,
            *("response_id", "question_key", "choice_key", "note", "evidence_url"),
        )
    )
    results = _taker(
        _by_round(Result.objects.filter(organization=organization), "", "team__name", "card", "respondents", "team_id")
    )
    for round_ in (
        rounds.defer("version__definition", "version__source").order_by("starts_on", "ends_on", "pk").iterator()
    ):
        part = _Part(
            teams=sorted(name for (name,) in teams(round_.pk)),
            participants=participants(round_.pk),
            answers={
                response: [row[1:] for row in rows]
                for response, rows in groupby(sorted(answers(round_.pk)), key=itemgetter(0))
            },
            results=sorted(results(round_.pk), key=lambda row: row[0] or ""),
        )
        yield _round(round_, part, members)


def _by_round(rows: QuerySet[Any], at: str, *fields: str) -> Iterator[tuple[Any, ...]]:
    """Yield rows as tuples that begin with their round's key, in the order of `_rounds`; `at` leads to the round."""
    order = [f"{at}round__starts_on", f"{at}round__ends_on", f"{at}round_id"]
    return rows.order_by(*order).values_list(f"{at}round_id", *fields).iterator()


def _taker(rows: Iterable[tuple[Any, ...]]) -> Callable[[int], Rows]:
    """Return a function that gives the rows of one round after the other, in the rows' order, without the key."""
    groups = groupby(rows, key=itemgetter(0))
    ahead = next(groups, None)

    def take(round_id: int) -> Rows:
        nonlocal ahead
        if ahead is None or ahead[0] != round_id:
            return []
        taken = [row[1:] for row in ahead[1]]
        ahead = next(groups, None)
        return taken

    return take


def _round(round_: Round, part: _Part, members: dict[int, str]) -> dict[str, Any]:
    version = round_.version
    return _without_empty(
        {
            "starts_on": round_.starts_on.isoformat(),
            "ends_on": round_.ends_on.isoformat(),
            "status": round_.status,
            "aggregate": round_.aggregate,
            "anonymous": round_.anonymous,
            "opened_at": _moment(round_.opened_at),
            "closed_at": _moment(round_.closed_at),
            "questionnaire": {
                "slug": version.questionnaire.slug,
                "number": version.number,
                "own": version.organization_id is not None,
            },
            "teams": part.teams,
            **(_anonymous(part) if round_.anonymous else _named(part, members)),
        }
    )


def _named(part: _Part, members: dict[int, str]) -> dict[str, Any]:
    participants = [
        _without_empty(
            {
                "email": email,
                "team": team,
                # Of who has left, nothing but the address that the organization entered is its own.
                "member": members.get(user),
                "response": _response(part.answers.get(response, []), *state) if response else None,
            }
        )
        for email, team, user, response, *state in sorted(part.participants, key=lambda row: row[0].lower())
    ]
    return {"participants": participants, "results": [_result(team, card) for team, card, *_rest in part.results]}


def _response(answers: Rows, status: str, started_at: Any, changed_at: Any, submitted_at: Any) -> dict[str, Any]:
    return _without_empty(
        {
            "status": status,
            "started_at": _moment(started_at),
            "changed_at": _moment(changed_at),
            "submitted_at": _moment(submitted_at),
            "answers": {
                question: _without_empty({"choice": choice, "note": note, "evidence_url": url})
                for question, choice, note, url in answers
            },
        }
    )


def _anonymous(part: _Part) -> dict[str, Any]:
    """Return what is shown of an anonymous round; a team without a result, as an import may leave it, is not."""
    whole = next((row for row in part.results if row[0] is None), None)
    # In the order of `kept_results`: of equal groups the same one must be hidden here and there.
    by_id = sorted((row for row in part.results if row is not whole), key=itemgetter(3))
    counts = {team: respondents for team, _card, respondents, _id in by_id}
    shown = shown_groups(counts)
    results = [row for row in part.results if (shown.whole if row[0] is None else row[0] in shown.groups)]
    given = [
        (team, part.answers.get(response, []))
        for _email, team, _user, response, *_state in part.participants
        if team in shown.groups and response in part.answers
    ]
    return {
        "asked": dict(sorted(Counter(row[1] for row in part.participants).items())),
        "responses": sorted(({"team": team, "answers": _choices(rows)} for team, rows in given), key=_text),
        "remarks": sorted((remark for team, rows in given for remark in _remarks(team, rows)), key=_text),
        "withheld_responses": whole[2] - sum(counts[team] for team in shown.groups) if whole in results else None,
        "results": [_result(team, card) for team, card, *_rest in results],
    }


def _choices(answers: Rows) -> dict[str, str]:
    return {question: choice for question, choice, _note, _url in answers if choice}


def _remarks(team: str, answers: Rows) -> Iterator[dict[str, Any]]:
    """Yield notes and evidence by question, apart from the response: its author might be known by the words."""
    for question, choice, note, url in answers:
        if choice and (note or url):
            yield {
                "team": team,
                "question": question,
                "choice": choice,
                **_without_empty({"note": note, "evidence_url": url}),
            }


def _result(team: str | None, card: dict[str, Any]) -> dict[str, Any]:
    return _without_empty({"team": team, "card": card})


def _without_empty(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if value is not None and value != ""}


def _moment(value: Any) -> str | None:
    return None if value is None else str(value.isoformat())


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
