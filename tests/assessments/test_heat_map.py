"""Teams against dimensions: with few of them all at once, with many a page of those that an address asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import pytest
from django.test import Client

from assessments.models import QuestionnaireVersion, Round
from assessments.selectors import heat
from assessments.selectors.heat import HeatMap, TeamScores, heat_map
from assessments.services.rounds import close_round
from organizations.models import User
from tests.assessments.test_views_results import counting, text_of
from tests.definitions import five_by_five
from tests.factories import Cast, make_participant, make_response, make_round, make_team

ASKED = five_by_five()
FIRST = ASKED.dimensions[0].key


@pytest.fixture(autouse=True)
def two_on_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heat, "TEAMS_ON_A_PAGE", 2)


def team(name: str, first: str | None, overall: str | None) -> TeamScores:
    level = None if overall is None else int(Fraction(overall))
    return TeamScores(len(name), name, [first, *["1"] * 4], overall, level)


TEAMS = [
    team("Claims", "1/3", "5/2"),
    team("Fraud", "10/3", "9/10"),
    team("Pricing", None, None),
    team("pricing Überland", "1/2", "1"),
]
WITHHELD = TeamScores(9, "Withheld", (), None, None)


def names(found: HeatMap) -> list[str]:
    return [row.team for row in found.page]


def every_name(asked: Mapping[str, str], teams: Sequence[TeamScores] = TEAMS) -> list[str]:
    """Return the names on all pages of what an address asks for."""
    pages = heat_map(teams, ASKED, asked).page.paginator.num_pages
    return [name for n in range(pages) for name in names(heat_map(teams, ASKED, {**asked, "page": str(n + 1)}))]


class TestFinding:
    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, ["Claims", "Fraud", "Pricing", "pricing Überland"]),
            ({"q": " PRICING "}, ["Pricing", "pricing Überland"]),
            ({"q": "überl"}, ["pricing Überland"]),
            ({"q": "nobody"}, []),
            ({"level": "0"}, ["Fraud"]),
            ({"level": "2"}, ["Claims"]),
            ({"level": "none"}, ["Pricing"]),
            ({"level": "1", "q": "fraud"}, []),
        ],
    )
    def test_by_name_and_level(self, asked: Mapping[str, str], found: Sequence[str]) -> None:
        assert every_name(asked) == found

    @pytest.mark.parametrize(
        ("sort", "order"),
        [
            ("_team", "CFPp"),
            ("-_team", "pPFC"),
            ("_overall", "FpCP"),
            ("-_overall", "CpFP"),
            (FIRST, "CpFP"),
            (f"-{FIRST}", "FpCP"),
        ],
    )
    def test_sorted_by_exact_scores_those_without_one_last(self, sort: str, order: str) -> None:
        assert "".join(name[0] for name in every_name({"sort": sort})) == order

    def test_a_withheld_team_is_sorted_as_one_without_scores(self) -> None:
        assert every_name({"sort": f"-{FIRST}"}, [WITHHELD, *TEAMS])[-2:] == ["Withheld", "Pricing"]
        assert every_name({"level": "none"}, [WITHHELD, *TEAMS]) == ["Withheld", "Pricing"]

    @pytest.mark.parametrize(
        "asked", [{"sort": "nothing"}, {"sort": "--_team"}, {"level": "9"}, {"level": "x"}, {"page": "-1"}, {"q": " "}]
    )
    def test_what_is_not_known_is_passed_over(self, asked: Mapping[str, str]) -> None:
        found = heat_map(TEAMS, ASKED, asked)

        assert not found.is_narrowed
        assert sorted(every_name(asked)) == sorted(row.team for row in TEAMS)

    def test_every_team_is_counted_whatever_is_searched(self) -> None:
        found = heat_map(TEAMS, ASKED, {"q": "Fraud", "level": "0"})

        assert {share.key: share.count for share in found.levels if share.count} == {"0": 1, "1": 1, "2": 1, "none": 1}
        assert (found.total, found.is_large, found.is_narrowed) == (4, True, True)

    def test_a_column_turns_the_order_that_it_gives(self) -> None:
        def turned(sort: str) -> dict[str, tuple[str, str]]:
            return {
                column.title: (column.sort, column.order) for column in heat_map(TEAMS, ASKED, {"sort": sort}).columns
            }

        assert turned("")["Team"] == ("-_team", "ascending")
        assert turned("")["Overall"] == ("_overall", "")
        assert turned("_overall")["Overall"] == ("-_overall", "ascending")
        assert turned("-_overall")["Overall"] == ("_overall", "descending")


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def client(self, cast: Cast, client_of: Callable[[User], Client]) -> Client:
        return client_of(cast.viewer)

    @pytest.fixture
    def round_(self, cast: Cast, version: QuestionnaireVersion) -> Round:
        """Pricing, and Team 1 and 2, each a level higher."""
        teams = [cast.team, make_team(cast.organization, "Team 1"), make_team(cast.organization, "Team 2")]
        made = make_round(cast.organization, version=version, teams=teams)
        for count, own in enumerate(teams, start=1):
            make_response(counting(version, *[count] * 5), participant=make_participant(made, team=own))
        close_round(round_=made)
        return made

    @staticmethod
    def rows(page: str) -> list[str]:
        table = page.partition('<table class="table heat')[2].partition("</table>")[0]
        return re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', table)

    @pytest.mark.parametrize("path", ["", "rounds/{}/results/"])
    def test_many_teams_come_in_pages_that_keep_the_rest_of_the_address(
        self, client: Client, cast: Cast, round_: Round, path: str
    ) -> None:
        url = f"/orgs/{cast.organization.slug}/{path.format(round_.pk)}"

        page = client.get(url, {"sort": "-_overall"}).content.decode()
        rest = client.get(url, {"sort": "-_overall", "page": "2"}).content.decode()

        assert self.rows(page) == ["Team 2", "Team 1"]
        assert self.rows(rest) == ["Pricing"]
        assert 'rel="next" href="?sort=-_overall&amp;page=2#heat"' in page
        assert 'aria-sort="descending"' in page
        assert '<input type="hidden" name="sort" value="-_overall">' in page
        assert "3 teams by level" in text_of(page.encode())

    def test_they_are_searched_by_name(self, client: Client, cast: Cast, round_: Round) -> None:
        url = f"/orgs/{cast.organization.slug}/"

        page = client.get(url, {"q": "<team 2"}).content.decode()

        assert "No team is like this." in page
        assert 'value="&lt;team 2"' in page
        assert self.rows(client.get(url, {"q": "team 2"}).content.decode()) == ["Team 2"]

    def test_few_are_all_there_with_nothing_to_search(
        self, client: Client, cast: Cast, round_: Round, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(heat, "TEAMS_ON_A_PAGE", 3)

        page = client.get(f"/orgs/{cast.organization.slug}/").content.decode()

        assert self.rows(page) == ["Pricing", "Team 1", "Team 2"]
        assert "by level" not in text_of(page.encode())
        assert "aria-sort" not in page

    def test_a_result_of_many_teams_names_only_the_one_that_is_read(
        self, client: Client, cast: Cast, round_: Round
    ) -> None:
        url = f"/orgs/{cast.organization.slug}/rounds/{round_.pk}/results/"

        page = client.get(url, {"team": str(cast.team.pk), "sort": "_overall"}).content.decode()

        pills = page.partition('aria-label="Result of"')[2].partition("</nav>")[0]
        assert re.findall(r">([^<>]+)</a>", pills) == ["All teams", "Pricing"]
        assert 'href="?"' in pills
