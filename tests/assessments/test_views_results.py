"""Results: one's own, and those of closed rounds; what they show is what scoring says."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from assessments.models import Answer, QuestionnaireVersion, Response, Round
from assessments.selectors.questionnaires import definition_of
from assessments.services import responses
from assessments.services.rounds import close_round
from organizations.models import Organization, Team, User
from tests.factories import (
    Cast,
    make_participant,
    make_response,
    make_round,
    make_team,
    make_version,
    shipped_definition,
)

pytestmark = pytest.mark.django_db
DIMENSIONS = ("data_management", "model_development", "model_deployment", "monitoring", "governance")


def counting(version: QuestionnaireVersion, *counts: int) -> dict[str, str]:
    """Return answers with that many yes from level 1 up in each dimension, the rest no."""
    dimensions = definition_of(version.pk).dimensions
    return {
        question.key: "yes" if question.level <= count else "no"
        for dimension, count in zip(dimensions, counts, strict=True)
        for question in dimension.questions
    }


def text_of(page: bytes) -> str:
    """Return what a page says, its markup and runs of space taken out."""
    body = re.sub(r"<script.*?</script>|<[^>]+>", " ", page.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(body).split())


@pytest.fixture
def client(cast: Cast, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.member)


class TestOwnResult:
    def test_it_says_level_scores_gap_and_recommendations(
        self, cast: Cast, client: Client, version: QuestionnaireVersion
    ) -> None:
        kept = make_response(counting(version, 3, 2, 2, 1, 0), user=cast.member, version=version)

        says = text_of(client.get(kept.get_absolute_url()).content)

        assert "Maturity level 1 DevOps but no MLOps" in says
        assert "Overall score 1.60 of 5" in says
        assert "Governance & compliance biggest gap" in says
        assert "The biggest gap Governance & compliance (0.00)" in says
        assert "Governance & compliance 0.00 3.00 High Monitoring & observability 1.00 3.00 High" in says
        assert "Model development 2.00 3.00 Medium Model deployment 2.00 3.00 Medium" in says
        assert "What level 2 needs: Automated Training 0.40 points are missing. The first 2 of these practices" in says
        assert "This level 1 DevOps but no MLOps" in says
        assert "Next level 2 Automated Training" in says

    def test_the_radar_draws_what_the_table_says(
        self, cast: Cast, client: Client, version: QuestionnaireVersion
    ) -> None:
        kept = make_response(counting(version, 5, 4, 3, 2, 1), user=cast.member, version=version)

        page = client.get(kept.get_absolute_url()).content.decode()

        assert '"scores": [5.0, 4.0, 3.0, 2.0, 1.0]' in page

    def test_at_the_top_nothing_is_missing(self, cast: Cast, client: Client, version: QuestionnaireVersion) -> None:
        kept = make_response("yes", user=cast.member, version=version)

        says = text_of(client.get(kept.get_absolute_url()).content)

        assert "Maturity level 5 Fully Automated ML Platform" in says
        assert "Every dimension has reached 3" in says
        assert "biggest gap" not in says
        assert "Next level" not in says

    def test_a_statement_tells_only_what_is_in_place_without_a_gap(
        self, cast: Cast, client: Client, version: QuestionnaireVersion
    ) -> None:
        dimension = definition_of(version.pk).dimensions[2]
        answers = counting(version, 0, 0, 0, 0, 0) | {question.key: "yes" for question in dimension.questions[2:]}
        kept = make_response(answers, user=cast.member, version=version)

        says = text_of(client.get(kept.get_absolute_url()).content)

        assert f"{dimension.title} {dimension.statements[0]} 3.00" in says
        assert dimension.statements[3] not in says

    def test_what_to_raise_comes_before_what_is_high_already(
        self, cast: Cast, client: Client, version: QuestionnaireVersion
    ) -> None:
        kept = make_response(counting(version, 3, 2, 2, 1, 0), user=cast.member, version=version)

        says = text_of(client.get(kept.get_absolute_url()).content)

        assert says.index("Governance & compliance · level 1") < says.index("Model deployment · level 3")
        assert says.index("Model deployment · level 3") < says.index("Data management · level 4")

    def test_not_sure_is_shown_apart(self, cast: Cast, client: Client, version: QuestionnaireVersion) -> None:
        question = definition_of(version.pk).dimensions[3].questions[0]
        answers = counting(version, 5, 5, 5, 5, 5) | {question.key: "not_sure"}
        kept = make_response(answers, user=cast.member, version=version)

        says = text_of(client.get(kept.get_absolute_url()).content)

        assert f"Finding out is often the cheapest step up. 1 question {question.text}" in says

    def test_notes_and_links_are_shown_escaped(self, cast: Cast, client: Client, version: QuestionnaireVersion) -> None:
        kept = make_response("yes", user=cast.member, version=version, submitted=False)
        key = definition_of(version.pk).dimensions[4].questions[0].key
        given = responses.Given(key, "yes", "<script>1</script>", "https://example.org/?a=1&b=2")
        responses.save_answers(response=kept, given=[given])
        responses.submit_response(response=kept)

        page = client.get(kept.get_absolute_url()).content.decode()

        assert "&lt;script&gt;1&lt;/script&gt;" in page
        assert 'href="https://example.org/?a=1&amp;b=2"' in page

    def test_one_in_progress_leads_to_its_review(
        self, cast: Cast, client: Client, version: QuestionnaireVersion
    ) -> None:
        kept = make_response({}, user=cast.member, version=version, submitted=False)

        assert client.get(kept.get_absolute_url())["Location"] == "/try/review/"

    def test_it_takes_few_queries(
        self,
        cast: Cast,
        client: Client,
        version: QuestionnaireVersion,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        kept = make_response("no", user=cast.member, version=version)

        with django_assert_max_num_queries(6):
            client.get(kept.get_absolute_url())


class TestRevising:
    def test_answers_can_change_and_be_submitted_anew(
        self, cast: Cast, client: Client, version: QuestionnaireVersion
    ) -> None:
        kept = make_response("no", user=cast.member, version=version)

        client.post(f"{kept.get_absolute_url()}revise/")
        key = next(iter(definition_of(version.pk).questions))
        client.post("/try/answer/", {"question": key, f"{key}-choice": "yes"})
        client.post("/try/submit/")

        kept.refresh_from_db()
        assert kept.is_submitted
        assert kept.answers.get(question_key=key).choice_key == "yes"

    def test_a_visitors_stays_with_the_browser_that_made_it(self, version: QuestionnaireVersion) -> None:
        kept = make_response("no", version=version)

        assert Client().get(kept.get_absolute_url())["Location"].startswith("/accounts/login/?next=")
        assert Client().post(f"{kept.get_absolute_url()}revise/")["Location"].startswith("/accounts/login/")
        assert Client().post(f"{kept.get_absolute_url()}discard/")["Location"].startswith("/accounts/login/")
        kept.refresh_from_db()
        assert kept.is_submitted


class TestDiscarding:
    def test_it_asks_first_and_deletes_then(self, cast: Cast, client: Client, version: QuestionnaireVersion) -> None:
        kept = make_response("no", user=cast.member, version=version)
        url = f"{kept.get_absolute_url()}discard/"

        assert "cannot be undone" in client.get(url).content.decode()
        assert Response.objects.exists()
        assert client.post(url)["Location"] == "/"
        assert not Response.objects.exists()
        assert not Answer.objects.exists()

    def test_a_visitor_can_start_again(self, version: QuestionnaireVersion) -> None:
        client = Client()
        client.post("/try/")
        kept = Response.objects.get()

        assert client.post(f"{kept.get_absolute_url()}discard/")["Location"] == "/try/"
        assert "Start" in client.get("/try/").content.decode()
        assert not Response.objects.exists()


@pytest.fixture
def two_teams(cast: Cast, version: QuestionnaireVersion) -> Round:
    """A closed round: Pricing has everything in place, Fraud nothing; a third team did not answer."""
    fraud, idle = make_team(cast.organization, "Fraud"), make_team(cast.organization, "Idle")
    round_ = make_round(cast.organization, version=version, teams=[cast.team, fraud, idle], quarter=(2026, 2))
    make_response("yes", participant=make_participant(round_, team=cast.team, user=cast.member))
    make_response("no", participant=make_participant(round_, team=fraud, user=cast.owner))
    make_response("no", participant=make_participant(round_, team=fraud), submitted=False)
    close_round(round_=round_)
    return round_


def url_of(round_: Round) -> str:
    return f"/orgs/{round_.organization.slug}/rounds/{round_.pk}/results/"


class TestRoundResult:
    def test_the_organization_is_scored_over_its_responses(self, client: Client, two_teams: Round) -> None:
        says = text_of(client.get(url_of(two_teams)).content)

        assert "Maturity level 2 Automated Training Overall score 2.50 of 5" in says
        assert "from 2 respondents" in says
        assert "0.0 – 5.0 spread 2.50" in says
        assert "Fraud 0.0 0.0 0.0 0.0 0.0 0.0 0" in says
        assert "50 % in place" in says

    def test_a_team_is_scored_on_its_own(self, client: Client, cast: Cast, two_teams: Round) -> None:
        says = text_of(client.get(f"{url_of(two_teams)}?team={cast.team.pk}").content)

        assert "Pricing, Q2 2026" in says
        assert "Maturity level 5" in says

    def test_a_team_without_responses_has_no_level(self, client: Client, two_teams: Round) -> None:
        idle = Team.objects.get(name="Idle")

        says = text_of(client.get(f"{url_of(two_teams)}?team={idle.pk}").content)

        assert "Nobody of this team submitted answers in this round" in says

    @pytest.mark.parametrize("team", ["0", "x", "-1", "999999999999999999999"])
    def test_a_team_that_took_no_part_is_not_found(self, client: Client, two_teams: Round, team: str) -> None:
        assert client.get(url_of(two_teams), {"team": team}).status_code == 404

    def test_an_open_round_shows_its_progress_and_no_score(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        round_ = make_round(cast.organization, version=version, teams=[cast.team])
        make_response("yes", participant=make_participant(round_, user=cast.member))
        make_participant(round_)

        says = text_of(client.get(url_of(round_)).content)

        assert "1 of 2 have submitted" in says
        assert "Pricing 1 of 2" in says
        assert "level" not in says.lower().split("this round is still open")[1]

    def test_an_anonymous_round_shows_no_group_under_three(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        fraud = make_team(cast.organization, "Fraud")
        round_ = make_round(cast.organization, version=version, teams=[cast.team, fraud], anonymous=True)
        for _ in range(3):
            make_response("yes", participant=make_participant(round_, team=cast.team))
        for _ in range(2):
            make_response("no", participant=make_participant(round_, team=fraud))
        close_round(round_=round_)

        # The whole less the team of three would be the team of two.
        for team in (fraud, cast.team):
            assert "This result is not shown" in text_of(client.get(f"{url_of(round_)}?team={team.pk}").content)
            assert f"{team.name} Not shown" in text_of(client.get(url_of(round_)).content)
        assert "Maturity level 3" in text_of(client.get(url_of(round_)).content)

    @pytest.mark.parametrize("teams", [1, 6])
    def test_its_queries_do_not_grow_with_the_teams(
        self,
        client: Client,
        cast: Cast,
        version: QuestionnaireVersion,
        django_assert_num_queries: DjangoAssertNumQueries,
        teams: int,
    ) -> None:
        round_ = closed_round(cast.organization, version, teams=teams)
        client.get(url_of(round_))

        with django_assert_num_queries(8):
            client.get(url_of(round_))


def closed_round(
    organization: Organization, version: QuestionnaireVersion, *, teams: int = 1, quarter: tuple[int, int] = (2026, 1)
) -> Round:
    """Make a closed round in which one person of each team answered."""
    round_ = make_round(
        organization, version=version, teams=[make_team(organization) for _ in range(teams)], quarter=quarter
    )
    for team in round_.teams.all():
        make_response("no", participant=make_participant(round_, team=team))
    close_round(round_=round_)
    return round_


class TestDashboard:
    def test_an_empty_organization_is_told_how_it_begins(self, client: Client, cast: Cast) -> None:
        assert "No assessment round yet" in client.get(f"/orgs/{cast.organization.slug}/").content.decode()

    def test_it_shows_the_latest_level_the_change_and_every_round(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, two_teams: Round
    ) -> None:
        closed_round(cast.organization, version, quarter=(2026, 1))
        open_round = make_round(cast.organization, version=version, teams=[cast.team], quarter=(2026, 3))
        make_participant(open_round)

        page = client.get(f"/orgs/{cast.organization.slug}/").content
        says = text_of(page)

        assert "Q2 2026 2 Level 2: Automated Training 2.50 of 5, +2.50 since Q1 2026" in says
        assert "Round Q3 2026 is open 0 of 1 has submitted" in says
        assert says.index("Q3 2026 Open") < says.index("Q2 2026 Closed") < says.index("Q1 2026 Closed")
        assert b'"rounds": ["Q1 2026", "Q2 2026"], "overall": [0.0, 2.5]' in page

    def test_what_another_rule_scored_is_no_trend_and_no_change(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        data = shipped_definition()
        data["dimensions"][0]["questions"].pop()
        closed_round(cast.organization, version, quarter=(2026, 1))
        closed_round(cast.organization, make_version(data), quarter=(2026, 2))

        page = client.get(f"/orgs/{cast.organization.slug}/").content

        assert "since Q1 2026" not in text_of(page)
        assert b'"rounds": ["Q2 2026"]' in page
        assert "another version of the questionnaire are left out" in text_of(page)

    def test_an_organization_whose_first_round_is_open_has_no_result(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        make_round(cast.organization, version=version, teams=[cast.team])

        assert "No round has a result yet" in client.get(f"/orgs/{cast.organization.slug}/").content.decode()

    @pytest.mark.parametrize(("rounds", "teams"), [(1, 1), (4, 3)])
    def test_its_queries_do_not_grow(
        self,
        client: Client,
        cast: Cast,
        version: QuestionnaireVersion,
        django_assert_num_queries: DjangoAssertNumQueries,
        rounds: int,
        teams: int,
    ) -> None:
        for quarter in range(1, rounds + 1):
            closed_round(cast.organization, version, teams=teams, quarter=(2025, quarter))

        with django_assert_num_queries(6):
            client.get(f"/orgs/{cast.organization.slug}/")


class TestHome:
    def test_visitors_see_what_it_is(self, version: QuestionnaireVersion) -> None:
        says = text_of(Client().get("/").content)

        assert "Know how mature your machine learning operations are" in says
        assert "5 Fully Automated ML Platform" in says

    def test_it_works_before_there_is_a_questionnaire(self) -> None:
        assert Client().get("/").status_code == 200

    def test_a_newcomer_is_told_what_will_appear(self, cast: Cast, client_of: Callable[[User], Client]) -> None:
        says = text_of(client_of(cast.staff).get("/").content)

        assert "You are not a member of an organization yet" in says
        assert "None yet." in says

    def test_members_see_their_organizations_and_assessments_and_no_others(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, two_teams: Round
    ) -> None:
        make_response("yes", user=cast.member, version=version)
        make_response({}, user=cast.member, version=version, submitted=False)
        make_response("no", user=cast.owner, version=version)

        says = text_of(client.get("/").content)

        assert "Acme Insurance Level 2 in Q2 2026" in says
        assert "Level 5: Fully Automated ML Platform" in says
        assert says.count("In progress") == 1
        assert "Borealis" not in says
        assert "Level 0" not in says

    @pytest.mark.parametrize("number", [1, 5])
    def test_its_queries_do_not_grow(
        self,
        client: Client,
        cast: Cast,
        version: QuestionnaireVersion,
        django_assert_num_queries: DjangoAssertNumQueries,
        number: int,
    ) -> None:
        for _ in range(number):
            make_response("yes", user=cast.member, version=version)

        with django_assert_num_queries(6):
            client.get("/")
