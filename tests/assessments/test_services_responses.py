"""What changes a response: each service does what it says, refuses what it says, and lets no answer slip in late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from assessments.models import Answer, QuestionnaireVersion, Response
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.responses import choices_of
from assessments.services.responses import (
    ABANDONED_AFTER_DAYS,
    AlreadySubmitted,
    Given,
    StillOpen,
    discard_response,
    keep_response,
    purge_abandoned_responses,
    reopen_response,
    save_answers,
    start_response,
    submit_response,
)
from tests import factories


@pytest.fixture
def keys(version: QuestionnaireVersion) -> list[str]:
    """The keys of the shipped questions in order."""
    return list(definition_of(version.pk).questions)


@pytest.fixture
def response(version: QuestionnaireVersion) -> Response:
    return start_response(version=version, user=None)


def rows(response: Response) -> list[tuple[str, str, str, str]]:
    return list(
        response.answers.order_by("question_key").values_list("question_key", "choice_key", "note", "evidence_url")
    )


def test_a_response_starts_in_progress(version: QuestionnaireVersion) -> None:
    user = factories.make_user()
    response = start_response(version=version, user=user)
    response.refresh_from_db()
    assert (response.user, response.participant, response.organization) == (user, None, None)
    assert not response.is_submitted


def test_what_is_given_is_kept_replaced_and_taken_back(response: Response, keys: list[str]) -> None:
    first, second, third = sorted(keys[:3])
    save_answers(
        response=response,
        given=[Given(first, "yes", "seen", "https://wiki.example/1"), Given(second, "no"), Given(third, note="later")],
    )
    save_answers(response=response, given=[Given(first, "no", "gone"), Given(second)])
    assert rows(response) == [(first, "no", "gone", ""), (third, "", "later", "")]


def test_a_part_not_given_stays(response: Response, keys: list[str]) -> None:
    save_answers(response=response, given=[Given(keys[0], "yes", "seen", "https://wiki.example/1")])
    save_answers(response=response, given=[Given(keys[0], None, "gone", None), Given(keys[1], None, None, None)])
    save_answers(response=response, given=[Given(keys[0], None, None, "")])
    assert rows(response) == [(keys[0], "yes", "gone", "")]


def test_nothing_given_changes_nothing(response: Response) -> None:
    save_answers(response=response, given=[])
    assert rows(response) == []


def test_what_did_not_change_is_not_written(response: Response, keys: list[str]) -> None:
    save_answers(response=response, given=[Given(keys[0], "yes", "seen"), Given(keys[1], "no")])
    before = dict(response.answers.values_list("question_key", "updated_at"))
    kept = save_answers(response=response, given=[Given(keys[0], "yes", None, None), Given(keys[1], None, "new")])
    after = dict(response.answers.values_list("question_key", "updated_at"))
    assert after[keys[0]] == before[keys[0]] == kept[keys[0]].updated_at
    assert after[keys[1]] == kept[keys[1]].updated_at > before[keys[1]]


def test_what_is_kept_is_returned(response: Response, keys: list[str]) -> None:
    save_answers(response=response, given=[Given(key, "yes") for key in keys[:3]])
    kept = save_answers(response=response, given=[Given(keys[0]), Given(keys[1], "no")])
    assert {key: row.choice_key for key, row in kept.items()} == {keys[1]: "no", keys[2]: "yes"}


def test_a_participants_submitted_response_changes_but_stays_complete(version: QuestionnaireVersion) -> None:
    response = factories.make_response(participant=factories.make_participant(factories.make_round(version=version)))
    first, second = definition_of(version.pk).dimensions[0].questions[:2]
    kept = save_answers(response=response, given=[Given(first.key, "no"), Given(second.key)])
    assert (kept[first.key].choice_key, kept[second.key].choice_key) == ("no", "yes")
    response.refresh_from_db()
    assert response.is_submitted


def test_answers_carry_the_organization_of_their_round(db: None) -> None:
    participant = factories.make_participant()
    response = factories.make_response(participant=participant)
    assert set(response.answers.values_list("organization_id", flat=True)) == {participant.organization_id}


@pytest.mark.parametrize("number", [1, 24])
def test_saving_costs_the_same_however_many(
    number: int, response: Response, keys: list[str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    save_answers(response=response, given=[Given(keys[24], "no")])
    with transaction.atomic(), django_assert_num_queries(6):  # four, and the savepoint around them
        save_answers(response=response, given=[*(Given(key, "yes") for key in keys[:number]), Given(keys[24])])


def test_saving_counts_as_a_touch(response: Response, keys: list[str]) -> None:
    long_ago = timezone.now() - dt.timedelta(days=30)
    Response.objects.update(updated_at=long_ago)
    save_answers(response=response, given=[Given(keys[0], "yes")])
    response.refresh_from_db()
    assert response.updated_at > long_ago


def test_a_complete_response_is_submitted(response: Response, keys: list[str]) -> None:
    save_answers(response=response, given=[Given(key, "yes") for key in keys])
    submit_response(response=response)
    response.refresh_from_db()
    assert response.is_submitted
    assert response.submitted_at is not None


def test_open_questions_are_named_in_order(response: Response, keys: list[str]) -> None:
    given = [Given(key, "yes") for key in keys if key not in (keys[20], keys[3])]
    save_answers(response=response, given=[*given, Given(keys[3], note="no choice yet")])
    with pytest.raises(StillOpen, match="2 questions are open") as error:
        submit_response(response=response)
    assert error.value.questions == [keys[3], keys[20]]
    response.refresh_from_db()
    assert not response.is_submitted


def test_after_submission_nothing_changes(db: None) -> None:
    response = factories.make_response("yes")
    key = next(iter(choices_of(response)))
    for given in (Given(key, "no"), Given(key)):
        with pytest.raises(AlreadySubmitted):
            save_answers(response=response, given=[given])
    with pytest.raises(AlreadySubmitted):
        submit_response(response=response)
    assert choices_of(response)[key] == "yes"


def test_a_self_assessment_is_taken_up_again(db: None) -> None:
    response = factories.make_response("yes")
    reopen_response(response=response)
    key = next(iter(choices_of(response)))
    save_answers(response=response, given=[Given(key, "no")])
    submit_response(response=response)
    assert choices_of(response)[key] == "no"


def test_a_participants_response_stays_submitted(db: None) -> None:
    response = factories.make_response(participant=factories.make_participant())
    reopen_response(response=response)
    response.refresh_from_db()
    assert response.is_submitted


def test_the_first_account_keeps_a_response(response: Response) -> None:
    first, second = factories.make_user(), factories.make_user()
    keep_response(response=response, user=first)
    keep_response(response=response, user=second)
    response.refresh_from_db()
    assert response.user == first


def test_a_discarded_response_is_gone_with_its_answers(db: None) -> None:
    discard_response(response=factories.make_response())
    assert not Response.objects.exists()
    assert not Answer.objects.exists()


def test_a_participants_response_is_not_discarded(db: None) -> None:
    response = factories.make_response(participant=factories.make_participant())
    discard_response(response=response)
    assert Response.objects.filter(pk=response.pk).exists()


def test_only_what_nobody_keeps_nor_touches_is_purged(db: None) -> None:
    old = timezone.now() - dt.timedelta(days=ABANDONED_AFTER_DAYS, seconds=1)
    young = timezone.now() - dt.timedelta(days=ABANDONED_AFTER_DAYS, seconds=-60)
    touched = {
        factories.make_response({}, submitted=False): old,
        factories.make_response("yes"): old,
        factories.make_response({}, submitted=False): young,
        factories.make_response({}, submitted=False, user=factories.make_user()): old,
        factories.make_response({}, submitted=False, participant=factories.make_participant()): old,
    }
    for response, moment in touched.items():
        Response.objects.filter(pk=response.pk).update(updated_at=moment)
    assert purge_abandoned_responses() == 2 + 25
    _first, _second, *kept = touched
    assert set(Response.objects.all()) == set(kept)
    assert purge_abandoned_responses() == 0


def meanwhile(action: Callable[[], Any]) -> Future[Any]:
    """Start an action on a connection of its own; return its future once it waits for a lock that we hold."""

    def run() -> Any:
        with closing(connection):
            return action()

    executor = ThreadPoolExecutor(1)
    future = executor.submit(run)
    executor.shutdown(wait=False)
    with connection.cursor() as cursor:
        waits = False
        while not (waits or future.done()):
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted"
                " AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
            )
            [waits] = cursor.fetchone()
    assert waits, "it did not wait"
    return future


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_no_answer_slips_in_while_submitting() -> None:
    response = factories.make_response("yes", submitted=False)
    key = next(iter(choices_of(response)))
    with transaction.atomic():
        submit_response(response=response)
        late = meanwhile(lambda: save_answers(response=response, given=[Given(key, "no")]))
    with pytest.raises(AlreadySubmitted):
        late.result(timeout=10)
    assert choices_of(response)[key] == "yes"


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_submitting_sees_an_answer_taken_back_before() -> None:
    response = factories.make_response("yes", submitted=False)
    key = next(iter(choices_of(response)))
    with transaction.atomic():
        save_answers(response=response, given=[Given(key)])
        submission = meanwhile(lambda: submit_response(response=response))
    with pytest.raises(StillOpen) as error:
        submission.result(timeout=10)
    assert error.value.questions == [key]


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
def test_of_two_submissions_at_once_one_is_told() -> None:
    response = factories.make_response("yes", submitted=False)
    with transaction.atomic():
        submit_response(response=response)
        second = meanwhile(lambda: submit_response(response=Response.objects.get(pk=response.pk)))
    with pytest.raises(AlreadySubmitted):
        second.result(timeout=10)
