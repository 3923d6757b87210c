"""What facilitators plan rounds with and see of them: free quarters, questionnaires, who is asked and who answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import BooleanField, Case, CharField, F, Q, QuerySet, Value, When

from assessments.anonymity import SMALLEST_GROUP
from assessments.models import Participant, QuestionnaireVersion, Round
from assessments.models.rounds import quarter_days
from assessments.selectors.organizations import team_progress
from organizations.models import Member, Organization, Role, Team, User

QUARTERS_AHEAD = 8
MOST_MEMBERS = 500
"""As many as can be ticked on a page; whoever has more sends addresses."""


def free_quarter(organization: Organization, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and last day of the first quarter, from the running one on, in which no round lies. One query.

    Where the next two years are taken, that is the running one.
    """
    running = today.year * 4 + (today.month - 1) // 3
    quarters = [quarter_days(number // 4, number % 4 + 1) for number in range(running, running + QUARTERS_AHEAD)]
    rounds = Round.objects.filter(organization=organization, ends_on__gte=quarters[0][0])
    taken = list(rounds.values_list("starts_on", "ends_on"))
    free = (days for days in quarters if not any(first <= days[1] and last >= days[0] for first, last in taken))
    return next(free, quarters[0])


def versions_for(organization: Organization) -> QuerySet[QuestionnaireVersion]:
    """Return the published versions that an organization's rounds may use, without what they ask; newest first."""
    return (
        QuestionnaireVersion.objects.published()
        .filter(Q(questionnaire__organization=None) | Q(questionnaire__organization=organization))
        .select_related("questionnaire")
        .defer("definition", "source")
        .order_by("questionnaire__title", "questionnaire_id", "-number")
    )


def rounds_in(organization: Organization) -> QuerySet[Round]:
    """Return an organization's rounds with their progress and questionnaire, not what it asks. One query."""
    return (
        Round.objects.filter(organization=organization)
        .with_progress()
        .select_related("version__questionnaire", "previous")
        .defer("version__definition", "version__source")
    )


def teams_to_add(round_: Round) -> QuerySet[Team]:
    """Return the teams in use that do not take part in a round, by name. One query."""
    return round_.organization.teams.filter(archived_at=None).exclude(rounds=round_).order_by("name")


def people_of(round_: Round, team: Team | None = None) -> QuerySet[Participant]:
    """Return who is asked, by team and address, of one team or all; `state` is that of their response. One query.

    In an anonymous round the state is always None: nobody sees who has answered.
    """
    people = round_.participants.select_related("team", "user").order_by("team__name", "email")
    people = people.annotate(state=Value(None, CharField()) if round_.anonymous else F("response__status"))
    return people.filter(team=team) if team else people


def rounds_in_the_same_days(round_: Round) -> list[Round]:
    """Return the organization's other rounds whose period overlaps that of a round. One query."""
    return list(
        Round.objects.filter(
            organization=round_.organization_id, starts_on__lte=round_.ends_on, ends_on__gte=round_.starts_on
        ).exclude(pk=round_.pk)
    )


def too_few_to_show(round_: Round) -> list[Team]:
    """Return the teams whose result an anonymous round would withhold if it closed now, none of a named one. One query.

    Only what follows from the progress that everybody sees.
    """
    if not round_.anonymous:
        return []
    return [team for team in team_progress(round_) if _is_small(team)]


def _is_small(team: Any) -> bool:
    """Whether fewer than three of a team of `team_progress` are asked, or have answered as far as may be told."""
    few = range(1, SMALLEST_GROUP)
    return team.asked in few or team.submitted in few


def own_participation(user: User, rounds: list[Round]) -> dict[int, Participant]:
    """Return a user's own participation by round. One query."""
    return {row.round_id: row for row in Participant.objects.filter(round__in=rounds, user=user).select_related("team")}


def members_to_ask(round_: Round, team: Team) -> QuerySet[Member]:
    """Return the members who may answer and are not asked yet, those of the team first, with `is_of_team`. One query.

    At most `MOST_MEMBERS` of them.
    """
    members = (
        round_.organization.members.exclude(role=Role.VIEWER)
        .exclude(user__in=round_.participants.exclude(user=None).values("user"))
        .select_related("user", "team")
        .annotate(is_of_team=Case(When(team=team, then=True), default=False, output_field=BooleanField()))
        .order_by("-is_of_team", "user__email")
    )
    return members.filter(pk__in=members.values("pk")[:MOST_MEMBERS])
