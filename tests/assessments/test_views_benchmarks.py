"""The pages of benchmarks: what they say to whom, what they keep, and what they refuse without losing anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from assessments.models import BenchmarkSharing, PublishedBenchmark, QuestionnaireVersion, TeamTool
from assessments.services.benchmarks import save_tools, take_snapshots
from organizations.models import Role, Team, User
from tests.assessments.test_services_benchmarks import FILE, hold, scored, share
from tests.assessments.test_views_results import text_of
from tests.factories import Cast, make_team

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
TOOLS = "/orgs/acme-insurance/technology/"
BENCHMARKS = "/orgs/acme-insurance/benchmarks/"
SHARING = "/orgs/acme-insurance/settings/sharing/"


@pytest.fixture
def client(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.viewer)


@pytest.fixture
def owner(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.owner)


@pytest.fixture
def member(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.member)


@pytest.fixture
def second_level(cast: Cast, version: QuestionnaireVersion) -> None:
    """The cast's team has closed a round at level 2."""
    hold(cast.organization, version, 2, teams=[cast.team])


@pytest.fixture
def published(second_level: None, tmp_path: Path, owner: Client, client_of: ClientOf, cast: Cast) -> HttpResponse:
    return upload(client_of(cast.staff), FILE)


def upload(staff: Client, text: str) -> HttpResponse:
    file = SimpleUploadedFile("invented.yaml", text.encode())
    url = reverse("admin:assessments_publishedbenchmark_add")
    return staff.post(url, {"file": file}, follow=True)  # type: ignore[return-value]


def names(team: Team) -> set[str]:
    return set(TeamTool.objects.filter(team=team).values_list("name", flat=True))


class TestTechnology:
    def test_it_counts_what_the_level_and_the_next_one_have(
        self, client: Client, cast: Cast, second_level: None
    ) -> None:
        save_tools(team=cast.team, names=["DVC", "MLflow", "Feast", "Our own tool"])

        says = text_of(client.get(TOOLS).content)

        assert (
            "Your level 2 Level 2: Automated Training 2 of 7 tools (29 %) In use: MLflow, DVC Not in use: Weights"
            in says
        )
        assert "The next level 3 Level 3: Automated Deployment 1 of 8 tools (12 %) In use: Feast" in says
        assert "Other tools Our own tool Members of the team" in says

    def test_without_a_result_there_are_the_lists_only(
        self, client: Client, version: QuestionnaireVersion, cast: Cast
    ) -> None:
        says = text_of(client.get(TOOLS).content)

        assert "The team has no result to show yet." in says
        assert "Container registry" in says

    def test_without_a_questionnaire_it_says_so(self, client: Client) -> None:
        assert "No questionnaire is published yet" in text_of(client.get(TOOLS).content)

    def test_without_a_team_it_says_what_to_do(self, client: Client, cast: Cast) -> None:
        cast.team.archived_at = timezone.now()
        cast.team.save()

        assert "There is no team yet." in text_of(client.get(TOOLS).content)

    def test_a_member_ticks_for_their_team(self, member: Client, cast: Cast, version: QuestionnaireVersion) -> None:
        sent = {"tools": ["Git", "DVC"], "others": "  Our   own tool \n\ndocker\nGIT"}

        reply = member.post(f"{TOOLS}?team={cast.team.pk}", sent)

        assert reply["Location"] == f"{TOOLS}?team={cast.team.pk}"
        assert names(cast.team) == {"Git", "DVC", "Our own tool", "Docker"}
        page = member.get(TOOLS).content.decode()
        assert page.count(" checked>") == 3
        assert "Our own tool</textarea>" in page

    def test_unticking_all_leaves_none(self, member: Client, cast: Cast, version: QuestionnaireVersion) -> None:
        save_tools(team=cast.team, names=["Git", "Own"])

        member.post(f"{TOOLS}?team={cast.team.pk}", {})

        assert names(cast.team) == set()

    @pytest.mark.parametrize(("role", "status"), [("member", 403), ("viewer", 403), ("facilitator", 302)])
    def test_who_ticks_for_another_team(
        self, role: str, status: int, cast: Cast, client_of: ClientOf, version: QuestionnaireVersion
    ) -> None:
        other = make_team(cast.organization)

        reply = client_of(getattr(cast, role)).post(f"{TOOLS}?team={other.pk}", {"tools": ["Git"]})

        assert reply.status_code == status
        assert names(other) == ({"Git"} if status == 302 else set())

    def test_a_reader_cannot_tick(self, client: Client, version: QuestionnaireVersion) -> None:
        page = client.get(TOOLS).content.decode()

        assert page.count('type="checkbox"') == page.count(" disabled>") > 40
        assert "Save the tools" not in page

    @pytest.mark.parametrize(
        ("sent", "says"),
        [
            ({"others": "x" * 61}, "is too long. A tool&#x27;s name has at most 60 characters."),
            ({"others": "\n".join(f"tool {n}" for n in range(31))}, "Name at most 30 tools."),
            ({"others": "a\ufffd"}, "Some characters could not be read."),
            ({"others": "a\u202eb"}, "Some characters could not be read."),
            ({"tools": ["Abacus"]}, "“Abacus” is not on the lists. Tick those shown."),
        ],
    )
    def test_what_is_refused_stays_on_the_page(
        self, member: Client, cast: Cast, version: QuestionnaireVersion, sent: dict[str, Any], says: str
    ) -> None:
        reply = member.post(f"{TOOLS}?team={cast.team.pk}", {"tools": ["Git"]} | sent)

        assert reply.status_code == 422
        page = reply.content.decode()
        assert says in page
        assert sent.get("others", "") in page
        assert ('value="Git" id="tool-1-1" checked' in page) == ("tools" not in sent)
        assert names(cast.team) == set()

    @pytest.mark.parametrize("team", ["0", "x", "99999999999999999999", ""])
    def test_a_team_that_is_not_there(self, client: Client, version: QuestionnaireVersion, team: str) -> None:
        assert client.get(TOOLS, {"team": team}).status_code == 404

    def test_a_team_of_another_organization_is_not_there(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        assert client.get(TOOLS, {"team": make_team(cast.elsewhere).pk}).status_code == 404

    def test_more_teams_and_tools_cost_no_more_queries(
        self, client: Client, cast: Cast, second_level: None, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client.get(TOOLS)
        with django_assert_num_queries(6) as few:
            client.get(TOOLS)
        for _number in range(5):
            save_tools(team=make_team(cast.organization), names=["Git", "Own", "DVC"])
        with django_assert_num_queries(len(few)):
            client.get(TOOLS)


class TestSharing:
    def test_an_owner_begins_and_stops(self, owner: Client, cast: Cast) -> None:
        assert "Share our scores" in text_of(owner.get(SHARING).content)

        owner.post(SHARING, {"size": "11-50"})

        kept = BenchmarkSharing.objects.get()
        assert (kept.organization, kept.size, kept.agreed_by) == (cast.organization, "11-50", cast.owner)
        assert "You have been sharing since" in text_of(owner.get(SHARING).content)
        says = text_of(owner.post(SHARING, {"stop": "1"}, follow=True).content)
        assert "Your scores are no longer shared." in says
        assert not BenchmarkSharing.objects.exists()

    @pytest.mark.parametrize(("sent", "says"), [({}, "This field is required."), ({"size": "9"}, "Pick one of")])
    def test_a_size_is_needed(self, owner: Client, sent: dict[str, str], says: str) -> None:
        reply = owner.post(SHARING, sent)

        assert reply.status_code == 422
        assert says in text_of(reply.content)
        assert not BenchmarkSharing.objects.exists()

    def test_it_says_what_is_shared_before_anything_is(self, owner: Client) -> None:
        says = text_of(owner.get(SHARING).content)

        assert "The overall score and the dimension scores of your latest closed round." in says
        assert "Nothing at all before 10 organizations share the scores of the same questionnaire." in says


class TestBenchmarks:
    def test_without_a_round_it_says_so(self, client: Client) -> None:
        assert "No round is closed yet" in text_of(client.get(BENCHMARKS).content)

    def test_a_round_that_shows_nothing_has_nothing_to_compare(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        hold(cast.organization, version, 3, people=2, anonymous=True, teams=[cast.team])

        says = text_of(client.get(BENCHMARKS).content)

        assert "Your latest closed round, Q3 2026, has no score to compare." in says
        assert "3.00" not in says

    @pytest.mark.parametrize(
        ("role", "says"),
        [(Role.OWNER, "What is shared, and how to begin"), (Role.MEMBER, "An owner of your organization decides")],
    )
    def test_who_does_not_share_is_told_how_to(
        self, role: Role, says: str, cast: Cast, client_of: ClientOf, second_level: None
    ) -> None:
        page = text_of(client_of(getattr(cast, role)).get(BENCHMARKS).content)

        assert "Share your scores to see where you stand among organizations on this site, as soon as 10 do." in page
        assert says in page

    def test_who_shares_alone_is_told_to_wait(self, client: Client, cast: Cast, second_level: None) -> None:
        share(cast.organization)

        assert "Where you stand appears here the day after at least 10" in text_of(client.get(BENCHMARKS).content)

    def test_where_one_stands_among_ten(
        self, client: Client, cast: Cast, second_level: None, version: QuestionnaireVersion
    ) -> None:
        share(cast.organization)
        others = [share(scored(version, number % 5)) for number in range(10)]
        take_snapshots(today=timezone.now().date())

        says = text_of(client.get(BENCHMARKS).content)

        assert "Compared with 11 organizations on this site that share their scores. All of your size: 1 to 10" in says
        assert "Overall 2.00 60th percentile Data management 2.00 60th percentile" in says
        assert not any(other.name in says for other in others)

    def test_published_sets_stand_beside_with_their_source(
        self, client: Client, cast: Cast, published: HttpResponse
    ) -> None:
        page = client.get(BENCHMARKS).content
        says = text_of(page)

        assert "was added successfully" in text_of(published.content)
        assert "Overall 2.00 You: 50th percentile Mean 2.10 25th: 1.40, 50th: 2.00, 75th: 2.90" in says
        assert "Governance & compliance 2.00 Mean 1.50" in says
        assert "Data management 2.00 –" in says
        assert "An invented survey : Nobody , 2026; 120 organizations. Licence: CC0." in says
        assert b'href="https://example.org/survey"' in page

    def test_a_set_of_another_questionnaire_is_not_shown(self, client: Client, published: HttpResponse) -> None:
        PublishedBenchmark.objects.update(questionnaire="another")

        assert "There is none for this questionnaire." in text_of(client.get(BENCHMARKS).content)

    def test_a_broken_upload_says_what_is_wrong(
        self, cast: Cast, client_of: ClientOf, version: QuestionnaireVersion
    ) -> None:
        reply = upload(client_of(cast.staff), FILE.replace("mean: 2.1", "mean: 9"))

        assert "invented.yaml:7: overall.mean: is above the questionnaire" in text_of(reply.content)
        assert not PublishedBenchmark.objects.exists()

    def test_the_tools_of_each_team(self, client: Client, cast: Cast, second_level: None) -> None:
        save_tools(team=cast.team, names=["DVC"])
        make_team(cast.organization, "Zeppelins")

        says = text_of(client.get(BENCHMARKS).content)

        assert "Pricing Level 2 1 of 7 tools (14 %) Level 3 0 of 8 tools (0 %) Zeppelins No result to show yet." in says
