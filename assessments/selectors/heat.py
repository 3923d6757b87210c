"""Teams against dimensions: the scores of hundreds of teams, without reading their whole score cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.db.models.fields.json import KT, KeyTransform

from assessments.models import Result, Round
from assessments.selectors.results import KeptResult


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
