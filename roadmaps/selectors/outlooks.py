"""From a kept result to what can be planned from it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import chain

from assessments import scoring
from assessments.models import Result, Round
from assessments.models.rounds import RoundStatus
from assessments.scoring import Answers
from assessments.selectors.closing import answers_by_team, as_agreed, consensus_by_team
from assessments.selectors.results import KeptResult, kept_results
from organizations.models import Organization
from roadmaps.steps import NeedsAnswers, Outlook, StepKey, needs_answers

ROUNDS_TO_START_FROM = 4


class CannotPlan(Exception):
    """Nothing can be planned from a result: it is withheld, or the answers that it came from have changed."""


def sources_of(organization: Organization) -> list[KeptResult]:
    """Return the results that a roadmap can start from, the newest round's first. Two queries."""
    rounds = Round.objects.filter(organization=organization, status=RoundStatus.CLOSED).order_by("-starts_on", "-id")
    kept = kept_results(rounds[:ROUNDS_TO_START_FROM])
    return [row for row in kept if row.card is not None and row.card.overall is not None]


def kept_result(organization: Organization, result_id: int) -> KeptResult | None:
    """Return a result of an organization. Two queries."""
    row = Result.objects.filter(organization=organization, pk=result_id).select_related("round").defer("card").first()
    if row is None:
        return None
    return next(kept for kept in kept_results([row.round], revision=row.revision) if kept.pk == row.pk)


def next_result(kept: KeptResult) -> KeptResult | None:
    """Return the newest shown result of the same team, or the whole, that came after with the same questionnaire.

    Scores of different questionnaires say nothing of each other. Two queries.
    """
    row = (
        Result.objects.current()
        .filter(
            organization=kept.round.organization_id,
            team=kept.team_id,
            withheld=False,
            round__status=RoundStatus.CLOSED,
            round__version__questionnaire__versions=kept.round.version_id,
            round__starts_on__gt=kept.round.starts_on,
            level__isnull=False,
        )
        .select_related("round")
        .defer("card")
        .order_by("-round__starts_on", "-round_id")
        .first()
    )
    if row is None:
        return None
    return next(one for one in kept_results([row.round], revision=row.revision) if one.pk == row.pk)


def outlook_of(kept: KeptResult, efforts: Mapping[StepKey, Fraction] | None = None) -> Outlook:
    """Return what can be planned from a result. No query where its card tells all, else two. Raises CannotPlan."""
    if kept.card is None or kept.card.overall is None:
        raise CannotPlan
    answers = _answers_of(kept) if needs_answers(kept.definition, kept.card) else None
    try:
        return Outlook(kept.definition, kept.card, answers, efforts or {})
    except NeedsAnswers as error:  # the answers are no longer those of the card
        raise CannotPlan from error


def _answers_of(kept: KeptResult) -> list[Answers] | None:
    """Return the answers that a card came from as they stand after consensus, None where they have changed."""
    given = answers_by_team(kept.round, counted=kept.round.anonymous)
    agreed = as_agreed(given, consensus_by_team(kept.round))
    before, after = (
        list(chain.from_iterable(rows for team, rows in by.items() if kept.team_id in (None, team)))
        for by in (given, agreed)
    )
    assert kept.card is not None  # noqa: S101 - asked before
    card = scoring.score_card(kept.definition, before, aggregate=kept.card.aggregate, agreed=after)
    return after if card.scores == kept.card.scores and card.questions == kept.card.questions else None
