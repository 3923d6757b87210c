"""What changes a round: opening it, asking people, closing it once, with the results that scoring gives."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from assessments import scoring
from assessments.anonymity import SMALLEST_GROUP
from assessments.models import Consensus, Participant, QuestionnaireVersion, Response, Result, Round
from assessments.models.rounds import Aggregate, RoundStatus
from assessments.selectors.questionnaires import definition_of
from assessments.services.responses import (
    AlreadyCounted,
    Given,
    RoundClosed,
    save_answers,
    submit_response,
)
from assessments.services.results import keep_results
from assessments.services.rounds import (
    INVITE,
    NUDGE,
    HasParticipants,
    NotADraft,
    NotClosed,
    NotOpen,
    Withheld,
    add_participant,
    add_team,
    change_round,
    close_round,
    discard_round,
    extend_round,
    nudge,
    open_and_close_due_rounds,
    open_round,
    plan_round,
    record_consensus,
    remove_team,
    reopen_round,
)
from organizations.models import Team
from tests import factories
from tests.assessments.test_services_responses import meanwhile
from tests.factories import Cast
from tests.organizations.test_services import at_once

JULY, SEPTEMBER = date(2026, 7, 1), date(2026, 9, 30)
DRAFT: dict[str, Any] = {"status": RoundStatus.DRAFT, "opened_at": None}
QUESTION, ANOTHER = "governance.lineage", "data_management.versioning"


def test_a_round_opens_with_its_teams(cast: Cast, version: QuestionnaireVersion) -> None:
    teams = [cast.team, factories.make_team(cast.organization)]
    round_ = plan_round(organization=cast.organization, version=version, starts_on=JULY, ends_on=SEPTEMBER, teams=teams)
    assert (round_.status, round_.opened_at, round_.revision) == (RoundStatus.DRAFT, None, 0)
    open_round(round_=round_)
    assert (round_.status, round_.aggregate, round_.period) == (RoundStatus.OPEN, Aggregate.MEAN, "Q3 2026")
    assert round_.opened_at is not None
    assert set(round_.teams.all()) == set(teams)
    assert set(round_.round_teams.values_list("organization_id", flat=True)) == {cast.organization.pk}


def test_a_round_opens_once(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization)
    with pytest.raises(NotADraft):
        open_round(round_=round_)


def test_a_person_is_asked_once(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    participant = add_participant(round_=round_, team=cast.team, email=cast.member.email, user=cast.member)
    assert (participant.organization, participant.team) == (cast.organization, cast.team)
    with pytest.raises(IntegrityError, match="participant_email_unique"):
        add_participant(round_=round_, team=cast.team, email=cast.member.email.upper())


@pytest.mark.parametrize("aggregate", Aggregate)
def test_closing_keeps_what_scoring_gives(aggregate: Aggregate, cast: Cast) -> None:
    silent = factories.make_team(cast.organization, "Silent")
    round_ = factories.make_round(cast.organization, teams=[cast.team, silent], aggregate=aggregate)
    definition = definition_of(round_.version_id)
    answered = [dict.fromkeys(definition.questions, choice) for choice in ("yes", "no", "no", "not_sure")]
    for answers in answered:
        factories.make_response(answers, participant=factories.make_participant(round_, team=cast.team))
    unfinished = factories.make_participant(round_, team=cast.team)
    factories.make_response("yes", participant=unfinished, submitted=False)

    close_round(round_=round_)

    card = scoring.score_card(definition, answered, aggregate="median" if aggregate == Aggregate.MEDIAN else "mean")
    assert card.overall == (Fraction(5, 4) if aggregate == Aggregate.MEAN else 0)
    for team in (cast.team, None):
        result = round_.results.get(team=team)
        assert scoring.from_mapping(definition, result.card) == card
        assert (result.respondents, result.level) == (4, card.level.number if card.level else None)
        assert result.organization == cast.organization
    nothing = round_.results.get(team=silent)
    assert (nothing.respondents, nothing.level) == (0, None)
    assert scoring.from_mapping(definition, nothing.card).overall is None
    assert round_.status == RoundStatus.CLOSED
    assert round_.closed_at is not None


def test_a_round_closes_once(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization)
    close_round(round_=round_)
    before = list(Result.objects.values())
    with pytest.raises(NotOpen, match="Q3 2026"):
        close_round(round_=round_)
    assert list(Result.objects.values()) == before


def test_a_draft_does_not_close(cast: Cast) -> None:
    draft = factories.make_round(cast.organization, status=RoundStatus.DRAFT, opened_at=None)
    with pytest.raises(NotOpen):
        close_round(round_=draft)
    draft.refresh_from_db()
    assert draft.status == RoundStatus.DRAFT
    assert not Result.objects.exists()


@pytest.mark.parametrize("respondents", [1, 6])
def test_closing_costs_the_same_however_many_answered(
    respondents: int, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    for _n in range(respondents):
        factories.make_response(participant=factories.make_participant(round_))
    with django_assert_num_queries(8):  # six, and the savepoint around them
        close_round(round_=round_)


def answer(round_: Round, team: Team, answers: str = "yes", number: int = 1) -> list[Response]:
    """Have so many new people answer for a team."""
    return [
        factories.make_response(answers, participant=factories.make_participant(round_, team=team))
        for _n in range(number)
    ]


def card_of(round_: Round, team: Team | None = None, revision: int | None = None) -> scoring.ScoreCard:
    result = round_.results.get(team=team, revision=round_.revision if revision is None else revision)
    return scoring.from_mapping(definition_of(round_.version_id), result.card)


def counts(round_: Round, team: Team | None = None, revision: int | None = None) -> dict[str, int]:
    """Return how often a result has which choice for a question."""
    tally = {tally.key: tally.counts for tally in card_of(round_, team, revision).questions}[QUESTION]
    return {choice: count for choice, count in tally.items() if count}


def test_everyone_is_invited_when_a_round_opens_and_opens_again(
    cast: Cast, queued: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team], **DRAFT)
    with django_capture_on_commit_callbacks(execute=True):
        open_round(round_=round_)
        assert queued == []
    assert queued == [(INVITE, [round_.pk])]
    close_round(round_=round_)
    with django_capture_on_commit_callbacks(execute=True):
        reopen_round(round_=round_)
    assert queued == [(INVITE, [round_.pk])] * 2


def test_everything_of_a_draft_changes(cast: Cast) -> None:
    other = factories.make_team(cast.organization)
    round_ = factories.make_round(cast.organization, teams=[cast.team], **DRAFT)
    factories.make_participant(round_, team=cast.team)
    change_round(round_=round_, teams=[other], anonymous=True, aggregate=Aggregate.MEDIAN, starts_on=JULY)
    assert (list(round_.teams.all()), round_.anonymous, round_.aggregate) == ([other], True, Aggregate.MEDIAN)
    assert not round_.participants.exists()


def test_of_an_open_round_only_the_moments_change(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    later = timezone.now() + timedelta(days=3)
    change_round(round_=round_, ends_on=date(2026, 10, 2), closes_at=later)
    assert (round_.ends_on, round_.closes_at) == (date(2026, 10, 2), later)
    with pytest.raises(NotADraft):
        change_round(round_=round_, anonymous=True, closes_at=None)
    close_round(round_=round_)
    with pytest.raises(NotOpen):
        change_round(round_=round_, ends_on=SEPTEMBER)
    round_.refresh_from_db()
    assert (round_.anonymous, round_.closes_at, round_.ends_on) == (False, later, date(2026, 10, 2))


def test_only_a_draft_is_discarded(cast: Cast) -> None:
    draft, open_ = factories.make_round(cast.organization, **DRAFT), factories.make_round(cast.organization)
    factories.make_participant(draft)
    discard_round(round_=draft)
    with pytest.raises(NotADraft):
        discard_round(round_=open_)
    assert list(Round.objects.all()) == [open_]


def test_a_team_joins_and_leaves(cast: Cast) -> None:
    other = factories.make_team(cast.organization)
    round_ = factories.make_round(cast.organization, teams=[cast.team], **DRAFT)
    add_team(round_=round_, team=other)
    add_team(round_=round_, team=other)
    factories.make_participant(round_, team=other)
    remove_team(round_=round_, team=other)
    assert (list(round_.teams.all()), round_.participants.count()) == ([cast.team], 0)
    open_round(round_=round_)
    add_team(round_=round_, team=other)
    factories.make_participant(round_, team=cast.team)
    with pytest.raises(HasParticipants):
        remove_team(round_=round_, team=cast.team)
    remove_team(round_=round_, team=other)
    close_round(round_=round_)
    for change in (add_team, remove_team):
        with pytest.raises(NotOpen):
            change(round_=round_, team=cast.team)
    assert list(round_.teams.all()) == [cast.team]


def test_a_round_opened_again_keeps_its_earlier_results(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    [first] = answer(round_, cast.team, "no")
    with pytest.raises(NotClosed):
        reopen_round(round_=round_)
    close_round(round_=round_)
    before = list(round_.results.order_by("pk").values())
    later = timezone.now() + timedelta(days=3)
    reopen_round(round_=round_, closes_at=later)
    assert (round_.status, round_.closed_at, round_.closes_at) == (RoundStatus.OPEN, None, later)
    answer(round_, cast.team)
    save_answers(response=first, given=[Given(QUESTION, "not_sure")])
    close_round(round_=round_)
    assert round_.revision == 2
    assert list(round_.results.filter(revision=1).order_by("pk").values()) == before
    assert counts(round_, cast.team) == counts(round_) == {"yes": 1, "not_sure": 1}
    assert Result.objects.current().count() == 2


def test_extending_moves_the_closing(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team], closes_at=timezone.now())
    assert not round_.takes_answers
    extend_round(round_=round_, closes_at=timezone.now() + timedelta(days=1))
    assert round_.takes_answers
    close_round(round_=round_)
    with pytest.raises(NotOpen):
        extend_round(round_=round_, closes_at=None)


def test_no_answer_is_taken_after_the_moment_even_where_closing_is_late(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    response = factories.make_response("yes", participant=factories.make_participant(round_), submitted=False)
    extend_round(round_=round_, closes_at=timezone.now())
    with pytest.raises(RoundClosed):
        save_answers(response=response, given=[Given(QUESTION, "no")])
    with pytest.raises(RoundClosed):
        submit_response(response=response)
    response.refresh_from_db()
    assert not response.is_submitted


def test_rounds_open_and_close_when_their_moment_has_come(cast: Cast) -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    states: list[tuple[dict[str, Any], RoundStatus]] = [
        ({**DRAFT, "opens_at": now}, RoundStatus.OPEN),
        ({**DRAFT, "opens_at": now + hour}, RoundStatus.DRAFT),
        (DRAFT, RoundStatus.DRAFT),
        ({**DRAFT, "opens_at": now - hour, "closes_at": now}, RoundStatus.CLOSED),  # nobody was there to open it
        ({**DRAFT, "closes_at": now}, RoundStatus.DRAFT),
        ({"closes_at": now}, RoundStatus.CLOSED),
        ({"closes_at": now + hour}, RoundStatus.OPEN),
        ({}, RoundStatus.OPEN),
    ]
    rounds = [factories.make_round(cast.organization, teams=[cast.team], **fields) for fields, _after in states]
    open_and_close_due_rounds()
    after = [Round.objects.get(pk=round_.pk) for round_ in rounds]
    assert [round_.status for round_ in after] == [status for _fields, status in states]
    assert {round_.status for round_ in after if round_.results.exists()} == {RoundStatus.CLOSED}


def test_a_round_that_fails_stops_no_other(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = (factories.make_round(cast.organization, closes_at=timezone.now()) for _n in range(2))

    def keep_but_one(*, round_: Round) -> None:
        if round_ == broken:
            raise ValueError("of all things")
        keep_results(round_=round_)

    monkeypatch.setattr("assessments.services.rounds.keep_results", keep_but_one)
    open_and_close_due_rounds()
    assert "of all things" in caplog.text
    for round_, status in ((broken, RoundStatus.OPEN), (sound, RoundStatus.CLOSED)):
        round_.refresh_from_db()
        assert round_.status == status


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_close_a_round_once(caplog: pytest.LogCaptureFixture) -> None:
    round_ = factories.make_round(closes_at=timezone.now())
    with caplog.at_level(logging.ERROR):
        assert at_once(open_and_close_due_rounds, open_and_close_due_rounds) == ["", ""]
    assert caplog.text == ""
    round_.refresh_from_db()
    assert (round_.revision, round_.results.count()) == (1, 2)


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_a_round_extended_at_the_last_moment_stays_open() -> None:
    round_ = factories.make_round(closes_at=timezone.now())
    with transaction.atomic():
        extend_round(round_=round_, closes_at=timezone.now() + timedelta(days=1))
        worker = meanwhile(open_and_close_due_rounds)
    worker.result(timeout=10)
    round_.refresh_from_db()
    assert round_.status == RoundStatus.OPEN


def test_who_was_invited_and_has_not_submitted_is_nudged_once_a_day(
    cast: Cast, queued: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    other = factories.make_team(cast.organization)
    round_ = factories.make_round(cast.organization, teams=[cast.team, other])
    now = timezone.now()
    silent, begun, done, recent, elsewhere, uninvited, late = (
        factories.make_participant(round_, team=other if n == 4 else cast.team) for n in range(7)
    )
    factories.make_response({}, participant=begun, submitted=False)
    factories.make_response(participant=done)
    round_.participants.exclude(pk=uninvited.pk).update(invited_at=now - timedelta(hours=25))
    Participant.objects.filter(pk=late.pk).update(invited_at=now - timedelta(hours=23))
    Participant.objects.filter(pk=recent.pk).update(nudged_at=now - timedelta(hours=23))
    Participant.objects.filter(pk=begun.pk).update(nudged_at=now - timedelta(hours=25))
    assert set(Participant.objects.to_nudge()) == {silent, begun, elsewhere}
    with django_capture_on_commit_callbacks(execute=True):
        assert nudge(round_=round_) == 3
        assert nudge(round_=round_, team=other) == 1
        Participant.objects.filter(pk=elsewhere.pk).update(nudged_at=now)
        assert nudge(round_=round_, team=other) == 0
    assert queued == [(NUDGE, [round_.pk, None]), (NUDGE, [round_.pk, other.pk])]
    close_round(round_=round_)
    with pytest.raises(NotOpen):
        nudge(round_=round_)


def test_a_consensus_stands_for_the_team_in_a_new_revision(cast: Cast) -> None:
    other = factories.make_team(cast.organization)
    round_ = factories.make_round(cast.organization, teams=[cast.team, other])
    answer(round_, cast.team, "no", 2)
    answer(round_, other, "no")
    close_round(round_=round_)
    record_consensus(
        round_=round_,
        team=cast.team,
        agreed={QUESTION: ("yes", "We looked."), ANOTHER: ("no", "Not yet.")},
        user=cast.owner,
    )
    assert (round_.revision, round_.results.count()) == (2, 6)
    result = round_.results.get(team=cast.team, revision=2)
    assert result.consensus == {
        QUESTION: {"choice": "yes", "rationale": "We looked."},
        ANOTHER: {"choice": "no", "rationale": "Not yet."},
    }
    assert counts(round_, cast.team) == {"no": 2}
    scores = [card_of(round_, team).scores["governance"] for team in (cast.team, other, None)]
    assert scores == [1, 0, Fraction(2, 3)]
    assert card_of(round_, cast.team, revision=1).scores["governance"] == 0
    assert {row.recorded_by for row in Consensus.objects.all()} == {cast.owner}


def test_a_consensus_is_changed_and_taken_back(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    answer(round_, cast.team, "no")
    close_round(round_=round_)
    record_consensus(
        round_=round_, team=cast.team, agreed={QUESTION: ("yes", "A."), ANOTHER: ("yes", "B.")}, user=cast.owner
    )
    record_consensus(
        round_=round_, team=cast.team, agreed={QUESTION: ("yes", "A."), ANOTHER: ("no", "C.")}, user=cast.facilitator
    )
    recorded = {row.question_key: (row.choice_key, row.rationale, row.recorded_by) for row in Consensus.objects.all()}
    assert recorded == {QUESTION: ("yes", "A.", cast.owner), ANOTHER: ("no", "C.", cast.facilitator)}
    record_consensus(round_=round_, team=cast.team, agreed={}, user=cast.owner)
    assert not Consensus.objects.exists()
    assert (round_.revision, card_of(round_)) == (4, card_of(round_, revision=1))
    record_consensus(round_=round_, team=cast.team, agreed={}, user=cast.owner)
    assert round_.revision == 4


def test_a_consensus_that_says_nothing_new_makes_no_revision(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    close_round(round_=round_)
    for _n in range(2):
        record_consensus(round_=round_, team=cast.team, agreed={QUESTION: ("yes", "We looked.")}, user=cast.owner)
    assert round_.revision == 2


@pytest.mark.parametrize("agreed", [{"no.question": ("yes", "We looked.")}, {QUESTION: ("maybe", "We looked.")}])
def test_a_consensus_on_what_is_not_asked_is_refused(agreed: dict[str, tuple[str, str]], cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    close_round(round_=round_)
    with pytest.raises(KeyError):
        record_consensus(round_=round_, team=cast.team, agreed=agreed, user=cast.owner)
    round_.refresh_from_db()
    assert (round_.revision, Consensus.objects.count()) == (1, 0)


def test_a_consensus_takes_a_closed_round_and_a_result_that_is_shown(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team], anonymous=True)
    agreed = {QUESTION: ("yes", "We looked.")}
    with pytest.raises(NotClosed):
        record_consensus(round_=round_, team=cast.team, agreed=agreed, user=cast.owner)
    answer(round_, cast.team, number=2)
    close_round(round_=round_)
    with pytest.raises(Withheld):
        record_consensus(round_=round_, team=cast.team, agreed=agreed, user=cast.owner)
    assert not Consensus.objects.exists()


def test_late_answers_join_an_anonymous_result_by_three(cast: Cast) -> None:
    other = factories.make_team(cast.organization)
    round_ = factories.make_round(cast.organization, teams=[cast.team, other], anonymous=True)
    answer(round_, cast.team, "no", 3)
    answer(round_, other, "no", 4)
    for late in (2, 1):
        close_round(round_=round_)
        reopen_round(round_=round_)
        answer(round_, cast.team, number=late)
    answer(round_, other)
    close_round(round_=round_)
    shown = [[counts(round_, team, revision) for team in (cast.team, other, None)] for revision in (1, 2, 3)]
    assert shown[0] == shown[1] == [{"no": 3}, {"no": 4}, {"no": 7}]
    assert shown[2] == [{"no": 3, "yes": 3}, {"no": 4}, {"no": 7, "yes": 3}]


def test_before_anything_is_shown_all_late_answers_count(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team], anonymous=True)
    [first, _second] = answer(round_, cast.team, "no", 2)
    close_round(round_=round_)
    assert set(round_.results.values_list("withheld", flat=True)) == {True}
    reopen_round(round_=round_)
    save_answers(response=first, given=[Given(QUESTION, "yes")])
    answer(round_, cast.team, "no")
    close_round(round_=round_)
    assert counts(round_, cast.team) == {"yes": 1, "no": 2}
    assert set(Result.objects.current().values_list("withheld", flat=True)) == {False}


def test_a_counted_anonymous_answer_changes_no_more(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team], anonymous=True)
    [first, *_others] = answer(round_, cast.team, "no", 3)
    save_answers(response=first, given=[Given(QUESTION, "yes")])
    close_round(round_=round_)
    reopen_round(round_=round_)
    with pytest.raises(AlreadyCounted):
        save_answers(response=first, given=[Given(QUESTION, "no")])
    late = factories.make_response(participant=factories.make_participant(round_, team=cast.team))
    save_answers(response=late, given=[Given(QUESTION, "no")])
    close_round(round_=round_)
    assert counts(round_) == {"yes": 1, "no": 2}


def test_a_team_once_withheld_stays_so(cast: Cast) -> None:
    """Were it shown when it has grown, the first result of all less the other team would be its first two."""
    other = factories.make_team(cast.organization)
    round_ = factories.make_round(cast.organization, teams=[cast.team, other], anonymous=True)
    answer(round_, cast.team, "no", 5)
    answer(round_, other, "no", 2)
    close_round(round_=round_)
    reopen_round(round_=round_)
    answer(round_, other, "yes", 4)
    close_round(round_=round_)
    for revision in (1, 2):
        results = round_.results.filter(revision=revision)
        assert dict(results.values_list("team", "withheld")) == {None: False, cast.team.pk: True, other.pk: True}
    assert counts(round_) == {"no": 7, "yes": 4}


class TestSubtraction(TestCase):
    """Nobody who subtracts what is shown, over groups and revisions, learns about fewer than three people."""

    @settings(max_examples=15)
    @given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=2, max_size=4))
    def test_nothing_shown_is_about_fewer_than_three(self, closings: list[tuple[int, ...]]) -> None:
        organization = factories.make_organization()
        teams = [factories.make_team(organization) for _n in range(3)]
        round_ = factories.make_round(organization, teams=teams, anonymous=True)
        published = []
        for numbers in closings:
            if round_.status == RoundStatus.CLOSED:
                reopen_round(round_=round_)
            for team, number in zip(teams, numbers, strict=True):
                submit_bare(round_, team, number)
            close_round(round_=round_)
            for result in Result.objects.current().filter(withheld=False):
                counted = Response.objects.filter(participant__round=round_, counted_since__lte=round_.revision)
                own = counted.filter(participant__team=result.team) if result.team else counted
                assert result.respondents == own.count()
                published.append(frozenset(own.values_list("pk", flat=True)))
        # People who are in just the same of the sets that are shown cannot be told apart by any sum or difference.
        alike = Counter(frozenset(n for n, group in enumerate(published) if pk in group) for pk in everyone(published))
        assert all(number >= SMALLEST_GROUP for number in alike.values())


def everyone(groups: list[frozenset[int]]) -> frozenset[int]:
    return frozenset().union(*groups)


def submit_bare(round_: Round, team: Team, number: int) -> None:
    """Have so many new people submit without an answer, which is quick."""
    there = round_.participants.count()
    people = Participant.objects.bulk_create(
        Participant(organization=round_.organization, round=round_, team=team, email=f"person{there + n}@example.org")
        for n in range(number)
    )
    Response.objects.bulk_create(
        Response(
            organization=round_.organization,
            participant=participant,
            version=round_.version,
            status="submitted",
            submitted_at=timezone.now(),
        )
        for participant in people
    )


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_an_answer_on_its_way() -> None:
    response = factories.make_response("yes", participant=factories.make_participant())
    assert response.participant
    round_ = response.participant.round
    with transaction.atomic():
        save_answers(response=response, given=[Given(QUESTION, "no")])
        closer = meanwhile(lambda: close_round(round_=round_))
    closer.result(timeout=10)
    assert counts(round_) == {"no": 1}


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_an_answer_that_waits_for_the_closing_is_refused() -> None:
    response = factories.make_response("yes", participant=factories.make_participant())
    assert response.participant
    with transaction.atomic():
        close_round(round_=response.participant.round)
        late = meanwhile(lambda: save_answers(response=response, given=[Given(QUESTION, "no")]))
    with pytest.raises(RoundClosed):
        late.result(timeout=10)
    assert response.answers.get(question_key=QUESTION).choice_key == "yes"


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_respondents_do_not_wait_for_each_other() -> None:
    round_ = factories.make_round()
    first, second = (
        factories.make_response({}, participant=factories.make_participant(round_), submitted=False) for _n in range(2)
    )

    def save() -> None:
        with closing(connection):
            save_answers(response=second, given=[Given(QUESTION, "no")])

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        save_answers(response=first, given=[Given(QUESTION, "no")])
        pool.submit(save).result(timeout=10)
    assert second.answers.count() == 1
