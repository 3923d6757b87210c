"""A facilitator runs a round of two teams and five people, from the plan to the report, on a desk and on a phone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pypdf import PdfReader

from assessments.models.rounds import quarter_days
from assessments.templatetags.scores import score
from tests.assessments.test_exports import Tables, cards_in, from_xlsx
from tests.browser.conftest import PHONE, START_SECONDS, NewContext
from tests.browser.shortcuts import log_in, plan_round, result, send
from tests.browser.survey import DEFINITION, QUESTIONS, choose, rows, sheet
from tests.browser.test_every_page import expect_flawless_as_it_is

DESK = {"viewport": {"width": 1280, "height": 800}}
FERRIES, HARBOUR = "Ferries", "Harbour"
OWNER, FACILITATOR, MEMBER, VIEWER = (f"{login}@demo.example" for login in ("owner", "facilitator", "member", "viewer"))
EARLIER = [sheet(" ".join([pattern] * 5)) for pattern in ("ynnnn", "yynnn", "yyynn")]
ALL_YES = sheet("yyyyy yyyyy yyyyy yyyyy yyyyy")
GIVEN = {
    VIEWER: sheet("yyyyn yyynn yynnn yynnn ynnnn"),
    OWNER: sheet("yyyyy yyyyn yyynn yyynn yynnn"),
    FACILITATOR: sheet("yyynn yyyn? yynnn yyynn yynnn"),
}
GUEST_GIVES = sheet("nyyyn yyynn yynnn yynnn ynn?n")
AGREED = QUESTIONS[0]
# A journey of a hundred pages takes a minute, more on a busy machine.
JOURNEY_SECONDS = START_SECONDS + 300
WHY = "We looked at it together."


@dataclass(frozen=True)
class Stage:
    """A new organization at `home` with two teams and four members, each in a browser of their own by address."""

    name: str
    home: str
    people: Mapping[str, BrowserContext]
    guest: str

    @property
    def teams(self) -> dict[str, list[str]]:
        """Who is asked in which team: the members, and one without an account."""
        return {FERRIES: [MEMBER, VIEWER, self.guest], HARBOUR: [OWNER, FACILITATOR]}


@dataclass(frozen=True)
class Links:
    """Finds the links in mails of an organization's rounds."""

    stage: Stage
    newest_mail: Callable[..., str]

    def of(self, email: str, period: str) -> str:
        """Wait for the invitation, and return the personal link in it."""
        subject = f"{self.stage.name} asks you about machine learning, {period}"
        return link_in(self.newest_mail(email, f"Subject: {subject}\n"), "respond")


def link_in(mail: str, begins: str) -> str:
    found = re.search(rf"https?://[^/\s]+(/{begins}/\S+)", mail)
    assert found, mail
    return found[1]


@pytest.fixture(params=[DESK, PHONE], ids=["1280", "390"])
def screen(request: pytest.FixtureRequest) -> dict[str, Any]:
    options: dict[str, Any] = request.param
    return options


@pytest.fixture
def stage(new_context: NewContext, screen: dict[str, Any], newest_mail: Callable[..., str]) -> Stage:
    """The demo's people found an organization of their own."""
    people = {email: new_context(**screen) for email in (OWNER, FACILITATOR, MEMBER, VIEWER)}
    for email, context in people.items():
        log_in(context, email.partition("@")[0])
    owner, name = people[OWNER], f"Lake {uuid4().hex[:8]}"
    send(owner, "/orgs/new/", "/orgs/new/", {"name": name, "time_zone": "Europe/Berlin", "language": "en"})
    home = f"/orgs/{name.lower().replace(' ', '-')}/"
    settings = f"{home}settings/"
    for team in (FERRIES, HARBOUR):
        send(owner, f"{settings}teams/", f"{settings}teams/", {"name": team})
    for role, emails in (("facilitator", [FACILITATOR]), ("member", [MEMBER, VIEWER])):
        invitations = f"{settings}members/invitations/"
        send(owner, invitations, invitations, {"emails": " ".join(emails), "role": role, "team": ""})
        for email in emails:
            link = link_in(newest_mail(email, name), "invitations")
            send(people[email], link, link)
    return Stage(name, home, people, f"{uuid4().hex}@guest.example")


@pytest.fixture
def links(stage: Stage, newest_mail: Callable[..., str]) -> Links:
    return Links(stage, newest_mail)


def look_at(page: Page, heading: str) -> None:
    """Wait for a page, which must be without flaw."""
    _arrive_at(page, heading)
    expect_flawless_as_it_is(page)


def _arrive_at(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


def ask(page: Page, emails: list[str], team: str) -> None:
    """Ask members by ticking them, others by their address."""
    page.get_by_role("link", name=f"Add people to {team}").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Add people to round")
    for email in emails:
        box = page.get_by_role("checkbox", name=email)
        if box.count():
            box.check()
        else:
            page.get_by_label("Email addresses").fill(email)
    page.get_by_role("button", name=f"Add to team {team}").click()
    page.get_by_role("link", name="Back to the round").click()


def open_round(page: Page) -> str:
    """Open the draft that the page shows; return its period."""
    page.get_by_role("link", name="Open now").click()
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_text("The round is open.")).to_be_visible()
    return page.get_by_role("heading", level=1).inner_text().removeprefix("Round ").removesuffix(" Open").strip()


def close_round(page: Page) -> None:
    """Close the round that the page shows, which everybody has answered."""
    page.get_by_role("link", name="Close now").click()
    expect(page.get_by_text("Everybody has answered.")).to_be_visible()
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("The round is closed. Here is its result.")).to_be_visible()


def hold_earlier(stage: Stage, links: Links, guest: BrowserContext, before: dt.date) -> None:
    """Hold rounds of the three quarters before a quarter's first day, of one and the same person in each team."""
    facilitator = stage.people[FACILITATOR]
    emails = [f"{uuid4().hex}@guest.example" for _team in stage.teams]
    place = before.year * 4 + before.month // 3
    for ago, answers in zip((3, 2, 1), EARLIER, strict=True):
        first, last = quarter_days((place - ago) // 4, (place - ago) % 4 + 1)
        round_ = plan_round(facilitator, stage.home, first, last)
        teams = re.findall(r'id="add-(\d+)"', facilitator.request.get(round_).text())
        people = f"{round_}participants/"
        for team, email in zip(teams, emails, strict=True):
            send(facilitator, people, f"{people}?team={team}", {"addresses": email})
        send(facilitator, f"{round_}open/", f"{round_}open/")
        quarter = f"Q{(place - ago) % 4 + 1} {first.year}"
        for email in emails:
            result(guest, answers, links.of(email, quarter))
        send(facilitator, f"{round_}close/", f"{round_}close/")


def plan(page: Page, stage: Stage, *, anonymous: bool = False) -> str:
    """Plan and open a round of everybody in the quarter proposed; return its period.

    The pages of a named round are looked at: those of an anonymous one are the same until it opens.
    """
    see = _arrive_at if anonymous else look_at
    page.goto(f"{stage.home}rounds/")
    see(page, "Rounds")
    page.get_by_role("link", name="New round", exact=True).click()
    page.get_by_label("Anonymous" if anonymous else "Named").check()
    see(page, "New round")
    page.get_by_role("button", name="Plan the round").click()
    for team, emails in stage.teams.items():
        ask(page, emails, team)
    see(page, "Round")
    period = open_round(page)
    expect_answered(page, 0)
    return period


def expect_answered(page: Page, number: int) -> None:
    """Wait until the page of the round, which nobody loads anew, says how many of the five have answered."""
    expect(page.get_by_text(re.compile(rf"^{number} of 5 people ha(s|ve) submitted answers\.$"))).to_be_visible()


def answer_in_the_browser(page: Page, stage: Stage) -> None:
    """Answer all with yes, from the list of rounds to the thanks; the pages of the survey are looked at elsewhere."""
    page.goto(f"{stage.home}rounds/")
    page.get_by_role("main").get_by_role("link", name="Answer").click()
    look_at(page, DEFINITION.title)
    page.get_by_role("button", name="Start").click()
    for number, dimension in enumerate(DEFINITION.dimensions, start=1):
        _arrive_at(page, dimension.title)
        for asked in dimension.questions:
            choose(page, asked.key, "yes")
        page.get_by_role("button", name="Review your answers" if number == 5 else "Next").click()
    _arrive_at(page, "Review your answers")
    page.get_by_role("button", name="Submit").click()
    _arrive_at(page, "Thank you. Your answers count.")


def agree(page: Page) -> None:
    """Record on the page of a team's result that it agreed on a question."""
    page.get_by_role("link", name="Record a consensus").click()
    _arrive_at(page, f"Consensus of {FERRIES}")
    choice = page.locator(f"[name='{AGREED}-choice']")
    if not choice.is_visible():
        page.locator("details", has=choice).locator("summary").click()
    choice.select_option("no")
    page.get_by_role("button", name="Save the consensus").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why you agreed on this.")
    look_at(page, f"Consensus of {FERRIES}")
    page.locator(f"[name='{AGREED}-rationale']").fill(WHY)
    page.get_by_role("button", name="Save the consensus").click()
    expect(page.get_by_text("The consensus is saved.")).to_be_visible()
    expect(page.locator(".agreement", has_text="Agreed: No")).to_contain_text(WHY)
    expect(page.get_by_role("region", name="About this result")).to_contain_text("Revision 2")


def download(page: Page, name: str) -> Path:
    with page.expect_download() as started:
        page.get_by_role("link", name=name).click()
    return started.value.path()


def text_of(pdf: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())


def workbook(page: Page) -> Tables:
    return from_xlsx(download(page, "Excel workbook").read_bytes())


def expect_card(page: Page, card: Mapping[str, Any]) -> None:
    """Expect that the page of a result says what a score card says that was computed from a file."""
    expect(page.get_by_text(f"Maturity level {card['level']}", exact=True)).to_be_visible()
    expect(page.get_by_text("Overall score")).to_contain_text(f"{score(Fraction(card['overall']))} of 5")
    shown = [cells[1] for cells in rows(page.get_by_role("table", name="Score of each dimension"))]
    assert shown == [score(Fraction(row["score"])) for row in card["dimensions"]]


def compare(page: Page, period: str, overall: str) -> None:
    """Compare the round of the page's result with the three before, all teams and then one of them."""
    page.get_by_role("link", name="Compare with earlier rounds").click()
    _arrive_at(page, "Compare rounds and teams")
    quarters = rows(page.get_by_role("table", name="Rounds and dimensions"))
    assert len(quarters) == 4
    assert [cells[2].split()[0] for cells in quarters] == ["1.00", "2.00", "3.00", overall]
    assert quarters[-1][0] == period
    expect(page.get_by_role("region", name="What changed")).to_contain_text(f"since {quarters[0][0]}")
    trend = page.get_by_role("region", name="All teams", exact=True)
    trend.get_by_role("combobox").select_option(FERRIES)
    trend.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name=FERRIES, exact=True)).to_be_visible()
    expect_flawless_as_it_is(page)
    scores = workbook(page)["scores"]
    assert [row["round"] for row in scores if row["team"] == FERRIES and not row["dimension"]] == [
        cells[0] for cells in quarters
    ]


@pytest.mark.timeout(JOURNEY_SECONDS)
def test_a_round_and_its_quarters(new_context: NewContext, stage: Stage, links: Links, screen: dict[str, Any]) -> None:
    page = stage.people[FACILITATOR].new_page()
    guest = new_context(**screen)
    page.goto(f"{stage.home}rounds/new/")
    hold_earlier(stage, links, guest, dt.date.fromisoformat(page.get_by_label("First day").input_value()))

    period = plan(page, stage)
    page.evaluate("window.wasNotLoadedAnew = true")
    at_round = page.url
    personal = {email: links.of(email, period) for emails in stage.teams.values() for email in emails}
    result(stage.people[OWNER], GIVEN[OWNER], f"{at_round.partition('?')[0]}respond/")
    expect_answered(page, 1)
    result(guest, GUEST_GIVES, personal[stage.guest])
    expect_answered(page, 2)
    answer_in_the_browser(stage.people[MEMBER].new_page(), stage)
    expect_answered(page, 3)
    assert page.evaluate("window.wasNotLoadedAnew")
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text=stage.guest)).to_contain_text("answered")
    expect_flawless_as_it_is(page)

    page.get_by_role("link", name="Remind", exact=True).click()
    _arrive_at(page, "Remind all teams?")
    expect(page.get_by_text("all of them were invited or reminded less than a day ago")).to_be_visible()
    page.get_by_role("link", name="Leave it as it is").click()
    for email in (VIEWER, FACILITATOR):
        result(stage.people[email], GIVEN[email], personal[email])
    expect_answered(page, 5)
    close_round(page)
    look_at(page, f"{stage.name}, {period}")

    page.get_by_role("link", name=FERRIES, exact=True).first.click()
    look_at(page, f"{FERRIES}, {period}")
    agree(page)
    at_team = page.url

    tables = workbook(page)
    cards = cards_in(tables)
    assert cards.keys() == {"", FERRIES, HARBOUR}
    assert {row["email"] for row in tables["answers"]} == personal.keys()
    expect_card(page, cards[FERRIES])
    page.goto(at_team.partition("?")[0])
    expect_card(page, cards[""])
    report = text_of(download(page, "PDF report"))
    level = next(level for level in DEFINITION.levels if level.number == cards[""]["level"])
    overall = score(Fraction(cards[""]["overall"]))
    assert f"{stage.name} is at level {level.number}, {level.name}, with an overall score of {overall} of 5." in report
    assert "5 respondents, 2 teams" in report
    for team in stage.teams:
        assert f"{team} {cards[team]['level']} {score(Fraction(cards[team]['overall']))}" in report

    compare(page, period, overall)


@pytest.mark.timeout(JOURNEY_SECONDS)
def test_an_anonymous_round(new_context: NewContext, stage: Stage, links: Links, screen: dict[str, Any]) -> None:
    """Of three and two people only what all say together is shown, as the one team would tell the other's answers."""
    page = stage.people[FACILITATOR].new_page()
    period = plan(page, stage, anonymous=True)
    guest = new_context(**screen)
    result(guest, GUEST_GIVES, links.of(stage.guest, period))
    expect_answered(page, 1)
    page.reload()
    people = page.get_by_role("region", name="People").get_by_role("list").last
    expect(people).to_contain_text(f"{stage.guest} {FERRIES} · invited")
    expect(people).not_to_contain_text(re.compile("answered|begun"))
    for email, answers in (GIVEN | {MEMBER: ALL_YES}).items():
        result(stage.people[email], answers, links.of(email, period))
    expect_answered(page, 5)
    close_round(page)
    look_at(page, f"{stage.name}, {period}")
    at_result = page.url
    for team in stage.teams:
        page.get_by_role("link", name=team, exact=True).first.click()
        expect(page.get_by_text("This result is not shown")).to_be_visible()
        look_at(page, f"{team}, {period}")
        expect(page.get_by_role("link", name="Record a consensus")).to_have_count(0)

    page.goto(at_result)
    tables = workbook(page)
    cards = cards_in(tables)
    assert cards.keys() == {""}
    expect_card(page, cards[""])
    report = text_of(download(page, "PDF report"))
    assert f"overall score of {score(Fraction(cards['']['overall']))} of 5" in report
    for email in (*stage.people, stage.guest):
        assert email not in report
        assert email not in str(tables)
