"""Rounds as facilitators run them and others look on: planning, the cockpit, people, and what each act asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from assessments.models import Participant, QuestionnaireVersion, Round
from assessments.models.rounds import RoundStatus, quarter_days
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.rounds import free_quarter
from assessments.services.rounds import close_round
from organizations.models import Role, User
from tests import factories
from tests.factories import Cast

ClientOf = Callable[[User], Client]
BERLIN = ZoneInfo("Europe/Berlin")


def text_of(answer: Any) -> str:
    return " ".join(str(answer.content.decode().split("<main")[1]).split())


def address(cast: Cast, name: str, *keys: int) -> str:
    return reverse(name, args=[cast.organization.slug, *keys])


def local(moment: dt.datetime) -> str:
    return f"{moment.astimezone(BERLIN):%Y-%m-%dT%H:%M}"


@pytest.fixture
def plan(cast: Cast, version: QuestionnaireVersion) -> dict[str, Any]:
    """What the form of a new round takes, in an organization in Berlin."""
    cast.organization.time_zone = BERLIN.key
    cast.organization.save()
    return {
        "version": version.pk,
        "starts_on": "2026-10-01",
        "ends_on": "2026-12-31",
        "teams": [cast.team.pk],
        "anonymous": "no",
        "aggregate": "mean",
    }


@pytest.fixture
def draft(cast: Cast, version: QuestionnaireVersion) -> Round:
    return factories.make_round(cast.organization, teams=[cast.team], status=RoundStatus.DRAFT, opened_at=None)


@pytest.fixture
def open_round(cast: Cast, version: QuestionnaireVersion) -> Round:
    return factories.make_round(cast.organization, teams=[cast.team])


# Planning


def test_a_round_is_planned_in_the_organizations_time_zone(
    cast: Cast, plan: dict[str, Any], client_of: ClientOf
) -> None:
    opens_at = (timezone.now() + dt.timedelta(days=3)).replace(second=0, microsecond=0)
    closes_at = opens_at + dt.timedelta(days=14)
    client = client_of(cast.facilitator)
    moments = {"opens_at": local(opens_at), "closes_at": local(closes_at), "anonymous": "yes", "aggregate": "median"}
    answer = client.post(address(cast, "new_round"), plan | moments, follow=True)
    made = Round.objects.get()
    assert answer.redirect_chain == [(address(cast, "round", made.pk), 302)]
    assert (made.opens_at, made.closes_at, made.anonymous, made.aggregate) == (opens_at, closes_at, True, "median")
    assert (made.period, made.status, list(made.teams.all())) == ("Q4 2026", "draft", [cast.team])
    shown = opens_at.astimezone(BERLIN)
    assert f"at {shown:%H:%M} (Europe/Berlin)" in text_of(answer)
    assert f'value="{local(opens_at)}"' in text_of(client.get(address(cast, "edit_round", made.pk)))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"version": 0}, "This questionnaire is not published."),
        ({"starts_on": "1999-01-01"}, "Choose a day from 2000 to 2100."),
        ({"starts_on": "soon"}, "Enter a day"),
        ({"ends_on": "2026-09-30"}, "The period ends before it starts."),
        ({"teams": []}, "Pick at least one team."),
        ({"teams": [0]}, "One of these teams is no longer in use."),
        ({"closes_at": "2020-01-01T10:00"}, "This time has passed."),
        ({"closes_at": "2100-01-01T10:00"}, "within the next two years"),
        ({"opens_at": "never"}, "Enter a day and a time"),
    ],
)
def test_a_plan_says_what_to_mend(
    change: dict[str, Any], complaint: str, cast: Cast, plan: dict[str, Any], client_of: ClientOf
) -> None:
    answer = client_of(cast.facilitator).post(address(cast, "new_round"), plan | {"aggregate": "median"} | change)
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    assert answer.context["form"]["aggregate"].value() == "median"
    assert not Round.objects.exists()


def test_it_closes_after_it_opens(cast: Cast, plan: dict[str, Any], client_of: ClientOf) -> None:
    moment = local(timezone.now() + dt.timedelta(days=3))
    answer = client_of(cast.facilitator).post(
        address(cast, "new_round"), plan | {"opens_at": moment, "closes_at": moment}
    )
    assert "The round closes before it opens." in text_of(answer)


@pytest.mark.parametrize("month", [3, 10])
def test_a_moment_when_clocks_change_is_refused(
    month: int, cast: Cast, plan: dict[str, Any], client_of: ClientOf
) -> None:
    """At the last Sunday of March 02:30 does not exist in Berlin, at that of October it comes twice."""
    now = timezone.now().astimezone(BERLIN)
    last_days = (dt.date(year, month, day) for year in (now.year, now.year + 1) for day in range(31, 24, -1))
    sunday = next(day for day in last_days if day.weekday() == 6 and day > now.date())
    answer = client_of(cast.facilitator).post(address(cast, "new_round"), plan | {"closes_at": f"{sunday}T02:30"})
    assert answer.status_code == 422
    assert "The clocks change then" in text_of(answer)
    assert f'value="{sunday}T02:30"' in text_of(answer)


def test_the_next_free_quarter_is_proposed(cast: Cast) -> None:
    today = dt.date(2026, 11, 24)
    assert free_quarter(cast.organization, today) == quarter_days(2026, 4)
    factories.make_round(cast.organization, teams=[], quarter=(2026, 4))
    assert free_quarter(cast.organization, today) == quarter_days(2027, 1)
    factories.make_round(cast.organization, teams=[], starts_on=dt.date(2027, 2, 1), ends_on=dt.date(2028, 12, 31))
    assert free_quarter(cast.organization, today) == quarter_days(2026, 4)
    assert free_quarter(cast.elsewhere, today) == quarter_days(2026, 4)


def test_only_teams_and_questionnaires_that_may_be_used_are_offered(
    cast: Cast, plan: dict[str, Any], client_of: ClientOf
) -> None:
    archived = factories.make_team(cast.organization, "Gone", archived_at=timezone.now())
    theirs = factories.make_version(
        factories.shipped_definition() | {"slug": "theirs", "title": "Theirs"}, organization=cast.elsewhere
    )
    own = factories.make_version(
        factories.shipped_definition() | {"slug": "ours", "title": "Ours"}, organization=cast.organization
    )
    client = client_of(cast.facilitator)
    page = text_of(client.get(address(cast, "new_round")))
    assert "Ours, version 1" in page
    assert "Theirs" not in page
    assert "Gone" not in page
    for change in ({"teams": [archived.pk]}, {"version": theirs.pk}):
        assert client.post(address(cast, "new_round"), plan | change).status_code == 422
    assert client.post(address(cast, "new_round"), plan | {"version": own.pk}).status_code == 302


def test_a_round_starts_from_the_last_one(cast: Cast, plan: dict[str, Any], client_of: ClientOf) -> None:
    archived = factories.make_team(cast.organization, archived_at=timezone.now())
    last = factories.make_round(
        cast.organization, teams=[cast.team, archived], quarter=(2026, 3), aggregate="median", anonymous=True
    )
    factories.make_participant(last, user=cast.member)
    factories.make_participant(last, email="guest@example.org")
    client, url = client_of(cast.facilitator), f"{address(cast, 'new_round')}?from={last.pk}"
    form = client.get(url).context["form"]
    assert (form["aggregate"].value(), form["anonymous"].value()) == ("median", "yes")
    assert form["show_last_answers"].value() is True
    client.post(url, plan | {"show_last_answers": "on"})
    made = Round.objects.exclude(pk=last.pk).get()
    assert (made.previous, made.show_last_answers) == (last, True)
    assert {person.email for person in made.participants.all()} == {cast.member.email, "guest@example.org"}


def test_a_reminder_of_a_team_has_a_round_of_the_team_planned(cast: Cast, client_of: ClientOf) -> None:
    last = factories.make_round(cast.organization, teams=[cast.team, factories.make_team(cast.organization)])
    client, url = client_of(cast.facilitator), f"{address(cast, 'new_round')}?from={last.pk}&team="
    assert client.get(f"{url}{cast.team.pk}").context["form"]["teams"].value() == [cast.team.pk]
    theirs = factories.make_team(cast.elsewhere)
    assert not client.get(f"{url}{theirs.pk}").context["form"]["teams"].value()


def test_a_draft_is_no_last_round(cast: Cast, draft: Round, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), address(cast, "rounds")
    assert "Start from the last round" not in text_of(client.get(url))
    run = factories.make_round(cast.organization, teams=[cast.team], quarter=(2025, 1))
    assert f"?from={run.pk}" in text_of(client.get(url))


def test_a_second_round_for_the_same_days_is_said(
    cast: Cast, draft: Round, plan: dict[str, Any], client_of: ClientOf
) -> None:
    client, url = client_of(cast.facilitator), address(cast, "new_round")
    warned = client.post(url, plan | {"starts_on": "2026-09-30"}, follow=True)
    assert "There is a round for the same days already: Q3 2026 (draft)." in text_of(warned)
    alone = plan | {"starts_on": "2027-01-01", "ends_on": "2027-03-31"}
    assert "for the same days" not in text_of(client.post(url, alone, follow=True))


@pytest.mark.parametrize("key", ["0", "x", "", "9" * 30])
def test_a_round_starts_from_none_that_is_not_ours(key: str, cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.facilitator)
    theirs = factories.make_round(cast.elsewhere)
    for value in (key, theirs.pk):
        assert client.get(f"{address(cast, 'new_round')}?from={value}").status_code == 404


def test_without_a_team_or_questionnaire_the_page_says_what_to_do(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.facilitator)
    assert "No questionnaire is published yet." in text_of(client.get(address(cast, "new_round")))
    factories.make_version()
    cast.organization.teams.update(archived_at=timezone.now())
    assert "A round needs a team." in text_of(client.get(address(cast, "new_round")))


def test_a_draft_is_changed_and_discarded(cast: Cast, draft: Round, plan: dict[str, Any], client_of: ClientOf) -> None:
    client = client_of(cast.facilitator)
    client.post(address(cast, "edit_round", draft.pk), plan | {"anonymous": "yes"})
    draft.refresh_from_db()
    assert (draft.period, draft.anonymous) == ("Q4 2026", True)
    assert "Discard this draft?" in text_of(client.get(address(cast, "discard_round", draft.pk)))
    assert Round.objects.exists()
    answer = client.post(address(cast, "discard_round", draft.pk), follow=True)
    assert "The draft is discarded." in text_of(answer)
    assert "No assessment round yet." in text_of(answer)


# Looking on


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_read_only(role: str, cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    user, client = getattr(cast, role), client_of(getattr(cast, role))
    factories.make_participant(open_round, email="guest@example.org")
    factories.make_participant(open_round, user=user)
    own = text_of(client.get(address(cast, "round", open_round.pk)))
    assert "0 of 2 people have submitted answers." in own
    assert "guest@example.org" not in own
    for page in (own, text_of(client.get(address(cast, "rounds")))):
        assert reverse("respond", args=[cast.organization.slug, open_round.pk]) in page
        for name in ("new_round", "close_round", "nudge_round", "extend_round", "round_participants"):
            keys = [] if name == "new_round" else [open_round.pk]
            assert address(cast, name, *keys) not in page


def test_the_list_shows_states_levels_and_what_comes_next(
    cast: Cast, version: QuestionnaireVersion, client_of: ClientOf
) -> None:
    client = client_of(cast.facilitator)
    assert "No assessment round yet." in text_of(client.get(address(cast, "rounds")))
    closed = factories.make_round(cast.organization, teams=[cast.team], quarter=(2026, 2))
    factories.make_response("yes", participant=factories.make_participant(closed))
    close_round(round_=closed)
    factories.make_round(
        cast.organization,
        teams=[cast.team],
        quarter=(2026, 4),
        closes_at=dt.datetime(2030, 11, 29, 16, tzinfo=dt.UTC),
    )
    page = text_of(client.get(address(cast, "rounds")))
    assert "Closes by itself on Friday 29 November 2030 at 16:00 (UTC)." in page
    assert "Level 5:" in page
    assert f"?from={Round.objects.get(status='open').pk}" in page


def test_progress_is_live_while_the_round_is_open(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    client, url = client_of(cast.viewer), address(cast, "round", open_round.pk)
    person = factories.make_participant(open_round)
    assert f'hx-get="{url}"' in text_of(client.get(url))
    factories.make_response(participant=person)
    live = client.get(url, headers={"HX-Request": "true"})
    assert live.content.decode().strip().startswith('<section id="progress"')
    assert "1 of 1 person has submitted answers." in live.content.decode()
    close_round(round_=open_round)
    over = client.get(url, headers={"HX-Request": "true"})
    assert (over.headers["HX-Refresh"], over.content) == ("true", b"")
    assert "hx-get" not in text_of(client.get(url))


def test_who_has_answered_is_as_live_as_progress_in_named_rounds(
    cast: Cast, open_round: Round, client_of: ClientOf
) -> None:
    client, url = client_of(cast.facilitator), f"{address(cast, 'round', open_round.pk)}?team={cast.team.pk}"
    factories.make_response(participant=factories.make_participant(open_round, email="done@example.org"))
    assert f'hx-get="{url}"' in text_of(client.get(url))
    live = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert 'id="people-list" hx-swap-oob="true"' in live
    assert "done@example.org" in live
    assert "answered" in live
    others = client_of(cast.viewer).get(url, headers={"HX-Request": "true"})
    Round.objects.update(anonymous=True)
    for hidden in (others, client.get(url, headers={"HX-Request": "true"})):
        assert b'id="progress"' in hidden.content
        assert b"people-list" not in hidden.content


def test_several_are_removed_at_once(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    other = factories.make_team(cast.organization, "Fraud")
    open_round.teams.add(other, through_defaults={"organization": cast.organization})
    done, one, two, _three = (factories.make_participant(open_round, team=cast.team) for _n in range(4))
    elsewhere = factories.make_participant(open_round, team=other)
    factories.make_response(participant=done)
    client, url = client_of(cast.facilitator), address(cast, "remove_participants", open_round.pk)
    assert url in text_of(client.get(address(cast, "round", open_round.pk)))
    page = text_of(client.get(f"{url}?team={cast.team.pk}"))
    assert "All of them: 3 people" in page
    assert [row.email in page for row in (done, one, elsewhere)] == [False, True, False]
    assert client.post(url).status_code == 422
    refused = client.post(url, {"people": [done.pk, one.pk]})
    assert refused.status_code == 422
    assert f'value="{one.pk}" id="person-{one.pk}" checked' in text_of(refused)
    answer = client.post(url, {"people": [one.pk, two.pk]}, follow=True)
    assert "2 people are no longer asked." in text_of(answer)
    client.post(f"{url}?team={cast.team.pk}", {"everybody": "on"})
    assert set(open_round.participants.all()) == {done, elsewhere}
    Round.objects.update(anonymous=True)
    assert client.post(url, {"everybody": "on"}).status_code == 409
    assert client.get(url).status_code == 409
    assert elsewhere in open_round.participants.all()


def test_who_is_logged_out_meanwhile_is_sent_to_log_in(cast: Cast, open_round: Round, client: Client) -> None:
    answer = client.get(address(cast, "round", open_round.pk), headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"


def test_states_of_people(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), address(cast, "round", open_round.pk)
    factories.make_response(participant=factories.make_participant(open_round, email="done@example.org"))
    begun = factories.make_participant(open_round, email="begun@example.org")
    factories.make_response({}, participant=begun, submitted=False)
    Participant.objects.filter(pk=begun.pk).update(nudged_at=timezone.now())
    factories.make_participant(open_round, email="waits@example.org")
    page = text_of(client.get(url))
    for state in ("answered", "has begun", "the mail is on its way", "reminded"):
        assert state in page
    assert page.count('id="remove-') == 2
    Round.objects.update(anonymous=True)
    page = text_of(client.get(url))
    assert "done@example.org" in page
    for state in (" answered ", "has begun", "reminded", "Remove"):
        assert state not in page
    assert "1 of 3 people have submitted answers." in page


def test_people_are_shown_by_team(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    other = factories.make_team(cast.organization, "Fraud")
    open_round.teams.add(other, through_defaults={"organization": cast.organization})
    factories.make_participant(open_round, team=other, email="fraud@example.org")
    factories.make_participant(open_round, team=cast.team, email="pricing@example.org")
    client, url = client_of(cast.facilitator), address(cast, "round", open_round.pk)
    page = text_of(client.get(f"{url}?team={other.pk}"))
    assert "fraud@example.org" in page
    assert "pricing@example.org" not in page
    for key in ("0", "x", str(factories.make_team(cast.elsewhere).pk)):
        assert client.get(f"{url}?team={key}").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "facilitator"])
def test_queries_do_not_grow(
    role: str,
    cast: Cast,
    open_round: Round,
    client_of: ClientOf,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_of(getattr(cast, role))
    definition_of(open_round.version_id)

    def count(url: str) -> int:
        with django_assert_max_num_queries(20) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    names = ["rounds", "round"] + ["round_participants"] * (role == "facilitator")
    urls = [address(cast, name, *([] if name == "rounds" else [open_round.pk])) for name in names]
    factories.make_participant(open_round)
    factories.make_member(cast.organization, team=cast.team)
    before = [count(url) for url in urls]
    for _number in range(4):
        team = factories.make_team(cast.organization)
        open_round.teams.add(team, through_defaults={"organization": cast.organization})
        factories.make_member(cast.organization, team=team)
        for _person in range(3):
            factories.make_response(participant=factories.make_participant(open_round, team=team))
        factories.make_round(cast.organization, version=open_round.version, teams=[team])
    assert [count(url) for url in urls] == before


# People


def test_people_are_added_from_everywhere(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), address(cast, "round_participants", open_round.pk)
    assert "“Jane Doe &lt;jane@example.org&gt;” works" in client.get(url).content.decode()
    page = text_of(client.get(url))
    assert cast.member.email in page
    assert cast.viewer.email not in page
    member = cast.organization.members.get(user=cast.member)
    table = SimpleUploadedFile("people.csv", "Name;E-Mail\nJürgen;juergen@example.org\n".encode("utf-16"))
    data = {"members": [member.pk], "addresses": "Ada <ada@example.org>, ada@example.org", "file": table}
    answer = client.post(url, data, follow=True)
    assert answer.redirect_chain == [(f"{url}?team={cast.team.pk}", 302)]
    assert "3 people are added and get a mail." in text_of(answer)
    assert "Given more than once: ada@example.org." in text_of(answer)
    people = dict(open_round.participants.values_list("email", "user"))
    assert people == {cast.member.email: cast.member.pk, "ada@example.org": None, "juergen@example.org": None}
    again = client.post(url, {"addresses": "ADA@example.org"}, follow=True)
    assert "Asked in this round already: ada@example.org." in text_of(again)


def test_bad_lines_stay_to_be_mended_and_good_ones_are_added(cast: Cast, draft: Round, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), address(cast, "round_participants", draft.pk)
    answer = client.post(url, {"addresses": "ada@example.org\n<b>bob@\ncarl"})
    assert answer.status_code == 422
    page = text_of(answer)
    assert "1 person is added." in page
    assert "&lt;b&gt;bob@</span>: It is not a complete email address" in page
    assert answer.context["form"]["addresses"].value() == "<b>bob@\ncarl"
    assert draft.participants.get().email == "ada@example.org"


def test_a_thousand_at_once(cast: Cast, draft: Round, client_of: ClientOf) -> None:
    text = "\n".join(f"person{number}@example.org" for number in range(1003))
    answer = client_of(cast.facilitator).post(address(cast, "round_participants", draft.pk), {"addresses": text})
    assert draft.participants.count() == 1000
    assert "These were too many at once." in text_of(answer)
    assert answer.context["form"]["addresses"].value().split() == [
        f"person{number}@example.org" for number in (1000, 1001, 1002)
    ]


def test_asking_has_a_limit_that_counts_addresses(
    cast: Cast, draft: Round, client_of: ClientOf, settings: Settings
) -> None:
    settings.MAIL_LIMITS = {"round": {"user": 2, "organization": 9, "address": 9}}
    client, url = client_of(cast.facilitator), address(cast, "round_participants", draft.pk)
    assert client.post(url, {"addresses": "ada@example.org\nbob@example.org"}).status_code == 302
    answer = client.post(url, {"addresses": "carl@example.org"})
    assert answer.status_code == 422
    assert "These are too many mails for one day. 0 more can go today" in text_of(answer)
    assert answer.context["form"]["addresses"].value() == "carl@example.org"
    assert draft.participants.count() == 2


def test_who_is_asked_already_costs_no_mail(cast: Cast, draft: Round, client_of: ClientOf, settings: Settings) -> None:
    settings.MAIL_LIMITS = {"round": {"user": 3, "organization": 9, "address": 9}}
    client, url = client_of(cast.facilitator), address(cast, "round_participants", draft.pk)
    two = "ada@example.org\nbob@example.org"
    client.post(url, {"addresses": two})
    assert client.post(url, {"addresses": f"{two}\ncarl@example.org"}).status_code == 302
    assert draft.participants.count() == 3


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "Tick a member, or enter an email address."),
        ({"members": [0]}, "no longer a member"),
        ({"file": SimpleUploadedFile("people.xlsx", b"PK\x03\x04\x00\x00")}, "This is not a text file."),
        ({"file": SimpleUploadedFile("people.csv", b"x" * (512 * 1024 + 1))}, "This file is too large."),
    ],
)
def test_people_that_cannot_be_read(
    data: dict[str, Any], complaint: str, cast: Cast, draft: Round, client_of: ClientOf
) -> None:
    if "file" in data:
        data["file"].seek(0)
    addresses = "kept@" if data else ""
    answer = client_of(cast.facilitator).post(
        address(cast, "round_participants", draft.pk), data | {"addresses": addresses}
    )
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    assert addresses in text_of(answer)
    assert not draft.participants.exists()


def test_a_member_elsewhere_cannot_be_picked(cast: Cast, draft: Round, client_of: ClientOf) -> None:
    theirs = cast.elsewhere.members.get()
    answer = client_of(cast.facilitator).post(address(cast, "round_participants", draft.pk), {"members": [theirs.pk]})
    assert answer.status_code == 422
    assert cast.outsider.email not in text_of(answer)


def test_somebody_is_removed(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    client = client_of(cast.facilitator)
    waiting, done = factories.make_participant(open_round), factories.make_participant(open_round)
    factories.make_response(participant=done)
    url = address(cast, "remove_participant", open_round.pk, waiting.pk)
    assert f"Remove {waiting.email} from this round?" in text_of(client.get(url))
    assert f"{waiting.email} is no longer asked." in text_of(client.post(url, follow=True))
    answer = client.post(address(cast, "remove_participant", open_round.pk, done.pk))
    assert (answer.status_code, "This person stays in the round." in text_of(answer)) == (409, True)
    assert [person.pk for person in open_round.participants.all()] == [done.pk]


def test_in_an_anonymous_round_taking_out_tells_nothing(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    Round.objects.update(anonymous=True)
    client = client_of(cast.facilitator)
    waiting, done = factories.make_participant(open_round), factories.make_participant(open_round)
    factories.make_response(participant=done)
    for method in (client.get, client.post):
        answers = [method(address(cast, "remove_participant", open_round.pk, row.pk)) for row in (waiting, done)]
        assert [answer.status_code for answer in answers] == [409, 409]
        assert answers[0].content == answers[1].content
    assert open_round.participants.count() == 2


def test_a_team_is_added(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    team = factories.make_team(cast.organization, "Fraud")
    client, url = client_of(cast.facilitator), address(cast, "add_round_team", open_round.pk)
    answer = client.post(url, {"team": team.pk}, follow=True)
    assert "Team Fraud takes part now. Add its people." in text_of(answer)
    assert set(open_round.teams.all()) == {cast.team, team}
    for key in (team.pk, factories.make_team(cast.elsewhere).pk):
        assert "This team takes part already" in text_of(client.post(url, {"team": key}, follow=True))
    assert client.get(url).status_code == 302


# What facilitators do to a round


def test_a_round_is_opened_reminded_extended_closed_and_opened_again(
    cast: Cast, draft: Round, client_of: ClientOf
) -> None:
    client = client_of(cast.facilitator)
    person = factories.make_participant(draft)

    def asks(name: str, *texts: str) -> None:
        page = text_of(client.get(address(cast, name, draft.pk)))
        assert [text for text in texts if text not in page] == []

    def does(name: str, says: str, **data: Any) -> None:
        assert says in text_of(client.post(address(cast, name, draft.pk), data, follow=True))
        draft.refresh_from_db()

    asks("open_round", "Open the round now?", "1 person gets a mail with a personal link.")
    assert Round.objects.get().status == RoundStatus.DRAFT
    does("open_round", "The round is open.")
    Participant.objects.update(invited_at=timezone.now() - Participant.NUDGE_INTERVAL)
    asks("nudge_round", "Remind all teams?", "1 person was invited and has not submitted answers")
    does("nudge_round", "1 person gets a reminder.")
    closes_at = (timezone.now() + dt.timedelta(days=2)).replace(second=0, microsecond=0)
    does("extend_round", "The closing time is changed.", closes_at=f"{closes_at:%Y-%m-%dT%H:%M}")
    assert draft.closes_at == closes_at
    asks("extend_round", f'value="{closes_at:%Y-%m-%dT%H:%M}"')
    asks("close_round", "1 person has not submitted answers", "btn-danger")
    factories.make_response(participant=person)
    asks("close_round", "Everybody has answered.")
    does("close_round", "The round is closed. Here is its result.")
    asks("reopen_round", "a new revision of the results is made")
    does("reopen_round", "The round is open again.")
    assert Round.objects.filter(status=RoundStatus.OPEN, closes_at=None).exists()
    does("close_round", "The round is closed.")
    assert "Its results are revision 2." in text_of(client.get(address(cast, "round", draft.pk)))


def test_opening_a_round_of_nobody_warns(cast: Cast, draft: Round, client_of: ClientOf) -> None:
    page = text_of(client_of(cast.facilitator).get(address(cast, "open_round", draft.pk)))
    assert "Nobody is asked yet, so no mail goes out; an open round cannot become a draft again." in page
    assert "btn-danger" in page


def test_reminding_those_who_were_reminded_says_when(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), address(cast, "nudge_round", open_round.pk)
    factories.make_participant(open_round)
    assert "Nobody who was invited has still to answer." in text_of(client.get(url))
    long_ago, now = timezone.now() - dt.timedelta(days=9), timezone.now()
    for invited_at, nudged_at in ((now, None), (long_ago, now)):
        Participant.objects.update(invited_at=invited_at, nudged_at=nudged_at)
        page = text_of(client.get(url))
        assert "1 person has not submitted answers and was invited or reminded less than a day ago." in page
        assert "Send the reminders" not in page


class TestWhatAnAnonymousRoundTellsOfItsProgress:
    """Of one or two people nobody learns how many have answered, by no page and by no subtraction."""

    @pytest.fixture
    def anonymous(self, cast: Cast, open_round: Round) -> Round:
        """Five are asked in Pricing, three in Fraud, one in Claims: all of Claims and two of each other answer."""
        Round.objects.update(anonymous=True)
        teams = [cast.team, *(factories.make_team(cast.organization, name) for name in ("Fraud", "Claims"))]
        open_round.teams.set(teams, through_defaults={"organization": cast.organization})
        for team, asked in zip(teams, (5, 3, 1), strict=True):
            people = [factories.make_participant(open_round, team=team) for _n in range(asked)]
            for person in people[:2]:
                factories.make_response(participant=person)
        Participant.objects.update(invited_at=timezone.now())
        open_round.refresh_from_db()
        return open_round

    def test_a_small_team_and_what_it_could_be_worked_out_from_have_no_count(
        self, cast: Cast, anonymous: Round, client_of: ClientOf
    ) -> None:
        client = client_of(cast.facilitator)
        page = text_of(client.get(address(cast, "round", anonymous.pk)))
        assert "5 of 9 people have submitted answers." in page
        assert page.count("how many answered is not shown") == 2
        assert "2 of 5" in page
        assert page.count('id="nudge-') == 3
        waiting = text_of(client.get(address(cast, "round_result", anonymous.pk)))
        assert waiting.count("– of ") == 2

    def test_reminders_tell_no_count(self, cast: Cast, anonymous: Round, client_of: ClientOf) -> None:
        client, url = client_of(cast.facilitator), address(cast, "nudge_round", anonymous.pk)
        team = anonymous.teams.get(name="Claims").pk
        assert "Whoever was invited and has not submitted answers" in text_of(client.get(f"{url}?team={team}"))
        reminded = client.post(f"{url}?team={team}", follow=True)
        assert "Whoever has not submitted answers gets a reminder." in text_of(reminded)

    def test_of_a_whole_of_two_nothing_is_told(self, cast: Cast, open_round: Round, client_of: ClientOf) -> None:
        Round.objects.update(anonymous=True)
        factories.make_response(participant=factories.make_participant(open_round))
        factories.make_participant(open_round)
        client = client_of(cast.facilitator)
        at_round = (address(cast, name, open_round.pk) for name in ("round", "round_result"))
        for url in (*at_round, address(cast, "rounds"), address(cast, "organization")):
            page = text_of(client.get(url))
            assert "1 of 2" not in page
            assert "2 people" in page
        asks = text_of(client.get(address(cast, "close_round", open_round.pk)))
        assert "What people have begun and not submitted does not count." in asks

    def test_closing_warns_of_teams_that_stay_hidden(self, cast: Cast, anonymous: Round, client_of: ClientOf) -> None:
        client = client_of(cast.facilitator)
        page = text_of(client.get(address(cast, "close_round", anonymous.pk)))
        assert "Fewer than three people of each of these teams have answered or are asked: Claims, Pricing." in page
        assert "stay hidden in this round even when more people answer" in page
        client.post(address(cast, "close_round", anonymous.pk))
        again = text_of(client.get(address(cast, "reopen_round", anonymous.pk)))
        assert "A team that is not shown stays hidden." in again
        team = anonymous.teams.get(name="Claims").pk
        hidden = text_of(client.get(f"{address(cast, 'round_result', anonymous.pk)}?team={team}"))
        assert "It stays hidden in this round, also when more people answer later." in hidden


def test_a_draft_that_would_close_at_once_is_not_opened(cast: Cast, draft: Round, client_of: ClientOf) -> None:
    Round.objects.update(closes_at=timezone.now())
    answer = client_of(cast.facilitator).post(address(cast, "open_round", draft.pk), follow=True)
    assert answer.redirect_chain == [(address(cast, "edit_round", draft.pk), 302)]
    assert "The time at which this round closes has passed." in text_of(answer)
    assert Round.objects.get().status == RoundStatus.DRAFT


def test_a_round_opened_early_may_close_before_it_was_to_open(cast: Cast, draft: Round, client_of: ClientOf) -> None:
    Round.objects.update(opens_at=timezone.now() + dt.timedelta(days=9))
    client = client_of(cast.facilitator)
    client.post(address(cast, "open_round", draft.pk))
    closes_at = f"{timezone.now() + dt.timedelta(days=2):%Y-%m-%dT%H:%M}"
    answer = client.post(address(cast, "extend_round", draft.pk), {"closes_at": closes_at}, follow=True)
    assert "The closing time is changed." in text_of(answer)


def test_one_team_is_reminded(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    other = factories.make_team(cast.organization, "Fraud")
    open_round.teams.add(other, through_defaults={"organization": cast.organization})
    for team in (cast.team, cast.team, other):
        factories.make_participant(open_round, team=team)
    Participant.objects.update(invited_at=timezone.now() - Participant.NUDGE_INTERVAL)
    client, url = client_of(cast.facilitator), address(cast, "nudge_round", open_round.pk)
    assert "Remind team Pricing?" in text_of(client.get(f"{url}?team={cast.team.pk}"))
    assert "2 people get a reminder." in text_of(client.post(f"{url}?team={cast.team.pk}", follow=True))
    assert client.post(f"{url}?team=0").status_code == 404


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("edit_round", "open"),
        ("open_round", "open"),
        ("discard_round", "open"),
        ("reopen_round", "open"),
        ("close_round", "draft"),
        ("extend_round", "draft"),
        ("nudge_round", "draft"),
        ("reopen_round", "draft"),
        ("round_participants", "closed"),
        ("add_round_team", "closed"),
        ("close_round", "closed"),
    ],
)
def test_what_a_rounds_state_does_not_allow(
    name: str, status: str, cast: Cast, open_round: Round, client_of: ClientOf
) -> None:
    if status == "draft":
        Round.objects.update(status=status, opened_at=None)
    if status == "closed":
        close_round(round_=open_round)
    client, url = client_of(cast.facilitator), address(cast, name, open_round.pk)
    for method in (client.get, client.post):
        answer = method(url)
        assert answer.status_code == 409
        assert address(cast, "round", open_round.pk) in text_of(answer)
    assert Round.objects.get().status == status


def test_a_moment_that_has_passed_does_not_extend_a_round(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    answer = client_of(cast.facilitator).post(
        address(cast, "extend_round", open_round.pk), {"closes_at": "2020-01-01T10:00"}
    )
    assert answer.status_code == 422
    assert 'value="2020-01-01T10:00"' in text_of(answer)


def test_a_round_of_others_is_not_found(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    client = client_of(cast.outsider)
    for name in ("round", "edit_round", "round_participants", "open_round", "close_round", "nudge_round"):
        url = reverse(name, args=[cast.elsewhere.slug, open_round.pk])
        assert client.get(url).status_code == 404
        assert client.post(url).status_code in (404, 405)


def test_the_parts_of_an_organization_lead_to_each_other(cast: Cast, open_round: Round, client_of: ClientOf) -> None:
    for role in Role:
        client = client_of(getattr(cast, role.value))
        for name in ("organization", "rounds", "members"):
            page = text_of(client.get(address(cast, name)))
            assert f'href="{address(cast, "rounds")}"' in page
            assert (f'href="{address(cast, "organization_settings")}"' in page) == (role == Role.OWNER)
