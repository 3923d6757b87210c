"""What an organization's dashboard and a person's start page show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Count, Q

from assessments.anonymity import shown_groups
from assessments.comparison import scores_alike
from assessments.definition import Definition, Level
from assessments.models import Answer, Response, Result, Round
from assessments.models.responses import ResponseStatus
from assessments.models.rounds import RoundStatus
from assessments.scoring import score_card
from assessments.selectors.heat import TeamScores, team_scores
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.results import KeptResult, kept_results
from organizations.models import Organization, Team, User


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round in the table of rounds, with the organization's level, overall score and dimension scores, if any.

    The scores are those of the dashboard's questionnaire, None for a round of another one.
    """

    round: Round
    definition: Definition
    level: Level | None
    overall: Fraction | None
    scores: Sequence[Fraction | None]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """An organization at a glance; rounds and their organization-wide results from the newest to the oldest.

    `results` are all of them, `latest` and what follows are of one questionnaire: the one asked for, else the last one.
    """

    rounds: Sequence[Round]
    results: dict[int, KeptResult]
    latest: KeptResult | None
    previous: KeptResult | None
    teams: Sequence[TeamScores]

    @property
    def open_rounds(self) -> list[Round]:
        return [round_ for round_ in self.rounds if round_.status == RoundStatus.OPEN]

    @property
    def questionnaires(self) -> dict[str, Definition]:
        """What the closed rounds asked, by its name in addresses, the newest first."""
        return {row.definition.slug: row.definition for row in reversed(self.results.values())}

    @property
    def asks_several(self) -> bool:
        """Whether the rounds, closed or not, asked more than one questionnaire."""
        return len({definition_of(round_.version_id).slug for round_ in self.rounds}) > 1

    @property
    def last_run(self) -> Round | None:
        """The newest round that people were asked in, to start the next one from: a draft is none."""
        return next((round_ for round_ in self.rounds if round_.status != RoundStatus.DRAFT), None)

    @property
    def trend(self) -> list[KeptResult]:
        """The closed rounds with an overall score by the rule of the latest one, from the oldest to the newest.

        Scores by another version's rule are left out: side by side they would tell of a change that there may not be.
        """
        return [
            row
            for row in reversed(self.results.values())
            if row.card and row.card.overall is not None and self.latest and _alike(row, self.latest)
        ]

    @property
    def has_other_versions(self) -> bool:
        """Whether rounds are left out of the trend as they score by another rule."""
        latest = self.latest
        return latest is not None and any(
            row.card is not None and _same(row, latest) and not _alike(row, latest) for row in self.results.values()
        )

    @property
    def change(self) -> Fraction | None:
        """What the overall score gained from the previous round to the latest, where both have one by the same rule."""
        if self.latest and self.previous and not _alike(self.latest, self.previous):
            return None
        scores = [row.card.overall for row in (self.latest, self.previous) if row and row.card]
        newer, older = scores if len(scores) == 2 else (None, None)
        return None if newer is None or older is None else newer - older

    @property
    def rows(self) -> list[RoundRow]:
        """Every round, with its scores in the dimensions of the latest result."""
        return [_round_row(round_, self.results.get(round_.pk), self.latest) for round_ in self.rounds]

    @property
    def chart(self) -> dict[str, Any]:
        """What the trend draws: the overall score and that of each dimension the latest round has, by round."""
        if self.latest is None or self.latest.card is None:
            return {}
        return {
            "top": float(self.latest.card.scale),
            "rounds": [row.round.period for row in self.trend],
            "overall": [_number(row.card.overall) for row in self.trend if row.card],
            "dimensions": [
                {
                    "name": dimension.title,
                    "scores": [_number(row.card.scores.get(dimension.key)) for row in self.trend if row.card],
                }
                for dimension in self.latest.definition.dimensions
            ],
        }


def _alike(one: KeptResult, other: KeptResult) -> bool:
    """Return whether two results are of one questionnaire and score by one rule."""
    return one.round.version_id == other.round.version_id or (
        _same(one, other) and scores_alike(one.definition, other.definition)
    )


def dashboard_of(organization: Organization, questionnaire: str = "") -> Dashboard:
    """Return an organization's dashboard, of the last questionnaire or of the one named.

    Three queries, whatever it holds (and one for each version not yet read).
    """
    rounds = list(Round.objects.filter(organization=organization).with_progress().order_by("-starts_on", "-id"))
    closed = [round_ for round_ in rounds if round_.status == RoundStatus.CLOSED]
    kept = kept_results(closed, with_teams=False, questions=False)
    whole = {row.round.pk: row for row in kept}
    newest = [row for row in whole.values() if questionnaire in ("", row.definition.slug)]
    newest = [row for row in newest if _same(row, newest[0])]
    latest = newest[0] if newest else None
    return Dashboard(
        rounds=rounds,
        results=whole,
        latest=latest,
        previous=newest[1] if len(newest) > 1 else None,
        teams=team_scores(latest.round) if latest else [],
    )


def team_progress(round_: Round) -> Sequence[Team]:
    """Return a round's teams by name with `asked` and `submitted`: their participants, and how many of these submitted.

    In an anonymous round `submitted` is None where it would tell who of one or two people has answered, also against
    subtraction. One query.
    """
    asked = Count("participants", filter=Q(participants__round=round_), distinct=True)
    submitted = Count(
        "participants",
        filter=Q(participants__round=round_, participants__response__status=ResponseStatus.SUBMITTED),
        distinct=True,
    )
    teams = list(
        Team.objects.filter(round_teams__round=round_).annotate(asked=asked, submitted=submitted).order_by("name")
    )
    told = shown_groups({team.pk: team.asked for team in teams}).groups
    for team in teams:
        if round_.anonymous and team.pk not in told:
            team.submitted = None  # type: ignore[assignment]  # as the annotation is a number
    return teams


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """One of a person's organizations, with the latest result of the whole, if any."""

    organization: Organization
    latest: Result | None

    @property
    def definition(self) -> Definition | None:
        """What the latest result's round asked. One query where it is not yet read."""
        return definition_of(self.latest.round.version_id) if self.latest else None

    @property
    def level(self) -> Level | None:
        levels = self.definition.levels if self.definition else ()
        return next((level for level in levels if self.latest and level.number == self.latest.level), None)


def organizations_of(user: User) -> list[OrganizationRow]:
    """Return a person's organizations by name. Two queries."""
    latest = {
        result.organization_id: result
        for result in Result.objects.current()
        .filter(team=None, organization__members__user=user)
        .select_related("round")
        .defer("card")
        .order_by("organization_id", "-round__starts_on", "-round_id")
        .distinct("organization_id")
    }
    return [
        OrganizationRow(organization, latest.get(organization.pk)) for organization in Organization.objects.of(user)
    ]


@dataclass(frozen=True, slots=True)
class OwnRow:
    """One of a person's self-assessments, with the level of a submitted one."""

    response: Response
    definition: Definition
    level: Level | None


def self_assessments_of(user: User) -> list[OwnRow]:
    """Return a person's self-assessments, newest first. Two queries (and one for each version not yet read)."""
    responses = list(Response.objects.tried_by(user))
    chosen: dict[int, dict[str, str]] = {response.pk: {} for response in responses}
    answers = Answer.objects.filter(response__in=chosen).exclude(choice_key="")
    for response_id, question, choice in answers.values_list("response_id", "question_key", "choice_key"):
        chosen[response_id][question] = choice
    return [_own_row(response, chosen[response.pk]) for response in responses]


def _own_row(response: Response, answers: dict[str, str]) -> OwnRow:
    definition = definition_of(response.version_id)
    level = score_card(definition, [answers]).level if response.is_submitted else None
    return OwnRow(response, definition, level)


def _round_row(round_: Round, result: KeptResult | None, latest: KeptResult | None) -> RoundRow:
    definition = definition_of(round_.version_id)
    dimensions = latest.definition.dimensions if latest else ()
    card = result.card if result else None
    if card is None:
        return RoundRow(round_, definition, None, None, [None for _ in dimensions])
    is_same = latest is not None and definition.slug == latest.definition.slug
    scores = [card.scores.get(dimension.key) if is_same else None for dimension in dimensions]
    return RoundRow(round_, definition, card.level, card.overall, scores)


def _same(one: KeptResult, other: KeptResult) -> bool:
    """Return whether two results are of the same questionnaire."""
    return one.definition.slug == other.definition.slug


def _number(score: Fraction | None) -> float | None:
    return None if score is None else round(float(score), 4)
