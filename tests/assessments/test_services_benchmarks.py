"""Whose scores count in the benchmark and what the snapshot keeps; teams' tools; published sets and their files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from assessments.benchmark_files import read_benchmark
from assessments.models import (
    BenchmarkSharing,
    BenchmarkSnapshot,
    PublishedBenchmark,
    QuestionnaireVersion,
    Round,
    TeamTool,
)
from assessments.models.benchmarks import SizeBand
from assessments.questionnaires.validation import QuestionnaireError
from assessments.selectors.benchmarks import BenchmarksPage, benchmarks_page, technology_of
from assessments.selectors.questionnaires import definition_offered
from assessments.services.benchmarks import save_tools, share_scores, stop_sharing, take_snapshots
from assessments.services.rounds import close_round
from assessments.tasks import take_benchmark_snapshots
from organizations.models import Organization, Team
from tests.assessments.test_views_results import counting
from tests.factories import (
    make_organization,
    make_participant,
    make_response,
    make_round,
    make_team,
    make_user,
    make_version,
    shipped_definition,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 24)
NEXT_QUARTER = dt.date(2027, 1, 1)


def scored(version: QuestionnaireVersion, count: int, *, people: int = 1, **fields: Any) -> Organization:
    """Make an organization whose latest closed round gives it a score of `count` in every dimension."""
    organization = make_organization()
    hold(organization, version, count, people=people, **fields)
    return organization


def hold(
    organization: Organization, version: QuestionnaireVersion, count: int, *, people: int = 1, **fields: Any
) -> Round:
    round_ = make_round(organization, version=version, **fields)
    for _number in range(people):
        make_response(counting(version, *[count] * 5), participant=make_participant(round_))
    close_round(round_=round_)
    return round_


def share(organization: Organization, size: str = SizeBand.TO_10) -> Organization:
    share_scores(organization=organization, size=size, user=make_user())
    return organization


@pytest.fixture
def ten(version: QuestionnaireVersion) -> list[Organization]:
    """Ten that share: two each of the overall scores 1 to 5."""
    return [share(scored(version, 1 + number // 2)) for number in range(10)]


def page_of(organization: Organization, today: dt.date = TODAY) -> BenchmarksPage:
    return benchmarks_page(organization, today)


def percentiles(organization: Organization, today: dt.date = TODAY) -> list[int | None]:
    return [row.percentile for row in page_of(organization, today).standings]


class TestSharing:
    def test_ten_see_where_they_stand(self, ten: list[Organization]) -> None:
        assert take_snapshots(today=TODAY) == 2

        assert percentiles(ten[0]) == [10] * 6
        assert percentiles(ten[-1]) == [90] * 6
        assert page_of(ten[0]).organizations == 10

    def test_nine_see_nothing(self, ten: list[Organization]) -> None:
        stop_sharing(organization=ten[0])

        assert take_snapshots(today=TODAY) == 0
        assert percentiles(ten[1]) == [None] * 6

    def test_who_does_not_share_sees_nothing(self, ten: list[Organization], version: QuestionnaireVersion) -> None:
        take_snapshots(today=TODAY)

        assert percentiles(scored(version, 3)) == [None] * 6

    def test_whoever_comes_later_sees_and_changes_nothing(
        self, ten: list[Organization], version: QuestionnaireVersion
    ) -> None:
        take_snapshots(today=TODAY)
        before = list(BenchmarkSnapshot.objects.values())
        late = share(scored(version, 5))

        assert take_snapshots(today=TODAY) == 0
        assert list(BenchmarkSnapshot.objects.values()) == before
        assert percentiles(late) == [90] * 6
        assert page_of(late).organizations == 10

    def test_who_leaves_sees_nothing_at_once_and_counts_no_more(
        self, ten: list[Organization], version: QuestionnaireVersion
    ) -> None:
        share(scored(version, 5))
        take_snapshots(today=TODAY)
        before = list(BenchmarkSnapshot.objects.values("cut_points"))

        stop_sharing(organization=ten[0])

        assert percentiles(ten[0]) == [None] * 6
        assert page_of(ten[1]).organizations == 10
        assert list(BenchmarkSnapshot.objects.values("cut_points")) == before
        take_snapshots(today=NEXT_QUARTER)
        assert list(BenchmarkSnapshot.objects.filter(starts_on=NEXT_QUARTER).values("cut_points")) != before

    def test_fewer_than_ten_left_see_nothing_at_once(self, ten: list[Organization]) -> None:
        take_snapshots(today=TODAY)

        stop_sharing(organization=ten[0])

        assert percentiles(ten[1]) == [None] * 6

    def test_a_snapshot_holds_for_its_quarter(self, ten: list[Organization]) -> None:
        take_snapshots(today=TODAY)

        assert percentiles(ten[0], NEXT_QUARTER) == [None] * 6
        assert take_snapshots(today=NEXT_QUARTER) == 2
        assert percentiles(ten[0], NEXT_QUARTER) == [10] * 6

    def test_a_size_that_ten_have_is_compared_with_itself(
        self, ten: list[Organization], version: QuestionnaireVersion
    ) -> None:
        large = [share(scored(version, 5), SizeBand.MORE) for _number in range(10)]
        take_snapshots(today=TODAY)

        assert percentiles(ten[-2])[0] == 90
        assert percentiles(large[0])[0] == 90
        stop_sharing(organization=ten[0])
        assert percentiles(ten[1]) == [0] * 6, "nine of its size are left: all sizes"

    def test_a_size_is_not_told_where_the_others_are_fewer_than_ten(
        self, ten: list[Organization], version: QuestionnaireVersion
    ) -> None:
        share(scored(version, 5), SizeBand.MORE)

        take_snapshots(today=TODAY)

        assert [snapshot.size for snapshot in BenchmarkSnapshot.objects.all()] == [""]

    def test_only_the_latest_closed_round_counts(self, ten: list[Organization], version: QuestionnaireVersion) -> None:
        hold(ten[0], version, 5, quarter=(2026, 4))
        make_round(ten[0], version=version, quarter=(2027, 1))

        take_snapshots(today=TODAY)

        assert percentiles(ten[0])[0] == 90

    def test_what_an_anonymous_round_withholds_never_counts(self, version: QuestionnaireVersion) -> None:
        for number in range(10):
            share(scored(version, 3, people=2 if number else 3, anonymous=True))

        assert take_snapshots(today=TODAY) == 0

    def test_a_round_without_answers_does_not_count(
        self, ten: list[Organization], version: QuestionnaireVersion
    ) -> None:
        hold(ten[0], version, 0, people=0, quarter=(2026, 4))

        assert take_snapshots(today=TODAY) == 0
        assert page_of(ten[0]).standings == []

    def test_an_organizations_own_questionnaire_is_compared_with_nobody(self) -> None:
        for _number in range(10):
            organization = make_organization()
            own = make_version(shipped_definition(), organization=organization)
            hold(share(organization), own, 3)

        assert take_snapshots(today=TODAY) == 0

    def test_versions_are_compared_each_for_itself(
        self, ten: list[Organization], version: QuestionnaireVersion
    ) -> None:
        data = shipped_definition()
        data["title"] = "The next one"
        hold(ten[0], make_version(data), 3, quarter=(2026, 4))

        assert take_snapshots(today=TODAY) == 0

    def test_the_size_can_change_and_who_agreed_stays(self, version: QuestionnaireVersion) -> None:
        organization = share(make_organization())
        agreed = BenchmarkSharing.objects.get()

        share(organization, SizeBand.MORE)

        changed = BenchmarkSharing.objects.get()
        assert (changed.pk, changed.size, changed.agreed_by) == (agreed.pk, "251+", agreed.agreed_by)

    def test_beat_takes_them(self, ten: list[Organization]) -> None:
        take_benchmark_snapshots()

        assert BenchmarkSnapshot.objects.count() == 2

    def test_the_page_costs_the_same_whoever_shares(
        self, ten: list[Organization], django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        take_snapshots(today=TODAY)
        make_team(ten[0])
        page_of(ten[0])
        with django_assert_num_queries(9):
            page_of(ten[0])
        for _number in range(3):
            save_tools(team=make_team(ten[0]), names=["Git", "Docker"])
        with django_assert_num_queries(9):
            page_of(ten[0])


class TestTools:
    @pytest.fixture
    def team(self, version: QuestionnaireVersion) -> Team:
        return make_team()

    def names(self, team: Team) -> list[str]:
        return [tool.name for tool in TeamTool.objects.filter(team=team).order_by("name")]

    def test_what_is_saved_takes_the_place_of_what_was(self, team: Team) -> None:
        save_tools(team=team, names=["Git", "Docker"])
        kept = TeamTool.objects.get(team=team, name="Git").pk

        save_tools(team=team, names=["Git", "MLflow", "mlflow"])

        assert self.names(team) == ["Git", "MLflow"]
        assert TeamTool.objects.get(team=team, name="Git").pk == kept

    def test_only_the_case_may_change(self, team: Team) -> None:
        save_tools(team=team, names=["git"])
        save_tools(team=team, names=["Git"])

        assert self.names(team) == ["Git"]

    def test_a_team_is_held_against_its_level_and_the_next(self, team: Team, version: QuestionnaireVersion) -> None:
        hold(team.organization, version, 2, teams=[team])
        save_tools(team=team, names=["DVC"])

        [row] = technology_of([team])

        assert row.current
        assert row.next
        assert (row.current.level.number, row.next.level.number) == (2, 3)
        assert (row.current.used, row.next.used) == (("DVC",), ())

    def test_a_withheld_result_gives_no_level_away(self, team: Team, version: QuestionnaireVersion) -> None:
        hold(team.organization, version, 2, teams=[team], anonymous=True)

        [row] = technology_of([team])

        assert (row.level, row.current, row.next) == (None, None, None)

    def test_at_the_top_there_is_no_next_level(self, team: Team, version: QuestionnaireVersion) -> None:
        hold(team.organization, version, 5, teams=[team])

        assert technology_of([team])[0].next is None


FILE = """
slug: invented
title: An invented survey
source: {title: Nobody, url: https://example.org/survey, licence: CC0, year: 2026}
questionnaire: mlops-maturity
organizations: 120
overall: {mean: 2.1, percentiles: {25: 1.4, 50: 2, 75: 2.9}}
dimensions:
  - {key: governance, mean: 1.5}
"""


class TestFiles:
    @pytest.fixture
    def path(self, version: QuestionnaireVersion, tmp_path: Path) -> Path:
        path = tmp_path / "invented.yaml"
        path.write_text(FILE, "utf-8")
        return path

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("slug: invented", "slug: In Vented", "2: slug: 'In Vented' is not a slug"),
            ("title: An invented survey\n", "", "title: is missing"),
            ("year: 2026", "year: 1", "source.year: must be at least 1990, not 1."),
            (", year: 2026", "", "source.year: is missing"),
            ("https://example.org/survey", "ftp://example.org", "source.url: 'ftp://example.org' is not a web address"),
            ("mlops-maturity", "mlops", "questionnaire: there is no questionnaire 'mlops'; import it first."),
            ("mlops-maturity", '"mlops\\0"', "questionnaire: 'mlops\\x00' is not a slug"),
            ("mean: 2.1", "mean: 5.1", "overall.mean: is above the questionnaire's top score, 5.0."),
            ("75: 2.9", "75: 7", "overall.percentiles.75: is above the questionnaire's top score, 5.0."),
            ("75: 2.9", "75: 1", "overall.percentiles.75: must not be below the percentile before, 2."),
            ("75: 2.9", "33: 1", "overall.percentiles.33: is not a key that belongs here"),
            ("mean: 1.5", "mean: some", "dimensions[governance].mean: must be a number"),
            (", mean: 1.5", "", "dimensions[governance]: says no score; add 'mean', 'percentiles' or both."),
            ("key: governance", "key: governence", "is no dimension of the questionnaire. Did you mean 'governance'?"),
            ("organizations: 120", "members: 120", "members: is not a key that belongs here"),
            ("  - {key", "  - {key: governance, mean: 1}\n  - {key", "'governance' is used above already"),
            (FILE[FILE.index("overall") :], "", "the file: says no score; add 'overall', 'dimensions' or both."),
            (FILE, "", "is empty"),
            (FILE, "- 1", "the file: must be a group of keys"),
        ],
    )
    def test_what_is_wrong_is_said(self, path: Path, old: str, new: str, says: str) -> None:
        path.write_text(FILE.replace(old, new), "utf-8")

        with pytest.raises(QuestionnaireError) as error:
            read_benchmark(path, definition_offered)

        assert says in str(error.value)

    def test_a_right_one_is_read(self, path: Path) -> None:
        found = read_benchmark(path, definition_offered)

        assert found["overall"] == {"mean": 2.1, "percentiles": {"25": 1.4, "50": 2, "75": 2.9}}

    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("benchmark", *arguments, stdout=out)
        return out.getvalue()

    def test_import_list_remove(self, path: Path) -> None:
        assert "no published benchmark yet" in self.run("list")
        assert self.run("import", str(path)) == "An invented survey is kept as invented.\n"
        path.write_text(FILE.replace("An invented", "Another invented"), "utf-8")
        self.run("import", str(path))
        assert self.run("list") == "invented  mlops-maturity  Another invented survey\n"
        assert self.run("remove", "invented") == "invented is removed.\n"
        assert not PublishedBenchmark.objects.exists()

    def test_what_is_not_there_cannot_be_removed(self) -> None:
        with pytest.raises(CommandError, match="there is no benchmark invented") as error:
            self.run("remove", "invented")
        assert error.value.returncode == 2

    def test_a_broken_file_is_refused_with_its_line(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path.write_text(FILE.replace("mean: 2.1", "mean: 9"), "utf-8")

        with pytest.raises(SystemExit) as stop:
            self.run("import", str(path))

        assert stop.value.code == 2
        assert f"{path}:7: overall.mean: is above" in capsys.readouterr().err
        assert not PublishedBenchmark.objects.exists()
