"""The report on a round as PDF: what it says, what it does not give away, and that nothing is fetched for it."""

from __future__ import annotations

import io
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any
from urllib.request import OpenerDirector

import pytest
from django.test import Client
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries

from assessments import charts
from assessments.models import QuestionnaireVersion, Round
from assessments.reports import _printed
from assessments.selectors.reports import report_on
from assessments.services.rounds import close_round
from organizations.models import Organization, User
from tests.assessments.test_views_results import counting, text_of
from tests.factories import Cast, make_participant, make_response, make_round, make_team

ClientOf = Callable[[User], Client]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def client(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.viewer)


def closed(
    organization: Organization, version: QuestionnaireVersion, answers: dict[str, list[str]], **fields: object
) -> Round:
    """Make a closed round in which the people of new teams gave the same answer to every question."""
    teams = {name: organization.teams.filter(name=name).first() or make_team(organization, name) for name in answers}
    round_ = make_round(organization, version=version, teams=list(teams.values()), **fields)  # type: ignore[arg-type]
    for name, people in answers.items():
        for choice in people:
            make_response(choice, participant=make_participant(round_, team=teams[name]))
    close_round(round_=round_)
    return round_


def url_of(round_: Round) -> str:
    return f"/orgs/{round_.organization.slug}/rounds/{round_.pk}/report.pdf"


def read(client: Client, round_: Round) -> tuple[PdfReader, str]:
    response = client.get(url_of(round_))
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    pdf = PdfReader(io.BytesIO(response.content))
    return pdf, " ".join(" ".join(page.extract_text() for page in pdf.pages).split())


@pytest.mark.django_db
class TestReport:
    def test_it_says_what_a_board_wants_to_know(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        closed(cast.organization, version, {"Fraud": ["no"], "Search": ["no"]}, quarter=(2026, 1))
        round_ = closed(cast.organization, version, {"Fraud": ["yes", "yes"], "Search": ["no", "yes"]})

        pdf, says = read(client, round_)

        assert "MLOps maturity report Acme Insurance Q3 2026" in says
        assert "Acme Insurance is at level 3, Automated Deployment, with an overall score of 3.75 of 5." in says
        assert "The overall score is up 3.75 since Q1 2026." in says
        for heading in ("Summary", "Dimensions", "Gaps and next steps", "Trend", "Teams", "How this was measured"):
            assert heading in says
        assert "First steps to level 4" in says
        assert "Fraud 5 5.00" in says
        assert "Search 2 2.50" in says
        assert "The answers of 4 of 4 people who were asked count." in says
        assert f"2 / {len(pdf.pages)}" in pdf.pages[1].extract_text()
        # No page has a single line left over from the one before.
        assert min(page.extract_text().count("\n") for page in pdf.pages) > 1

    def test_it_names_all_that_are_weakest_and_as_many_steps_as_the_page(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        round_ = make_round(cast.organization, version=version, teams=[cast.team])
        make_response(counting(version, 3, 3, 3, 2, 2), participant=make_participant(round_))
        close_round(round_=round_)
        page = client.get(f"/orgs/{cast.organization.slug}/rounds/{round_.pk}/results/").content

        _pdf, says = read(client, round_)

        assert says.count("Weakest: ") == 2
        assert "The first 2 of the practices that come next, fully in place, are enough." in says
        assert "The first 2 of these practices, fully in place, are enough." in text_of(page)

    def test_assistive_technology_can_read_it(self, client: Client, cast: Cast, version: QuestionnaireVersion) -> None:
        pdf, _says = read(client, closed(cast.organization, version, {"Fraud": ["no"]}))

        root: Any = pdf.root_object
        assert bool(root["/MarkInfo"]["/Marked"])
        assert root["/Lang"] == "en"
        assert pdf.metadata is not None
        assert pdf.metadata.title == "MLOps maturity of Acme Insurance, Q3 2026"
        assert pdf.xmp_metadata is not None
        assert b"pdfuaid:part" in bytes(root["/Metadata"].get_object().get_data())
        assert "/StructTreeRoot" in root
        assert (pdf.pages[0].mediabox.width, pdf.pages[0].mediabox.height) == pytest.approx((595.28, 841.89), abs=0.1)

    def test_the_first_round_has_no_trend(self, client: Client, cast: Cast, version: QuestionnaireVersion) -> None:
        _pdf, says = read(client, closed(cast.organization, version, {"Fraud": ["yes"]}))

        assert "Trend" not in says
        assert "Every dimension has reached 3" in says

    def test_an_anonymous_round_s_small_teams_are_not_shown(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        given = {"Large": ["yes"] * 4, "Medium": ["yes"] * 3, "Tiny": ["no"] * 2}
        _pdf, says = read(client, closed(cast.organization, version, given, anonymous=True))

        assert "Tiny Not shown: it would give away what fewer than three people answered." in says
        assert "Medium Not shown" in says
        assert "Large 5 5.00" in says
        assert "The round was anonymous" in says

    def test_what_is_withheld_has_no_report(self, client: Client, cast: Cast, version: QuestionnaireVersion) -> None:
        response = client.get(url_of(closed(cast.organization, version, {"Tiny": ["no"] * 2}, anonymous=True)))

        assert response.status_code == 409
        assert "Nothing of this round’s result can be shown" in response.content.decode()

    def test_an_open_round_has_none(self, client: Client, cast: Cast, version: QuestionnaireVersion) -> None:
        assert client.get(url_of(make_round(cast.organization, version=version))).status_code == 404

    def test_its_file_is_named_and_nobody_keeps_it(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        response = client.get(url_of(closed(cast.organization, version, {"Fraud": ["no"]})))

        assert response["Content-Disposition"] == 'attachment; filename="acme-insurance-q3-2026-report.pdf"'
        assert "no-store" in response["Cache-Control"]

    def test_names_are_text(self, client: Client, cast: Cast, version: QuestionnaireVersion) -> None:
        evil = '<img src="https://elsewhere.example/x.png"> <b>&'

        _pdf, says = read(client, closed(cast.organization, version, {evil: ["no"]}))

        assert "".join(evil.split()) in "".join(says.split())

    @pytest.mark.parametrize("address", ["https://elsewhere.example/x.svg", "file:///etc/hostname", "ftp://h/x"])
    def test_nothing_is_fetched(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        opened: list[object] = []
        monkeypatch.setattr(OpenerDirector, "open", lambda self, request, *_: opened.append(request))
        page = f'<html lang="en"><title>t</title><img src="{address}" alt=""><link rel="stylesheet" href="{address}">'

        pdf = _printed(page, f"@import url({address}); p {{ background: url({address}) }}")

        assert pdf.startswith(b"%PDF")
        assert opened == []

    def test_what_says_the_same_is_laid_out_once(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        round_ = closed(cast.organization, version, {"Fraud": ["no"]})
        first = client.get(url_of(round_)).content
        monkeypatch.setattr("assessments.reports._printed", lambda page, style: b"laid out again")

        assert client.get(url_of(round_)).content == first
        cast.organization.name = "Acme & Daughters"
        cast.organization.save()
        assert client.get(url_of(round_)).content == b"laid out again"

    def test_without_pango_it_says_what_is_missing(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Missing:
            def find_spec(self, name: str, *_more: object) -> None:
                if name == "weasyprint":
                    raise OSError("cannot load library 'libpango-1.0-0'")

        for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])

        response = client.get(url_of(closed(cast.organization, version, {"Fraud": ["no"]})))

        assert response.status_code == 503
        assert "The server lacks Pango" in response.content.decode()

    @pytest.mark.parametrize(("rounds", "teams"), [(2, 1), (4, 3)])
    def test_its_queries_do_not_grow(
        self,
        cast: Cast,
        version: QuestionnaireVersion,
        django_assert_num_queries: DjangoAssertNumQueries,
        rounds: int,
        teams: int,
    ) -> None:
        for quarter in range(1, rounds + 1):
            given = {f"Team {number}": ["no"] for number in range(teams)}
            last = closed(cast.organization, version, given, quarter=(2025, quarter))
        last = Round.objects.select_related("organization", "version").get(pk=last.pk)

        with django_assert_num_queries(4):
            report_on(last)


class TestCharts:
    def test_a_radar_has_an_axis_for_each_name_and_an_outline_for_each_line(self) -> None:
        lines = [charts.Line("Q2", [1, 2, 3]), charts.Line("Q3", [2, 0, 5], stands_out=True)]

        svg = ET.fromstring(charts.radar(["A & B", "C", "D"], lines, 5))  # noqa: S314 - our own

        texts = [text.text for text in svg.iter(f"{SVG}text")]
        assert {"A & B", "C", "D", "Q2", "Q3", "5"} <= set(texts)
        outlines = [shape.get("points", "").split() for shape in svg.iter(f"{SVG}polygon")]
        assert outlines[-1] == ["260.0,122.0", "260.0,170.0", "156.1,230.0"]

    def test_a_trend_is_broken_where_a_value_is_missing(self) -> None:
        svg = ET.fromstring(charts.trend(["1", "2", "3", "4"], [charts.Line("x", [1, 2, None, 3], True)], 5))  # noqa: S314

        strong = [line.get("points", "").split() for line in svg.iter(f"{SVG}polyline") if line.get("stroke-width")]
        assert [len(points) for points in strong] == [2, 1, 2]
        assert len(list(svg.iter(f"{SVG}circle"))) == 4

    @pytest.mark.parametrize(
        ("values", "below", "above"),
        [([0.0, -480_000.0, 510_000.0], "−600k", "600k"), ([0.0, 0.0], "0", "1"), ([0.0, 7.5, 9.0], "0", "10")],
    )
    def test_a_curve_s_axis_holds_all_values_and_zero(self, values: list[float], below: str, above: str) -> None:
        svg = ET.fromstring(charts.curve([charts.Line("Cash & more", values, stands_out=True)], 1))  # noqa: S314

        words = [text.text for text in svg.iter(f"{SVG}text")]
        assert {below, above, "0"} <= set(words)
        assert "Cash & more" in words
        drawn = next(line for line in svg.iter(f"{SVG}polyline") if line.get("stroke-width"))
        heights = [float(point.split(",")[1]) for point in drawn.get("points", "").split()]
        assert len(heights) == len(values)
        assert all(14 <= height <= 220 for height in heights)

    def test_a_tornado_s_bars_begin_in_the_middle(self) -> None:
        bars = [charts.Bar("Toil", -100.0, 300.0), charts.Bar("Cost", 200.0, 0.0)]

        svg = ET.fromstring(charts.tornado(bars, 100.0, ("Low", "High")))  # noqa: S314

        boxes = [(float(box.get("x", 0)), float(box.get("width", 0))) for box in svg.iter(f"{SVG}rect")][:4]
        middle = boxes[0][0] + boxes[0][1]
        assert [round(x, 1) for x, _width in boxes[1:3]] == [round(middle, 1)] * 2
        assert boxes[3][0] + boxes[3][1] == pytest.approx(middle, abs=0.2)
        assert boxes[0][1] == pytest.approx(2 * boxes[2][1], abs=0.2)
