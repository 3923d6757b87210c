"""What is taken away as a file: complete enough to compute the score cards anew, and nobody's secret in it."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pytest
from django.http import HttpResponse
from django.test import Client
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from assessments import scoring
from assessments.definition import Definition
from assessments.exports import EXPORTERS, Csv, Document, Json, Table, Xlsx
from assessments.models import Participant, QuestionnaireVersion, Response, Round
from assessments.services import responses
from assessments.services.rounds import close_round, record_consensus, reopen_round
from organizations.models import Team, User
from tests.factories import (
    Cast,
    make_participant,
    make_response,
    make_round,
    make_team,
    make_user,
    make_version,
    shipped_definition,
)

pytestmark = pytest.mark.django_db

Rows: TypeAlias = list[dict[str, Any]]
Tables: TypeAlias = Mapping[str, Rows]
ClientOf = Callable[[User], Client]
FORMULA = '=HYPERLINK("https://elsewhere.example")'
QUESTION = "governance.lineage"


@pytest.fixture
def version(db: None) -> QuestionnaireVersion:
    """A version with weights, a choice in between and one that takes a question out of the score."""
    data = shipped_definition()
    data["choices"] += [
        {"key": "partly", "label": "Partly", "value": 0.3},
        {"key": "not_applicable", "label": "Not applicable", "excluded": True},
    ]
    data["dimensions"][0]["weight"] = 0.7
    data["dimensions"][1]["questions"][0]["weight"] = 2.1
    return make_version(data)


@pytest.fixture
def client(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.facilitator)


def answered(participant: Participant, number: int, note: str = "") -> Response:
    """Submit answers that differ from number to number, one of them excluded, with a note on that."""
    keys = [q["key"] for d in participant.round.version.definition["dimensions"] for q in d["questions"]]
    choices = ("yes", "no", "partly", "not_sure")
    given = {key: choices[(number * n + n // 3) % 4] for n, key in enumerate(keys)}
    response = make_response({}, participant=participant, submitted=False)
    given[QUESTION] = "not_applicable"
    responses.save_answers(
        response=response,
        given=[
            responses.Given(key, choice, note or f"Note {number}" if key == QUESTION else "")
            for key, choice in given.items()
        ],
    )
    responses.submit_response(response=response)
    return response


def closed(cast: Cast, version: QuestionnaireVersion, people: Mapping[Team, int], **fields: Any) -> Round:
    """Make a closed round in which so many people of each team answered."""
    round_ = make_round(cast.organization, version=version, teams=list(people), **fields)
    for team, count in people.items():
        for number in range(count):
            answered(make_participant(round_, team=team), number + 2 * len(team.name))
    close_round(round_=round_)
    return round_


def download(client: Client, round_: Round, identifier: str) -> HttpResponse:
    return client.get(f"/orgs/{round_.organization.slug}/rounds/{round_.pk}/export/{identifier}/")  # type: ignore[return-value]


def content(response: Any) -> bytes:
    assert response.status_code == 200
    return bytes(response.getvalue())


def from_csv(file: bytes) -> Tables:
    stacked: defaultdict[str, list[list[str]]] = defaultdict(list)
    for name, *row in csv.reader(io.StringIO(file.decode("utf-8-sig"))):
        stacked[name].append(row)
    return {name: [dict(zip(head, row, strict=True)) for row in rows] for name, (head, *rows) in stacked.items()}


def from_xlsx(file: bytes) -> Tables:
    tables = {}
    for sheet in load_workbook(io.BytesIO(file), read_only=True).worksheets:
        head, *rows = sheet.iter_rows(values_only=True)
        tables[sheet.title.lower()] = [dict(zip(map(str, head), row, strict=True)) for row in rows]
    return tables


READERS: dict[str, Callable[[bytes], Tables]] = {"csv": from_csv, "xlsx": from_xlsx, "json": json.loads}


def text(value: Any) -> str:
    return "" if value is None else str(value)


def definition_in(tables: Tables) -> Definition:
    """Read what was asked and how it is scored from the tables alone."""
    about = {row["item"]: row["value"] for row in tables["about"]}
    choices: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in tables["choices"]:
        value: dict[str, Any] = (
            {"excluded": True} if text(row["excluded"]).lower() == "true" else {"value": row["value"]}
        )
        choices[row["question"]].append({"key": row["choice"], "label": row["label"], **value})
    questions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in tables["questions"]:
        asked = {key: row[key] for key in ("kind", "weight", "text")} | {"level": int(row["level"])}
        questions[row["dimension"]].append({"key": row["question"], "choices": choices[row["question"]], **asked})
    return Definition.from_mapping(
        {
            "slug": about["questionnaire"],
            "title": about["title"],
            "source": {"title": "", "url": "", "licence": ""},
            "locale": "en",
            "scoring": {"method": about["method"], "combine": about["combine"], "max": about["top_score"]},
            "levels": [
                {
                    "number": int(row["level"]),
                    "name": row["name"],
                    "min_score": row["min_score"],
                    "exclusive": text(row["exclusive"]).lower() == "true",
                }
                for row in tables["levels"]
            ],
            "dimensions": [
                {"key": row["dimension"], "title": row["title"], "weight": row["weight"], "questions": own}
                for row in tables["dimensions"]
                if (own := questions[row["dimension"]])
            ],
        }
    )


def cards_in(tables: Tables) -> dict[str, dict[str, Any]]:
    """Compute the score cards by team, "" for all, from the tables alone."""
    definition = definition_in(tables)
    [aggregate] = [row["value"] for row in tables["about"] if row["item"] == "aggregate"]
    agreed: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for entry in tables["consensus"]:
        agreed[entry["team"]][entry["question"]] = entry["choice"]
    teams: defaultdict[str, list[tuple[dict[str, str], dict[str, str]]]] = defaultdict(list)
    for row in tables["answers"]:
        given = {key: row[key] for key in definition.questions if row[key]}
        team = text(row["team"])
        for name in {team, ""}:
            teams[name].append((given, given | agreed[team]))
    cards = {}
    for name, pairs in teams.items():
        before, after = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        cards[name] = scoring.to_mapping(
            scoring.score_card(definition, before, aggregate=aggregate, agreed=None if before == after else after)
        )
    return cards


def kept_cards(round_: Round) -> dict[str, dict[str, Any]]:
    shown = round_.results.current().filter(withheld=False, respondents__gt=0).select_related("team")
    return {row.team.name if row.team else "": row.card for row in shown}


class TestARoundsFile:
    @pytest.mark.parametrize("identifier", READERS)
    @pytest.mark.parametrize("aggregate", ["mean", "median"])
    def test_its_score_cards_can_be_computed_from_it_alone(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, aggregate: str, identifier: str
    ) -> None:
        fraud = make_team(cast.organization, "Fraud, East")
        round_ = closed(cast, version, {cast.team: 4, fraud: 3}, aggregate=aggregate)
        record_consensus(round_=round_, team=fraud, agreed={QUESTION: ("yes", "We looked.")}, user=cast.facilitator)

        tables = READERS[identifier](content(download(client, round_, identifier)))

        assert cards_in(tables) == kept_cards(round_)
        assert len(tables["answers"]) == 7
        assert [row["rationale"] for row in tables["consensus"]] == ["We looked."]

    @pytest.mark.parametrize("identifier", READERS)
    def test_an_anonymous_one_can_too_though_small_teams_are_pooled(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, identifier: str
    ) -> None:
        small, large = make_team(cast.organization, "Tiny"), make_team(cast.organization, "Large")
        round_ = closed(cast, version, {cast.team: 3, small: 2, large: 5}, anonymous=True)

        tables = READERS[identifier](content(download(client, round_, identifier)))

        cards = cards_in(tables)
        assert {name: cards[name] for name in ("", "Large")} == kept_cards(round_)
        assert set(cards) == {"", "Large"}
        assert [text(row["team"]) for row in tables["answers"]].count("") == 5
        scores = {(row["team"], row["dimension"]): row for row in tables["scores"]}
        withheld = scores.get(("Tiny", "")) or scores["Tiny", None]
        assert not text(withheld["score"])

    def test_an_anonymous_one_links_nobody_s_answers(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        """Who says no everywhere in one dimension, and says so in a note, is not found in the others."""
        round_ = make_round(cast.organization, version=version, teams=[cast.team], anonymous=True)
        keys = [question["key"] for d in version.definition["dimensions"] for question in d["questions"]]
        people = [dict.fromkeys(keys, "yes"), dict.fromkeys(keys, "no"), dict.fromkeys(keys, "no")]
        people[0] |= {key: "no" for key in keys if key.startswith("governance.")}
        people[1] |= {key: "yes" for key in keys if key.startswith("governance.")}
        for number, answers in enumerate(people):
            participant = make_participant(round_, user=make_user(f"secret{number}@example.org", first_name="Ada"))
            make_response(answers, participant=participant)
        close_round(round_=round_)

        file = content(download(client, round_, "csv"))
        tables = from_csv(file)

        assert b"secret" not in file
        assert b"Ada" not in file
        rows = [(row[keys[0]], row[QUESTION]) for row in tables["answers"]]
        assert rows == [("no", "no"), ("no", "no"), ("yes", "yes")]
        assert list(tables["notes"]) == []
        assert cards_in(tables) == kept_cards(round_)

    def test_nothing_of_one_that_is_withheld_as_a_whole(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        round_ = closed(cast, version, {cast.team: 2}, anonymous=True)

        tables = json.loads(content(download(client, round_, "json")))

        assert tables["answers"] == tables["notes"] == tables["results"] == tables["counts"] == []
        assert {row["withheld"] for row in tables["scores"]} == {True}
        assert {row["item"]: row["value"] for row in tables["about"]}["respondents"] is None

    def test_names_and_notes_stand_in_a_named_one_and_formulas_do_nothing(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        round_ = make_round(cast.organization, version=version, teams=[cast.team])
        ada = make_user("ada@example.org", first_name="Ada", last_name="=Lovelace")
        answered(make_participant(round_, team=cast.team, user=ada), 1, FORMULA)
        close_round(round_=round_)

        for identifier in ("csv", "xlsx"):
            tables = READERS[identifier](content(download(client, round_, identifier)))
            [row] = tables["answers"]
            assert (row["team"], row["name"], row["email"]) == (cast.team.name, "Ada =Lovelace", "ada@example.org")
            assert [note["note"] for note in tables["notes"]] == [f"'{FORMULA}"]
            assert tables["notes"][0]["choice"] == "not_applicable"
        tables = json.loads(content(download(client, round_, "json")))
        assert tables["notes"][0]["note"] == FORMULA
        assert tables["definition"] == version.definition

    @pytest.mark.parametrize("identifier", READERS)
    def test_viewers_and_members_take_results_without_answers(
        self, cast: Cast, client_of: ClientOf, version: QuestionnaireVersion, identifier: str
    ) -> None:
        round_ = closed(cast, version, {cast.team: 2})

        for user in (cast.viewer, cast.member):
            file = content(download(client_of(user), round_, identifier))
            tables = READERS[identifier](file)
            assert not {"answers", "notes"} & set(tables)
            assert b"@example.org" not in file
            assert len(tables["scores"]) == 12
            about = {row["item"]: row["value"] for row in tables["about"]}
            assert about["answers"].startswith("Left out: facilitators")

    def test_answers_are_left_out_while_they_can_change(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        round_ = closed(cast, version, {cast.team: 2})
        reopen_round(round_=round_, closes_at=None)

        tables = from_csv(content(download(client, round_, "csv")))

        assert "answers" not in tables
        about = {row["item"]: row["value"] for row in tables["about"]}
        assert about["answers"].startswith("Left out: the round is open again")

    def test_its_name_tells_what_it_is_and_nobody_keeps_it(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        response = download(client, closed(cast, version, {cast.team: 1}), "xlsx")

        assert response["Content-Disposition"] == 'attachment; filename="acme-insurance-q3-2026.xlsx"'
        assert "no-store" in response["Cache-Control"]

    def test_what_has_no_result_or_no_such_format_is_not_found(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        assert download(client, make_round(cast.organization, version=version), "csv").status_code == 404
        assert download(client, closed(cast, version, {cast.team: 1}, quarter=(2026, 1)), "pdf").status_code == 404

    @pytest.mark.parametrize(("teams", "people"), [(1, 3), (4, 5)])
    @pytest.mark.parametrize("anonymous", [False, True])
    def test_its_queries_do_not_grow(
        self,
        client: Client,
        cast: Cast,
        version: QuestionnaireVersion,
        django_assert_num_queries: DjangoAssertNumQueries,
        teams: int,
        people: int,
        anonymous: bool,
    ) -> None:
        round_ = closed(
            cast, version, {make_team(cast.organization): people for _ in range(teams)}, anonymous=anonymous
        )
        content(download(client, round_, "csv"))

        with django_assert_num_queries(9):
            content(download(client, round_, "csv"))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
@pytest.mark.parametrize("identifier", ["csv", "xlsx"])
def test_text_that_a_spreadsheet_would_run_is_text(identifier: str, start: str) -> None:
    document = Document("x", [Table("t", ("a", "b"), [(f"{start}1+1", -1)])])

    [row] = READERS[identifier](b"".join(EXPORTERS[identifier].render(document)))["t"]

    assert row["a"].replace("\n", "\r") == f"'{start}1+1"
    assert str(row["b"]) == "-1"


def test_characters_that_a_workbook_cannot_hold_are_left_out() -> None:
    file = b"".join(Xlsx().render(Document("x", [Table("t", ("a",), [("a\x00\x08b",)])])))

    assert from_xlsx(file)["t"] == [{"a": "ab"}]


def test_long_tables_come_in_pieces() -> None:
    document = Document("x", [Table("t", ("a",), ((n,) for n in range(1200)))])

    pieces = list(Csv().render(document))

    assert len(pieces) == 4
    assert len(from_csv(b"".join(pieces))["t"]) == 1200


def test_json_has_tables_and_details() -> None:
    document = Document("x", [Table("t", ("a",), [(True,), (None,)])], {"d": [1]})

    assert json.loads(b"".join(Json().render(document))) == {"t": [{"a": True}, {"a": None}], "d": [1]}
