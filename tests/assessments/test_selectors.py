"""What the selectors return, who is left out, and that their query counts hold however much there is to read."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from django.db.models import Q
from pytest_django import DjangoAssertNumQueries

from assessments.models import QuestionnaireVersion, Round
from assessments.scoring import score_card
from assessments.selectors.organizations import dashboard_of, organizations_of, self_assessments_of
from assessments.selectors.questionnaires import (
    definition_of,
    version_on_offer,
    version_to_export,
    versions_for_all,
)
from assessments.selectors.responses import answered_count, answers_of, choices_of, submitted_answers
from assessments.selectors.results import kept_results, own_card
from assessments.selectors.survey import progress_of
from assessments.services.responses import Given, save_answers
from assessments.services.rounds import close_round
from organizations.models import Organization, Team
from tests import factories
from tests.factories import Cast

QUARTERS = [(2025, 4), (2026, 1), (2026, 2)]


def closed_round(
    organization: Organization, teams: list[Team], quarter: tuple[int, int], choice: str = "yes", **fields: Any
) -> Round:
    round_ = factories.make_round(organization, teams=teams, quarter=quarter, **fields)
    for team in teams:
        factories.make_response(choice, participant=factories.make_participant(round_, team=team))
    close_round(round_=round_)
    return round_


def test_visitors_are_offered_the_newest_published_version(
    version: QuestionnaireVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    factories.make_version(factories.shipped_definition() | {"title": "Second"}, published=False)
    factories.make_version(organization=factories.make_organization())
    with django_assert_num_queries(1):
        assert version_on_offer() == version


def test_nothing_is_offered_before_something_is_published(db: None) -> None:
    factories.make_version(published=False)
    assert version_on_offer() is None


def test_an_export_prefers_what_is_published(version: QuestionnaireVersion) -> None:
    draft = factories.make_version(factories.shipped_definition() | {"title": "Second"}, published=False)
    assert version_to_export("mlops-maturity") == version
    assert version_to_export("mlops-maturity", 2) == draft
    assert version_to_export("mlops-maturity", 3) is None
    assert version_to_export("unknown") is None
    factories.make_version(organization=factories.make_organization())
    assert list(versions_for_all()) == [version, draft]


def test_a_definition_is_read_once(
    version: QuestionnaireVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert definition_of(version.pk) is definition_of(version.pk)


def test_a_drafts_definition_is_not_kept(db: None) -> None:
    draft = factories.make_version(published=False)
    with pytest.raises(QuestionnaireVersion.DoesNotExist):
        definition_of(draft.pk)


def test_the_answers_of_a_response(
    version: QuestionnaireVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first, second, third = list(definition_of(version.pk).questions)[:3]
    response = factories.make_response({first: "yes", second: "no"}, submitted=False)
    factories.make_response("no")
    save_answers(response=response, given=[Given(third, note="later")])
    with django_assert_num_queries(1):
        assert {key: answer.choice_key for key, answer in answers_of(response).items()} == {
            first: "yes",
            second: "no",
            third: "",
        }
    with django_assert_num_queries(1):
        assert choices_of(response) == {first: "yes", second: "no"}
    with django_assert_num_queries(1):
        assert answered_count(response) == 2


def test_a_round_reads_its_submitted_answers_by_team(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = factories.make_team(cast.organization)
    round_ = factories.make_round(cast.organization, teams=[cast.team, other])
    for team, choice in ((cast.team, "yes"), (cast.team, "no"), (other, "not_sure")):
        factories.make_response(choice, participant=factories.make_participant(round_, team=team))
    factories.make_response(participant=factories.make_participant(round_, team=other), submitted=False)
    factories.make_response(participant=factories.make_participant(factories.make_round(cast.organization)))
    with django_assert_num_queries(1):
        found = submitted_answers(round_)
    assert {team: [set(answers.values()) for answers in responses] for team, responses in found.items()} == {
        cast.team.pk: [{"yes"}, {"no"}],
        other.pk: [{"not_sure"}],
    }


def test_a_card_of_ones_own_is_what_scoring_gives(
    version: QuestionnaireVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    response = factories.make_response("yes")
    definition = definition_of(version.pk)
    with django_assert_num_queries(1):
        assert own_card(response) == (definition, score_card(definition, [dict.fromkeys(definition.questions, "yes")]))


@pytest.mark.parametrize("teams", [1, 5])
def test_kept_results_come_in_order(teams: int, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    members = [cast.team, *(factories.make_team(cast.organization) for _n in range(teams))]
    old, new = (closed_round(cast.organization, members, quarter) for quarter in QUARTERS[:2])
    with django_assert_num_queries(1):
        rows = kept_results([new, old])
    names = [None, *sorted((team.name for team in members), key=str.lower)]
    assert [(row.round, row.team) for row in rows] == [(round_, name) for round_ in (new, old) for name in names]
    assert all(row.card and row.card.overall == 5 for row in rows)


def test_kept_results_come_with_questions_where_they_are_needed(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    round_ = closed_round(cast.organization, [cast.team], QUARTERS[0])
    whole, team = (row.card for row in kept_results([round_]))
    assert whole
    assert team
    with django_assert_num_queries(2):
        neither, either = kept_results([round_], questions=False), kept_results([round_], questions=Q(team=cast.team))
    assert [row.card for row in neither] == [replace(whole, questions=()), replace(team, questions=())]
    assert [row.card for row in either] == [replace(whole, questions=()), team]


@pytest.mark.parametrize(("respondents", "is_shown"), [(2, False), (3, True)])
def test_an_anonymous_round_withholds_small_groups(respondents: int, is_shown: bool, cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team], anonymous=True)
    for _n in range(respondents):
        factories.make_response(participant=factories.make_participant(round_))
    close_round(round_=round_)
    assert [row.card is not None for row in kept_results([round_])] == [is_shown, is_shown]


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_dashboard(rounds: int, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    closed = [
        closed_round(cast.organization, [cast.team], quarter, "yes" if quarter == QUARTERS[rounds - 1] else "no")
        for quarter in QUARTERS[:rounds]
    ]
    still_open = factories.make_round(cast.organization, teams=[cast.team])
    closed_round(cast.elsewhere, [factories.make_team(cast.elsewhere)], (2026, 3))
    with django_assert_num_queries(3):
        dashboard = dashboard_of(cast.organization)
    assert list(dashboard.rounds) == [still_open, *reversed(closed)]
    assert dashboard.open_rounds == [still_open]
    assert dashboard.latest is not None
    assert dashboard.latest.round == closed[-1]
    assert dashboard.change == (Fraction(5) if rounds > 1 else None)
    assert [row.round for row in dashboard.trend] == closed
    assert [row.team for row in dashboard.teams] == [cast.team.name]


def test_the_dashboard_of_a_new_organization_is_empty(cast: Cast) -> None:
    dashboard = dashboard_of(cast.organization)
    assert (list(dashboard.rounds), dashboard.latest, dashboard.change, dashboard.chart) == ([], None, None, {})


@pytest.mark.parametrize("extra", [0, 4])
def test_a_persons_organizations(extra: int, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for quarter in QUARTERS:
        closed_round(cast.organization, [cast.team], quarter)
    closed_round(cast.elsewhere, [factories.make_team(cast.elsewhere)], (2026, 3))
    more = [factories.make_member(user=cast.viewer).organization for _n in range(extra)]
    with django_assert_num_queries(2):
        rows = organizations_of(cast.viewer)
    assert {row.organization for row in rows} == {cast.organization, *more}
    [latest] = [row.latest for row in rows if row.organization == cast.organization]
    assert latest is not None
    assert (latest.round.period, latest.team) == ("Q2 2026", None)
    assert all(row.latest is None for row in rows if row.organization in more)


@pytest.mark.parametrize("number", [1, 4])
def test_a_persons_self_assessments(
    number: int, cast: Cast, version: QuestionnaireVersion, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    definition_of(version.pk)
    own = [factories.make_response("yes", user=cast.member) for _n in range(number)]
    begun = factories.make_response({}, user=cast.member, submitted=False)
    factories.make_response("yes", user=cast.viewer)
    factories.make_response("yes")
    with django_assert_num_queries(2):
        rows = self_assessments_of(cast.member)
    assert [row.response for row in rows] == [begun, *reversed(own)]
    assert [row.level.number if row.level else None for row in rows] == [None, *[5] * number]


def test_progress_points_to_the_first_open_question(version: QuestionnaireVersion) -> None:
    definition = definition_of(version.pk)
    keys = list(definition.questions)
    nothing, some, everything = (progress_of(definition, keys[:n]) for n in (0, 7, 25))
    assert (nothing.percent, some.percent, everything.percent) == (0, 28, 100)
    assert (some.answered, some.open_count, some.total) == (7, 18, 25)
    assert some.next_step.dimension == definition.dimensions[1]
    assert [question.key for question in some.next_step.open_questions] == keys[7:10]
    assert everything.next_step.dimension == definition.dimensions[-1]
