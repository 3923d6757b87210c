"""Rounds and teams side by side: what the page says, from which address, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from assessments import scoring
from assessments.comparison import Change
from assessments.models import Answer, Consensus, QuestionnaireVersion, Result, Round
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.results import kept_results
from assessments.services.rounds import close_round, reopen_round
from assessments.templatetags.comparison import change_words
from organizations.models import Organization, Team, User
from tests.assessments.test_comparison import score, table
from tests.assessments.test_views_results import counting, text_of
from tests.factories import (
    Cast,
    make_organization,
    make_participant,
    make_response,
    make_round,
    make_team,
    make_version,
    shipped_definition,
)

pytestmark = pytest.mark.django_db
URL = "/orgs/acme-insurance/compare/"
Given = Mapping[str, str] | str


@pytest.fixture
def client(cast: Cast, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.viewer)


def closed(
    version: QuestionnaireVersion,
    quarter: tuple[int, int],
    given: Mapping[Team, Sequence[Given]],
    **fields: Any,
) -> Round:
    """Make a closed round in which the people of each team answered like that."""
    [organization] = {team.organization for team in given}
    round_ = make_round(organization, version=version, teams=list(given), quarter=quarter, **fields)
    for team, people in given.items():
        for answers in people:
            make_response(answers, participant=make_participant(round_, team=team))
    close_round(round_=round_)
    return round_


@pytest.fixture
def year(cast: Cast, version: QuestionnaireVersion) -> list[Round]:
    """Four closed quarters of one team, the second year's first one missing: overall 0, 1, 2, 3."""
    quarters = [(2025, 2), (2025, 3), (2025, 4), (2026, 2)]
    return [
        closed(version, quarter, {cast.team: [counting(version, *[count] * 5)]})
        for count, quarter in enumerate(quarters)
    ]


def data_of(page: bytes, name: str) -> Any:
    """Return what a chart draws."""
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', page.decode(), re.DOTALL)
    assert found
    return json.loads(found[1])


def ask(client: Client, **query: Any) -> HttpResponse:
    return client.get(URL, query)  # type: ignore[return-value]


def ids(rounds: Sequence[Round | Team]) -> list[int]:
    return [row.pk for row in rounds]


@pytest.mark.parametrize("row", table("Changes"), ids=lambda row: f"{row[0]} to {row[1]}")
def test_changes_are_written_as_specified(row: list[str]) -> None:
    before, after, _amount, _direction, words = row

    assert change_words(Change("Q2 2026", score(before), score(after))) == words


class TestRounds:
    def test_at_first_it_shows_the_last_four_rounds_of_the_organization(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, year: list[Round]
    ) -> None:
        closed(version, (2026, 3), {cast.team: ["yes"]})

        page = ask(client).content
        says = text_of(page)

        assert "Q3 2025, Q4 2025, Q2 2026, Q3 2026 · All teams" in says
        assert "Q2 2025" not in says.partition("All teams Look closely at")[2]
        assert "Overall ▲ up 2.00 since Q2 2026 ▲ up 4.00 since Q3 2025" in says
        assert "Governance & compliance ▲ up 2.00 since Q2 2026" in says

    def test_a_missing_quarter_is_a_gap_and_no_zero(self, client: Client, year: list[Round]) -> None:
        page = ask(client).content

        trend = data_of(page, "trend-data")
        assert trend["rounds"] == ["Q2 2025", "Q3 2025", "Q4 2025", "Q1 2026", "Q2 2026"]
        assert trend["overall"] == [0.0, 1.0, 2.0, None, 3.0]
        assert [line["scores"] for line in trend["dimensions"]] == [[0.0, 1.0, 2.0, None, 3.0]] * 5
        assert "Q1 2026 No round was closed." in text_of(page)

    def test_a_round_that_was_not_chosen_leaves_no_gap(self, client: Client, year: list[Round]) -> None:
        says = text_of(ask(client, rounds=ids([year[0], year[2]])).content)

        assert "No round was closed" not in says
        assert "Overall ▲ up 2.00 since Q2 2025 ▲ up 2.00 since Q2 2025" in says

    def test_the_table_says_what_the_trend_draws(self, client: Client, year: list[Round]) -> None:
        says = text_of(ask(client).content)

        assert "Q4 2025 2 2.00 ▲ 1.00 up 1.00 since Q3 2025" in says
        assert "Q2 2026 3 3.00 ▲ 1.00 up 1.00 since Q4 2025" in says

    def test_it_projects_the_next_quarter(self, client: Client, year: list[Round]) -> None:
        page = ask(client).content

        # Slopes 1, 1, 1, 2/3, 3/4 and 1/2: 7/8 in the middle, from a start of 1/16; the last round lies 9/16 under it.
        assert data_of(page, "trend-data")["projected"] == {"round": "Q3 2026", "score": 4.4375}
        assert "Projected for Q3 2026 Overall" in text_of(page)
        assert "4.4 (3.9 to 5.0)" in text_of(page)

    def test_two_rounds_are_too_few_to_project_from(self, client: Client, year: list[Round]) -> None:
        page = ask(client, rounds=ids(year[:2])).content

        assert data_of(page, "trend-data")["projected"] is None
        assert "A projection needs scores from three different quarters." in text_of(page)

    def test_rounds_of_one_period_are_told_apart(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        rounds = [closed(version, (2026, 1), {cast.team: [answer]}) for answer in ("no", "yes")]

        trend = data_of(ask(client, rounds=ids(rounds)).content, "trend-data")

        assert trend["overall"] == [0.0, 5.0]
        assert all(label.startswith("Q1 2026, closed ") for label in trend["rounds"])

    def test_the_radar_has_previous_rounds_and_the_target(self, client: Client, year: list[Round]) -> None:
        radar = data_of(ask(client).content, "radar-data")

        assert (radar["name"], radar["scores"]) == ("Q2 2026", [3.0] * 5)
        assert [line["name"] for line in radar["earlier"]] == ["Q2 2025", "Q3 2025", "Q4 2025"]
        assert [line["scores"] for line in radar["earlier"]] == [[0.0] * 5, [1.0] * 5, [2.0] * 5]
        assert radar["target"]["scores"] == [4.0] * 5

    def test_another_target_can_be_chosen(self, client: Client, year: list[Round]) -> None:
        page = ask(client, target=2).content

        assert data_of(page, "radar-data")["target"]["scores"] == [2.0] * 5
        assert "Overall 3.00 2.00 reached" in text_of(page)

    def test_at_the_top_there_is_no_next_level(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, year: list[Round]
    ) -> None:
        closed(version, (2026, 3), {cast.team: ["yes"]})

        page = ask(client).content

        assert data_of(page, "radar-data")["target"] is None
        assert "There is no level above the last result" in text_of(page)


class TestPractices:
    def test_gained_and_lost_between_two_rounds(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, year: list[Round]
    ) -> None:
        last = closed(version, (2026, 3), {cast.team: [counting(version, 2, 4, 3, 3, 3)]})
        data, model = definition_of(version.pk).dimensions[:2]

        says = text_of(ask(client, since=year[3].pk, until=last.pk).content)

        assert (
            f"Gained {model.questions[3].text} Model development ▼ Lost {data.questions[2].text} Data management"
            in says
        )
        assert says.partition("Moved most otherwise")[2].startswith(" None.")

    def test_the_earlier_round_comes_first_whichever_is_named_first(self, client: Client, year: list[Round]) -> None:
        forth, back = (
            text_of(ask(client, since=one.pk, until=other.pk).content).partition("Practices gained")[2]
            for one, other in ((year[0], year[1]), (year[1], year[0]))
        )

        for says in (forth, back):
            gained, _, lost = says.partition("▼ Lost")
            assert "Governance & compliance" in gained
            assert lost.startswith(" None.")

    def test_a_practice_with_two_rounds_alike_is_refused(self, client: Client, year: list[Round]) -> None:
        answer = ask(client, since=year[1].pk, until=year[1].pk)

        assert answer.status_code == 422
        assert "Choose two different rounds" in text_of(answer.content)

    def test_half_of_the_people_is_not_in_place(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        rounds = [
            closed(version, (2026, 1), {cast.team: ["no"]}),
            closed(version, (2026, 2), {cast.team: ["yes", "no"]}),
        ]

        says = text_of(ask(client, rounds=ids(rounds)).content)

        assert "▲ Gained None. ▼ Lost None. Moved most otherwise" in says
        assert says.count("from 0 % to 50 %") == 5


class TestTeams:
    @pytest.fixture
    def fraud(self, cast: Cast) -> Team:
        return make_team(cast.organization, "Fraud")

    @pytest.fixture
    def rounds(self, cast: Cast, version: QuestionnaireVersion, fraud: Team) -> list[Round]:
        """Fraud took no part in the first, nobody of Pricing answered in the last."""
        return [
            closed(version, (2026, 1), {cast.team: [counting(version, 1, 1, 1, 1, 1)]}),
            closed(version, (2026, 2), {cast.team: [counting(version, 2, 2, 2, 2, 2)], fraud: ["yes"]}),
            closed(version, (2026, 3), {cast.team: [], fraud: ["no"]}),
        ]

    def test_one_team_over_the_rounds(self, client: Client, cast: Cast, rounds: list[Round]) -> None:
        page = ask(client, teams=cast.team.pk).content

        assert data_of(page, "trend-data")["overall"] == [1.0, 2.0, None]
        assert "Q3 2026 Nobody submitted answers." in text_of(page)
        assert "Overall no score ▲" not in text_of(page)
        assert f"results/?team={cast.team.pk}" in page.decode()

    def test_several_teams_side_by_side(self, client: Client, cast: Cast, fraud: Team, rounds: list[Round]) -> None:
        page = ask(client, teams=[cast.team.pk, fraud.pk]).content

        chart = data_of(page, "teams-data")
        assert {line["name"]: line["scores"] for line in chart["dimensions"]} == {
            "Fraud": [None, 5.0, 0.0],
            "Pricing": [1.0, 2.0, None],
        }
        assert "Fraud no score in Q1 2026 – 5.00 0.00" in text_of(page)
        assert "Pricing no score 1.00 2.00 –" in text_of(page)

    def test_one_of_them_is_looked_at_closely(
        self, client: Client, cast: Cast, fraud: Team, rounds: list[Round]
    ) -> None:
        page = ask(client, teams=[cast.team.pk, fraud.pk], team=fraud.pk).content

        assert data_of(page, "trend-data")["overall"] == [None, 5.0, 0.0]
        assert "Q1 2026 This team took no part." in text_of(page)

    def test_teams_and_dimensions_of_the_round_chosen(self, client: Client, rounds: list[Round]) -> None:
        latest, second = (
            text_of(ask(client, **query).content).partition("Teams and dimensions")[2]
            for query in ({}, {"round": rounds[1].pk})
        )

        assert "Fraud 0 0.00" in latest
        assert "Pricing Nobody submitted answers." in latest
        assert "Fraud 5 5.00" in second
        assert "Pricing 2 2.00" in second

    def test_a_round_that_is_no_longer_chosen_gives_way(self, client: Client, rounds: list[Round]) -> None:
        answer = ask(client, rounds=ids(rounds[:2]), round=rounds[2].pk, until=rounds[2].pk)

        assert answer.status_code == 200
        assert "Fraud 5 5.00" in text_of(answer.content)

    def test_what_an_anonymous_round_withholds_stays_withheld(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, fraud: Team, rounds: list[Round]
    ) -> None:
        secret = closed(version, (2026, 4), {cast.team: ["yes"] * 3, fraud: ["no"] * 2}, anonymous=True)

        page = ask(client, teams=[cast.team.pk, fraud.pk]).content
        says = text_of(page)

        assert f'value="{secret.pk}" selected' in page.decode()
        assert {line["name"]: line["scores"][-1] for line in data_of(page, "teams-data")["dimensions"]} == {
            "Fraud": None,
            "Pricing": None,
        }
        assert says.count("Not shown: it would give away what fewer than three people answered.") == 3
        assert "3.00" not in says.partition("Teams and dimensions")[2]


class TestVersions:
    """The second version drops a question of data management, adds one and changes the choices of another."""

    @pytest.fixture
    def second(self, version: QuestionnaireVersion) -> QuestionnaireVersion:
        data = shipped_definition()
        questions = data["dimensions"][0]["questions"]
        questions[4] |= {"key": "data_management.new", "text": "Is this new?"}
        questions[3]["choices"] = [*data["choices"], {"key": "maybe", "label": "Maybe", "value": 0.5}]
        return make_version(data)

    @pytest.fixture
    def rounds(self, cast: Cast, version: QuestionnaireVersion, second: QuestionnaireVersion) -> list[Round]:
        """Level 3 everywhere; then the same, and "maybe" to what changed."""
        maybe = counting(second, 3, 3, 3, 3, 3) | {definition_of(second.pk).dimensions[0].questions[3].key: "maybe"}
        return [
            closed(version, (2026, 1), {cast.team: [counting(version, 3, 3, 3, 3, 3), "no"]}),
            closed(second, (2026, 2), {cast.team: [maybe, "no"]}),
        ]

    def test_they_are_compared_on_the_questions_they_share(self, client: Client, rounds: list[Round]) -> None:
        page = ask(client, rounds=ids(rounds)).content
        data_management, *others = data_of(page, "trend-data")["dimensions"]

        # Three yes of three shared questions, and three of five in the other dimensions; each by one of two people.
        assert data_management["scores"] == [2.5, 2.5]
        assert [line["scores"] for line in others] == [[1.5, 1.5]] * 4
        assert data_of(page, "trend-data")["overall"] == [1.7, 1.7]
        assert "Overall = unchanged since Q1 2026" in text_of(page)

    def test_the_page_says_what_is_left_out(
        self, client: Client, version: QuestionnaireVersion, rounds: list[Round]
    ) -> None:
        says = text_of(ask(client, rounds=ids(rounds)).content)
        fourth, fifth = definition_of(version.pk).dimensions[0].questions[3:]

        assert "version 1: Q1 2026 " in says
        assert "version 2: Q2 2026 " in says
        assert "3 questions are left out" in says
        assert f"{fourth.text} (Data management; its choices changed)" in says
        assert "Is this new? (Data management; not asked in every version)" in says
        assert f"{fifth.text} (Data management; not asked in every version)" in says

    def test_what_was_kept_stays_and_is_read_once(
        self,
        client: Client,
        rounds: list[Round],
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        with django_assert_num_queries(8):
            first = ask(client, rounds=ids(rounds)).content
        with django_assert_num_queries(6):
            assert ask(client, rounds=ids(rounds)).content == first
        kept = [row.card for row in kept_results(rounds) if row.team is None]
        assert [card.overall for card in kept if card] == [Fraction(3, 2), Fraction(31, 20)]

    def test_answers_that_changed_since_cannot_be_scored_anew(self, client: Client, rounds: list[Round]) -> None:
        Answer.objects.filter(response__participant__round=rounds[0], question_key__startswith="governance").update(
            choice_key="yes"
        )

        page = ask(client, rounds=ids(rounds)).content

        assert data_of(page, "trend-data")["overall"] == [None, 1.7]
        assert "Q1 2026 Cannot be compared question by question: answers changed after the round closed." in text_of(
            page
        )
        assert "One of these two rounds has nothing to compare here." in text_of(page)

    def test_late_anonymous_answers_that_do_not_count_do_not_count_here(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, rounds: list[Round]
    ) -> None:
        made = make_round(cast.organization, version=version, teams=[cast.team], quarter=(2025, 1), anonymous=True)
        for _n in range(3):
            make_response(participant=make_participant(made))
        close_round(round_=made)
        reopen_round(round_=made)
        make_response("no", participant=make_participant(made))
        close_round(round_=made)

        says = text_of(ask(client, rounds=ids([made, rounds[-1]])).content)

        assert "Cannot be compared question by question" not in says

    def test_consensus_counts_here_too(self, client: Client, cast: Cast, rounds: list[Round]) -> None:
        agree(rounds[0], cast.team, [definition_of(rounds[0].version_id).dimensions[1].questions[4].key])

        trend = data_of(ask(client, rounds=ids(rounds)).content, "trend-data")

        # Both people now have it: one mark of five more.
        assert trend["dimensions"][1]["scores"] == [2.5, 1.5]
        assert trend["overall"] == [1.9, 1.7]

    def test_the_same_questions_in_other_words_are_compared_as_kept(
        self,
        client: Client,
        cast: Cast,
        version: QuestionnaireVersion,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        data = shipped_definition()
        data["dimensions"][0] |= {"title": "Data"}
        other = make_version(data)
        rounds = [closed(version, (2026, 1), {cast.team: ["no"]}), closed(other, (2026, 2), {cast.team: ["yes"]})]

        with django_assert_num_queries(6):
            page = ask(client, rounds=ids(rounds)).content

        assert data_of(page, "trend-data")["overall"] == [0.0, 5.0]
        assert data_of(page, "trend-data")["dimensions"][0]["name"] == "Data"
        assert "No question is left out." in text_of(page)

    def test_rounds_without_a_question_in_common(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        data = shipped_definition()
        for dimension in data["dimensions"]:
            for question in dimension["questions"]:
                question["key"] += "_other"
                question["guidance"].pop("requires", None)
        rounds = [
            closed(version, (2026, 1), {cast.team: ["no"]}),
            closed(make_version(data), (2026, 2), {cast.team: ["yes"]}),
        ]

        answer = ask(client, rounds=ids(rounds))

        assert answer.status_code == 200
        assert "These rounds have no question in common" in text_of(answer.content)
        assert "50 questions are left out" in text_of(answer.content)

    def test_the_mean_beside_the_median_is_said(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        for quarter, aggregate in enumerate(("mean", "median"), start=1):
            closed(version, (2026, quarter), {cast.team: ["no"]}, aggregate=aggregate)

        assert "Some of these rounds score teams by the mean, others by the median." in text_of(ask(client).content)


def agree(round_: Round, team: Team, questions: Sequence[str]) -> None:
    """Make the next revision of a closed round's results, for which the team agreed on yes to the questions."""
    for key in questions:
        Consensus.objects.create(
            organization=round_.organization, round=round_, team=team, question_key=key, choice_key="yes", rationale="-"
        )
    rows = Answer.objects.filter(response__participant__round=round_).values_list(
        "response_id", "question_key", "choice_key"
    )
    people: dict[int, dict[str, str]] = {}
    for response_id, question, choice in rows:
        people.setdefault(response_id, {})[question] = choice
    before = list(people.values())
    after = [answers | dict.fromkeys(questions, "yes") for answers in before]
    card = scoring.score_card(definition_of(round_.version_id), before, agreed=after)
    Round.objects.filter(pk=round_.pk).update(revision=2)
    for who in (None, team):
        Result.objects.create(
            organization=round_.organization,
            round=round_,
            team=who,
            revision=2,
            card=scoring.to_mapping(card),
            respondents=card.respondents,
            level=card.level.number if card.level else None,
        )


class TestRefusals:
    def test_without_two_closed_rounds_it_says_what_to_do(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        none = text_of(ask(client).content)
        closed(version, (2026, 1), {cast.team: ["yes"]})
        one = ask(client)

        assert "No round is closed yet; it takes two to compare. Hold the next round" in none
        assert one.status_code == 200
        assert "One round is closed; it takes two to compare. Hold the next round" in text_of(one.content)

    def test_one_round_alone_is_refused_and_stays_chosen(self, client: Client, year: list[Round]) -> None:
        answer = ask(client, rounds=year[1].pk)

        assert answer.status_code == 422
        assert "Rounds : Choose at least two rounds." in text_of(answer.content)
        assert "Choose two different rounds" not in text_of(answer.content)
        assert re.search(rf'value="{year[1].pk}"[^>]* checked', answer.content.decode())

    def test_more_than_twelve_are_refused(self, client: Client, cast: Cast, version: QuestionnaireVersion) -> None:
        rounds = [closed(version, (2020 + n // 4, n % 4 + 1), {cast.team: []}) for n in range(13)]

        answer = ask(client, rounds=ids(rounds))

        assert answer.status_code == 422
        assert "Choose at most 12 rounds; these are 13." in text_of(answer.content)
        assert ask(client, rounds=ids(rounds[1:])).status_code == 200

    def test_a_round_that_is_not_closed_is_named(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, year: list[Round]
    ) -> None:
        opened = make_round(cast.organization, version=version, teams=[cast.team], quarter=(2026, 4))

        answer = ask(client, rounds=[year[0].pk, opened.pk])

        assert answer.status_code == 422
        assert "Q4 2026 is not closed, so that it has no result to compare." in text_of(answer.content)
        assert "Q4 2026" not in text_of(ask(client).content)

    @pytest.mark.parametrize("name", ["rounds", "teams", "team", "round", "since", "until", "target"])
    @pytest.mark.parametrize("value", ["99999999", "-1", "x", "1e3", "٣"])
    def test_what_is_not_there_is_not_found(self, client: Client, year: list[Round], name: str, value: str) -> None:
        assert ask(client, **{name: value}).status_code == 404

    @pytest.mark.parametrize("name", ["rounds", "teams", "team", "round", "since", "until"])
    def test_nor_is_what_belongs_to_others(
        self, client: Client, version: QuestionnaireVersion, year: list[Round], name: str
    ) -> None:
        theirs = make_team(make_organization())
        round_ = closed(version, (2026, 1), {theirs: ["yes"]})
        foreign = theirs.pk if name in {"teams", "team"} else round_.pk

        assert ask(client, **{name: [foreign] if name != "rounds" else [year[0].pk, foreign]}).status_code == 404

    def test_with_no_round_yet_strange_ids_are_not_found_either(self, client: Client) -> None:
        assert ask(client, teams="99999999").status_code == 404


class TestAddress:
    def test_each_small_form_keeps_the_rest_of_the_address(self, client: Client, cast: Cast, year: list[Round]) -> None:
        page = ask(client, rounds=ids(year[:3]), teams=cast.team.pk, target=2).content.decode()
        forms = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'type="hidden"' in form]

        assert len(forms) == 4
        for form in forms:
            sent = re.findall(r'name="(\w+)"', form)
            assert sent.count("rounds") == 3
            assert {"team", "teams", "round", "since", "until", "target"} <= set(sent)
            assert all(sent.count(name) == 1 for name in ("team", "teams", "round", "since", "until", "target"))


@pytest.mark.parametrize(("rounds", "teams"), [(2, 1), (12, 20)])
@pytest.mark.parametrize("versions", [1, 2])
def test_its_queries_do_not_grow(
    client: Client,
    cast: Cast,
    django_assert_num_queries: DjangoAssertNumQueries,
    rounds: int,
    teams: int,
    versions: int,
) -> None:
    made = [small_version(number) for number in range(versions)]
    asked = [make_team(cast.organization) for _ in range(teams)]
    for version in made:
        definition_of(version.pk)
    for n in range(rounds):
        closed(made[n % versions], (2020 + n // 4, n % 4 + 1), {team: ["yes"] for team in asked})
    query = {"rounds": ids(rounds_of(cast.organization)), "teams": ids(asked)}

    with django_assert_num_queries(6 if versions == 1 else 8):
        assert ask(client, **query).status_code == 200


def rounds_of(organization: Organization) -> list[Round]:
    return list(Round.objects.filter(organization=organization))


def small_version(number: int) -> QuestionnaireVersion:
    """Make a version of two questions; those of different numbers share one."""
    data = shipped_definition()
    data["dimensions"] = data["dimensions"][:1]
    questions = data["dimensions"][0]["questions"][:2]
    for question in questions:
        question["guidance"].pop("requires", None)
    questions[1]["key"] += f"_{number}"
    data["dimensions"][0]["questions"] = questions
    return make_version(data)
