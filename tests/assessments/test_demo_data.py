"""The demo organization: made once and whole, only where DEBUG is on, and with a story to look at."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from io import StringIO
from unittest import mock

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import Count, F, Max, Model
from django.test import TestCase
from pytest_django.fixtures import Settings

from assessments.demo import build, story
from assessments.models import Answer, Participant, QuestionnaireVersion, Response, Result, Round
from assessments.models.responses import ResponseStatus
from assessments.models.rounds import RoundStatus
from assessments.selectors.benchmarks import teams_in_use, technology_of
from assessments.services import rounds
from organizations.models import Member, Organization, Role, User
from tests.factories import make_organization, make_version, shipped_definition

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def debug_is_on(settings: Settings) -> None:
    settings.DEBUG = True


def demo_data() -> str:
    out = StringIO()
    call_command("demo_data", stdout=out)
    return out.getvalue().strip()


def overall(round_: Round, team: str | None = None) -> Fraction:
    return Fraction(round_.results.current().get(team__name=team).card["overall"])


def dimension_scores(round_: Round, team: str) -> dict[str, Fraction]:
    card = round_.results.current().get(team__name=team).card
    return {dimension["key"]: Fraction(dimension["score"]) for dimension in card["dimensions"]}


def closed_rounds(demo: Organization) -> list[Round]:
    return list(demo.rounds.filter(status=RoundStatus.CLOSED).order_by("starts_on"))


class TestStory(TestCase):
    """What the demo organization, made once for all of these tests, shows."""

    demo: Organization

    @classmethod
    def setUpTestData(cls) -> None:
        make_version()
        build.make_demo()
        cls.demo = Organization.objects.get(slug="demo")

    def test_makes_three_teams_with_four_closed_quarters_and_one_open(self) -> None:
        assert self.demo.teams.count() == 3
        assert self.demo.time_zone == "Europe/Berlin"
        statuses = list(self.demo.rounds.order_by("starts_on").values_list("status", flat=True))
        assert statuses == [RoundStatus.CLOSED] * 4 + [RoundStatus.OPEN]
        assert Result.objects.current().filter(organization=self.demo).count() == 4 * (3 + 1)

    def test_every_team_has_four_to_six_respondents_in_every_closed_round(self) -> None:
        respondents = Result.objects.filter(organization=self.demo, team__isnull=False).values_list(
            "respondents", flat=True
        )
        assert set(respondents) == {4, 5, 6}

    def test_submitted_responses_are_complete(self) -> None:
        submitted = Response.objects.filter(organization=self.demo, status=ResponseStatus.SUBMITTED)
        assert set(submitted.annotate(given=Count("answers")).values_list("given", flat=True)) == {25}

    def test_in_the_open_round_some_have_submitted_and_the_member_is_halfway(self) -> None:
        asked = self.demo.rounds.get(status=RoundStatus.OPEN).participants
        submitted = asked.filter(response__status=ResponseStatus.SUBMITTED)
        assert 0 < submitted.count() < asked.count() - 1
        unfinished = Response.objects.get(organization=self.demo, status=ResponseStatus.IN_PROGRESS)
        assert unfinished.participant is not None
        assert unfinished.participant.user == User.objects.get(email="member@demo.example")
        assert unfinished.answers.count() == story.MEMBER_ANSWERED

    def test_owner_and_member_keep_a_self_assessment(self) -> None:
        for email in ("owner@demo.example", "member@demo.example"):
            kept = Response.objects.tried_by(User.objects.get(email=email)).get()
            assert kept.is_submitted

    def test_each_role_can_log_in(self) -> None:
        for role in Role:
            user = authenticate(email=f"{role.value}@demo.example", password="demo")
            assert user is not None
            assert self.demo.members.get(user=user).role == role

    def test_admin_is_staff_and_no_member(self) -> None:
        admin = User.objects.get(email="admin@demo.example")
        assert admin.check_password("demo")
        assert (admin.is_staff, admin.is_superuser) == (True, True)
        assert not admin.memberships.exists()

    def test_nobody_else_can_log_in_and_every_address_is_verified(self) -> None:
        with_password = [user.email for user in User.objects.all() if user.has_usable_password()]
        assert sorted(with_password) == sorted(f"{login}@demo.example" for login in [*Role.values, "admin"])
        verified = EmailAddress.objects.filter(verified=True, primary=True, email=F("user__email"))
        assert verified.count() == User.objects.count()

    def test_the_organization_climbs_every_quarter_from_level_1_to_level_2(self) -> None:
        scores = [overall(round_) for round_ in closed_rounds(self.demo)]
        assert scores == sorted(scores)
        assert scores[0] < Fraction("1.3")
        assert Fraction("2.3") < scores[-1] < Fraction("2.6")
        levels = Result.objects.current().filter(organization=self.demo, team=None).order_by("round__starts_on")
        assert list(levels.values_list("level", flat=True)) == [1, 1, 1, 2]

    def test_a_reorganization_sets_one_team_back_for_a_quarter(self) -> None:
        _first, before, during, after = closed_rounds(self.demo)
        assert overall(during, story.PRICING) < overall(before, story.PRICING) < overall(after, story.PRICING)
        assert Answer.objects.filter(response__participant__round=during, note__contains="reorganization").exists()

    def test_search_leads_in_deployment_and_monitoring_and_governance_lag_at_first(self) -> None:
        first, *_others = closed_rounds(self.demo)
        by_team = {team: dimension_scores(first, team) for team in story.TEAMS}
        assert max(by_team, key=lambda team: by_team[team]["model_deployment"]) == story.SEARCH
        for scores in by_team.values():
            assert max(scores["monitoring"], scores["governance"]) < scores["model_development"]

    def test_people_disagree_and_are_not_always_sure(self) -> None:
        for result in Result.objects.filter(organization=self.demo):
            assert any(dimension["spread"] > 0 for dimension in result.card["dimensions"])
        assert Answer.objects.filter(organization=self.demo, choice_key="not_sure").count() > 20

    def test_every_remark_of_the_story_is_there_with_its_evidence(self) -> None:
        kept = Answer.objects.filter(organization=self.demo).exclude(note="")
        assert set(kept.values_list("note", "evidence_url")) == {(r.note, r.evidence_url) for r in story.REMARKS}

    def test_rounds_are_dated_back_into_their_quarters(self) -> None:
        for round_ in closed_rounds(self.demo):
            assert round_.opened_at is not None
            assert round_.closed_at is not None
            moments = [round_.opened_at, round_.closed_at]
            for response in Response.objects.filter(participant__round=round_):
                assert response.submitted_at is not None
                assert round_.opened_at < response.created_at < response.submitted_at < round_.closed_at
                moments += [response.created_at, response.submitted_at]
            for moment in (moment.astimezone(build.ZONE) for moment in moments):
                assert round_.starts_on <= moment.date() <= round_.ends_on
                assert moment.weekday() < 5
                assert 8 <= moment.hour <= 17
            assert {row.created_at for row in round_.results.filter(revision=1)} == {round_.closed_at}

    def test_a_team_agreed_on_what_it_saw_differently(self) -> None:
        [round_] = self.demo.rounds.filter(revision__gt=1)
        [agreed] = [row for row in round_.results.current() if row.consensus]
        assert round_.closed_at is not None
        assert round_.closed_at < agreed.created_at < round_.closed_at + dt.timedelta(days=14)
        counts = {row["key"]: row["counts"] for row in agreed.card["questions"]}
        assert all(max(counts[key].values()) < agreed.respondents for key in agreed.consensus)

    def test_a_second_run_changes_nothing(self) -> None:
        tables: tuple[type[Model], ...] = (User, Member, Round, Participant, Response, Answer, Result, EmailAddress)
        before = [list(table._default_manager.order_by("pk").values()) for table in tables]
        assert demo_data() == "The demo organization is there already."
        assert [list(table._default_manager.order_by("pk").values()) for table in tables] == before

    def test_users_of_a_deleted_demo_are_taken_up_again(self) -> None:
        self.demo.delete()
        owner = User.objects.get(email="owner@demo.example")
        owner.set_password("something else")
        owner.save()
        demo_data()
        assert Organization.objects.get(slug="demo").members.count() == len(story.MEMBERS)
        assert authenticate(email=owner.email, password="demo") == owner
        assert Response.objects.tried_by(owner).count() == 1


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (dt.date(2027, 1, 1), dt.date(2026, 1, 1), dt.date(2027, 3, 31)),
        (dt.date(2026, 11, 23), dt.date(2025, 10, 1), dt.date(2026, 12, 31)),
        (dt.date(2028, 2, 29), dt.date(2027, 1, 1), dt.date(2028, 3, 31)),
    ],
)
def test_rounds_end_with_the_current_quarter(
    version: QuestionnaireVersion, today: dt.date, first: dt.date, last: dt.date
) -> None:
    with mock.patch("django.utils.timezone.localdate", return_value=today):
        demo_data()
    quarters = Round.objects.order_by("starts_on")
    assert quarters[0].starts_on == first
    assert quarters[4].ends_on == last
    newest = Response.objects.aggregate(at=Max("updated_at"))["at"]
    assert newest.astimezone(build.ZONE).date() < today


def test_a_failure_halfway_leaves_nothing_behind(version: QuestionnaireVersion) -> None:
    with mock.patch.object(rounds, "close_round", side_effect=RuntimeError), pytest.raises(RuntimeError):
        demo_data()
    assert not Organization.objects.exists()
    assert not User.objects.exists()


def test_is_refused_without_debug(version: QuestionnaireVersion, settings: Settings) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError, match="only made where DEBUG is on"):
        demo_data()
    assert not User.objects.exists()


def test_leaves_another_organization_at_its_address_alone(version: QuestionnaireVersion) -> None:
    make_organization("Demo Records", slug="demo")
    with pytest.raises(CommandError, match="belongs to the organization “Demo Records”"):
        demo_data()
    assert not User.objects.exists()


def test_says_so_where_no_questionnaire_is_published(db: None) -> None:
    with pytest.raises(CommandError, match="questionnaire load"):
        demo_data()
    assert not Organization.objects.exists()


def test_says_so_where_the_questionnaire_asks_something_else(db: None) -> None:
    data = shipped_definition()
    data["dimensions"][0]["questions"].pop()
    make_version(data)
    with pytest.raises(CommandError, match="asks others"):
        demo_data()
    assert not Organization.objects.exists()


def test_every_team_has_some_tools_of_its_level(version: QuestionnaireVersion) -> None:
    demo_data()

    rows = technology_of(teams_in_use(Organization.objects.get()))

    assert len(rows) == 3
    for row in rows:
        assert row.current
        assert row.current.used
        assert row.current.lacking
