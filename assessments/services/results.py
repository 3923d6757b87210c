"""Keeps what a round's answers come to. Which answers of an anonymous round count is specified in docs/scoring.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from assessments import scoring
from assessments.anonymity import SMALLEST_GROUP, joining_groups, shown_groups
from assessments.confidence import level_confidence
from assessments.definition import Definition
from assessments.models import Consensus, Response, Result, Round
from assessments.scoring import Answers
from assessments.selectors.closing import answers_by_team, as_agreed, consensus_by_team
from assessments.selectors.questionnaires import definition_of

WHOLE = None
"""Stands for the whole organization where teams stand by their ids."""


def keep_results(*, round_: Round) -> None:
    """Keep the results of a closed round's newest revision, of each team and of the whole; part of a transaction.

    As many queries however many answered.
    """
    teams = list(round_.teams.all())
    withheld = _let_in(round_) if round_.anonymous else frozenset()
    given = answers_by_team(round_, counted=round_.anonymous and WHOLE not in withheld)
    consensus = consensus_by_team(round_)
    agreed = as_agreed(given, consensus)
    definition = definition_of(round_.version_id)

    def result(of: Collection[int], **fields: object) -> Result:
        own, after = ([*chain.from_iterable(by.get(pk, ()) for pk in of)] for by in (given, agreed))
        return _result(round_, definition, own, after if consensus.keys() & set(of) else None, **fields)

    Result.objects.bulk_create(
        [
            result(given.keys(), withheld=WHOLE in withheld),
            *(
                result([team.pk], team=team, withheld=team.pk in withheld, consensus=_kept(consensus.get(team.pk, {})))
                for team in teams
            ),
        ]
    )


def _let_in(round_: Round) -> frozenset[int | None]:
    """Count what may be counted of an anonymous round from now on; return the teams, and WHOLE, to withhold.

    Until a result is shown for the first time all is open. Then it is settled which teams are withheld, and who comes
    late is counted together with at least two others.
    """
    waiting = Response.objects.submitted_in(round_).filter(counted_since=None)
    late: Counter[int | None] = Counter(waiting.values_list("participant__team_id", flat=True).iterator())
    before = {row.team_id: row for row in round_.results.filter(revision=round_.revision - 1).defer("card")}
    if WHOLE in before and before[WHOLE].respondents >= SMALLEST_GROUP:
        withheld = frozenset(team for team, row in before.items() if row.withheld)
        joining = joining_groups(late, withheld)
    else:
        shown = shown_groups(late)
        withheld = frozenset(late.keys() - shown.groups)
        if not shown.whole:
            return withheld | {WHOLE}
        joining = frozenset(late)
    waiting.filter(participant__team__in=joining).update(counted_since=round_.revision)
    return withheld


def _result(
    round_: Round, definition: Definition, given: Sequence[Answers], agreed: Sequence[Answers] | None, **fields: object
) -> Result:
    aggregate: scoring.Aggregate = "median" if round_.aggregate == "median" else "mean"
    card = scoring.score_card(definition, given, aggregate=aggregate, agreed=agreed)
    return Result(
        organization_id=round_.organization_id,
        round=round_,
        revision=round_.revision,
        card=scoring.to_mapping(card),
        confidence=level_confidence(definition, given if agreed is None else agreed, aggregate=aggregate),
        respondents=card.respondents,
        level=card.level.number if card.level else None,
        **fields,
    )


def _kept(consensus: Mapping[str, Consensus]) -> dict[str, dict[str, str]]:
    return {key: {"choice": row.choice_key, "rationale": row.rationale} for key, row in consensus.items()}
