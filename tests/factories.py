"""Makers of whatever a test needs: every argument has a sensible default, every row is valid and saved."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone
from django.utils.text import slugify

from assessments.models import Participant, QuestionnaireVersion, ReminderSchedule, Response, Result, Round
from assessments.models.questionnaires import VersionStatus
from assessments.models.rounds import RoundStatus, quarter_days
from assessments.questionnaires.files import read_valid
from assessments.selectors.questionnaires import definition_of
from assessments.services import questionnaires, responses
from mlops_maturity.env import CHECKOUT
from organizations.models import Invitation, Member, Organization, Role, Team, User
from roadmaps.models import Item, Roadmap

PASSWORD = "a red bicycle in the rain"
SHIPPED = CHECKOUT / "assessments" / "questionnaires" / "mlops-maturity.yaml"

_numbers = count(1)
_read = cache(read_valid)


def shipped_definition(path: Path = SHIPPED) -> dict[str, Any]:
    """Return the mapping of a questionnaire file, a copy of its own for each caller."""
    return copy.deepcopy(_read(path))


def make_user(email: str = "", *, password: str | None = PASSWORD, verified: bool = True, **fields: Any) -> User:
    """Make a user whose address is confirmed; with password=None one who cannot log in with a password."""
    user = User.objects.create_user(email or f"person{next(_numbers)}@example.org", password, **fields)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    return user


def make_organization(name: str = "", **fields: Any) -> Organization:
    name = name or f"Organization {next(_numbers)}"
    return Organization.objects.create(name=name, slug=fields.pop("slug", slugify(name)), **fields)


def make_team(organization: Organization | None = None, name: str = "", **fields: Any) -> Team:
    return Team.objects.create(
        organization=organization or make_organization(), name=name or f"Team {next(_numbers)}", **fields
    )


def make_member(
    organization: Organization | None = None,
    user: User | None = None,
    *,
    role: Role = Role.MEMBER,
    team: Team | None = None,
) -> Member:
    return Member.objects.create(
        organization=organization or (team.organization if team else make_organization()),
        user=user or make_user(),
        role=role,
        team=team,
    )


def make_invitation(organization: Organization | None = None, email: str = "", **fields: Any) -> Invitation:
    """Invite somebody, for a week from now on; no mail is sent."""
    fields = {"expires_at": timezone.now() + Invitation.LIFETIME} | fields
    return Invitation.objects.create(
        organization=organization or make_organization(), email=email or f"guest{next(_numbers)}@example.org", **fields
    )


def make_version(
    data: Mapping[str, Any] | None = None, *, organization: Organization | None = None, published: bool = True
) -> QuestionnaireVersion:
    """Make a version of the shipped questionnaire, or of `data`; the one there is where it already says the same."""
    version, _is_new = questionnaires.import_definition(
        data=dict(data or shipped_definition()), organization=organization
    )
    if published and version.status == VersionStatus.DRAFT:
        questionnaires.publish_version(version=version)
    return version


def make_round(
    organization: Organization | None = None,
    *,
    version: QuestionnaireVersion | None = None,
    teams: list[Team] | None = None,
    quarter: tuple[int, int] = (2026, 3),
    **fields: Any,
) -> Round:
    """Make an open round for a (year, quarter) and some teams, by default one new team."""
    organization = organization or make_organization()
    starts_on, ends_on = quarter_days(*quarter)
    fields = {
        "starts_on": starts_on,
        "ends_on": ends_on,
        "status": RoundStatus.OPEN,
        "opened_at": timezone.now(),
    } | fields
    round_ = Round.objects.create(organization=organization, version=version or make_version(), **fields)
    round_.teams.set(
        [make_team(organization)] if teams is None else teams, through_defaults={"organization": organization}
    )
    return round_


def make_participant(
    round_: Round | None = None, *, team: Team | None = None, user: User | None = None, email: str = ""
) -> Participant:
    """Ask a person to respond for a team, by default the round's first; without a user, by email alone."""
    round_ = round_ or make_round()
    team = team or round_.teams.first()
    assert team is not None
    return Participant.objects.create(
        organization_id=round_.organization_id,
        round=round_,
        team=team,
        user=user,
        email=email or (user.email if user else f"participant{next(_numbers)}@example.org"),
    )


def make_schedule(organization: Organization | None = None, **fields: Any) -> ReminderSchedule:
    """Make a schedule of every quarter from 1 January 2026 on, at 9, 14, 3 and 0 days before."""
    fields = {"anchor": dt.date(2026, 1, 1), "looked_until": timezone.now()} | fields
    return ReminderSchedule.objects.create(organization=organization or make_organization(), **fields)


def make_response(
    answers: Mapping[str, str] | str = "yes",
    *,
    participant: Participant | None = None,
    user: User | None = None,
    version: QuestionnaireVersion | None = None,
    submitted: bool = True,
) -> Response:
    """Make a response: a participant's in a round, else a self-assessment, of `user` or of a visitor.

    `answers` is a choice key by question key, or one choice key for every question. Submitting needs them all.
    """
    version = participant.round.version if participant else version or make_version()
    if isinstance(answers, str):
        answers = dict.fromkeys(definition_of(version.pk).questions, answers)
    response = Response.objects.create(
        organization_id=participant.organization_id if participant else None,
        participant=participant,
        user=user,
        version=version,
    )
    responses.save_answers(
        response=response, given=[responses.Given(question, choice) for question, choice in answers.items()]
    )
    if submitted:
        responses.submit_response(response=response)
    return response


def make_roadmap(
    result: Result,
    practices: Sequence[str] = ("governance.lineage", "monitoring.drift_detection"),
    *,
    owner: Member | None = None,
    **fields: Any,
) -> Roadmap:
    """Make a roadmap from a result to level 5, of some practices (question keys) of two person-weeks each."""
    fields = {"title": f"Roadmap {next(_numbers)}", "target_level": 5, "starts_on": dt.date(2026, 10, 1)} | fields
    roadmap = Roadmap.objects.create(organization_id=result.organization_id, result=result, **fields)
    Item.objects.bulk_create(
        Item(
            organization_id=roadmap.organization_id,
            roadmap=roadmap,
            question_key=key,
            position=position,
            effort_weeks=2,
            owner=owner,
        )
        for position, key in enumerate(practices, start=1)
    )
    return roadmap


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of every view test: four roles in one organization, someone from another one, and staff."""

    organization: Organization
    team: Team
    owner: User
    facilitator: User
    member: User
    viewer: User
    outsider: User
    elsewhere: Organization
    staff: User


def make_cast() -> Cast:
    """Make the cast; `outsider` owns `elsewhere`, `staff` is a superuser and a member of neither organization."""
    organization = make_organization("Acme Insurance")
    team = make_team(organization, "Pricing")
    elsewhere = make_organization("Borealis Bank")
    users = {role.value: make_user(f"{role.value}@acme.example") for role in Role}
    for role, user in users.items():
        make_member(organization, user, role=Role(role), team=team)
    outsider = make_member(elsewhere, make_user("owner@borealis.example"), role=Role.OWNER).user
    staff = User.objects.create_superuser("staff@example.org", PASSWORD)
    return Cast(organization=organization, team=team, outsider=outsider, elsewhere=elsewhere, staff=staff, **users)
