"""An organization's document: everything it owns under natural keys, in an order that depends on the content alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from django.db.models import Model, Q

from assessments.exchange.parts import Names, registered
from assessments.exchange.text import moment_text, text, without_empty
from assessments.exchange.writing_rounds import round_numbers, rounds_of
from assessments.models import (
    Answer,
    Consensus,
    Participant,
    Questionnaire,
    QuestionnaireVersion,
    Response,
    Result,
    Round,
    RoundTeam,
)
from organizations.models import Invitation, Member, Organization, Team

FORMAT = "mlops-maturity-organization"
VERSION = 2

CORE = (
    *(Organization, Team, Member, Invitation, Questionnaire, QuestionnaireVersion),
    *(Round, RoundTeam, Participant, Response, Answer, Consensus, Result),
)


def carried_models() -> set[type[Model]]:
    """Return the models of whose rows an organization's document tells."""
    return {*CORE, *(model for part in registered() for model in part.models)}


def organization_document(organization: Organization) -> Iterator[str]:
    """Yield an organization's document, piece by piece; one round in memory.

    Thirteen queries and those of the parts, whatever it holds (and one for each version not yet read that an anonymous
    round used).
    """
    teams = sorted(organization.teams.all(), key=lambda team: team.name)
    members = list(organization.members.select_related("user", "team"))
    own = list(QuestionnaireVersion.objects.filter(organization=organization).order_by("number"))
    questionnaires = {row.pk: row for row in Questionnaire.objects.filter(organization=organization)}
    shared = _shared_versions(organization)
    names = Names(
        teams={team.pk: team.name for team in teams},
        members={member.user_id: member.user.email for member in members},
        versions={version.pk: _reference(questionnaires[version.questionnaire_id], version) for version in own}
        | {version.pk: _reference(version.questionnaire, version) for version in shared},
        rounds=round_numbers(organization),
    )
    core = {
        "format": FORMAT,
        "version": VERSION,
        "organization": _settings(organization),
        "teams": [without_empty({"name": team.name, "archived_at": moment_text(team.archived_at)}) for team in teams],
        "members": sorted(map(_member, members), key=itemgetter("email")),
        "invitations": _invitations(organization, names.members),
        "questionnaires": _questionnaires(questionnaires.values(), own),
        "shared_versions": [_shared_version(version) for version in shared],
    }
    yield "{"
    for key, value in core.items():
        yield f"{text(key)}: {text(value)},\n"
    yield '"rounds": ['
    separator = "\n"
    for round_ in rounds_of(organization, names):
        yield separator + text(round_)
        separator = ",\n"
    yield "\n]"
    for part in registered():
        if value := part.write(organization, names):
            yield f",\n{text(part.key)}: {text(value)}"
    yield "}\n"


def _settings(organization: Organization) -> dict[str, Any]:
    return {
        "slug": organization.slug,
        "name": organization.name,
        "time_zone": organization.time_zone,
        "language": organization.language,
        "created_at": moment_text(organization.created_at),
    }


def _member(member: Member) -> dict[str, Any]:
    return without_empty(
        {
            "email": member.user.email,
            "first_name": member.user.first_name,
            "last_name": member.user.last_name,
            "role": member.role,
            "team": member.team.name if member.team else None,
            "joined_at": moment_text(member.joined_at),
        }
    )


def _invitations(organization: Organization, members: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return whom the organization still waits for; nothing of their links."""
    return [
        without_empty(
            {
                "email": invitation.email,
                "role": invitation.role,
                "team": invitation.team.name if invitation.team else None,
                "invited_by": members.get(invitation.invited_by_id or 0),
                "expires_at": moment_text(invitation.expires_at),
            }
        )
        for invitation in sorted(organization.invitations.select_related("team"), key=lambda one: one.email)
    ]


def _questionnaires(own: Iterable[Questionnaire], of_them: Iterable[QuestionnaireVersion]) -> list[dict[str, Any]]:
    """Return the organization's own questionnaires with every version."""
    versions: dict[int, list[dict[str, Any]]] = {}
    for version in of_them:
        versions.setdefault(version.questionnaire_id, []).append(
            without_empty(
                {
                    "number": version.number,
                    "status": version.status,
                    "created_at": moment_text(version.created_at),
                    "published_at": moment_text(version.published_at),
                    "definition": version.definition,
                    "source": version.source,
                }
            )
        )
    return [
        {"slug": row.slug, "title": row.title, "versions": versions.get(row.pk, [])}
        for row in sorted(own, key=lambda row: row.slug)
    ]


def _shared_versions(organization: Organization) -> list[QuestionnaireVersion]:
    """Return the versions offered to all that the organization's rounds or parts of the document use. One query."""
    used = Q(pk__in=Round.objects.filter(organization=organization).values("version"))
    for part in registered():
        if part.versions is not None:
            used |= Q(pk__in=part.versions(organization).values("pk"))
    found = QuestionnaireVersion.objects.filter(used, organization=None).select_related("questionnaire")
    return sorted(found, key=lambda version: (version.questionnaire.slug, version.number))


def _shared_version(version: QuestionnaireVersion) -> dict[str, Any]:
    return without_empty(
        {
            "slug": version.questionnaire.slug,
            "title": version.questionnaire.title,
            "number": version.number,
            "definition": version.definition,
            "source": version.source,
        }
    )


def _reference(questionnaire: Questionnaire, version: QuestionnaireVersion) -> dict[str, Any]:
    return {"slug": questionnaire.slug, "number": version.number, "own": version.organization_id is not None}
