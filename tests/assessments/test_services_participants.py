"""Who is asked in a round: people added, carried over, removed; their personal links; what they may still change."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from assessments.models import Participant, Response, Round
from assessments.models.rounds import RoundStatus
from assessments.selectors.responses import participant_by_link
from assessments.services.participants import (
    AlreadyResponded,
    TeamNotInRound,
    add_participants,
    copy_participants,
    remove_participant,
    token_of,
)
from assessments.services.responses import RoundClosed, start_participant_response
from assessments.services.rounds import INVITE, NotOpen, close_round
from organizations.services.teams import archive_team
from tests import factories
from tests.assessments.test_services_responses import meanwhile
from tests.factories import Cast

DRAFT: dict[str, Any] = {"status": RoundStatus.DRAFT, "opened_at": None}


@pytest.fixture
def round_(cast: Cast) -> Round:
    return factories.make_round(cast.organization, teams=[cast.team])


def people(round_: Round) -> list[tuple[str, int | None]]:
    return list(round_.participants.order_by("pk").values_list("email", "user"))


def test_people_are_added_once_whatever_the_case(round_: Round, cast: Cast) -> None:
    factories.make_participant(round_, email="Grace@example.org")
    emails = ["ada@example.org", "ADA@example.org", "grace@example.org"]
    added = add_participants(round_=round_, team=cast.team, emails=emails)
    assert (added.added, added.already) == (1, ["grace@example.org"])
    assert people(round_)[1:] == [("ada@example.org", None)]


def test_a_members_address_stands_for_the_member(round_: Round, cast: Cast) -> None:
    EmailAddress.objects.create(user=cast.member, email="second@acme.example", verified=True)
    EmailAddress.objects.create(user=cast.viewer, email="unsure@acme.example", verified=False)
    emails = [cast.owner.email, cast.outsider.email, "second@acme.example", cast.member.email, "unsure@acme.example"]
    added = add_participants(round_=round_, team=cast.team, emails=emails)
    assert (added.added, added.already) == (4, [cast.member.email])
    assert people(round_) == [
        (cast.owner.email, cast.owner.pk),
        (cast.outsider.email, None),
        ("second@acme.example", cast.member.pk),
        ("unsure@acme.example", None),
    ]


@pytest.mark.parametrize("number", [1, 300])
def test_adding_costs_the_same_however_many(
    number: int, round_: Round, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    emails = [f"person{n}@example.org" for n in range(number)]
    with django_assert_num_queries(8):
        add_participants(round_=round_, team=cast.team, emails=emails)
    assert round_.participants.count() == number


@pytest.mark.parametrize(("is_open", "sent"), [(True, [INVITE]), (False, [])])
def test_who_is_added_to_an_open_round_is_invited_at_once(
    is_open: bool,
    sent: list[str],
    cast: Cast,
    queued: list[tuple[str, list[Any]]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team], **({} if is_open else DRAFT))
    with django_capture_on_commit_callbacks(execute=True):
        add_participants(round_=round_, team=cast.team, emails=["ada@example.org"])
        add_participants(round_=round_, team=cast.team, emails=["ada@example.org"])
    assert queued == [(name, [round_.pk]) for name in sent]


def test_nobody_is_added_after_closing_nor_to_a_team_that_takes_no_part(round_: Round, cast: Cast) -> None:
    with pytest.raises(TeamNotInRound):
        add_participants(round_=round_, team=factories.make_team(cast.organization), emails=["ada@example.org"])
    close_round(round_=round_)
    with pytest.raises(NotOpen):
        add_participants(round_=round_, team=cast.team, emails=["ada@example.org"])
    assert not round_.participants.exists()


def test_the_people_of_the_last_round_are_asked_again(cast: Cast) -> None:
    archived, gone = factories.make_team(cast.organization), factories.make_team(cast.organization)
    previous = factories.make_round(cast.organization, teams=[cast.team, archived, gone])
    former = factories.make_user()
    for team, user, email in (
        (cast.team, cast.member, "old@acme.example"),
        (cast.team, None, "ada@example.org"),
        (cast.team, former, ""),
        (archived, None, "archived@example.org"),
        (gone, None, "gone@example.org"),
    ):
        factories.make_participant(previous, team=team, user=user, email=email)
    archive_team(team=archived)
    next_ = factories.make_round(cast.organization, teams=[cast.team, archived], **DRAFT)
    assert copy_participants(round_=next_, previous=previous) == 2
    assert sorted(people(next_)) == [("ada@example.org", None), (cast.member.email, cast.member.pk)]
    assert copy_participants(round_=next_, previous=previous) == 0


def test_who_has_not_submitted_can_be_removed(round_: Round) -> None:
    participant = factories.make_participant(round_)
    factories.make_response(participant=participant, submitted=False)
    remove_participant(participant=participant)
    assert not Participant.objects.exists()
    assert not Response.objects.exists()


def test_who_has_submitted_stays(round_: Round) -> None:
    participant = factories.make_participant(round_)
    factories.make_response(participant=participant)
    with pytest.raises(AlreadyResponded):
        remove_participant(participant=participant)
    assert Participant.objects.filter(pk=participant.pk).exists()


def test_removing_does_not_tell_who_has_answered_anonymously(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team], anonymous=True)
    answered, silent = factories.make_participant(round_), factories.make_participant(round_)
    factories.make_response(participant=answered)
    for participant in (answered, silent):
        with pytest.raises(AlreadyResponded):
            remove_participant(participant=participant)
    draft = factories.make_round(cast.organization, teams=[cast.team], anonymous=True, **DRAFT)
    remove_participant(participant=factories.make_participant(draft))
    assert not draft.participants.exists()


def test_a_link_is_the_same_each_time_and_kept_as_its_hash(
    round_: Round, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ada, grace = factories.make_participant(round_), factories.make_participant(round_)
    token = token_of(ada)
    assert token != token_of(grace)
    with django_assert_num_queries(0):
        assert token_of(ada) == token
    assert participant_by_link(token) == ada
    assert participant_by_link(token[:-1]) is None
    assert token not in str(Participant.objects.values())


def test_a_link_changes_with_the_secret_key(round_: Round, settings: Settings) -> None:
    ada = factories.make_participant(round_)
    before = token_of(ada)
    settings.SECRET_KEY = "another-key-" * 5
    assert participant_by_link(token_of(ada)) == ada
    assert participant_by_link(before) is None


def test_a_response_begins_once(round_: Round) -> None:
    participant = factories.make_participant(round_, user=factories.make_user())
    response = start_participant_response(participant=participant)
    assert start_participant_response(participant=participant) == response
    assert (response.version_id, response.organization_id) == (round_.version_id, round_.organization_id)
    assert response.user is None


def test_an_account_that_goes_leaves_its_answers(round_: Round) -> None:
    participant = factories.make_participant(round_, user=factories.make_user())
    response = start_participant_response(participant=participant)
    assert participant.user
    participant.user.delete()
    assert Response.objects.filter(pk=response.pk).exists()


@pytest.mark.parametrize("status", [RoundStatus.DRAFT, RoundStatus.CLOSED])
def test_no_response_begins_in_a_round_that_is_not_open(status: RoundStatus, round_: Round) -> None:
    participant = factories.make_participant(round_)
    if status == RoundStatus.CLOSED:
        close_round(round_=round_)
    else:
        Round.objects.update(**DRAFT)
    with pytest.raises(RoundClosed):
        start_participant_response(participant=participant)
    assert not Response.objects.exists()


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_two_tabs_begin_one_response() -> None:
    participant = factories.make_participant()
    with transaction.atomic():
        first = start_participant_response(participant=participant)
        second = meanwhile(lambda: start_participant_response(participant=participant))
    assert second.result(timeout=10) == first
    assert Response.objects.count() == 1


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_same_person_add_one() -> None:
    round_ = factories.make_round()
    team = round_.teams.get()
    with transaction.atomic():
        add_participants(round_=round_, team=team, emails=["ada@example.org"])
        second = meanwhile(lambda: add_participants(round_=round_, team=team, emails=["ada@example.org"]))
    assert second.result(timeout=10).already == ["ada@example.org"]
    assert round_.participants.count() == 1
