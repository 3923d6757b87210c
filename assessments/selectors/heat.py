"""Teams against dimensions: the scores of hundreds of teams, without reading their whole score cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import F
from django.db.models.fields.json import KT, KeyTransform
from django.utils.translation import gettext as _

from assessments.definition import Definition, Level
from assessments.models import Result, Round
from assessments.selectors.results import KeptResult

TEAMS_ON_A_PAGE = 50
"""More teams than these come in pages, and can be searched and sorted."""
LONGEST_SEARCH = 200
BY_NAME, BY_OVERALL = "_team", "_overall"
"""What to sort by besides the dimensions, whose keys never begin like that."""
WITHOUT_LEVEL = "none"


@dataclass(frozen=True, slots=True)
class TeamScores:
    """A team's scores as its card keeps them, exact fractions as text ("7/3"), None where there is none.

    `scores` has the dimensions in order; it is empty where the result is withheld.
    """

    team_id: int
    team: str
    scores: Sequence[str | None]
    overall: str | None
    level: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a heat map; `sort` is what an address asks for to turn its order, `order` the one it has now."""

    title: str
    sort: str
    order: str


@dataclass(frozen=True, slots=True)
class LevelShare:
    """How many of all teams are at a level, None for those without one; `key` is its name in addresses."""

    level: Level | None
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Teams against dimensions: a page of the teams that an address asks for, out of so many in `total`."""

    definition: Definition
    page: Page[TeamScores]
    total: int
    levels: Sequence[LevelShare]
    columns: Sequence[Column]
    words: str
    level: str
    rest: Sequence[tuple[str, str]]
    """What else the address asks for, as names and values."""

    @property
    def is_large(self) -> bool:
        """Whether there are too many teams to be seen at once."""
        return self.total > TEAMS_ON_A_PAGE

    @property
    def is_narrowed(self) -> bool:
        """Whether the teams shown were searched for."""
        return bool(self.words or self.level)


def heat_map(teams: Sequence[TeamScores], definition: Definition, asked: Mapping[str, str]) -> HeatMap:
    """Return what the heat map of teams, which come by name, shows for an address. No query.

    It asks for `q`: words in the name, `level`: a number or `none`, `sort`: `_team`, `_overall` or a dimension's
    key, with a minus for the other order, and `page`. What is none of these is passed over.
    """
    words = " ".join(asked.get("q", "")[:LONGEST_SEARCH].split())
    counts = Counter(team.level for team in teams)
    levels = [LevelShare(level, str(level.number), counts[level.number]) for level in definition.levels]
    if counts[None]:
        levels.append(LevelShare(None, WITHOUT_LEVEL, counts[None]))
    level = asked.get("level", "")
    level = level if level in {share.key for share in levels} else ""
    found = [
        team
        for team in teams
        if (not words or words.casefold() in team.team.casefold()) and level in ("", _level_key(team.level))
    ]
    key, is_down = _sort(definition, asked.get("sort", ""))
    return HeatMap(
        definition=definition,
        page=Paginator(_sorted(found, definition, key, is_down=is_down), TEAMS_ON_A_PAGE).get_page(asked.get("page")),
        total=len(teams),
        levels=levels,
        columns=[_column(title, own, key, is_down=is_down) for own, title in _columns(definition).items()],
        words=words,
        level=level,
        rest=[(name, value) for name, value in asked.items() if name not in ("q", "page")],
    )


def team_scores(round_: Round) -> list[TeamScores]:
    """Return the teams of a closed round's newest result by name. One query, however many there are."""
    rows = (
        Result.objects.filter(round=round_, revision=round_.revision, team__isnull=False)
        .annotate(name=F("team__name"), dimensions=KeyTransform("dimensions", "card"), overall=KT("card__overall"))
        .values("team_id", "name", "withheld", "dimensions", "overall", "level")
    )
    teams = [_team_scores(row["team_id"], row["name"], None if row["withheld"] else row) for row in rows]
    return sorted(teams, key=lambda row: row.team.lower())


def team_scores_in(results: Sequence[KeptResult]) -> list[TeamScores]:
    """Return the teams among results that have been read. No query."""
    return [_team_scores(row.team_id, row.team, row.kept) for row in results if row.team_id and row.team]


def _team_scores(team_id: int, team: str, card: Mapping[str, Any] | None) -> TeamScores:
    if card is None:
        return TeamScores(team_id, team, (), None, None)
    return TeamScores(team_id, team, [row["score"] for row in card["dimensions"]], card["overall"], card["level"])


def _columns(definition: Definition) -> dict[str, str]:
    """Return the titles of what teams can be sorted by."""
    scores = {dimension.key: dimension.title for dimension in definition.dimensions}
    return {BY_NAME: _("Team"), **scores, BY_OVERALL: _("Overall")}


def _column(title: str, own: str, key: str, *, is_down: bool) -> Column:
    """Return a column, which turns round where it gives the order, and else begins with the lowest."""
    if own != key:
        return Column(title, own, "")
    return Column(title, own if is_down else f"-{own}", "descending" if is_down else "ascending")


def _sort(definition: Definition, asked: str) -> tuple[str, bool]:
    """Return what to sort by, and whether the highest comes first."""
    key = asked.removeprefix("-")
    return (key, asked != key) if key in _columns(definition) else (BY_NAME, False)


def _sorted(teams: list[TeamScores], definition: Definition, key: str, *, is_down: bool) -> list[TeamScores]:
    """Return teams in order; those without a score come last in either, equal ones by name."""
    if key == BY_NAME:
        return teams[::-1] if is_down else teams
    score = _score_of(definition, key)
    scored = [team for team in teams if score(team) is not None]
    by_score = sorted(scored, key=lambda team: Fraction(score(team) or 0), reverse=is_down)
    return [*by_score, *(team for team in teams if score(team) is None)]


def _score_of(definition: Definition, key: str) -> Callable[[TeamScores], str | None]:
    if key == BY_OVERALL:
        return lambda team: team.overall
    place = [dimension.key for dimension in definition.dimensions].index(key)
    return lambda team: team.scores[place] if team.scores else None


def _level_key(number: int | None) -> str:
    return WITHOUT_LEVEL if number is None else str(number)
