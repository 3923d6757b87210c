"""The page of a business case: what it shows to whom, what it keeps, and that it loses nothing."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader
from pytest_django import DjangoAssertNumQueries

from assessments.models import QuestionnaireVersion
from organizations.models import User
from roadmaps.case_wording import WORDS
from roadmaps.models import BusinessCase, Item, ItemStatus, Roadmap
from tests.assessments.test_views_results import text_of
from tests.factories import Cast
from tests.roadmaps.cases import roadmap_to_level_3

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def roadmap(cast: Cast, version: QuestionnaireVersion) -> Roadmap:
    return roadmap_to_level_3(cast, version)


@pytest.fixture
def facilitator(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.facilitator)


@pytest.fixture
def viewer(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.viewer)


NOTHING: dict[str, Any] = {"currency": "EUR"}


def url(roadmap: Roadmap, name: str = "roadmap_business_case") -> str:
    return reverse(name, args=[roadmap.organization.slug, roadmap.pk])


class TestReading:
    def test_a_viewer_reads_what_follows_from_assumptions(self, viewer: Client, roadmap: Roadmap) -> None:
        says = text_of(viewer.get(url(roadmap)).content)

        assert "0 of 25 figures are yours, the others are assumed." in says
        assert (
            "From the roadmap: 2 practices, 4 person-weeks of work, 0.4 levels gained. 2 of them bring a tool." in says
        )
        assert "Benefit of a year" in says
        assert "Save the figures" not in says

    def test_every_figure_says_what_it_rests_on(self, viewer: Client, roadmap: Roadmap) -> None:
        says = text_of(viewer.get(url(roadmap)).content)

        assert "hours saved in 52 weeks × cost of an hour × useful share" in says
        assert "Manual, repetitive work: 50 hours a week (20 to 100) assumed" in says
        assert "Cost of an engineer: 110,000 EUR a year (80,000 to 150,000) assumed" in says

    def test_a_dropped_practice_costs_and_brings_nothing(self, viewer: Client, roadmap: Roadmap) -> None:
        Item.objects.filter(position=2).update(status=ItemStatus.DROPPED, dropped_reason="Too dear")
        assert "From the roadmap: 1 practice, 2 person-weeks" in text_of(viewer.get(url(roadmap)).content)

        Item.objects.update(status=ItemStatus.DROPPED, dropped_reason="Too dear")
        assert "it costs and brings nothing" in text_of(viewer.get(url(roadmap)).content)

    def test_it_takes_as_many_queries_whatever_the_roadmap(
        self, viewer: Client, roadmap: Roadmap, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        viewer.get(url(roadmap))
        with django_assert_num_queries(9):
            viewer.get(url(roadmap))


class TestEntering:
    def test_it_is_saved_with_the_roadmap(self, facilitator: Client, cast: Cast, roadmap: Roadmap) -> None:
        typed = {"currency": "USD", "models": "14", "toil_hours_high": "90.5", "save": "yes"}

        answer = facilitator.post(url(roadmap), typed)

        assert (answer.status_code, answer["Location"]) == (302, url(roadmap))
        kept = BusinessCase.objects.get()
        assert (kept.roadmap, kept.currency, kept.updated_by) == (roadmap, "USD", cast.facilitator)
        assert kept.given == {"models": {"expected": 14.0}, "toil_hours": {"high": 90.5}}
        says = text_of(facilitator.get(url(roadmap)).content)
        assert "1 of 25 figures is yours" in says
        assert "Models in production : 14 models yours" in says
        assert "USD" in says

    def test_saving_again_replaces_it(self, facilitator: Client, roadmap: Roadmap) -> None:
        facilitator.post(url(roadmap), NOTHING | {"models": "14", "save": "yes"})
        facilitator.post(url(roadmap), NOTHING | {"incidents": "3", "save": "yes"})

        assert BusinessCase.objects.get().given == {"incidents": {"expected": 3.0}}

    def test_trying_shows_what_follows_and_saves_nothing(self, facilitator: Client, roadmap: Roadmap) -> None:
        answer = facilitator.post(url(roadmap), NOTHING | {"models": "14", "try": "yes"})

        assert answer.status_code == 200
        assert "Worked out from what you typed; not saved yet. 1 of 25" in text_of(answer.content)
        assert 'value="14"' in answer.content.decode()
        assert not BusinessCase.objects.exists()

    def test_as_one_types_only_the_results_come(self, facilitator: Client, roadmap: Roadmap) -> None:
        live = {"HX-Request": "true", "HX-Target": "results"}

        answer = facilitator.post(url(roadmap), NOTHING | {"toil_hours": "400"}, headers=live)

        assert answer.status_code == 200
        assert answer.content.decode().strip().startswith('<section id="results"')
        assert "Manual, repetitive work : 400 hours a week yours" in text_of(answer.content)

    @pytest.mark.parametrize(
        ("typed", "says"),
        [
            ({"models": "many"}, "Enter a number, such as 12 or 0.5."),
            ({"models": "-1"}, "Enter 0 to 100,000."),
            ({"models": "1000000000000"}, "Enter 0 to 100,000."),
            ({"models": "1.234"}, "Enter at most two decimals."),
            ({"time_cut": "91"}, "Enter 0 to 90."),
            ({"ramp_months": "0"}, "Enter 1 to 36."),
            ({"models": "nan"}, "Enter a number"),
            ({"models_low": "11"}, "The low end is above what is expected, 10."),
            ({"models": "7", "models_high": "6.5"}, "The high end is below what is expected, 7."),
            ({"currency": "XXX"}, "Pick one of the currencies shown."),
        ],
    )
    def test_bad_input_is_told_and_stays(
        self, facilitator: Client, roadmap: Roadmap, typed: dict[str, str], says: str
    ) -> None:
        facilitator.post(url(roadmap), NOTHING | {"incidents": "3", "save": "yes"})

        answer = facilitator.post(url(roadmap), NOTHING | {"toil_hours": "55"} | typed | {"save": "yes"})

        page = answer.content.decode()
        assert answer.status_code == 422
        assert says in text_of(answer.content)
        assert "Below is what was saved. 1 of 25 figures is yours" in text_of(answer.content)
        assert 'value="55"' in page
        assert all(f'value="{value}"' in page for key, value in typed.items() if key != "currency")
        assert BusinessCase.objects.get().given == {"incidents": {"expected": 3.0}}

    def test_assumed_money_follows_the_currency(self, facilitator: Client, roadmap: Roadmap) -> None:
        answer = facilitator.post(url(roadmap), {"currency": "JPY", "tool_cost": "4000"})

        says = text_of(answer.content)
        assert "Cost of an engineer (JPY a year)" in says
        assert "Assumed: 16,500,000, plausibly 12,000,000 to 22,500,000." in says
        assert "Cost of a tool : 4,000 JPY a year yours" in says


class TestFiles:
    def test_the_workbook_has_what_was_saved(self, facilitator: Client, viewer: Client, roadmap: Roadmap) -> None:
        facilitator.post(url(roadmap), NOTHING | {"models": "14", "save": "yes"})

        answer = viewer.get(url(roadmap, "roadmap_business_case_workbook"))

        assert answer["Content-Disposition"] == 'attachment; filename="acme-insurance-to-level-3-business-case.xlsx"'
        book = load_workbook(io.BytesIO(answer.content))
        assert book.sheetnames == ["Summary", "Assumptions", "Roadmap", "Low", "Expected", "High", "Sensitivity"]
        assert {row[0].value: row[3].value for row in book["Assumptions"]}["Models in production"] == 14
        assert book["Roadmap"]["D5"].value == 2

    def test_the_pdf_has_the_plan_and_the_case(self, facilitator: Client, viewer: Client, roadmap: Roadmap) -> None:
        facilitator.post(url(roadmap), NOTHING | {"models": "14", "save": "yes"})
        roadmap.items.filter(position=1).update(due_on=dt.date(2026, 5, 22))

        answer = viewer.get(url(roadmap, "roadmap_pdf"))

        assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
        pdf = PdfReader(io.BytesIO(answer.content))
        says = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
        assert "MLOps roadmap and business case To level 3 Acme Insurance" in says
        assert "From level 0, No MLOps, to Automated Deployment 6 months from 1 October 2026" in says
        assert "The overall score goes from 0.00 to 0.40." in says
        for heading in ("Plan", "Business case", "Assumptions", "Roles of level 3", "Governance"):
            assert heading in says
        assert "Models in production 14 14 14 models own" in says
        assert "1 of 25 figures is the organization’s own" in says
        assert str(WORDS["incidents"].why) in says
        assert str(WORDS["models"].why) not in says
        assert "Planned overdue since 2026-05-22" in says
        assert pdf.metadata is not None
        assert pdf.metadata.title == "To level 3: roadmap of Acme Insurance"
