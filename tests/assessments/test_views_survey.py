"""The survey at /try/: saving, going on, reviewing, submitting; and whatever is sent that should not be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from assessments.models import Answer, QuestionnaireVersion, Response
from assessments.selectors.questionnaires import definition_of
from assessments.services import responses
from assessments.visits import SESSION_KEY, remember
from organizations.models import User
from tests.accounts import code_in_mail
from tests.assessments.test_services_responses import meanwhile
from tests.factories import PASSWORD, Cast, make_response, make_user, make_version

pytestmark = pytest.mark.django_db
VERSIONING, VALIDATION = "data_management.versioning", "data_management.validation"
STEP = "/try/questions/data_management/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def visitor(version: QuestionnaireVersion) -> Client:
    """A visitor's browser that has started the survey."""
    client = Client()
    client.post("/try/")
    return client


def response_of(client: Client) -> Response:
    return Response.objects.get(public_id=client.session[SESSION_KEY])


def send(client: Client, key: str, choice: str = "", **fields: str) -> tuple[int, str]:
    """Send one answer as the page does; return the status and the fragment."""
    data = {"question": key, f"{key}-choice": choice} | {f"{key}-{name}": value for name, value in fields.items()}
    reply = client.post("/try/answer/", data, headers=HTMX)
    return reply.status_code, reply.content.decode()


def answer_everything(client: Client, choice: str = "yes") -> None:
    response = response_of(client)
    keys = definition_of(response.version_id).questions
    responses.save_answers(response=response, given=[responses.Given(key, choice) for key in keys])


class TestStart:
    def test_without_a_questionnaire_it_says_how_to_get_one(self, client: Client) -> None:
        reply = client.get("/try/")

        assert reply.status_code == 404
        assert "questionnaire load" in reply.content.decode()

    def test_starting_leads_to_the_first_dimension(self, version: QuestionnaireVersion, client: Client) -> None:
        reply = client.post("/try/")

        assert reply["Location"] == STEP
        assert response_of(client).user is None

    def test_it_offers_to_go_on_where_the_first_question_is_open(self, visitor: Client) -> None:
        for key in list(definition_of(response_of(visitor).version_id).questions)[:7]:
            send(visitor, key, "yes")

        page = visitor.get("/try/").content.decode()

        assert "7 of 25 questions are answered" in page
        assert "/try/questions/model_development/" in page

    def test_another_device_of_the_same_account_goes_on(
        self, version: QuestionnaireVersion, client_of: Callable[[User], Client]
    ) -> None:
        user = make_user()
        client_of(user).post("/try/")

        page = client_of(user).get(STEP)

        assert page.status_code == 200
        assert Response.objects.get().user == user

    def test_starting_in_a_second_tab_goes_on_with_what_the_first_one_started(self, visitor: Client) -> None:
        for key in list(definition_of(response_of(visitor).version_id).questions)[:7]:
            send(visitor, key, "yes")

        assert visitor.post("/try/")["Location"] == "/try/questions/model_development/"
        assert Response.objects.count() == 1

    def test_a_submitted_one_can_be_followed_by_a_new_one(self, visitor: Client) -> None:
        answer_everything(visitor)
        visitor.post("/try/submit/")
        first = response_of(visitor)

        assert first.get_absolute_url() in visitor.get("/try/").content.decode()
        visitor.post("/try/")

        assert response_of(visitor) != first

    def test_a_session_that_has_ended_is_followed_by_a_new_one(
        self, version: QuestionnaireVersion, client: Client
    ) -> None:
        client.get("/try/")
        Session.objects.all().delete()

        assert client.post("/try/")["Location"] == STEP
        assert response_of(client) == Response.objects.get()

    def test_a_session_that_ends_meanwhile_starts_nothing(
        self, version: QuestionnaireVersion, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def remember_and_end(request: HttpRequest) -> None:
            remember(request)
            Session.objects.all().delete()

        monkeypatch.setattr("assessments.ways.remember", remember_and_end)
        assert client.post("/try/").status_code == 400
        assert not Response.objects.exists()


@pytest.mark.timeout(30)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("logged_in", [False, True])
def test_a_double_tap_starts_one(logged_in: bool, client: Client, client_of: Callable[[User], Client]) -> None:
    make_version()
    client = client_of(make_user()) if logged_in else client
    client.get("/try/")
    again = Client()
    again.cookies = client.cookies

    with transaction.atomic():
        client.post("/try/")
        second = meanwhile(lambda: again.post("/try/"))

    assert second.result(timeout=10)["Location"] == STEP
    assert response_of(client) == response_of(again) == Response.objects.get()


class TestAnswer:
    def test_an_answer_is_kept_with_note_and_evidence(self, visitor: Client) -> None:
        status, fragment = send(visitor, VERSIONING, "yes", note="DVC", evidence_url="wiki.example.org/dvc")

        assert status == 200
        answer = Answer.objects.get()
        assert (answer.question_key, answer.choice_key, answer.note) == (VERSIONING, "yes", "DVC")
        assert answer.evidence_url == "https://wiki.example.org/dvc"
        assert "1 of 25" in fragment
        assert "hx-swap-oob" in fragment

    def test_what_is_kept_is_on_the_page_again(self, visitor: Client) -> None:
        send(visitor, VERSIONING, "no", note="<b>Soon</b>")

        page = visitor.get(STEP).content.decode()

        assert "&lt;b&gt;Soon&lt;/b&gt;" in page
        assert 'value="no" autocomplete="off" checked' in page

    def test_a_later_answer_replaces_an_earlier_one(self, visitor: Client) -> None:
        send(visitor, VERSIONING, "no", note="Soon")
        send(visitor, VERSIONING, "yes", note="")

        assert list(Answer.objects.values_list("choice_key", "note")) == [("yes", "")]

    def test_parts_sent_by_two_tabs_are_both_kept(self, visitor: Client) -> None:
        visitor.post("/try/answer/", {"question": VERSIONING, f"{VERSIONING}-note": "Soon"}, headers=HTMX)
        visitor.post("/try/answer/", {"question": VERSIONING, f"{VERSIONING}-choice": "no"}, headers=HTMX)

        assert list(Answer.objects.values_list("choice_key", "note")) == [("no", "Soon")]

    def test_the_progress_counts_choices_only(self, visitor: Client) -> None:
        _status, fragment = send(visitor, VERSIONING, note="Ask Ada")

        assert "0 of 25" in fragment
        assert Answer.objects.get().note == "Ask Ada"

    def test_answering_takes_few_queries(
        self, visitor: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_max_num_queries(9):
            send(visitor, VERSIONING, "yes")


class TestBadInput:
    """Each is refused with a 4xx that says what to mend, and what was answered stays."""

    @pytest.fixture(autouse=True)
    def answered(self, visitor: Client) -> Iterator[None]:
        send(visitor, VERSIONING, "yes", note="Kept")
        yield
        answer = Answer.objects.get(response=response_of(visitor), question_key=VERSIONING)
        assert (answer.choice_key, answer.note) == ("yes", "Kept")

    @pytest.mark.parametrize("choice", ["maybe", "YES", "1", "\x00", "yes' OR 1=1"])
    def test_an_unknown_choice(self, visitor: Client, choice: str) -> None:
        status, fragment = send(visitor, VERSIONING, choice, note="Kept")

        assert status == 422
        assert "is not among the choices" in fragment or "Null characters" in fragment

    @pytest.mark.parametrize("key", ["", "data_management.nothing", "data_management", "x" * 500, "\x00"])
    def test_an_unknown_question(self, visitor: Client, key: str) -> None:
        status, fragment = send(visitor, key, "yes")

        assert status == 400
        assert "not part of the questionnaire" in fragment
        assert Answer.objects.count() == 1

    def test_a_note_of_a_megabyte(self, visitor: Client) -> None:
        status, fragment = send(visitor, VERSIONING, "yes", note="n" * 1_000_000)

        assert status == 422
        assert "at most 2000 characters (it has 1000000)" in fragment

    def test_more_than_the_server_takes(self, visitor: Client) -> None:
        status, fragment = send(visitor, VERSIONING, "no", note="n" * 3_000_000)

        assert status == 413
        assert "Shorten what you entered" in fragment

    def test_broken_utf_8(self, visitor: Client) -> None:
        body = f"question={VERSIONING}&{VERSIONING}-choice=yes&{VERSIONING}-note=caf%E9".encode()

        reply = visitor.post("/try/answer/", body, content_type="application/x-www-form-urlencoded", headers=HTMX)

        assert reply.status_code == 422
        assert "Some characters could not be read" in reply.content.decode()

    @pytest.mark.parametrize("path", ["/try/answer/", STEP])
    def test_bytes_that_are_no_utf_8(self, visitor: Client, path: str) -> None:
        body = f"question={VERSIONING}&{VERSIONING}-note=".encode() + b"\xe9\xff\xfe"

        reply = visitor.post(path, body, content_type="application/x-www-form-urlencoded", headers=HTMX)

        assert reply.status_code == 400
        assert "Some characters could not be read" in reply.content.decode()

    @pytest.mark.parametrize("path", ["/try/answer/", STEP])
    def test_bytes_that_are_no_utf_8_in_several_parts(self, visitor: Client, path: str) -> None:
        fields = {"question": VERSIONING.encode(), f"{VERSIONING}-note": b"\xe9\xff\xfe"}
        parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n'.encode() + v for n, v in fields.items()]
        body = b"\r\n".join([*parts, b"--x--\r\n"])

        reply = visitor.post(path, body, content_type="multipart/form-data; boundary=x", headers=HTMX)

        assert reply.status_code == 422
        assert "Some characters could not be read" in reply.content.decode()

    @pytest.mark.parametrize("path", ["/try/answer/", STEP])
    @pytest.mark.parametrize("charset", ["utf-7", "latin-1", "nonsense"])
    @pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
    def test_another_encoding(self, visitor: Client, kind: str, charset: str, path: str) -> None:
        reply = visitor.generic("POST", path, b"question=x", f"{kind}; charset={charset}", headers=HTMX)

        assert reply.status_code == 415
        assert "sent as UTF-8" in reply.content.decode()

    @pytest.mark.parametrize("path", ["/try/answer/", STEP, "/try/submit/"])
    def test_a_page_of_another_assessment(self, visitor: Client, path: str) -> None:
        other = make_response({}, version=response_of(visitor).version, submitted=False)
        data = {"response": str(other.public_id), "question": VERSIONING, f"{VERSIONING}-choice": "no"}

        reply = visitor.post(path, data, headers=HTMX)

        assert reply.status_code == 409
        assert "This page belongs to another assessment" in reply.content.decode()

    @pytest.mark.parametrize("url", ["no url", "javascript:alert(1)", "ftp://files.example.org/x", "https://"])
    def test_an_evidence_link_that_is_none(self, visitor: Client, url: str) -> None:
        status, fragment = send(visitor, VERSIONING, "yes", note="Kept", evidence_url=url)

        assert status == 422
        assert "Evidence link: Enter a full web address" in fragment

    def test_the_valid_parts_of_an_answer_are_kept_all_the_same(self, visitor: Client) -> None:
        status, _fragment = send(visitor, VALIDATION, "no", note="n" * 2001)

        assert status == 422
        assert Answer.objects.get(question_key=VALIDATION).choice_key == "no"

    def test_a_stale_csrf_token(self, visitor: Client) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = visitor.cookies

        reply = strict.post("/try/answer/", {"question": VERSIONING, f"{VERSIONING}-choice": "no"}, headers=HTMX)

        assert reply.status_code == 403
        assert "out of date" in reply.content.decode()

    def test_a_browser_that_started_nothing(self, visitor: Client) -> None:
        status, fragment = send(Client(), VERSIONING, "no")

        assert status == 404
        assert "There is no assessment in progress" in fragment

    def test_somebody_elses_key_in_the_session_of_another_account(
        self, visitor: Client, cast: Cast, client_of: Callable[[User], Client]
    ) -> None:
        theirs = make_response(user=cast.owner, version=response_of(visitor).version, submitted=False)
        client = client_of(cast.member)
        session = client.session
        session[SESSION_KEY] = str(theirs.public_id)
        session.save()

        assert send(client, VERSIONING, "no")[0] == 404

    def test_an_unknown_dimension(self, visitor: Client) -> None:
        assert visitor.get("/try/questions/nothing/").status_code == 404
        assert visitor.get("/try/questions/%FF%FE/").status_code == 404

    def test_a_method_that_is_not_meant(self, visitor: Client) -> None:
        reply = visitor.get("/try/answer/")

        assert (reply.status_code, reply["Allow"]) == (405, "POST")
        assert "cannot be opened like that" in reply.content.decode()

    def test_submission_loaded_again_leads_to_the_review(self, visitor: Client) -> None:
        assert visitor.get("/try/submit/")["Location"] == "/try/review/"


class TestStep:
    def test_a_step_sent_whole_is_saved_and_leads_to_the_next(self, visitor: Client) -> None:
        reply = visitor.post(STEP, {f"{VERSIONING}-choice": "yes", f"{VALIDATION}-choice": "no"})

        assert reply["Location"] == "/try/questions/model_development/"
        assert dict(Answer.objects.values_list("question_key", "choice_key")) == {VERSIONING: "yes", VALIDATION: "no"}

    def test_a_page_that_is_out_of_date_undoes_nothing(self, visitor: Client) -> None:
        """Unchanged on that page: a note, shown there as empty, and a choice; changed: another note, now cleared."""
        send(visitor, VERSIONING, "yes", note="Given since")
        send(visitor, VALIDATION, "no", note="To be cleared")
        stale = {f"{VERSIONING}-note": "", f"{VERSIONING}-choice": "no", f"{VALIDATION}-note": ""}
        loaded = {"note": "", "choice": "no"}

        visitor.post(
            STEP,
            stale
            | {f"initial-{VERSIONING}-{part}": value for part, value in loaded.items()}
            | {f"initial-{VALIDATION}-note": "To be cleared"},
        )

        kept = {key: rest for key, *rest in Answer.objects.values_list("question_key", "choice_key", "note")}
        assert kept == {VERSIONING: ["yes", "Given since"], VALIDATION: ["no", ""]}

    def test_an_empty_step_goes_on_and_changes_nothing(self, visitor: Client) -> None:
        send(visitor, VERSIONING, "yes", note="Kept")

        reply = visitor.post(STEP, b"", content_type="application/x-www-form-urlencoded")

        assert reply["Location"] == "/try/questions/model_development/"
        assert Answer.objects.get().note == "Kept"

    def test_the_page_says_what_it_was_loaded_with(self, visitor: Client) -> None:
        send(visitor, VERSIONING, "no", note="Soon")

        page = visitor.get(STEP).content.decode()

        assert f'name="initial-{VERSIONING}-choice" value="no"' in page
        assert f'name="initial-{VERSIONING}-note" value="Soon"' in page
        assert f'name="response" value="{response_of(visitor).public_id}"' in page

    def test_the_last_step_leads_to_the_review(self, visitor: Client) -> None:
        assert visitor.post("/try/questions/governance/", {"x": "y"})["Location"] == "/try/review/"

    def test_what_is_amiss_keeps_the_page_with_all_that_was_typed(self, visitor: Client) -> None:
        reply = visitor.post(STEP, {f"{VERSIONING}-choice": "yes", f"{VALIDATION}-note": "n" * 2001})

        page = reply.content.decode()
        assert reply.status_code == 422
        assert "n" * 2001 in page
        assert f'href="#{VALIDATION}"' in page
        assert Answer.objects.get().choice_key == "yes"

    def test_a_step_takes_few_queries(
        self, visitor: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_max_num_queries(3):
            visitor.get(STEP)


class TestReviewAndSubmit:
    def test_the_review_lists_what_is_open(self, visitor: Client) -> None:
        answer_everything(visitor)
        send(visitor, VERSIONING)

        page = visitor.get("/try/review/").content.decode()

        assert "1 question is still open" in page
        assert f"{STEP}#{VERSIONING}" in page
        assert "/try/submit/" not in page

    def test_an_incomplete_one_is_refused(self, visitor: Client) -> None:
        reply = visitor.post("/try/submit/")

        assert reply.status_code == 422
        assert "25 questions have no answer yet" in reply.content.decode()
        assert not response_of(visitor).is_submitted

    def test_a_complete_one_leads_to_the_result(self, visitor: Client) -> None:
        answer_everything(visitor)

        reply = visitor.post("/try/submit/")

        assert reply["Location"] == response_of(visitor).get_absolute_url()
        assert response_of(visitor).is_submitted

    def test_a_second_submission_changes_nothing_and_points_to_the_result(self, visitor: Client) -> None:
        answer_everything(visitor)
        visitor.post("/try/submit/")
        first = response_of(visitor).submitted_at

        reply = visitor.post("/try/submit/")

        assert reply.status_code == 409
        assert response_of(visitor).get_absolute_url() in reply.content.decode()
        assert response_of(visitor).submitted_at == first

    @pytest.mark.parametrize("path", [STEP, "/try/answer/"])
    def test_answers_after_submission_are_refused(self, visitor: Client, path: str) -> None:
        answer_everything(visitor)
        visitor.post("/try/submit/")

        reply = visitor.post(path, {"question": VERSIONING, f"{VERSIONING}-choice": "no"}, headers=HTMX)

        assert reply.status_code == 409
        assert "has been submitted already" in reply.content.decode()
        assert Answer.objects.get(question_key=VERSIONING).choice_key == "yes"

    @pytest.mark.parametrize("path", [STEP, "/try/review/"])
    def test_afterwards_the_survey_leads_to_the_result(self, visitor: Client, path: str) -> None:
        answer_everything(visitor)
        visitor.post("/try/submit/")

        assert visitor.get(path)["Location"] == response_of(visitor).get_absolute_url()


class TestKeeping:
    def test_sign_up_keeps_the_answers(self, visitor: Client) -> None:
        answer_everything(visitor)
        visitor.post("/try/submit/")
        url = response_of(visitor).get_absolute_url()

        reply = visitor.post(f"/accounts/signup/?next={url}", {"email": "ada@example.org", "password1": PASSWORD})
        assert response_of(visitor).user is None
        reply = visitor.post(reply["Location"], {"code": code_in_mail()})

        assert reply["Location"] == url
        assert response_of(visitor).user == User.objects.get(email="ada@example.org")
        assert url in visitor.get(reverse("home")).content.decode()

    def test_log_in_does_not_take_what_another_account_keeps(self, visitor: Client) -> None:
        first, second = make_user(), make_user()
        visitor.force_login(first)
        kept = response_of(visitor)
        assert kept.user == first

        visitor.logout()
        visitor.force_login(second)

        kept.refresh_from_db()
        assert kept.user == first
