"""Answer once: what people answered in one questionnaire is proposed to them, and to them only, in another."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from assessments.models import Answer, Participant, QuestionnaireVersion, Response, Round
from assessments.questionnaires.files import load_shipped, read_valid, shipped
from assessments.selectors.questionnaires import definition_of
from assessments.services.participants import token_of
from assessments.visits import SESSION_KEY
from organizations.models import User
from tests.factories import (
    PASSWORD,
    Cast,
    make_member,
    make_organization,
    make_participant,
    make_response,
    make_round,
    make_user,
    make_version,
)

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
QUICK = load_shipped("mlops-maturity-quick")
STEP = "questions/data_management/"
KEYS = [question.key for question in load_shipped("mlops-maturity").dimension("data_management").questions]
FOURTH = dict.fromkeys(QUICK.questions, "3")
"""Up to the feature store everything is in place, and nothing above."""
PROPOSED = dict(zip(KEYS, ["yes", "yes", "yes", "no", "no"], strict=True))


@pytest.fixture
def quick(version: QuestionnaireVersion) -> QuestionnaireVersion:
    """The short form, published beside the long one."""
    return make_version(read_valid(shipped()["mlops-maturity-quick"]))


@pytest.fixture
def round_(cast: Cast, version: QuestionnaireVersion) -> Round:
    return make_round(cast.organization, version=version, teams=[cast.team])


def proposed_on(client: Client, base: str) -> dict[str, str]:
    """Begin at an address, and return what its first step proposes."""
    client.post(base)
    page = client.get(base + STEP).content.decode()
    return dict(re.findall(r'data-question="([^"]*)"[^>]*? data-proposed-choice="([^"]*)"', page))


def invited(round_: Round, user: User) -> str:
    make_participant(round_, user=user)
    return f"/orgs/{round_.organization.slug}/rounds/{round_.pk}/respond/"


def link_of(participant: Participant) -> str:
    return f"/respond/{token_of(participant)}/"


def earlier(organization: object, quick: QuestionnaireVersion, user: User, **fields: object) -> Response:
    """Make somebody's submitted response to the short form in a round before."""
    before = make_round(organization, version=quick, quarter=(2026, 1), **fields)  # type: ignore[arg-type]
    return make_response(FOURTH, participant=make_participant(before, user=user))


class TestOnOnesOwn:
    def test_a_visitor_confirms_what_was_answered_before(self, quick: QuestionnaireVersion) -> None:
        client = Client()
        client.post("/try/?questionnaire=mlops-maturity-quick")
        for key, dimension in zip(QUICK.questions, QUICK.dimensions, strict=True):
            client.post(f"/try/questions/{dimension.key}/", {f"{key}-choice": "3"})
        client.post("/try/submit/")

        start = client.get("/try/?questionnaire=mlops-maturity").content.decode()
        assert "25 answers can be proposed" in start
        assert proposed_on(client, "/try/") == PROPOSED
        response = Response.objects.get(public_id=client.session[SESSION_KEY])
        assert not response.answers.exists(), "nothing counts before it is confirmed"
        assert "25 questions have no answer yet" in client.post("/try/submit/").content.decode()
        assert "proposed: Yes" in " ".join(client.get("/try/review/").content.decode().split())

        reply = client.post(f"/try/{STEP}", {"confirm": KEYS[1], f"{KEYS[3]}-choice": "yes"})

        assert reply["Location"] == f"/try/{STEP}#{KEYS[1]}"
        assert dict(response.answers.values_list("question_key", "choice_key")) == {KEYS[1]: "yes", KEYS[3]: "yes"}
        client.post(f"/try/{STEP}", {"confirm": ""})
        kept = dict(response.answers.values_list("question_key", "choice_key"))
        assert kept == PROPOSED | {KEYS[3]: "yes"}
        assert "data-proposed-choice" not in client.get(f"/try/{STEP}").content.decode()

    def test_what_was_not_submitted_proposes_nothing(self, quick: QuestionnaireVersion, client_of: ClientOf) -> None:
        user = make_user()
        make_response(FOURTH, user=user, version=quick, submitted=False)

        assert proposed_on(client_of(user), "/try/") == {}

    def test_nobody_elses_answers_are_proposed(self, quick: QuestionnaireVersion, client_of: ClientOf) -> None:
        make_response(FOURTH, user=make_user(), version=quick)
        make_response(FOURTH, version=quick)

        assert proposed_on(client_of(make_user()), "/try/") == {}
        assert proposed_on(Client(), "/try/") == {}

    def test_what_an_organization_was_told_stays_there(
        self, cast: Cast, quick: QuestionnaireVersion, client_of: ClientOf
    ) -> None:
        earlier(cast.organization, quick, cast.member)

        assert proposed_on(client_of(cast.member), "/try/") == {}

    def test_the_newest_answers_count(self, quick: QuestionnaireVersion, client_of: ClientOf) -> None:
        user = make_user()
        make_response(FOURTH, user=user, version=quick)
        make_response("0", user=user, version=quick)

        assert set(proposed_on(client_of(user), "/try/").values()) == {"no"}


class TestInARound:
    def test_a_member_is_proposed_what_they_said_here_before(
        self, cast: Cast, round_: Round, quick: QuestionnaireVersion, client_of: ClientOf
    ) -> None:
        earlier(cast.organization, quick, cast.member, anonymous=True)
        earlier(cast.organization, quick, cast.facilitator)

        assert proposed_on(client_of(cast.member), invited(round_, cast.member)) == PROPOSED
        assert not Answer.objects.filter(response__participant__round=round_).exists()

    def test_and_what_they_found_on_their_own(
        self, cast: Cast, round_: Round, quick: QuestionnaireVersion, client_of: ClientOf
    ) -> None:
        make_response(FOURTH, user=cast.member, version=quick)

        assert proposed_on(client_of(cast.member), invited(round_, cast.member)) == PROPOSED

    def test_but_nothing_from_another_organization_or_person(
        self, cast: Cast, round_: Round, quick: QuestionnaireVersion, client_of: ClientOf
    ) -> None:
        make_member(cast.elsewhere, cast.member)
        earlier(cast.elsewhere, quick, cast.member)
        earlier(cast.organization, quick, cast.facilitator)

        assert proposed_on(client_of(cast.member), invited(round_, cast.member)) == {}

    def test_an_answer_of_the_last_round_is_nearer(
        self, cast: Cast, quick: QuestionnaireVersion, client_of: ClientOf
    ) -> None:
        version = make_version()
        before = make_round(cast.organization, version=version, teams=[cast.team], quarter=(2026, 2))
        make_response("yes", participant=make_participant(before, user=cast.member))
        earlier(cast.organization, quick, cast.member)
        now = make_round(cast.organization, version=version, teams=[cast.team], previous=before, show_last_answers=True)

        assert proposed_on(client_of(cast.member), invited(now, cast.member)) == {}


class TestByLink:
    @pytest.mark.parametrize(("anonymous", "proposed"), [(False, PROPOSED), (True, {})])
    def test_a_link_proposes_what_its_address_said_by_name(
        self, anonymous: bool, proposed: dict[str, str], cast: Cast, round_: Round, quick: QuestionnaireVersion
    ) -> None:
        before = make_round(cast.organization, version=quick, quarter=(2026, 1), anonymous=anonymous)
        make_response(FOURTH, participant=make_participant(before, email="someone@example.org"))

        assert proposed_on(Client(), link_of(make_participant(round_, email="Someone@example.org"))) == proposed

    def test_a_link_alone_does_not_open_what_an_account_keeps(
        self, cast: Cast, round_: Round, quick: QuestionnaireVersion
    ) -> None:
        make_response(FOURTH, user=cast.member, version=quick)

        assert proposed_on(Client(), link_of(make_participant(round_, user=cast.member))) == {}

    def test_an_address_elsewhere_is_another_person(
        self, cast: Cast, round_: Round, quick: QuestionnaireVersion
    ) -> None:
        before = make_round(make_organization(), version=quick, quarter=(2026, 1))
        make_response(FOURTH, participant=make_participant(before, email="someone@example.org"))

        assert proposed_on(Client(), link_of(make_participant(round_, email="someone@example.org"))) == {}


class TestChoosingAQuestionnaire:
    def test_the_usual_one_is_offered_first(self, quick: QuestionnaireVersion, client: Client) -> None:
        page = client.get("/try/").content.decode()

        assert '<h1 class="mb-3">MLOps maturity assessment</h1>' in page
        assert '?questionnaire=mlops-maturity-quick"' in page

    @pytest.mark.parametrize("slug", ["no-such-one", "", "mlops-maturity%20"])
    def test_one_that_is_not_offered_is_not_found(self, slug: str, quick: QuestionnaireVersion, client: Client) -> None:
        assert client.get(f"/try/?questionnaire={slug}").status_code == 404
        assert client.post(f"/try/?questionnaire={slug}").status_code == 404

    def test_an_organizations_own_is_not_offered(self, cast: Cast, quick: QuestionnaireVersion, client: Client) -> None:
        make_version(read_valid(shipped()["ml-test-score"]), organization=cast.organization)

        assert client.get("/try/?questionnaire=ml-test-score").status_code == 404

    def test_two_can_wait_side_by_side(self, quick: QuestionnaireVersion) -> None:
        client = Client()
        client.post("/try/")
        long = client.session[SESSION_KEY]
        client.post(f"/try/{STEP}", {f"{KEYS[0]}-choice": "yes"})
        client.post("/try/?questionnaire=mlops-maturity-quick")
        short = client.session[SESSION_KEY]

        assert short != long
        assert f"/results/{long}/" in client.get("/try/").content.decode()
        assert "1 of 25 questions is answered" in client.get("/try/?questionnaire=mlops-maturity").content.decode()
        client.post("/try/?questionnaire=mlops-maturity")
        assert client.session[SESSION_KEY] == long
        assert client.get(f"/results/{short}/")["Location"] == "/try/review/"
        assert client.session[SESSION_KEY] == short

    def test_an_account_keeps_all_that_the_browser_made(self, quick: QuestionnaireVersion) -> None:
        client, user = Client(), make_user()
        client.post("/try/")
        client.post("/try/?questionnaire=mlops-maturity-quick")
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

        assert Response.objects.filter(user=user).count() == 2


def test_proposals_take_few_queries_however_much_there_is(
    cast: Cast,
    round_: Round,
    quick: QuestionnaireVersion,
    client_of: ClientOf,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client, base = client_of(cast.member), invited(round_, cast.member)
    client.post(base)
    earlier(cast.organization, quick, cast.member)
    definition_of(quick.pk)

    def count() -> int:
        with django_assert_max_num_queries(9) as captured:
            client.get(base + STEP)
        return len(captured)

    before = count()
    for _ in range(3):
        make_response(FOURTH, user=cast.member, version=quick)
    assert count() == before
