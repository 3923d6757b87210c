"""What the pages of benchmarks show, and whose scores count in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from assessments import scoring
from assessments.benchmarks import (
    FEWEST_ORGANIZATIONS,
    Adoption,
    BenchmarkSet,
    Figures,
    LevelTools,
    adoption,
    percentile,
)
from assessments.comparison import Quarter
from assessments.definition import Definition, Level, exact
from assessments.models import BenchmarkSharing, BenchmarkSnapshot, PublishedBenchmark, Result, Round, TeamTool
from assessments.models.rounds import RoundStatus, quarter_days
from assessments.scoring import ScoreCard
from assessments.selectors.questionnaires import OFFERED, definition_of, version_on_offer
from organizations.models import Organization, Team


@dataclass(frozen=True, slots=True)
class TeamTechnology:
    """A team's tools against the lists of its questionnaire, and the level of its latest result, if any."""

    team: Team
    definition: Definition
    adoption: Adoption
    level: Level | None

    @property
    def current(self) -> LevelTools | None:
        return self.adoption.of(self.level)

    @property
    def next(self) -> LevelTools | None:
        return self.adoption.of(self.definition.next_level(self.level)) if self.level else None


@dataclass(frozen=True, slots=True)
class Shared:
    """What an organization shares: its latest scores by dimension key, the overall one under ""."""

    sharing: BenchmarkSharing
    scores: Mapping[str, Fraction | None]


@dataclass(frozen=True, slots=True)
class Standing:
    """A score of the organization, overall or of a dimension, and its percentile among those who share.

    `published` has the figures of each published set, and which of their percentiles the score reaches.
    """

    title: str
    score: Fraction | None
    percentile: int | None
    published: Sequence[tuple[Figures | None, int | None]]


@dataclass(frozen=True, slots=True)
class BenchmarksPage:
    """Where an organization stands by its latest closed round; no card where there is none, or where it is withheld.

    `snapshot` is the one of those of its size, or of all; None where it does not share, or where too few do.
    """

    round: Round | None
    card: ScoreCard | None
    sharing: BenchmarkSharing | None
    snapshot: BenchmarkSnapshot | None
    published: Sequence[BenchmarkSet]
    standings: Sequence[Standing]
    teams: Sequence[TeamTechnology]

    @property
    def definition(self) -> Definition | None:
        """What the round asked. One query where it is not yet read."""
        return definition_of(self.round.version_id) if self.round else None

    @property
    def is_usual(self) -> bool:
        """Whether the round asked the questionnaire that benchmarks are mostly gathered for."""
        return self.round is not None and _is_usual(self.round)

    @property
    def usual(self) -> Definition | None:
        """The questionnaire that benchmarks are mostly gathered for. One query, and one where it is not yet read."""
        version = version_on_offer()
        return definition_of(version.pk) if version else None

    @property
    def organizations(self) -> int:
        """How many organizations the snapshot is made of that still share."""
        return self.snapshot.sharers if self.snapshot else 0  # type: ignore[attr-defined]


def teams_in_use(organization: Organization) -> list[Team]:
    """Return an organization's teams by name, without archived ones. One query."""
    return list(organization.teams.filter(archived_at=None).order_by("name"))


def technology_of(teams: Sequence[Team]) -> list[TeamTechnology]:
    """Return how the teams' tools compare to the lists of the questionnaire they answered last, or of the one on offer.

    A team is left out where there is neither. At most three queries (and one for each version not yet read).
    """
    tools: dict[int, list[str]] = {team.pk: [] for team in teams}
    for team_id, name in TeamTool.objects.filter(team__in=tools).order_by("name").values_list("team_id", "name"):
        tools[team_id].append(name)
    latest = {result.team_id: result for result in _latest_results(tools)}
    offered = version_on_offer() if len(latest) < len(teams) else None
    found = []
    for team in teams:
        result = latest.get(team.pk)
        version_id = result.round.version_id if result else offered.pk if offered else None
        if version_id:
            definition = definition_of(version_id)
            level = _level_of(definition, result) if result else None
            found.append(TeamTechnology(team, definition, adoption(definition, tools[team.pk]), level))
    return found


def shared_scores() -> dict[tuple[str, int], list[Shared]]:
    """Return what every organization that shares has in its latest closed round of each questionnaire, by its version.

    Only of questionnaires that are offered to all; what an anonymous round withholds is not there. Two queries (and one
    for each version not yet read).
    """
    sharing = {row.organization_id: row for row in BenchmarkSharing.objects.all()}
    latest = _latest_rounds().filter(organization__in=sharing, version__organization=None)
    rounds = list(latest)
    cards = _whole_cards(rounds)
    found: dict[tuple[str, int], list[Shared]] = {}
    for round_ in rounds:
        if card := cards.get(round_.pk):
            shared = Shared(sharing[round_.organization_id], {"": card.overall, **card.scores})
            found.setdefault((round_.version.questionnaire.slug, round_.version.number), []).append(shared)
    return found


def benchmarks_page(organization: Organization, today: dt.date) -> BenchmarksPage:
    """Return where an organization stands, by the questionnaire that is offered first where it has a round of it.

    At most nine queries (and one for each version not yet read).
    """
    latest = list(_latest_rounds().filter(organization=organization))
    round_ = max(latest, key=lambda row: (_is_usual(row), row.starts_on, row.pk), default=None)
    card = _whole_cards([round_]).get(round_.pk) if round_ else None
    sharing = BenchmarkSharing.objects.filter(organization=organization).first()
    snapshot, published = None, []
    if round_ and card and round_.version.organization_id is None:
        snapshot = _snapshot(round_, sharing, today) if sharing else None
        published = _published(round_.version.questionnaire.slug)
    return BenchmarksPage(
        round=round_,
        card=card,
        sharing=sharing,
        snapshot=snapshot,
        published=published,
        standings=_standings(card, snapshot, published) if card else [],
        teams=technology_of(teams_in_use(organization)),
    )


def _latest_rounds() -> QuerySet[Round]:
    """Return the latest closed round of each questionnaire in each organization that has one."""
    return (
        Round.objects.filter(status=RoundStatus.CLOSED)
        .order_by("organization_id", "version__questionnaire_id", "-starts_on", "-pk")
        .distinct("organization_id", "version__questionnaire_id")
        .select_related("version__questionnaire")
        .defer("version__definition", "version__source")
    )


def _is_usual(round_: Round) -> bool:
    return round_.version.organization_id is None and round_.version.questionnaire.slug == OFFERED


def _whole_cards(rounds: Iterable[Round]) -> dict[int, ScoreCard]:
    """Return the organizations' current cards by round, without those withheld or without any score. One query."""
    versions = {round_.pk: round_.version_id for round_ in rounds}
    rows = Result.objects.current().filter(round__in=versions, team=None, withheld=False)
    cards = {row.round_id: scoring.from_mapping(definition_of(versions[row.round_id]), row.card) for row in rows}
    return {round_id: card for round_id, card in cards.items() if card.overall is not None}


def _latest_results(teams: Iterable[int]) -> QuerySet[Result]:
    """Return each team's result of the latest closed round it took part in, without the card."""
    return (
        Result.objects.current()
        .filter(team__in=teams, round__status=RoundStatus.CLOSED)
        .order_by("team_id", "-round__starts_on", "-round_id")
        .distinct("team_id")
        .select_related("round")
        .defer("card")
    )


def _level_of(definition: Definition, result: Result) -> Level | None:
    if result.withheld:
        return None
    return next((level for level in definition.levels if level.number == result.level), None)


def _snapshot(round_: Round, sharing: BenchmarkSharing, today: dt.date) -> BenchmarkSnapshot | None:
    """Return this quarter's snapshot, that of the organization's size where there is one; ten of it still share."""
    starts_on, _ends_on = quarter_days(*Quarter.of(today))
    return (
        BenchmarkSnapshot.objects.filter(
            questionnaire=round_.version.questionnaire.slug,
            version=round_.version.number,
            starts_on=starts_on,
            size__in=["", sharing.size],
        )
        .annotate(sharers=Count("shared_by"))
        .filter(sharers__gte=FEWEST_ORGANIZATIONS)
        .order_by("-size")
        .first()
    )


def _published(questionnaire: str) -> list[BenchmarkSet]:
    rows = PublishedBenchmark.objects.filter(questionnaire=questionnaire).order_by("title")
    return [BenchmarkSet.from_mapping(row.document) for row in rows]


def _standings(
    card: ScoreCard, snapshot: BenchmarkSnapshot | None, published: Sequence[BenchmarkSet]
) -> list[Standing]:
    """Return the overall score's standing, then those of the dimensions."""
    points = {key: [exact(text) for text in texts] for key, texts in snapshot.cut_points.items()} if snapshot else {}
    scores = [(None, _("Overall"), card.overall), *((row.key, row.title, row.score) for row in card.dimensions)]
    return [
        Standing(
            title=title,
            score=score,
            percentile=percentile(points[key or ""], score) if score is not None and (key or "") in points else None,
            published=[
                (figures, figures.reached(score) if figures else None)
                for figures in (benchmark.figures.get(key) for benchmark in published)
            ],
        )
        for key, title, score in scores
    ]
