"""Badges: what they show to everybody, what they keep to themselves, and how owners make and revoke them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from assessments.models import Badge, QuestionnaireVersion, Round
from assessments.services.badges import BadgeThere, make_badge
from assessments.services.rounds import close_round, reopen_round
from organizations.models import Team, User
from tests.factories import Cast, make_participant, make_response, make_round, make_team

pytestmark = pytest.mark.django_db
URL = "/orgs/acme-insurance/settings/badge/"


@pytest.fixture
def client(cast: Cast, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.owner)


@pytest.fixture
def badge(cast: Cast) -> Badge:
    return make_badge(organization=cast.organization, team=None)


def closed(version: QuestionnaireVersion, team: Team, choices: list[str], **fields: Any) -> Round:
    round_ = make_round(team.organization, version=version, teams=[team], **fields)
    for choice in choices:
        make_response(choice, participant=make_participant(round_, team=team))
    close_round(round_=round_)
    return round_


def says(badge: Badge) -> str:
    """Return what everybody reads on a badge."""
    response = Client().get(badge.get_absolute_url())
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    image = ET.fromstring(response.content)  # noqa: S314 - our own
    texts = [text.text or "" for text in image.iter("{http://www.w3.org/2000/svg}text")]
    assert image.get("aria-label") == ": ".join(texts)
    return " | ".join(texts)


class TestImage:
    def test_it_shows_the_level_of_the_newest_closed_round(
        self, cast: Cast, version: QuestionnaireVersion, badge: Badge
    ) -> None:
        assert says(badge) == "MLOps maturity | no result yet"
        closed(version, cast.team, ["yes"], quarter=(2026, 2))
        closed(version, cast.team, ["no"], quarter=(2026, 1))
        make_round(cast.organization, version=version, teams=[cast.team], quarter=(2026, 3))

        assert says(badge) == "MLOps maturity | level 5"

    def test_a_team_s_shows_the_team_s(self, cast: Cast, version: QuestionnaireVersion, badge: Badge) -> None:
        other = make_team(cast.organization, "Fraud")
        round_ = make_round(cast.organization, version=version, teams=[cast.team, other])
        make_response("yes", participant=make_participant(round_, team=other))
        make_response("no", participant=make_participant(round_, team=cast.team))
        close_round(round_=round_)

        assert says(make_badge(organization=cast.organization, team=other)) == "MLOps maturity | level 5"
        assert says(make_badge(organization=cast.organization, team=cast.team)) == "MLOps maturity | level 0"
        assert says(badge) == "MLOps maturity | level 2"

    def test_what_is_withheld_is_passed_over(self, cast: Cast, version: QuestionnaireVersion, badge: Badge) -> None:
        closed(version, cast.team, ["yes"], quarter=(2026, 1))
        closed(version, cast.team, ["no", "no"], quarter=(2026, 2), anonymous=True)
        closed(version, cast.team, [], quarter=(2026, 3))

        assert says(badge) == "MLOps maturity | level 5"

    def test_a_round_opened_again_keeps_its_level(
        self, cast: Cast, version: QuestionnaireVersion, badge: Badge
    ) -> None:
        round_ = closed(version, cast.team, ["yes"])
        reopen_round(round_=round_, closes_at=None)

        assert says(badge) == "MLOps maturity | level 5"

    def test_it_tells_no_name(self, cast: Cast, badge: Badge) -> None:
        page = Client().get(badge.get_absolute_url()).content.decode()

        assert cast.organization.name not in page
        assert cast.organization.slug not in page

    def test_other_sites_may_show_it_and_keep_it_for_five_minutes(self, client: Client, badge: Badge) -> None:
        for anyone in (Client(), client):
            response = anyone.get(badge.get_absolute_url())
            assert response["Cache-Control"] == "public, max-age=300"
            assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert "Cookie" not in response.get("Vary", "")
            assert not response.cookies

        again = Client().get(badge.get_absolute_url(), headers={"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    @pytest.mark.parametrize("token", ["no-such-badge", "x" * 300])
    def test_an_unknown_link_is_not_found(self, badge: Badge, token: str) -> None:
        assert Client().get(f"/badges/{token}.svg").status_code == 404

    def test_it_takes_two_queries(
        self, cast: Cast, version: QuestionnaireVersion, badge: Badge, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        closed(version, cast.team, ["yes"])

        with django_assert_num_queries(2):
            says(badge)


class TestSettings:
    def test_an_owner_makes_one_copies_it_and_revokes_it(self, client: Client, cast: Cast) -> None:
        assert client.post(URL, {"of": str(cast.team.pk)}, follow=True).status_code == 200
        [badge] = Badge.objects.all()
        assert badge.team == cast.team
        page = client.get(URL).content.decode()
        link = f"http://127.0.0.1:8000/badges/{badge.token}.svg"
        assert f'value="![MLOps maturity]({link})"' in page
        assert f"&lt;img src=&quot;{link}&quot; alt=&quot;MLOps maturity&quot;" in page

        revoke = f"{URL}{badge.pk}/revoke/"
        assert "Revoke the badge of Pricing?" in client.get(revoke).content.decode()
        assert says(badge)
        assert "leads nowhere now" in client.post(revoke, follow=True).content.decode()

        assert Client().get(badge.get_absolute_url()).status_code == 404
        client.post(URL, {"of": str(cast.team.pk)})
        assert Badge.objects.get().token != badge.token

    def test_what_has_one_is_not_offered_again(self, client: Client, cast: Cast, badge: Badge) -> None:
        assert f'<option value="{cast.team.pk}">Pricing</option>' in client.get(URL).content.decode()
        response = client.post(URL, {"of": "all"})
        assert response.status_code == 422
        assert "Pick one of those shown" in response.content.decode()
        make_badge(organization=cast.organization, team=cast.team)
        assert "Make a badge" not in client.get(URL).content.decode()

    def test_the_same_twice_at_once_is_told(
        self, client: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch, badge: Badge
    ) -> None:
        monkeypatch.setattr("assessments.views.badges.badges_of", lambda organization: [])

        response = client.post(URL, {"of": "all"})

        assert response.status_code == 422
        assert "There is a badge for this already." in response.content.decode()
        with pytest.raises(BadgeThere):
            make_badge(organization=cast.organization, team=None)

    @pytest.mark.parametrize("of", ["", "0", "999999", "nobody"])
    def test_no_other_team_is_taken(self, client: Client, cast: Cast, of: str) -> None:
        theirs = make_team(cast.elsewhere)
        for given in (of, str(theirs.pk)):
            assert client.post(URL, {"of": given}).status_code == 422
        assert not Badge.objects.exists()

    def test_another_organization_s_is_not_found(self, client: Client, cast: Cast) -> None:
        theirs = make_badge(organization=cast.elsewhere, team=None)

        assert client.post(f"{URL}{theirs.pk}/revoke/").status_code == 404
        assert Badge.objects.exists()

    @pytest.mark.parametrize("number", [1, 5])
    def test_its_queries_do_not_grow(
        self, client: Client, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, number: int
    ) -> None:
        for _ in range(number):
            make_badge(organization=cast.organization, team=make_team(cast.organization))

        with django_assert_num_queries(5):
            client.get(URL)
