"""What a closed round's result says on each question, its revisions and consensus, and what an anonymous one hides."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from assessments.anonymity import SMALLEST_GROUP
from assessments.models import Consensus, QuestionnaireVersion, Round
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.results import kept_results
from assessments.services import responses
from assessments.services.rounds import close_round, record_consensus, reopen_round
from organizations.models import Team, User
from tests.assessments.test_views_results import text_of, url_of
from tests.factories import Cast, make_participant, make_response, make_round, make_team

pytestmark = pytest.mark.django_db
LINEAGE, VERSIONING, AUTOML = "governance.lineage", "data_management.versioning", "model_development.automl"


def answer(round_: Round, team: Team, choice: str = "yes", *, note: str = "", link: str = "", **others: str) -> None:
    """Answer all of a round with one choice, but for others (by question, "__" for "."), with a note on lineage."""
    keys = definition_of(round_.version_id).questions
    answers = dict.fromkeys(keys, choice) | {key.replace("__", "."): other for key, other in others.items()}
    kept = make_response(answers, participant=make_participant(round_, team=team), submitted=False)
    if note or link:
        responses.save_answers(response=kept, given=[responses.Given(LINEAGE, None, note, link)])
    responses.submit_response(response=kept)


@pytest.fixture
def client(cast: Cast, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.facilitator)


@pytest.fixture
def round_(cast: Cast, version: QuestionnaireVersion) -> Round:
    """A closed round: three of Pricing see lineage differently, and one of them versioning; each has a note."""
    made = make_round(cast.organization, version=version, teams=[cast.team], quarter=(2026, 2))
    answer(made, cast.team, note="It is all there.", link="https://wiki.example.org/lineage")
    answer(made, cast.team, governance__lineage="no", note="<b>Nothing</b> is.")
    answer(made, cast.team, governance__lineage="not_sure", data_management__versioning="no")
    close_round(round_=made)
    return made


def questions_in(page: bytes) -> list[str]:
    """Return the questions' texts in the order in which a page has them."""
    return [html.unescape(text) for text in re.findall(r'<h3 class="h6 mb-\d">(.*?)</h3>', page.decode())]


class TestQuestions:
    def test_each_has_its_answers_and_how_much_people_disagree(self, client: Client, round_: Round) -> None:
        question = definition_of(round_.version_id).questions[LINEAGE]

        says = text_of(client.get(url_of(round_)).content)

        told = says.partition("What people said")[2].partition(question.text)[2].strip()
        assert told.startswith("People disagree, 94 %")
        assert "Yes 1 No 1 Not sure 1" in told[:300]
        assert "No disagreement" in told

    def test_those_on_which_people_disagree_come_first(self, client: Client, round_: Round) -> None:
        asked = definition_of(round_.version_id).questions

        order = questions_in(client.get(url_of(round_)).content)

        # One no among three is as far from agreement as one yes.
        assert order[:2] == [asked[VERSIONING].text, asked[LINEAGE].text]
        assert sorted(order) == sorted(question.text for question in asked.values())

    def test_they_come_by_dimension_where_asked(self, client: Client, round_: Round) -> None:
        page = client.get(url_of(round_), {"order": "dimension"}).content

        assert questions_in(page) == [question.text for question in definition_of(round_.version_id).questions.values()]
        assert 'href="?#questions"' in page.decode()

    def test_notes_and_links_have_names_and_are_escaped(self, client: Client, round_: Round, cast: Cast) -> None:
        page = client.get(url_of(round_)).content.decode()

        assert "&lt;b&gt;Nothing&lt;/b&gt; is." in page
        assert 'href="https://wiki.example.org/lineage" rel="noreferrer nofollow"' in page
        assert re.search(r"participant\d+@example\.org, Pricing · answered “Yes”", page)

    def test_more_notes_stand_on_a_page_of_their_own(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        made = make_round(cast.organization, version=version, teams=[cast.team, other := make_team(cast.organization)])
        for number in range(4):
            answer(made, cast.team, note=f"Note {number}.")
        answer(made, other, note="Of another team.")
        close_round(round_=made)
        url = f"{url_of(made)}notes/{LINEAGE}/"

        page = client.get(url_of(made), {"team": cast.team.pk}).content.decode()

        assert f'href="{url}?team={cast.team.pk}">Show all 4 notes' in page
        assert page.count("Note ") == 3
        says = text_of(client.get(url, {"team": cast.team.pk}).content)
        assert [f"Note {number}." in says for number in range(4)] == [True] * 4
        assert "Of another team" not in says
        assert "5 notes" in text_of(client.get(url).content)
        assert "Page 1 of" not in says
        assert client.get(f"{url_of(made)}notes/no.such/").status_code == 404

    def test_a_result_of_one_says_nothing_about_disagreement(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        made = make_round(cast.organization, version=version, teams=[cast.team])
        answer(made, cast.team)
        close_round(round_=made)

        says = text_of(client.get(url_of(made)).content)

        assert "One person answered" in says
        assert "No disagreement" not in says


class TestWhatItIsMadeOf:
    def test_it_names_version_respondents_and_who_does_not_count(
        self, client: Client, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        made = make_round(cast.organization, version=version, teams=[cast.team])
        answer(made, cast.team)
        answer(made, cast.team, "no")
        make_response({}, participant=make_participant(made), submitted=False)
        make_participant(made)
        close_round(round_=made)

        says = text_of(client.get(url_of(made)).content)

        assert f"version {version.number} · closed" in says
        assert "2 of 4 people who were asked have submitted answers. 1 more has begun" in says

    def test_it_says_how_sure_the_level_is(self, client: Client, round_: Round) -> None:
        says = text_of(client.get(url_of(round_)).content)

        shares = round_.results.get(team=None).confidence
        assert sum(shares.values()) == pytest.approx(1)
        assert re.search(r"Level 4 in \d+ % of resamples", says)
        assert "With so few people take it with care" in says

    @pytest.mark.parametrize(
        ("shares", "told"),
        [
            ({2: 0.492, 3: 0.258, 1: 0.246, 4: 0.002, 5: 0.002}, [(2, 49), (3, 26), (1, 25)]),
            ({2: 1.0}, [(2, 100)]),
            ({3: 0.004, 2: 0.996}, [(3, 0), (2, 100)]),
            ({1: 1 / 3, 0: 1 / 3, 2: 1 / 3}, [(1, 34), (0, 33), (2, 33)]),
            ({}, []),
        ],
    )
    def test_shares_of_levels_never_sum_up_to_more_than_all(
        self, round_: Round, shares: dict[int, float], told: list[tuple[int, int]]
    ) -> None:
        [kept, *_teams] = kept_results([round_])

        assert replace(kept, confidence=shares).likely_levels == told

    def test_it_leads_to_its_parts(self, client: Client, round_: Round) -> None:
        page = client.get(url_of(round_)).content.decode()

        contents = page.partition('class="page-contents')[2].partition("</nav>")[0]
        targets = re.findall(r'href="#(\w+)"', contents)
        assert targets[:5] == ["level", "dimensions", "heat", "questions", "recommendations"]
        assert all(page.count(f'id="{target}"') == 1 for target in targets)

    def test_without_answers_it_offers_no_report(
        self, client: Client, cast: Cast, version: QuestionnaireVersion, round_: Round
    ) -> None:
        empty = make_round(cast.organization, version=version, teams=[cast.team])
        close_round(round_=empty)

        assert "PDF report" in client.get(url_of(round_)).content.decode()
        assert "PDF report" not in client.get(url_of(empty)).content.decode()

    def test_earlier_revisions_can_be_read(self, client: Client, round_: Round, cast: Cast) -> None:
        reopen_round(round_=round_)
        assert "This round is open again" in text_of(client.get(url_of(round_)).content)
        answer(round_, cast.team, "no")
        close_round(round_=round_)

        now, before = (text_of(client.get(url_of(round_), {"revision": number}).content) for number in (2, 1))

        assert "4 respondents" in now
        assert "3 respondents" in before
        assert "This is revision 1, an earlier result. See the newest one" in before
        assert "It is all there." in now
        assert "It is all there." not in before
        assert "Notes stand with the newest result." in before

    @pytest.mark.parametrize("revision", ["0", "2", "-1", "x", "", "٢", "99999999999"])
    def test_a_revision_that_there_is_not_is_not_found(self, client: Client, round_: Round, revision: str) -> None:
        assert client.get(url_of(round_), {"revision": revision}).status_code == 404

    @pytest.mark.parametrize(("teams", "people"), [(1, 1), (5, 4)])
    def test_its_queries_do_not_grow(
        self,
        client: Client,
        cast: Cast,
        version: QuestionnaireVersion,
        django_assert_num_queries: DjangoAssertNumQueries,
        teams: int,
        people: int,
    ) -> None:
        made = make_round(
            cast.organization, version=version, teams=[make_team(cast.organization) for _ in range(teams)]
        )
        for team in made.teams.all():
            for _ in range(people):
                answer(made, team, note="Something.")
        close_round(round_=made)
        record_consensus(round_=made, team=team, agreed={LINEAGE: ("no", "We looked.")}, user=cast.facilitator)
        client.get(url_of(made))

        with django_assert_num_queries(8):
            client.get(url_of(made))
        with django_assert_num_queries(6):
            client.get(f"{url_of(made)}consensus/?team={team.pk}")
        with django_assert_num_queries(7):
            client.get(f"{url_of(made)}notes/{LINEAGE}/")


class TestConsensus:
    @pytest.fixture
    def url(self, round_: Round, cast: Cast) -> str:
        return f"{url_of(round_)}consensus/?team={cast.team.pk}"

    @staticmethod
    def agree(client: Client, url: str, question: str = LINEAGE, **fields: str) -> HttpResponse:
        given = {"choice": "yes", "rationale": "We looked it up.", "revision": "1"} | fields
        revision = given.pop("revision")
        return client.post(url, {"revision": revision} | {f"{question}-{name}": value for name, value in given.items()})  # type: ignore[return-value]

    def test_it_asks_with_the_answers_at_hand(self, client: Client, url: str, round_: Round) -> None:
        page = client.get(url).content

        assert questions_in(page)[0] == definition_of(round_.version_id).questions[VERSIONING].text
        assert "Yes 1 No 1 Not sure 1" in text_of(page)
        assert "Now: level 4" in text_of(page)

    def test_it_is_saved_as_a_new_revision_beside_the_independent_answers(
        self, client: Client, url: str, round_: Round, cast: Cast
    ) -> None:
        answered = self.agree(client, url)

        assert answered["Location"] == f"{url_of(round_)}?team={cast.team.pk}"
        says = text_of(client.get(answered["Location"]).content)
        assert "The consensus is saved. Before: level 4 (4.80). Now: level 4 (4.93)." in says
        assert "Agreed: Yes We looked it up." in says
        assert "Yes 1 No 1 Not sure 1" in says
        assert "Revision 2 , " in says
        assert Consensus.objects.get().recorded_by == cast.facilitator
        assert "Pricing agreed: Yes" in text_of(client.get(url_of(round_)).content)

    def test_what_was_agreed_can_be_taken_back(self, client: Client, url: str, round_: Round) -> None:
        self.agree(client, url)
        assert "We looked it up." in client.get(url).content.decode()

        self.agree(client, url, choice="", rationale="", revision="2")

        round_.refresh_from_db()
        assert round_.revision == 3
        assert not Consensus.objects.exists()

    def test_nothing_new_makes_no_revision(self, client: Client, url: str, round_: Round) -> None:
        says = text_of(client.get(self.agree(client, url, choice="", rationale="")["Location"]).content)

        round_.refresh_from_db()
        assert round_.revision == 1
        assert "Nothing was changed." in says

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"rationale": ""}, "Say why you agreed on this."),
            ({"rationale": "  "}, "Say why you agreed on this."),
            ({"choice": ""}, "Pick the answer you agreed on, or empty the reason."),
            ({"choice": "perhaps"}, "“perhaps” is not among the choices."),
            ({"rationale": "x" * 2001}, "at most 2000 characters"),
            ({"rationale": "\ufffd"}, "Some characters could not be read."),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
        self, client: Client, url: str, round_: Round, fields: dict[str, str], message: str
    ) -> None:
        given = {f"{LINEAGE}-choice": "yes", f"{LINEAGE}-rationale": "Because."}
        given |= {f"{LINEAGE}-{name}": value for name, value in fields.items()}
        elsewhere = {f"{AUTOML}-choice": "no", f"{AUTOML}-rationale": "Tried it once."}

        refused = client.post(url, {"revision": "1", **given, **elsewhere})

        assert refused.status_code == 422
        assert message in text_of(refused.content)
        assert "Tried it once.</textarea>" in refused.content.decode()
        assert given[f"{LINEAGE}-rationale"].strip() in refused.content.decode()
        round_.refresh_from_db()
        assert round_.revision == 1

    def test_nobody_overwrites_what_another_has_agreed_meanwhile(
        self, client: Client, url: str, round_: Round, cast: Cast
    ) -> None:
        record_consensus(round_=round_, team=cast.team, agreed={AUTOML: ("no", "Never.")}, user=cast.owner)

        refused = self.agree(client, url)

        assert refused.status_code == 409
        assert "Somebody changed this result while you were writing." in text_of(refused.content)
        assert "We looked it up.</textarea>" in refused.content.decode()
        assert Consensus.objects.get().question_key == AUTOML

    def test_only_a_team_that_answered_in_a_closed_round_agrees(
        self, client: Client, url: str, round_: Round, cast: Cast, version: QuestionnaireVersion
    ) -> None:
        idle = make_team(cast.organization, "Idle")
        other = make_round(cast.organization, version=version, teams=[cast.team, idle])
        answer(other, cast.team)
        close_round(round_=other)
        reopen_round(round_=round_)

        assert client.get(f"{url_of(other)}consensus/").status_code == 404
        assert client.get(f"{url_of(other)}consensus/?team={idle.pk}").status_code == 404
        assert client.get(f"{url_of(other)}consensus/?team={cast.team.pk}").status_code == 200
        assert client.get(url).status_code == 404
        assert "Record a consensus" not in client.get(f"{url_of(round_)}?team={cast.team.pk}").content.decode()

    def test_a_file_in_place_of_text_does_no_harm(self, client: Client, url: str) -> None:
        sent = {"revision": "1", f"{LINEAGE}-rationale": SimpleUploadedFile("a.txt", b"a")}

        assert client.post(url, sent).status_code == 302


class TestAnonymous:
    """Three teams of 5, 3 and 1: the last is hidden, and with it the smaller of the others."""

    @pytest.fixture
    def teams(self, cast: Cast) -> list[Team]:
        return [make_team(cast.organization, name) for name in ("Five", "Three", "One")]

    @pytest.fixture
    def hidden(self, cast: Cast, version: QuestionnaireVersion, teams: list[Team]) -> Round:
        made = make_round(cast.organization, version=version, teams=teams, anonymous=True)
        for team, people in zip(teams, (5, 3, 1), strict=True):
            for number in range(people):
                answer(made, team, "yes" if number % 2 else "no", note=f"{people - number} says {team.name}.")
        close_round(round_=made)
        return made

    def test_notes_come_without_names_in_the_order_of_their_text(self, client: Client, hidden: Round) -> None:
        page = client.get(f"{url_of(hidden)}notes/{LINEAGE}/").content.decode()

        told = re.findall(r"\d says \w+\.", page)
        assert len(told) == 9
        assert told == sorted(told)
        assert "example.org" not in page
        assert "answered" not in page

    def test_notes_of_a_hidden_team_stand_in_the_whole_only(
        self, client: Client, hidden: Round, teams: list[Team]
    ) -> None:
        five, three, one = (
            client.get(f"{url_of(hidden)}notes/{LINEAGE}/", {"team": team.pk}).content.decode() for team in teams
        )

        assert len(re.findall(r"\d says Five\.", five)) == 5
        assert "says Three" not in five
        assert "There are no notes to show." in three
        assert "There are no notes to show." in one

    def test_a_hidden_team_cannot_agree(self, client: Client, hidden: Round, teams: list[Team]) -> None:
        five, three, _one = (client.get(f"{url_of(hidden)}consensus/?team={team.pk}") for team in teams)

        assert (five.status_code, three.status_code) == (200, 404)
        assert "example.org" not in five.content.decode()

    def test_nothing_can_be_worked_out_by_subtraction(
        self, client: Client, hidden: Round, teams: list[Team], cast: Cast
    ) -> None:
        """Read every page as a curious member would, before and after late-comers: one of Five, three more of One."""
        reopen_round(round_=hidden)
        for team in (teams[0], *[teams[2]] * 3):
            answer(hidden, team, "not_sure")
        close_round(round_=hidden)
        hidden.refresh_from_db()
        record_consensus(round_=hidden, team=teams[0], agreed={LINEAGE: ("yes", "We looked.")}, user=cast.facilitator)

        shown = list(_tallies(client, hidden, teams))

        assert [(team, people) for team, people, _told in shown] == [
            ("", 9),
            (str(teams[0].pk), 5),
            *[("", 12), (str(teams[0].pk), 5)] * 2,
        ]
        left = [counts for counts in _left(shown) if all(number >= 0 for each in counts for number in each)]
        assert len(left) > len(shown)
        assert all(sum(each) == 0 or sum(each) >= SMALLEST_GROUP for counts in left for each in counts)


Counts = list[tuple[int, ...]]
"""How often each answer was given to each question."""


def _tallies(client: Client, round_: Round, teams: Sequence[Team]) -> Iterator[tuple[str, int, Counts]]:
    """Yield whose page it is, how many it speaks of and what it counts, for each page of each revision that counts."""
    for revision in range(1, round_.revision + 1):
        for team in ("", *(str(team.pk) for team in teams)):
            page = client.get(f"{url_of(round_)}?order=dimension&revision={revision}&team={team}").content
            bars = re.findall(r'<ul class="answer-bars".*?</ul>', page.decode(), flags=re.DOTALL)
            told = [tuple(map(int, re.findall(r'<span class="score">(\d+)</span>', bar))) for bar in bars]
            if told:
                people = re.search(r"(\d+) respondents", text_of(page))
                assert people
                assert {sum(counts) for counts in told} == {int(people[1])}
                yield team, int(people[1]), told


def _left(shown: Sequence[tuple[str, int, Counts]]) -> Iterator[Counts]:
    """Yield what a page counts less what up to two others do, of different teams; below zero it is nobody's answers."""
    for whole in shown:
        others = [page for page in shown if page is not whole]
        for size in (0, 1, 2):
            for parts in combinations(others, size):
                if len({team for team, _people, _told in parts}) == size:
                    told = [whole[2], *(part[2] for part in parts)]
                    yield [
                        tuple(number - sum(less) for number, *less in zip(*counts, strict=True))
                        for counts in zip(*told, strict=True)
                    ]
