"""Reading what a round's results are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from django.db.models import Aggregate, F, JSONField, Q

from assessments.models import Consensus, Response, Round
from assessments.scoring import Answers


class ObjectAgg(Aggregate):
    """One JSON object of many rows, from a key and a value of each."""

    function = "JSONB_OBJECT_AGG"
    arity = 2
    output_field = JSONField()


def answers_by_team(round_: Round, *, counted: bool = False) -> dict[int, list[Answers]]:
    """Return a round's submitted responses, or those of them that are counted, by team id, in a lasting order.

    One query, which hands over a row for each response.
    """
    responses = Response.objects.submitted_in(round_)
    rows = (
        (responses.exclude(counted_since=None) if counted else responses)
        .order_by("pk")
        .annotate(
            team_id=F("participant__team_id"),
            given=ObjectAgg("answers__question_key", "answers__choice_key", filter=Q(answers__choice_key__gt="")),
        )
        .values_list("team_id", "given")
    )
    teams: dict[int, list[Answers]] = defaultdict(list)
    for team_id, given in rows.iterator():
        teams[team_id].append(given or {})
    return dict(teams)


def consensus_by_team(round_: Round) -> dict[int, dict[str, Consensus]]:
    """Return what the teams of a round agreed on, by team id and question key. One query."""
    teams: dict[int, dict[str, Consensus]] = defaultdict(dict)
    for row in Consensus.objects.filter(round=round_):
        teams[row.team_id][row.question_key] = row
    return dict(teams)


def as_agreed(
    responses: Mapping[int, list[Answers]], consensus: Mapping[int, Mapping[str, Consensus]]
) -> dict[int, list[Answers]]:
    """Return responses, by team id, as they stand after consensus."""
    choices = {team: {key: row.choice_key for key, row in agreed.items()} for team, agreed in consensus.items()}
    return {
        team: [{**answers, **choices[team]} for answers in given] if team in choices else given
        for team, given in responses.items()
    }
