"""Every questionnaire that is shipped, on every page that shows one, and in every file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from io import StringIO
from itertools import cycle
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils.html import escape

from assessments import scoring
from assessments.definition import Definition, Question
from assessments.models import QuestionnaireVersion, Round
from assessments.questionnaires.files import load_shipped, read_valid, shipped
from assessments.scoring import score_card
from assessments.selectors.reports import report_on
from assessments.selectors.responses import submitted_answers
from assessments.services.rounds import close_round
from assessments.templatetags.scores import score
from organizations.models import User
from tests.assessments.test_exports import READERS, cards_in, content, download, kept_cards
from tests.factories import Cast, make_participant, make_response, make_round, make_team, make_version

pytestmark = pytest.mark.django_db
SLUGS = tuple(shipped())
ClientOf = Callable[[User], Client]


def varied(definition: Definition, start: int) -> dict[str, str]:
    """Return answers of all kinds, the better ones in front."""

    def choices(question: Question) -> Iterator[str]:
        ranked = sorted(question.choices, key=lambda choice: -(choice.value or 0))
        return cycle([ranked[0].key, ranked[0].key, *(choice.key for choice in ranked)])

    found = {}
    for n, (key, question) in enumerate(definition.questions.items(), start):
        row = choices(question)
        found[key] = [next(row) for _ in range(n % (len(question.choices) + 2) + 1)][-1]
    return found


@pytest.fixture(params=SLUGS)
def version(request: pytest.FixtureRequest) -> QuestionnaireVersion:
    """Each shipped questionnaire in turn, published."""
    return make_version(read_valid(shipped()[request.param]))


@pytest.fixture
def definition(version: QuestionnaireVersion) -> Definition:
    return load_shipped(version.questionnaire.slug)


@pytest.fixture
def rounds(version: QuestionnaireVersion, cast: Cast, definition: Definition) -> list[Round]:
    """Two closed rounds of two teams, each with three people; in the first everything is worth the least."""
    teams = [cast.team, make_team(cast.organization, "Fraud")]
    lowest = {
        key: min(question.choices, key=lambda choice: choice.value if choice.value is not None else 1).key
        for key, question in definition.questions.items()
    }
    made = []
    for quarter in ((2026, 1), (2026, 2)):
        round_ = make_round(cast.organization, version=version, teams=teams, quarter=quarter)
        for n in range(6):
            answers = lowest if quarter == (2026, 1) else varied(definition, n)
            make_response(answers, participant=make_participant(round_, team=teams[n % 2]))
        close_round(round_=round_)
        made.append(round_)
    return made


def page(client: Client, path: str) -> str:
    reply = client.get(path)
    assert reply.status_code == 200, path
    return reply.content.decode()


def test_it_is_tried_step_by_step_up_to_its_result(version: QuestionnaireVersion, definition: Definition) -> None:
    client, start = Client(), f"/try/?questionnaire={definition.slug}"
    answers = varied(definition, 0)

    assert escape(definition.title) in page(client, start)
    assert escape(definition.source.licence) in page(client, start)
    address = client.post(start)["Location"]
    for dimension in definition.dimensions:
        asked = page(client, address)
        assert all(escape(question.text) in asked for question in dimension.questions)
        address = client.post(address, {f"{q.key}-choice": answers[q.key] for q in dimension.questions})["Location"]
    assert "questions are answered" in page(client, address)
    result = page(client, client.post("/try/submit/")["Location"])

    card = score_card(definition, [answers])
    assert card.level is not None
    assert f"Maturity level {card.level.number}" in result
    assert escape(card.level.name) in result
    assert f'<strong class="score text-body">{score(card.overall)}</strong> of {definition.scoring.max}' in result


def test_its_rounds_are_on_every_page(
    cast: Cast, rounds: list[Round], definition: Definition, client_of: ClientOf
) -> None:
    client, base = client_of(cast.owner), f"/orgs/{cast.organization.slug}"
    [before, after] = rounds
    whole = kept_cards(after)[""]
    overall = score(Fraction(whole["overall"]))

    assert escape(definition.title) in page(client, f"{base}/rounds/{after.pk}/results/")
    for path in ("/", f"/compare/?rounds={before.pk}&rounds={after.pk}", "/compare/", "/benchmarks/"):
        assert overall in page(client, base + path), path
    for path in ("/rounds/", "/technology/", "/settings/badge/"):
        page(client, base + path)
    assert "level-badge level-" in page(client, f"{base}/rounds/")
    assert page(client, "/")


def test_its_report_can_be_made(rounds: list[Round], definition: Definition) -> None:
    report = report_on(rounds[1])

    assert report is not None
    assert report.comparison is not None
    assert bool(report.radar) == (len(definition.dimensions) >= 3)
    assert report.trend
    assert report.page.next_level is None or report.page.missing


@pytest.mark.parametrize("identifier", READERS)
def test_its_score_cards_can_be_computed_from_a_rounds_file(
    identifier: str, cast: Cast, rounds: list[Round], client_of: ClientOf
) -> None:
    tables = READERS[identifier](content(download(client_of(cast.facilitator), rounds[1], identifier)))

    assert cards_in(tables) == kept_cards(rounds[1])


@pytest.mark.parametrize("identifier", READERS)
def test_a_comparison_of_its_rounds_can_be_taken_away(
    identifier: str, cast: Cast, rounds: list[Round], client_of: ClientOf
) -> None:
    query = "&".join(f"rounds={round_.pk}" for round_ in rounds)
    path = f"/orgs/{cast.organization.slug}/compare/export/{identifier}/?{query}"
    tables = READERS[identifier](content(client_of(cast.owner).get(path)))

    assert {row["round"] for row in tables["scores"]} >= {round_.period for round_ in rounds}


@pytest.mark.parametrize("slug", SLUGS)
def test_the_score_command_says_what_a_round_keeps(slug: str, tmp_path: Path) -> None:
    definition = load_shipped(slug)
    answers = [varied(definition, n) for n in range(3)]
    file, out = tmp_path / "answers.json", StringIO()
    file.write_text(json.dumps({"questionnaire": slug, "responses": answers}))

    call_command("score", file, "--json", stdout=out)
    said = json.loads(out.getvalue())

    card = score_card(definition, answers)
    assert card.overall is not None
    assert card.level is not None
    assert (said["overall"], said["level"]["number"]) == (round(float(card.overall), 4), card.level.number)
    call_command("score", file, stdout=out)
    assert f"Level {card.level.number}: {card.level.name}" in out.getvalue()


@pytest.mark.parametrize("slug", SLUGS)
def test_a_roadmap_to_its_highest_level_can_be_planned(slug: str, tmp_path: Path) -> None:
    """From nothing in place; what is left out of a plan would show in what it projects."""
    definition, out = load_shipped(slug), StringIO()
    lowest = {key: min(q.choices, key=lambda choice: choice.value or 0).key for key, q in definition.questions.items()}
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"questionnaire": slug, "responses": [lowest]}))

    call_command("plan", file, "--json", f"--target={definition.levels[-1].number}", "--months=36", stdout=out)

    plan = json.loads(out.getvalue())
    assert plan["projected"]["level"] == definition.levels[-1].number
    assert plan["effort_weeks"] == sum(item["effort_weeks"] for item in plan["items"]) > 0


def test_the_planner_proposes_a_roadmap_from_its_round(cast: Cast, rounds: list[Round], client_of: ClientOf) -> None:
    client, base = client_of(cast.facilitator), f"/orgs/{cast.organization.slug}/roadmaps"

    assert page(client, f"{base}/")
    for round_ in rounds:
        result = round_.results.current().get(team=None)
        assert "With this plan" in page(client, f"{base}/new/?result={result.pk}")


def test_kept_cards_are_those_of_the_answers(rounds: list[Round], definition: Definition) -> None:
    answers = [given for team in submitted_answers(rounds[1]).values() for given in team]

    assert kept_cards(rounds[1])[""] == scoring.to_mapping(score_card(definition, answers))


def test_a_round_of_another_questionnaire_stands_apart(cast: Cast, client_of: ClientOf) -> None:
    """Of two questionnaires that have dimensions of the same keys, the dashboard shows one, and compares that alone."""
    full, quick = (make_version(read_valid(shipped()[slug])) for slug in ("mlops-maturity", "mlops-maturity-quick"))
    made = []
    for quarter, version, choice in ((1, full, "no"), (2, full, "yes"), (3, quick, "2")):
        round_ = make_round(cast.organization, version=version, teams=[cast.team], quarter=(2026, quarter))
        make_response(choice, participant=make_participant(round_))
        close_round(round_=round_)
        made.append(round_)
    client, base = client_of(cast.viewer), f"/orgs/{cast.organization.slug}"

    latest = page(client, f"{base}/")
    assert "Latest result, Q3 2026" in latest
    assert "since Q2 2026" not in latest
    assert "+5.00</span> since Q1 2026" in page(client, f"{base}/?questionnaire=mlops-maturity")
    assert client.get(f"{base}/?questionnaire=ml-test-score").status_code == 404
    compared = page(client, f"{base}/compare/")
    assert "up 5.00 since Q1 2026" in compared
    assert "Q3 2026 · MLOps maturity in two minutes" in compared
    assert "no question in common" in page(client, f"{base}/compare/?rounds={made[1].pk}&rounds={made[2].pk}")
    assert "No two closed rounds" in page(client, f"{base}/compare/?questionnaire=mlops-maturity-quick")
    report = report_on(made[1])
    assert report is not None
    assert report.comparison is not None
    # The benchmarks are for the questionnaire that is offered first, although the other round is newer.
    assert "“MLOps maturity assessment”, Q2 2026" in page(client, f"{base}/benchmarks/")
