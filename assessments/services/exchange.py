"""Making an organization from its document (docs/exports.md), which `assessments.exchange.reading` has checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessments.exchange.findings import VersionKey, moment, moment_in
from assessments.exchange.parts import Made, registered
from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from assessments.services.exchange_rounds import BATCH, create_with, import_rounds
from organizations.models import Invitation, Member, Organization, Team, User
from organizations.services.organizations import SlugTaken


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
    made = Made(organization, teams, users, versions)
    import_rounds(document["rounds"], made)
    for part in registered():
        if part.key in document:
            part.read(document[part.key], made)
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
        Team(organization=organization, name=row["name"], archived_at=moment_in(row, "archived_at")) for row in rows
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
    members = [
        Member(
            organization=organization,
            user=users[row["email"]],
            role=row["role"],
            team=teams.get(row.get("team", "")),
            joined_at=moment(row["joined_at"]),
        )
        for row in rows
    ]
    create_with(members, "joined_at")


def _own_versions(
    organization: Organization, rows: Iterable[Mapping[str, Any]]
) -> dict[VersionKey, QuestionnaireVersion]:
    made = {}
    for row in rows:
        questionnaire = Questionnaire.objects.create(organization=organization, slug=row["slug"], title=row["title"])
        for version in row["versions"]:
            made[row["slug"], version["number"], True] = QuestionnaireVersion(
                organization=organization,
                questionnaire=questionnaire,
                number=version["number"],
                status=version["status"],
                definition=version["definition"],
                source=version.get("source", ""),
                created_at=moment(version["created_at"]),
                published_at=moment_in(version, "published_at"),
            )
    QuestionnaireVersion.objects.bulk_create(made.values(), batch_size=BATCH)
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
        source=row.get("source", ""),
        published_at=timezone.now(),
    )
