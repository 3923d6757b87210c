"""Making an organization from its document (docs/exports.md), which `assessments.exchange.reading` has checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments import scoring
from assessments.definition import Definition
from assessments.exchange.reading import VersionKey, moment, version_key
from assessments.models import (
    Answer,
    Participant,
    Questionnaire,
    QuestionnaireVersion,
    Response,
    Result,
    Round,
    RoundTeam,
)
from assessments.models.questionnaires import VersionStatus
from assessments.models.responses import ResponseStatus
from assessments.models.rounds import RoundStatus
from organizations.models import Invitation, Member, Organization, Team, User
from organizations.services.organizations import SlugTaken

BATCH = 1000


@transaction.atomic
def import_organization(*, document: Mapping[str, Any], slug: str = "") -> Organization:
    """Make and return the organization that a checked document says, under `slug` where given. Raises SlugTaken.

    Members without an account here get one that has no password: they log in by an emailed code. Links of invitations
    work once they are sent again.
    """
    organization = _organization(document["organization"], slug)
    teams = _teams(organization, document["teams"])
    users = _users(document["members"])
    _members(organization, document["members"], users, teams)
    Invitation.objects.bulk_create(
        Invitation(
            organization=organization,
            email=row["email"],
            role=row["role"],
            team=teams.get(row.get("team", "")),
            invited_by=users.get(row.get("invited_by", "")),
            expires_at=moment(row["expires_at"]),
        )
        for row in document["invitations"]
    )
    versions = {**_own_versions(organization, document["questionnaires"]), **_shared(document["shared_versions"])}
    for row in document["rounds"]:
        _import_round(organization, row, _Names(teams, users, versions[version_key(row)]))
    return organization


def _organization(row: Mapping[str, Any], slug: str) -> Organization:
    try:
        with transaction.atomic():
            organization = Organization.objects.create(
                slug=(slug or row["slug"]).lower(),
                name=row["name"],
                time_zone=row["time_zone"],
                language=row["language"],
            )
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        raise SlugTaken(slug or row["slug"]) from error
    organization.created_at = moment(row["created_at"])
    organization.save(update_fields=["created_at"])
    return organization


def _teams(organization: Organization, rows: Iterable[Mapping[str, Any]]) -> dict[str, Team]:
    teams = Team.objects.bulk_create(
        Team(organization=organization, name=row["name"], archived_at=_moment(row, "archived_at")) for row in rows
    )
    return {team.name: team for team in teams}


def _users(rows: Iterable[Mapping[str, Any]]) -> dict[str, User]:
    """Return the members' accounts by address, made where there is none."""
    users = {user.email: user for user in User.objects.filter(email__in=[row["email"] for row in rows])}
    # Whoever signed up with an address without confirming it may not be the member: their password must not count.
    claimed = EmailAddress.objects.filter(user__in=users.values(), verified=False).values_list("user_id", "email")
    for user in users.values():
        if (user.pk, user.email) in set(claimed):
            user.set_unusable_password()
            user.save(update_fields=["password"])
    for row in rows:
        if row["email"] not in users:
            users[row["email"]] = user = User.objects.create_user(
                row["email"], first_name=row.get("first_name", ""), last_name=row.get("last_name", "")
            )
            # Confirmed by the code with which they log in.
            EmailAddress.objects.create(user=user, email=user.email, primary=True)
    return users


def _members(
    organization: Organization,
    rows: Iterable[Mapping[str, Any]],
    users: Mapping[str, User],
    teams: Mapping[str, Team],
) -> None:
    members = Member.objects.bulk_create(
        Member(
            organization=organization, user=users[row["email"]], role=row["role"], team=teams.get(row.get("team", ""))
        )
        for row in rows
    )
    for member, row in zip(members, rows, strict=True):
        member.joined_at = moment(row["joined_at"])
    Member.objects.bulk_update(members, ["joined_at"], batch_size=BATCH)


def _own_versions(
    organization: Organization, rows: Iterable[Mapping[str, Any]]
) -> dict[VersionKey, QuestionnaireVersion]:
    made = {}
    for row in rows:
        questionnaire = Questionnaire.objects.create(organization=organization, slug=row["slug"], title=row["title"])
        for version in row["versions"]:
            made[row["slug"], version["number"], True] = questionnaire.versions.create(
                organization=organization,
                number=version["number"],
                status=version["status"],
                definition=version["definition"],
                published_at=_moment(version, "published_at"),
            )
    return made


def _shared(rows: Iterable[Mapping[str, Any]]) -> dict[VersionKey, QuestionnaireVersion]:
    return {(row["slug"], row["number"], False): _shared_version(row) for row in rows}


def _shared_version(row: Mapping[str, Any]) -> QuestionnaireVersion:
    """Return the version offered to all that says the same, made where there is none.

    One that is made is offered only where nothing else of its questionnaire is: else it is kept, but retired.
    """
    questionnaire, _is_new = Questionnaire.objects.select_for_update().get_or_create(
        organization=None, slug=row["slug"], defaults={"title": row["title"]}
    )
    versions = questionnaire.versions.exclude(status=VersionStatus.DRAFT)
    same = versions.filter(definition=row["definition"])
    # The same text can be there as several versions.
    known = same.filter(number=row["number"]).first() or same.order_by("-number").first()
    if known is not None:
        return known
    numbers = set(questionnaire.versions.values_list("number", flat=True))
    is_offered = versions.filter(status=VersionStatus.PUBLISHED).exists()
    return questionnaire.versions.create(
        organization=None,
        number=max(numbers) + 1 if row["number"] in numbers else row["number"],
        status=VersionStatus.RETIRED if is_offered else VersionStatus.PUBLISHED,
        definition=row["definition"],
        published_at=timezone.now(),
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """What the names in a round stand for."""

    teams: Mapping[str, Team]
    users: Mapping[str, User]
    version: QuestionnaireVersion


@dataclass(slots=True)
class _Rows:
    """The rows of a round that are written together."""

    participants: list[Participant] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def write(self) -> None:
        Participant.objects.bulk_create(self.participants, batch_size=BATCH)
        moments = [(response.created_at, response.updated_at) for response in self.responses]
        Response.objects.bulk_create(self.responses, batch_size=BATCH)
        for response, (created_at, updated_at) in zip(self.responses, moments, strict=True):
            # The document's, as the rows were made with the time of now.
            response.created_at, response.updated_at = created_at, updated_at
        Response.objects.bulk_update(self.responses, ["created_at", "updated_at"], batch_size=BATCH)
        Answer.objects.bulk_create(self.answers, batch_size=BATCH)


def _import_round(organization: Organization, row: Mapping[str, Any], names: _Names) -> None:
    round_ = Round.objects.create(
        organization=organization,
        version=names.version,
        starts_on=dt.date.fromisoformat(row["starts_on"]),
        ends_on=dt.date.fromisoformat(row["ends_on"]),
        status=row["status"],
        aggregate=row["aggregate"],
        anonymous=row["anonymous"],
        opened_at=_moment(row, "opened_at"),
        closed_at=_moment(row, "closed_at"),
        revision=1 if row["status"] == RoundStatus.CLOSED else 0,
    )
    RoundTeam.objects.bulk_create(
        RoundTeam(organization=organization, round=round_, team=names.teams[name]) for name in row["teams"]
    )
    rows = _anonymous(round_, row, names) if round_.anonymous else _named(round_, row, names)
    rows.write()
    Result.objects.bulk_create(_results(round_, row["results"], names))


def _named(round_: Round, row: Mapping[str, Any], names: _Names) -> _Rows:
    rows = _Rows()
    for given in row["participants"]:
        participant = _participant(round_, names.teams[given["team"]], given["email"])
        participant.user = names.users.get(given.get("member", ""))
        rows.participants.append(participant)
        if found := given.get("response"):
            response = _response(participant, names, found["status"], _moment(found, "submitted_at"))
            response.created_at, response.updated_at = moment(found["started_at"]), moment(found["changed_at"])
            rows.responses.append(response)
            rows.answers += [
                _answer(response, question, answer.get("choice", ""), answer)
                for question, answer in found["answers"].items()
            ]
    return rows


def _anonymous(round_: Round, row: Mapping[str, Any], names: _Names) -> _Rows:
    """Make the participants, nobody by name, and give the first ones of each team its responses."""
    rows = _Rows()
    waiting: dict[str, Iterator[Participant]] = {}
    for team, asked in row["asked"].items():
        first = len(rows.participants) + 1
        people = [_participant(round_, names.teams[team], f"anonymous-{first + n}") for n in range(asked)]
        rows.participants += people
        waiting[team] = iter(people)
    free: dict[tuple[str, str, str], list[Answer]] = {}
    for given in row["responses"]:
        response = _response(next(waiting[given["team"]]), names, ResponseStatus.SUBMITTED, round_.closed_at)
        assert round_.closed_at  # noqa: S101 - before that there are no responses in the document
        response.created_at = response.updated_at = round_.closed_at
        rows.responses.append(response)
        for question, choice in given["answers"].items():
            answer = _answer(response, question, choice, {})
            rows.answers.append(answer)
            free.setdefault((given["team"], question, choice), []).append(answer)
    for remark in row["remarks"]:
        answer = free[remark["team"], remark["question"], remark["choice"]].pop()
        answer.note, answer.evidence_url = remark.get("note", ""), remark.get("evidence_url", "")
    return rows


def _participant(round_: Round, team: Team, email: str) -> Participant:
    return Participant(organization_id=round_.organization_id, round=round_, team=team, email=email)


def _response(participant: Participant, names: _Names, status: str, submitted_at: dt.datetime | None) -> Response:
    return Response(
        organization_id=participant.organization_id,
        participant=participant,
        version=names.version,
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


def _results(round_: Round, rows: Iterable[Mapping[str, Any]], names: _Names) -> list[Result]:
    if not rows:
        return []
    definition = Definition.from_mapping(names.version.definition)
    return [_result(round_, row, definition, names) for row in rows]


def _result(round_: Round, row: Mapping[str, Any], definition: Definition, names: _Names) -> Result:
    card = scoring.from_mapping(definition, row["card"])
    return Result(
        organization_id=round_.organization_id,
        round=round_,
        team=names.teams[row["team"]] if "team" in row else None,
        card=row["card"],
        respondents=card.respondents,
        level=card.level.number if card.level else None,
    )


def _moment(row: Mapping[str, Any], key: str) -> dt.datetime | None:
    return moment(row[key]) if key in row else None
