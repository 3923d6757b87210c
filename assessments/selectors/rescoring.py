"""Kept results scored anew by another definition, from the answers that they came from (docs/comparison.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.core.cache import cache
from django.db.models import F

from assessments import scoring
from assessments.comparison import scores_alike
from assessments.definition import Definition
from assessments.models import Answer, Consensus
from assessments.models.responses import ResponseStatus
from assessments.scoring import Answers, ScoreCard
from assessments.selectors.results import KeptResult

HOUR = 60 * 60
"""How long a card scored anew is kept, and also that there is none, as answers have changed."""

TeamInRound = tuple[int, int]
Responses = Mapping[TeamInRound, Sequence[Answers]]
Agreed = Mapping[TeamInRound, Answers]


def rescored(
    kept: Iterable[KeptResult], definition: Definition, versions: Iterable[int]
) -> dict[int, ScoreCard | None]:
    """Return the cards that are shown, by result id, as of `definition`, which is what `versions` (ids) have in common.

    None where the answers now in the database are no longer those that the kept card came from. At most two queries,
    and none where all rounds score by the definition or the cache has it.
    """
    shown = [(row, row.card) for row in kept if row.card]
    known = {row.round.version_id: row.definition for row, _ in shown}
    alike = {version_id for version_id, other in known.items() if scores_alike(other, definition)}
    cards: dict[int, ScoreCard | None] = {
        row.pk: _reworded(card, row.definition, definition) for row, card in shown if row.round.version_id in alike
    }
    rule = "-".join(map(str, versions))
    due = {f"rescored:{rule}:{row.pk}": (row, card) for row, card in shown if row.pk not in cards}
    found: dict[str, Any] = cache.get_many(due)
    new = _score(definition, {key: row for key, row in due.items() if key not in found})
    if new:
        cache.set_many(new, timeout=HOUR)
    for key, data in (found | new).items():
        cards[due[key][0].pk] = scoring.from_mapping(definition, data) if data else None
    return cards


def _reworded(card: ScoreCard, own: Definition, definition: Definition) -> ScoreCard:
    """Return the card with the titles and level of a definition that scores as its own."""
    return card if own is definition else scoring.from_mapping(definition, scoring.to_mapping(card))


def _score(definition: Definition, due: Mapping[str, tuple[KeptResult, ScoreCard]]) -> dict[str, dict[str, Any]]:
    """Return each card scored anew as plain values, empty where it cannot be. Two queries, none for nothing."""
    if not due:
        return {}
    rounds = {row.round.pk for row, _ in due.values()}
    responses = _submitted(rounds)
    agreed: defaultdict[TeamInRound, dict[str, str]] = defaultdict(dict)
    rows = Consensus.objects.filter(round__in=rounds)
    for round_id, team_id, question, choice in rows.values_list("round_id", "team_id", "question_key", "choice_key"):
        agreed[round_id, team_id][question] = choice
    return {key: _score_one(definition, row, card, responses, agreed) for key, (row, card) in due.items()}


def _submitted(round_ids: Collection[int]) -> Responses:
    rows = (
        Answer.objects.filter(response__participant__round__in=round_ids, response__status=ResponseStatus.SUBMITTED)
        .exclude(choice_key="")
        # Of an anonymous round only what its result counts.
        .exclude(response__participant__round__anonymous=True, response__counted_since=None)
        .annotate(round_id=F("response__participant__round_id"), team_id=F("response__participant__team_id"))
        .values_list("round_id", "team_id", "response_id", "question_key", "choice_key")
    )
    teams: defaultdict[TeamInRound, defaultdict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for round_id, team_id, response_id, question, choice in rows.iterator():
        teams[round_id, team_id][response_id][question] = choice
    return {key: list(responses.values()) for key, responses in teams.items()}


def _score_one(
    definition: Definition, row: KeptResult, card: ScoreCard, responses: Responses, agreed: Agreed
) -> dict[str, Any]:
    own = [key for key in responses if key[0] == row.round.pk and row.team_id in (None, key[1])]
    before = [answers for key in own for answers in responses[key]]
    after = [{**answers, **agreed.get(key, {})} for key in own for answers in responses[key]]
    if scoring.score_card(row.definition, before, aggregate=card.aggregate, agreed=after) != card:
        return {}
    shared = [_only(definition, given) for given in (before, after)]
    return scoring.to_mapping(scoring.score_card(definition, shared[0], aggregate=card.aggregate, agreed=shared[1]))


def _only(definition: Definition, responses: Iterable[Answers]) -> list[Answers]:
    """Return the responses less their answers to what the definition does not ask."""
    return [{key: choice for key, choice in answers.items() if key in definition.questions} for answers in responses]
