"""Who of an anonymous round in a document answered, by team, where the document tells of some teams only together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


def seats(round_: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """Return how many answers each team of a round gets, and how many of those without a team are left over.

    They go to the teams whose newest result is not shown: to as many people as the document says have answered, then to
    as many as were asked, in the document's order. Over or under 0 is left where the numbers do not agree.
    """
    taken = Counter(row["team"] for row in round_["responses"] if "team" in row)
    left = len(round_["responses"]) - taken.total()
    shown = {
        row.get("team") for row in round_["results"] if row["revision"] == round_["revision"] and "withheld" not in row
    }
    withheld = [team for team in round_["asked"] if team not in taken and team not in shown]
    for team in sorted(withheld, key=lambda team: team not in round_["answered"]):
        taken[team] = round_["answered"].get(team, min(left, round_["asked"][team]))
        left -= taken[team]
    return dict(taken), left
