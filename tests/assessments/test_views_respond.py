"""Responding in a round, as a member or by a personal link: the survey of `/try/`, until the round closes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from assessments.models import Answer, Participant, QuestionnaireVersion, Response, Round
from assessments.models.rounds import RoundStatus
from assessments.selectors.questionnaires import definition_of
from assessments.services import responses
from assessments.services.rounds import close_round, reopen_round
from organizations.models import User
from organizations.selectors import hash_of
from tests.factories import (
    Cast,
    make_participant,
    make_response,
    make_round,
    make_user,
    make_version,
    shipped_definition,
)

pytestmark = pytest.mark.django_db
VERSIONING, VALIDATION = "data_management.versioning", "data_management.validation"
STEP = "questions/data_management/"
TOKEN = "a-token-of-a-personal-link"
HTMX = {"HX-Request": "true"}
WAYS = ("member", "link")


@dataclass
class Respondent:
    """A browser at the survey of a round, by one of the ways to it."""

    client: Client
    base: str
    participant: Participant

    def get(self, step: str = "") -> tuple[int, str]:
        reply = self.client.get(self.base + step)
        return reply.status_code, reply.content.decode()

    def post(self, step: str = "", data: Mapping[str, str] = {}) -> tuple[int, str]:
        reply = self.client.post(self.base + step, data)
        return reply.status_code, reply.get("Location", reply.content.decode())

    def send(self, key: str, **parts: str) -> tuple[int, str]:
        """Send one answer as the page's script does."""
        data = {"question": key} | {f"{key}-{name}": value for name, value in parts.items()}
        reply = self.client.post(f"{self.base}answer/", data, headers=HTMX)
        return reply.status_code, reply.content.decode()

    def submit(self, choice: str = "yes") -> Response:
        """Answer everything and submit."""
        response = responses.start_participant_response(participant=self.participant)
        keys = definition_of(response.version_id).questions
        responses.save_answers(response=response, given=[responses.Given(key, choice) for key in keys])
        assert self.post("submit/") == (302, f"{self.base}done/")
        return Response.objects.get(pk=response.pk)


@pytest.fixture
def round_(cast: Cast, version: QuestionnaireVersion) -> Round:
    cast.organization.time_zone = "Europe/Berlin"
    cast.organization.save()
    return make_round(
        cast.organization,
        version=version,
        teams=[cast.team],
        closes_at=dt.datetime(2126, 7, 1, 15, 0, tzinfo=dt.UTC),
    )


@pytest.fixture
def come(client_of: Callable[[User], Client]) -> Callable[..., Respondent]:
    """Return a function that lets a new participant come by one of the ways."""

    def come_by(way: str, round_: Round, user: User | None) -> Respondent:
        participant = make_participant(round_, user=user)
        if way == "member":
            assert user
            return Respondent(
                client_of(user), f"/orgs/{round_.organization.slug}/rounds/{round_.pk}/respond/", participant
            )
        Participant.objects.filter(pk=participant.pk).update(token_hash=hash_of(TOKEN))
        return Respondent(Client(), f"/respond/{TOKEN}/", participant)

    return come_by


@pytest.fixture(params=WAYS)
def someone(request: pytest.FixtureRequest, come: Callable[..., Respondent], round_: Round, cast: Cast) -> Respondent:
    """A participant who came by each of the ways in turn."""
    return come(request.param, round_, cast.member)


@pytest.fixture
def holder(come: Callable[..., Respondent], round_: Round) -> Respondent:
    """Somebody without an account, by the personal link."""
    return come("link", round_, None)


def move(round_: Round, **fields: object) -> None:
    Round.objects.filter(pk=round_.pk).update(**fields)


class TestStart:
    def test_it_says_what_is_asked_for_whom_and_until_when(self, someone: Respondent) -> None:
        status, page = someone.get()

        assert status == 200
        for text in ("Acme Insurance", "Pricing", "Q3 2026", "25 questions, about 10 minutes"):
            assert text in page
        assert "until Monday, 1 July 2126, 17:00 CEST (99" in page

    @pytest.mark.parametrize(("anonymous", "words"), [(True, "Anonymous: nobody"), (False, "Named: whoever")])
    def test_it_says_who_sees_what(self, someone: Respondent, round_: Round, anonymous: bool, words: str) -> None:
        move(round_, anonymous=anonymous, closes_at=None)

        page = someone.get()[1]

        assert words in page
        assert "until a facilitator closes the round" in page

    def test_starting_leads_to_the_first_question_and_twice_makes_one_response(self, someone: Respondent) -> None:
        assert someone.post() == someone.post() == (302, someone.base + STEP)
        response = Response.objects.get()
        assert response.participant == someone.participant
        assert response.organization_id == someone.participant.organization_id

    def test_it_goes_on_where_one_was(self, someone: Respondent) -> None:
        someone.post()
        for key in list(definition_of(someone.participant.round.version_id).questions)[:7]:
            someone.send(key, choice="yes")

        page = someone.get()[1]

        assert "7 of 25 questions are answered" in page
        assert f"{someone.base}questions/model_development/" in page
        assert "Discard" not in page

    @pytest.mark.parametrize("step", [STEP, "review/", "submit/", "done/"])
    def test_a_step_before_the_start_leads_there(self, someone: Respondent, step: str) -> None:
        assert someone.client.get(someone.base + step)["Location"].startswith(someone.base)
        assert someone.send(VERSIONING, choice="yes")[0] == 404
        assert not Response.objects.exists()

    def test_the_link_and_the_account_of_one_participant_share_the_response(
        self, come: Callable[..., Respondent], round_: Round, cast: Cast, client_of: Callable[[User], Client]
    ) -> None:
        by_link = come("link", round_, cast.member)
        by_link.post()
        by_link.send(VERSIONING, choice="no")

        page = client_of(cast.member).get(f"/orgs/{cast.organization.slug}/rounds/{round_.pk}/respond/{STEP}")

        assert 'value="no" autocomplete="off" checked' in page.content.decode()


class TestWhoMayCome:
    def test_a_wrong_link_is_not_found(self, holder: Respondent) -> None:
        reply = Client().get(f"/respond/{TOKEN}x/")

        assert reply.status_code == 404
        assert "This link does not work" in reply.content.decode()
        assert "Acme" not in reply.content.decode()

    def test_a_member_who_is_not_asked_is_told_so(self, someone: Respondent, round_: Round, cast: Cast) -> None:
        client = Client()
        client.force_login(cast.owner, backend="django.contrib.auth.backends.ModelBackend")

        reply = client.get(f"/orgs/{cast.organization.slug}/rounds/{round_.pk}/respond/")

        assert reply.status_code == 404
        assert "You are not asked to respond here" in reply.content.decode()

    def test_who_is_logged_out_while_answering_is_told_so(
        self, round_: Round, come: Callable[..., Respondent], cast: Cast
    ) -> None:
        member = come("member", round_, cast.member)
        member.post()
        member.client.logout()

        status, fragment = member.send(VERSIONING, choice="yes")

        assert status == 403
        assert "You are logged out" in fragment
        assert "/accounts/login/?next=" in fragment

    def test_a_page_of_somebody_else_is_refused(self, someone: Respondent, round_: Round) -> None:
        other = make_response({}, participant=make_participant(round_), submitted=False)
        someone.post()

        status, page = someone.post(STEP, {"response": str(other.public_id), f"{VERSIONING}-choice": "no"})

        assert status == 409
        assert "belongs to another assessment" in page
        assert not Answer.objects.exists()

    def test_nothing_of_the_link_leaves_the_site(self, holder: Respondent) -> None:
        holder.post()

        reply = holder.client.get(holder.base + STEP)

        assert reply["Referrer-Policy"] == "same-origin"
        assert "no-store" in reply["Cache-Control"]
        assert "http" not in reply.content.decode().replace("https://</", "").replace('placeholder="https://"', "")

    def test_it_takes_few_queries(
        self, holder: Respondent, round_: Round, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        holder.post()
        before = make_round(round_.organization, version=round_.version, teams=list(round_.teams.all()))
        make_response(participant=make_participant(before, email=holder.participant.email))
        move(round_, previous=before, show_last_answers=True)
        with django_assert_num_queries(4):
            holder.get(STEP)


class TestChangingUntilClosing:
    def test_submitting_leads_to_thanks(self, someone: Respondent) -> None:
        assert someone.submit().is_submitted

        status, page = someone.get("done/")

        assert status == 200
        assert "Thank you" in page
        assert "until Monday, 1 July 2126, 17:00 CEST" in page
        assert f'href="{someone.base}review/"' in page
        assert someone.client.get(someone.base)["Location"] == f"{someone.base}done/"

    def test_it_is_refused_with_open_questions(self, someone: Respondent) -> None:
        someone.post()

        status, page = someone.post("submit/")

        assert status == 422
        assert "25 questions have no answer yet" in page

    def test_submitting_twice_leads_to_thanks_again(self, someone: Respondent) -> None:
        response = someone.submit()

        assert someone.post("submit/") == (302, f"{someone.base}done/")
        assert Response.objects.get().submitted_at == response.submitted_at

    def test_a_change_is_saved_and_the_response_stays_submitted(self, someone: Respondent) -> None:
        someone.submit()

        assert someone.send(VERSIONING, choice="no", note="Since June")[0] == 200
        assert someone.post(STEP, {f"{VALIDATION}-choice": "not_sure"})[0] == 302

        kept = dict(Answer.objects.values_list("question_key", "choice_key"))
        assert (kept[VERSIONING], kept[VALIDATION]) == ("no", "not_sure")
        assert Response.objects.get().is_submitted
        assert "they count" in someone.get("review/")[1]

    def test_an_answer_cannot_be_taken_back_then(self, someone: Respondent) -> None:
        someone.submit()

        someone.send(VERSIONING, choice="")

        assert Answer.objects.get(question_key=VERSIONING).choice_key == "yes"
        assert Response.objects.get().is_submitted

    def test_what_an_anonymous_result_has_shown_stays(self, someone: Respondent, round_: Round) -> None:
        someone.submit()
        move(round_, anonymous=True)
        Response.objects.update(counted_since=1)

        assert someone.send(VERSIONING, choice="no")[0] == 409
        assert someone.post(STEP, {f"{VERSIONING}-choice": "no"})[0] == 409
        assert someone.post("submit/")[0] == 409
        for step in (STEP, "review/"):
            assert someone.client.get(someone.base + step)["Location"] == f"{someone.base}done/"
        page = someone.get("done/")[1]
        assert "part of a result that was shown" in page
        assert "Change my answers" not in page
        assert Answer.objects.get(question_key=VERSIONING).choice_key == "yes"


class TestLateInAnAnonymousRound:
    """Once an anonymous round has shown a result, one or two answers more would stand out: they wait for a third."""

    @pytest.fixture(autouse=True)
    def _shown_before(self, round_: Round) -> None:
        move(round_, anonymous=True)
        round_.refresh_from_db()
        for _n in range(3):
            make_response(participant=make_participant(round_))
        close_round(round_=round_)
        reopen_round(round_=round_)

    def test_it_is_told_before_and_after(self, someone: Respondent, round_: Round) -> None:
        waits = "answers that come late count once at least three of them have come"
        assert waits in someone.get()[1]
        someone.submit("no")
        page = someone.get("done/")[1]
        assert waits in page
        assert "Your answers are kept." in page
        assert "Your answers count." not in page
        close_round(round_=round_)
        assert "They are not part of the result" in someone.get("done/")[1]

    def test_three_of_them_count(self, someone: Respondent, round_: Round) -> None:
        someone.submit("no")
        for _n in range(2):
            make_response(participant=make_participant(round_))
        close_round(round_=round_)
        assert "You had submitted your answers; they count." in someone.get("done/")[1]


class TestTooEarlyOrTooLate:
    def test_before_it_opens_only_organization_and_period_are_told(self, holder: Respondent, round_: Round) -> None:
        move(
            round_,
            status=RoundStatus.DRAFT,
            opened_at=None,
            opens_at=dt.datetime(2126, 6, 1, 7, 0, tzinfo=dt.UTC),
        )

        status, page = holder.get()

        assert status == 200
        assert "It opens on 1 June 2126, 09:00 CEST" in page
        assert "Acme Insurance" in page
        assert "Q3 2026" in page
        assert "Pricing" not in page
        assert holder.post()[0] == 409
        assert not Response.objects.exists()

    @pytest.mark.parametrize("late", ["closed", "overdue"])
    def test_after_it_closed_only_organization_and_period_are_told(
        self, someone: Respondent, round_: Round, late: str
    ) -> None:
        someone.submit()
        if late == "closed":
            close_round(round_=round_)
        else:
            move(round_, closes_at=timezone.now() - dt.timedelta(seconds=1))

        for step in ("", STEP, "review/", "done/"):
            status, page = someone.get(step)
            assert status == 410
            assert "The round closed on" in page
            assert "You had submitted your answers; they count" in page
            assert "Pricing" not in page

    def test_what_was_typed_is_shown_again(self, someone: Respondent, round_: Round) -> None:
        someone.post()
        close_round(round_=round_)
        typed = {
            "csrfmiddlewaretoken": "x",
            f"{VERSIONING}-choice": "not_sure",
            f"{VERSIONING}-note": "Half & half\nfor now",
            f"{VALIDATION}-note": "As before",
            f"initial-{VALIDATION}-note": "As before",
        }

        status, page = someone.post(STEP, typed)

        assert status == 409
        assert "Half &amp; half<br>for now" in page
        assert "Not sure" in page
        assert "As before" not in page
        assert "were not submitted and do not count" in page
        assert not Answer.objects.exists()

    def test_an_answer_as_it_is_given_is_refused_in_place(self, someone: Respondent, round_: Round) -> None:
        someone.post()
        close_round(round_=round_)

        status, fragment = someone.send(VERSIONING, choice="yes", note="Late")

        assert status == 409
        assert "The round closed on" in fragment
        assert "<html" not in fragment

    @pytest.mark.parametrize("step", [STEP, "answer/", "submit/"])
    def test_closing_in_the_middle_of_a_request_is_told_too(
        self, someone: Respondent, round_: Round, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The round closes after the request was let in and before its answer is locked in."""
        someone.post()

        def closing(**_given: object) -> None:
            close_round(round_=round_)
            raise responses.RoundClosed

        monkeypatch.setattr(responses, "change_answers", closing)
        monkeypatch.setattr(responses, "submit_response", closing)

        status, page = someone.post(step, {"question": VERSIONING, f"{VERSIONING}-note": "Just too late"})

        assert status == 409
        assert "The round closed on" in page
        assert "Just too late" in page


class TestLastAnswers:
    @pytest.fixture
    def before(self, someone: Respondent, round_: Round) -> Participant:
        """The same person in the round that this one was started from."""
        earlier = make_round(
            round_.organization, version=round_.version, teams=list(round_.teams.all()), quarter=(2026, 2)
        )
        participant = make_participant(earlier, user=someone.participant.user, email=someone.participant.email.upper())
        response = make_response("no", participant=participant)
        responses.save_answers(
            response=response, given=[responses.Given(VERSIONING, "yes", "Since May", "https://wiki.example.org/v")]
        )
        make_response("not_sure", participant=make_participant(earlier, email="somebody@else.example"))
        move(round_, previous=earlier, show_last_answers=True)
        someone.post()
        return participant

    def test_they_stand_at_the_questions_and_count_for_nothing(self, someone: Respondent, before: Participant) -> None:
        page = someone.get(STEP)[1]

        assert page.count("Last time:") == 5
        assert "Since May" in page
        assert "0 of 25" in page
        assert 'autocomplete="off" checked' not in page

    @pytest.mark.parametrize("reason", ["not shown", "somebody else", "not submitted"])
    def test_there_are_none(self, someone: Respondent, before: Participant, round_: Round, reason: str) -> None:
        if reason == "not shown":
            move(round_, show_last_answers=False)
        elif reason == "somebody else":
            Participant.objects.filter(pk=before.pk).update(user=make_user(), email="other@acme.example")
        else:
            Response.objects.filter(participant=before).update(status="in_progress", submitted_at=None)

        page = someone.get(STEP)[1]

        assert "Last time:" not in page
        assert "as_last_time" not in page

    def test_the_same_address_without_an_account_is_the_same_person(
        self, someone: Respondent, before: Participant
    ) -> None:
        Participant.objects.filter(pk=before.pk).update(user=None)

        assert "Last time:" in someone.get(STEP)[1]

    def test_one_button_answers_what_is_open_in_the_step(self, someone: Respondent, before: Participant) -> None:
        data = {"as_last_time": "1", f"{VALIDATION}-choice": "not_sure", f"{VERSIONING}-note": ""}

        assert someone.post(STEP, data) == (302, someone.base + STEP)

        kept = {row.question_key: row for row in Answer.objects.filter(response__participant=someone.participant)}
        assert len(kept) == 5
        assert kept[VALIDATION].choice_key == "not_sure"
        assert kept[VERSIONING].choice_key == "yes"
        assert kept[VERSIONING].note == "Since May"
        assert kept[VERSIONING].evidence_url == "https://wiki.example.org/v"
        assert "as_last_time" not in someone.get(STEP)[1]

    def test_notes_of_an_anonymous_round_stay_behind(
        self, someone: Respondent, before: Participant, round_: Round
    ) -> None:
        """In a named round they would stand beside the name."""
        move(before.round, anonymous=True)
        someone.post(STEP, {"as_last_time": "1"})
        assert not Answer.objects.filter(response__participant=someone.participant).exclude(note="").exists()
        move(round_, anonymous=True)
        assert "Since May" in someone.get(STEP)[1]

    def test_an_answer_there_is_stays(self, someone: Respondent, before: Participant) -> None:
        someone.send(VERSIONING, choice="no", note="Gone")

        someone.post(STEP, {"as_last_time": "1"})

        answer = Answer.objects.get(response__participant=someone.participant, question_key=VERSIONING)
        assert (answer.choice_key, answer.note) == ("no", "Gone")


class TestReasons:
    """A choice that takes a question out of the score needs a note that says why."""

    @pytest.fixture
    def round_(self, cast: Cast) -> Round:
        data = shipped_definition() | {"slug": "with-a-way-out"}
        data["choices"] = [*data["choices"], {"key": "not_applicable", "label": "Does not apply", "excluded": True}]
        return make_round(cast.organization, version=make_version(data), teams=[cast.team])

    def test_without_one_the_choice_is_kept_and_the_page_asks(self, someone: Respondent) -> None:
        someone.post()

        status, fragment = someone.send(VERSIONING, choice="not_applicable")

        assert status == 422
        assert "<li data-opens-details>Note: Say why this does not apply" in fragment
        assert 'open="open"' in someone.get(STEP)[1].partition(f'id="{VALIDATION}"')[0]
        assert "0 of 25" in fragment
        assert Answer.objects.get().choice_key == "not_applicable"

    def test_without_one_a_step_sent_whole_comes_back(self, someone: Respondent) -> None:
        someone.post()

        status, page = someone.post(STEP, {f"{VERSIONING}-choice": "not_applicable", f"{VALIDATION}-choice": "yes"})

        assert status == 422
        assert "Say why this does not apply" in page
        assert Answer.objects.count() == 2

    def test_the_note_may_come_before_or_after(self, someone: Respondent) -> None:
        someone.post()
        someone.send(VERSIONING, note="Bought as a service")
        someone.send(VALIDATION, choice="not_applicable")

        assert someone.send(VERSIONING, choice="not_applicable")[0] == 200
        assert "2 of 25" in someone.send(VALIDATION, note="No data of our own")[1]

    def test_the_review_asks_for_it_and_submission_waits(self, someone: Respondent) -> None:
        response = responses.start_participant_response(participant=someone.participant)
        keys = definition_of(response.version_id).questions
        responses.save_answers(
            response=response,
            given=[responses.Given(key, "yes" if key != VERSIONING else "not_applicable") for key in keys],
        )

        page = someone.get("review/")[1]

        assert "1 question is still open" in page
        assert "say why in the note" in page
        assert someone.post("submit/")[0] == 422

    def test_in_a_submitted_response_it_comes_with_the_choice(self, someone: Respondent) -> None:
        someone.submit()

        status, fragment = someone.send(VERSIONING, choice="not_applicable")

        assert status == 422
        assert "Say why this does not apply" in fragment
        assert Answer.objects.get(question_key=VERSIONING).choice_key == "yes"
        assert someone.send(VERSIONING, choice="not_applicable", note="Bought")[0] == 200
        assert someone.send(VERSIONING, note="")[0] == 422
        assert Answer.objects.get(question_key=VERSIONING).note == "Bought"
        assert Response.objects.get().is_submitted


class TestSeveralDevices:
    """The last one wins, and each page says what changed elsewhere."""

    @pytest.fixture
    def seen(self, someone: Respondent) -> str:
        """What a page knows that was loaded before another device changed the answer from no to yes."""
        someone.post()
        someone.send(VERSIONING, choice="no")
        seen = Answer.objects.get().updated_at.isoformat()
        assert f'name="seen-{VERSIONING}" value="{seen}"' in someone.get(STEP)[1]
        someone.send(VERSIONING, choice="yes")
        return seen

    def answer(self, someone: Respondent, seen: str, **parts: str) -> str:
        data = {"question": VERSIONING, f"seen-{VERSIONING}": seen}
        data |= {f"{VERSIONING}-{name}": value for name, value in parts.items()}
        return someone.client.post(f"{someone.base}answer/", data, headers=HTMX).content.decode()

    def test_who_replaces_an_unseen_answer_is_told(self, someone: Respondent, seen: str) -> None:
        assert "what you gave here has replaced that" in self.answer(someone, seen, choice="not_sure")
        assert Answer.objects.get().choice_key == "not_sure"

    def test_who_adds_to_an_unseen_answer_gets_it(self, someone: Respondent, seen: str) -> None:
        fragment = self.answer(someone, seen, note="Seen")

        assert "has replaced" not in fragment
        assert f'name="initial-{VERSIONING}-choice" value="yes"' in fragment

    def test_who_gives_the_same_replaces_nothing(self, someone: Respondent, seen: str) -> None:
        assert "has replaced" not in self.answer(someone, seen, choice="yes")

    def test_who_has_seen_it_is_told_nothing(self, someone: Respondent, seen: str) -> None:
        newest = Answer.objects.get().updated_at.isoformat()

        assert "has replaced" not in self.answer(someone, newest, choice="no")

    def test_it_is_told_without_script_too(self, someone: Respondent, seen: str) -> None:
        data = {f"seen-{VERSIONING}": seen, f"{VERSIONING}-choice": "not_sure", f"initial-{VERSIONING}-choice": "no"}

        _status, location = someone.post(STEP, data)

        assert "what you gave here has replaced that" in someone.client.get(location).content.decode()

    def test_a_reply_has_what_is_kept_of_the_whole_step(self, someone: Respondent, seen: str) -> None:
        _status, fragment = someone.send(VALIDATION, choice="no")

        assert 'id="survey-kept" hx-swap-oob="true"' in fragment
        assert f'name="initial-{VERSIONING}-choice" value="yes"' in fragment
