"""Rounds side by side as a file: the figures of the page, whatever its address asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from assessments.models import QuestionnaireVersion, Round
from assessments.services.rounds import close_round
from organizations.models import Team, User
from tests.assessments.test_exports import READERS, content, text
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
URL = "/orgs/acme-insurance/compare/export/{}/"


@pytest.fixture
def client(cast: Cast, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.viewer)


@pytest.fixture
def fraud(cast: Cast) -> Team:
    return make_team(cast.organization, "Fraud")


@pytest.fixture
def rounds(cast: Cast, fraud: Team, version: QuestionnaireVersion) -> list[Round]:
    """Three rounds with a quarter missing between the first two; Fraud takes part in the last one only."""
    first = closed(version, (2025, 3), {cast.team: "no"})
    second = closed(version, (2026, 1), {cast.team: "no"})
    return [first, second, closed(version, (2026, 2), {cast.team: "yes", fraud: "no"})]


def closed(version: QuestionnaireVersion, quarter: tuple[int, int], given: dict[Team, str]) -> Round:
    [organization] = {team.organization for team in given}
    round_ = make_round(organization, version=version, teams=list(given), quarter=quarter)
    for team, choice in given.items():
        make_response(choice, participant=make_participant(round_, team=team))
    close_round(round_=round_)
    return round_


def tables(client: Client, identifier: str = "json", **query: Any) -> Any:
    return READERS[identifier](content(client.get(URL.format(identifier), query)))


@pytest.mark.parametrize("identifier", READERS)
def test_each_kind_of_file_has_scores_and_changes(client: Client, rounds: list[Round], identifier: str) -> None:
    rows = tables(client, identifier)["scores"]

    overall = [row for row in rows if not row["dimension"]]
    assert [row["round"] for row in overall] == ["Q3 2025", "Q4 2025", "Q1 2026", "Q2 2026"]
    assert [text(row["score"])[:3] for row in overall] in (["0.0", "", "0.0", "2.5"], ["0", "", "0", "2.5"])
    assert [text(row["missing"]) for row in overall] == ["", "no round", "", ""]
    assert text(overall[-1]["change"]) == "2.5"
    assert overall[-1]["since"] == "Q1 2026"
    assert (overall[-1]["starts_on"], overall[-1]["ends_on"]) == ("2026-04-01", "2026-06-30")
    assert len(rows) == 3 * 6 + 1


def test_it_compares_what_the_address_asks_for(client: Client, cast: Cast, fraud: Team, rounds: list[Round]) -> None:
    found = tables(
        client, rounds=[rounds[1].pk, rounds[2].pk], teams=[fraud.pk, cast.team.pk], team=cast.team.pk, target=5
    )

    assert {(row["team"], row["round"], row["missing"]) for row in found["scores"]} == {
        ("Fraud", "Q1 2026", "no part"),
        ("Fraud", "Q2 2026", ""),
        ("Pricing", "Q1 2026", ""),
        ("Pricing", "Q2 2026", ""),
    }
    assert {row["what"] for row in found["moves"]} == {"gained"}
    assert len(found["moves"]) == len(found["questions"]) == 25
    assert found["target"][0] == {"dimension": "", "score": 5.0, "target": 5.0, "lacking": 0.0}
    assert [row["level"] for row in found["teams"] if not row["dimension"]] == [0, 5]
    assert found["left_out"] == []


def test_the_one_looked_at_closely_is_there_beside_those_chosen(
    client: Client, cast: Cast, fraud: Team, rounds: list[Round]
) -> None:
    found = tables(client, teams=[fraud.pk], team="")

    assert {row["team"] for row in found["scores"]} == {"Fraud", ""}


def test_its_name_tells_what_it_is(client: Client, rounds: list[Round]) -> None:
    response = client.get(URL.format("csv"))

    expected = 'attachment; filename="acme-insurance-q3-2025-to-q2-2026-comparison.csv"'
    assert response["Content-Disposition"] == expected


def test_what_cannot_be_compared_is_told_on_the_page(client: Client, rounds: list[Round]) -> None:
    response = client.get(URL.format("csv"), {"rounds": [rounds[0].pk]})

    assert response["Location"] == f"/orgs/acme-insurance/compare/?rounds={rounds[0].pk}"
    assert client.get(response["Location"]).status_code == 422


def test_what_is_not_there_is_not_found(client: Client, rounds: list[Round]) -> None:
    assert client.get(URL.format("csv"), {"rounds": [rounds[0].pk, 999999]}).status_code == 404
    assert client.get(URL.format("pdf")).status_code == 404


def test_the_page_links_to_the_files_of_its_own_state(client: Client, rounds: list[Round]) -> None:
    query = f"rounds={rounds[0].pk}&rounds={rounds[2].pk}"

    page = client.get(f"/orgs/acme-insurance/compare/?{query}").content.decode()

    assert f"{URL.format('xlsx')}?{query.replace('&', '&amp;')}" in page


def test_versions_are_named_with_their_rounds(client: Client, cast: Cast, rounds: list[Round]) -> None:
    data = shipped_definition()
    data["dimensions"][0]["questions"].pop()
    other = make_round(cast.organization, version=make_version(data), teams=[cast.team], quarter=(2026, 3))
    make_response(participant=make_participant(other))
    close_round(round_=other)

    about = tables(client, rounds=[rounds[1].pk, rounds[2].pk, other.pk])["about"]

    [first, _newest] = [text(row["value"]) for row in about if row["item"] == "version"]
    assert first.endswith("version 1: Q1 2026, Q2 2026")


def test_its_queries_do_not_grow(
    client: Client, rounds: list[Round], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for chosen in (rounds[:2], rounds):
        with django_assert_num_queries(7):
            tables(client, rounds=[row.pk for row in chosen])
