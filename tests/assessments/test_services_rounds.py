"""What changes a round: opening it, asking people, closing it once, with the results that scoring gives."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from assessments import scoring
from assessments.models import QuestionnaireVersion, Result
from assessments.models.rounds import Aggregate, RoundStatus
from assessments.selectors.questionnaires import definition_of
from assessments.services.rounds import NotADraft, NotOpen, add_participant, close_round, open_round, plan_round
from tests import factories
from tests.factories import Cast

JULY, SEPTEMBER = date(2026, 7, 1), date(2026, 9, 30)


def test_a_round_opens_with_its_teams(cast: Cast, version: QuestionnaireVersion) -> None:
    teams = [cast.team, factories.make_team(cast.organization)]
    round_ = plan_round(organization=cast.organization, version=version, starts_on=JULY, ends_on=SEPTEMBER, teams=teams)
    assert (round_.status, round_.opened_at, round_.revision) == (RoundStatus.DRAFT, None, 0)
    open_round(round_=round_)
    assert (round_.status, round_.aggregate, round_.period) == (RoundStatus.OPEN, Aggregate.MEAN, "Q3 2026")
    assert round_.opened_at is not None
    assert set(round_.teams.all()) == set(teams)
    assert set(round_.round_teams.values_list("organization_id", flat=True)) == {cast.organization.pk}


def test_a_round_opens_once(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization)
    with pytest.raises(NotADraft):
        open_round(round_=round_)


def test_a_person_is_asked_once(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    participant = add_participant(round_=round_, team=cast.team, email=cast.member.email, user=cast.member)
    assert (participant.organization, participant.team) == (cast.organization, cast.team)
    with pytest.raises(IntegrityError, match="participant_email_unique"):
        add_participant(round_=round_, team=cast.team, email=cast.member.email.upper())


@pytest.mark.parametrize("aggregate", Aggregate)
def test_closing_keeps_what_scoring_gives(aggregate: Aggregate, cast: Cast) -> None:
    silent = factories.make_team(cast.organization, "Silent")
    round_ = factories.make_round(cast.organization, teams=[cast.team, silent], aggregate=aggregate)
    definition = definition_of(round_.version_id)
    answered = [dict.fromkeys(definition.questions, choice) for choice in ("yes", "no", "no", "not_sure")]
    for answers in answered:
        factories.make_response(answers, participant=factories.make_participant(round_, team=cast.team))
    unfinished = factories.make_participant(round_, team=cast.team)
    factories.make_response("yes", participant=unfinished, submitted=False)

    close_round(round_=round_)

    card = scoring.score_card(definition, answered, aggregate="median" if aggregate == Aggregate.MEDIAN else "mean")
    assert card.overall == (Fraction(5, 4) if aggregate == Aggregate.MEAN else 0)
    for team in (cast.team, None):
        result = round_.results.get(team=team)
        assert scoring.from_mapping(definition, result.card) == card
        assert (result.respondents, result.level) == (4, card.level.number if card.level else None)
        assert result.organization == cast.organization
    nothing = round_.results.get(team=silent)
    assert (nothing.respondents, nothing.level) == (0, None)
    assert scoring.from_mapping(definition, nothing.card).overall is None
    assert round_.status == RoundStatus.CLOSED
    assert round_.closed_at is not None


def test_a_round_closes_once(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization)
    close_round(round_=round_)
    before = list(Result.objects.values())
    with pytest.raises(NotOpen, match="Q3 2026"):
        close_round(round_=round_)
    assert list(Result.objects.values()) == before


def test_a_draft_does_not_close(cast: Cast) -> None:
    draft = factories.make_round(cast.organization, status=RoundStatus.DRAFT, opened_at=None)
    with pytest.raises(NotOpen):
        close_round(round_=draft)
    draft.refresh_from_db()
    assert draft.status == RoundStatus.DRAFT
    assert not Result.objects.exists()


@pytest.mark.parametrize("respondents", [1, 6])
def test_closing_costs_the_same_however_many_answered(
    respondents: int, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    for _n in range(respondents):
        factories.make_response(participant=factories.make_participant(round_))
    with django_assert_num_queries(8):  # six, and the savepoint around them
        close_round(round_=round_)
