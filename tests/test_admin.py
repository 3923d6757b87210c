"""The administration: every page of every model, who may see it, what it costs, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.db import connection, models
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pghistory.models import Event

from assessments.admin import ResultAdmin
from assessments.models import (
    Badge,
    BenchmarkSharing,
    BenchmarkSnapshot,
    Participant,
    PublishedBenchmark,
    Questionnaire,
    QuestionnaireVersion,
    Reminder,
    ReminderHook,
    ReminderSchedule,
    ReminderSettings,
    Response,
    Result,
    Round,
    Subscription,
    TeamTool,
)
from assessments.models.questionnaires import VersionStatus
from assessments.models.rounds import RoundStatus
from assessments.services.rounds import close_round, reopen_round
from organizations.admin import MemberAdmin, MemberForm
from organizations.models import Invitation, Member, Organization, Role, Team, User
from tests import factories
from tests.factories import Cast

ClientOf = Callable[[User], Client]
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
KEPT = {Round, Result, QuestionnaireVersion}
NOT_ADDED_BY_HAND = {
    Authenticator,
    Badge,
    BenchmarkSharing,
    BenchmarkSnapshot,
    Invitation,
    QuestionnaireVersion,
    Participant,
    Reminder,
    ReminderHook,
    ReminderSchedule,
    ReminderSettings,
    Response,
    Result,
    Subscription,
    TeamTool,
}


def url(model: type[models.Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def make_row_of_each() -> dict[type[models.Model], models.Model]:
    """Make at least one row of every registered model: an organization with a closed round, and what belongs to it."""
    member = factories.make_member(team=factories.make_team())
    round_ = factories.make_round(member.organization, teams=[factories.make_team(member.organization)])
    participant = factories.make_participant(round_, user=member.user)
    response = factories.make_response(participant=participant)
    close_round(round_=round_)
    team = round_.teams.get()
    schedule = factories.make_schedule(member.organization)
    now = schedule.looked_until
    return {
        ReminderSchedule: schedule,
        ReminderSettings: ReminderSettings.objects.create(organization=member.organization),
        ReminderHook: ReminderHook.objects.create(organization=member.organization, url="https://hooks.example/1"),
        Subscription: Subscription.objects.create(organization=member.organization, user=member.user),
        Reminder: Reminder.objects.create(
            organization=member.organization,
            schedule=schedule,
            user=member.user,
            on=schedule.anchor,
            days_before=3,
            send_at=now,
            try_at=now,
        ),
        TeamTool: TeamTool.objects.create(organization=member.organization, team=team, name="Git"),
        Badge: Badge.objects.create(organization=member.organization),
        BenchmarkSharing: BenchmarkSharing.objects.create(organization=member.organization, size="1-10"),
        BenchmarkSnapshot: BenchmarkSnapshot.objects.create(
            questionnaire="mlops-maturity", version=member.pk, starts_on=round_.starts_on, cut_points={}
        ),
        PublishedBenchmark: PublishedBenchmark.objects.create(slug=f"survey-{member.pk}", title="Survey", document={}),
        User: member.user,
        Group: Group.objects.create(name=f"Auditors {member.pk}"),
        EmailAddress: EmailAddress.objects.get(user=member.user),
        Authenticator: Authenticator.objects.create(user=member.user, type=Authenticator.Type.TOTP, data={}),
        Organization: member.organization,
        Team: round_.teams.get(),
        Member: member,
        Invitation: factories.make_invitation(member.organization, team=round_.teams.get()),
        Questionnaire: round_.version.questionnaire,
        QuestionnaireVersion: round_.version,
        Round: round_,
        Participant: participant,
        Response: response,
        Result: round_.results.get(team=None),
    }


def formset(prefix: str, *rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """Return what a browser sends for an inline formset."""
    management = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    return management | {f"{prefix}-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


@pytest.fixture
def staff(cast: Cast, client_of: ClientOf) -> Client:
    return client_of(cast.staff)


def test_every_model_of_ours_has_its_place() -> None:
    inlines = {
        inline.model
        for model_admin in admin.site._registry.values()
        for inline in model_admin.get_inlines(RequestFactory().get("/"), model_admin.model())
    }
    ours = {model for app in ("organizations", "assessments") for model in apps.get_app_config(app).get_models()}
    # Owners read the audit trail on a page of their own; nobody edits it.
    events = {model for model in apps.get_models() if issubclass(model, Event)}
    assert ours - inlines - set(MODELS) == events & ours
    assert not events & set(MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_opens_for_staff(model: type[models.Model], staff: Client) -> None:
    row = make_row_of_each()[model]
    assert staff.get(url(model, "changelist")).status_code == 200
    assert staff.get(url(model, "changelist"), {"q": "acme"}).status_code == 200
    assert staff.get(url(model, "change", row.pk)).status_code == 200
    assert staff.get(url(model, "history", row.pk)).status_code == 200
    assert staff.get(url(model, "delete", row.pk)).status_code == (302 if model in KEPT else 200)
    assert staff.get(url(model, "add")).status_code == (403 if model in NOT_ADDED_BY_HAND else 200)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_filter_works(model: type[models.Model], staff: Client) -> None:
    make_row_of_each()
    page = staff.get(url(model, "changelist"))
    for spec in page.context["cl"].filter_specs:
        for choice in spec.choices(page.context["cl"]):
            assert staff.get(url(model, "changelist") + choice.get("query_string", "")).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_others_see_nothing(model: type[models.Model], cast: Cast, client_of: ClientOf) -> None:
    for person in (cast.owner, cast.facilitator, cast.member, cast.viewer, cast.outsider):
        for page in ("changelist", "add"):
            answer = client_of(person).get(url(model, page), follow=True)
            assert answer.status_code == 403
            assert "This is for those who run this site." in answer.content.decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_visitors_are_sent_to_log_in(model: type[models.Model], client: Client, db: None) -> None:
    address = url(model, "changelist")
    answer = client.get(address, follow=True)
    last, _status = answer.redirect_chain[-1]
    assert last == f"{reverse('account_login')}?next={address.replace('/', '%2F')}"


def test_the_start_page_leads_everywhere(staff: Client) -> None:
    page = staff.get(reverse("admin:index"))
    for model in MODELS:
        assert f'href="{url(model, "changelist")}"' in page.content.decode()


def test_the_sidebar_shows_only_what_one_may_see(cast: Cast, client_of: ClientOf) -> None:
    cast.viewer.is_staff = True
    cast.viewer.save()
    cast.viewer.user_permissions.set([Permission.objects.get(codename="view_team")])
    page = client_of(cast.viewer).get(reverse("admin:index")).content.decode()
    assert url(Team, "changelist") in page
    assert url(Response, "changelist") not in page


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_twice_the_rows_cost_no_more_queries(model: type[models.Model], staff: Client) -> None:
    row = make_row_of_each()[model]
    pages = [url(model, "changelist"), *(url(model, page, row.pk) for page in ("change", "history", "delete"))]

    def count() -> dict[str, int]:
        taken = {}
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert staff.get(page).status_code in (200, 302)
            taken[page] = len(queries)
        return taken

    make_row_of_each()
    count()
    few = count()
    for _n in range(4):
        make_row_of_each()
    assert count() == few


@pytest.mark.parametrize("model", [QuestionnaireVersion, Round, Participant, Response, Result])
def test_what_is_frozen_cannot_be_sent(model: type[models.Model], staff: Client) -> None:
    row = make_row_of_each()[model]
    before = model._default_manager.filter(pk=row.pk).values().get()
    assert (
        staff.post(url(model, "change", row.pk), {"number": 7, "level": 5, "email": "x@y.example"}).status_code == 403
    )
    assert model._default_manager.filter(pk=row.pk).values().get() == before


def test_a_version_is_shown_as_its_file(staff: Client, version: QuestionnaireVersion) -> None:
    page = staff.get(url(QuestionnaireVersion, "change", version.pk)).content.decode()
    assert "slug: mlops-maturity" in page


def test_a_score_card_is_shown_as_a_table(staff: Client) -> None:
    result = make_row_of_each()[Result]
    page = staff.get(url(Result, "change", result.pk)).content.decode()
    assert "Level 5, " in page
    assert "1 response" in page
    assert page.count("<td>5.00</td>") == 3 * 5


def test_a_score_card_without_responses_says_so(staff: Client) -> None:
    round_ = factories.make_round()
    close_round(round_=round_)
    page = staff.get(url(Result, "change", round_.results.get(team=None).pk)).content.decode()
    assert "No level: nothing to score" in page


def act(staff: Client, model: type[models.Model], action: str, *rows: models.Model) -> str:
    answer = staff.post(
        url(model, "changelist"), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_publish_drafts(staff: Client) -> None:
    draft = factories.make_version(published=False)
    assert "version 1 is published." in act(staff, QuestionnaireVersion, "publish", draft)
    draft.refresh_from_db()
    assert draft.status == VersionStatus.PUBLISHED
    assert "version 1 is no draft; it stays as it is." in act(staff, QuestionnaireVersion, "publish", draft)


def test_close_rounds(staff: Client) -> None:
    round_ = factories.make_round()
    factories.make_response(participant=factories.make_participant(round_))
    assert "Q3 2026 is closed; 2 results are kept." in act(staff, Round, "close", round_)
    round_.refresh_from_db()
    assert round_.status == RoundStatus.CLOSED
    assert "Q3 2026 is not open; it stays as it is." in act(staff, Round, "close", round_)
    assert round_.results.count() == 2


def test_a_round_with_results_is_not_deleted_once_opened_again(staff: Client) -> None:
    fresh, reopened = factories.make_round(), factories.make_round()
    close_round(round_=reopened)
    reopen_round(round_=reopened)
    for round_, status in ((fresh, 302), (reopened, 403)):
        url = reverse("admin:assessments_round_delete", args=[round_.pk])
        assert staff.post(url, {"post": "yes"}).status_code == status
    assert list(Round.objects.all()) == [reopened]


def test_add_a_round_its_teams_and_people(staff: Client, cast: Cast, version: QuestionnaireVersion) -> None:
    data = {
        "organization": cast.organization.pk,
        "version": version.pk,
        "starts_on": "2026-07-01",
        "ends_on": "2026-09-30",
        "aggregate": "median",
    }
    staff.post(url(Round, "add"), data)
    round_ = Round.objects.get()
    assert (round_.status, round_.aggregate, round_.organization) == ("open", "median", cast.organization)

    page = url(Round, "change", round_.pk)
    data |= formset("round_teams", {"team": cast.team.pk})
    data |= formset("participants", {"email": "new@acme.example", "team": cast.team.pk, "user": ""})
    data |= formset("consensus")
    assert staff.post(page, data).status_code == 302
    assert round_.round_teams.get().organization == cast.organization
    assert round_.participants.get().organization == cast.organization


def test_a_round_takes_no_team_of_another_organization(staff: Client, cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[])
    foreign = factories.make_team(cast.elsewhere)
    data = {"starts_on": "2026-07-01", "ends_on": "2026-09-30", "aggregate": "mean"}
    data |= formset("round_teams", {"team": foreign.pk}) | formset("participants")
    answer = staff.post(url(Round, "change", round_.pk), data)
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()
    assert not round_.teams.exists()


def test_the_same_person_twice_is_an_error_on_the_page(staff: Client, cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    row = {"team": cast.team.pk, "user": ""}
    data = {"starts_on": "2026-07-01", "ends_on": "2026-09-30", "aggregate": "mean"}
    data |= formset("round_teams")
    data |= formset("participants", row | {"email": "a@acme.example"}, row | {"email": "A@acme.example"})
    answer = staff.post(url(Round, "change", round_.pk), data)
    assert answer.status_code == 200
    assert "This is here twice." in answer.content.decode()
    assert not round_.participants.exists()


def test_add_teams_and_members_to_an_organization(staff: Client, cast: Cast) -> None:
    data = {"name": "Borealis", "slug": "borealis-bank", "time_zone": "Europe/Berlin", "language": "en"}
    data |= formset("teams", {"name": "Fraud", "archived_at_0": "", "archived_at_1": ""})
    owner = cast.elsewhere.members.get()
    data |= formset(
        "members",
        {"id": owner.pk, "user": owner.user_id, "role": "owner", "team": ""},
        {"user": cast.viewer.pk, "role": "member", "team": ""},
        initial=1,
    )
    assert staff.post(url(Organization, "change", cast.elsewhere.pk), data).status_code == 302
    cast.elsewhere.refresh_from_db()
    assert cast.elsewhere.name == "Borealis"
    assert cast.elsewhere.teams.get().name == "Fraud"
    assert cast.elsewhere.members.get(user=cast.viewer).role == Role.MEMBER


def test_a_member_joins_no_team_of_another_organization(staff: Client, cast: Cast) -> None:
    data = {"organization": cast.elsewhere.pk, "user": cast.viewer.pk, "role": "member", "team": cast.team.pk}
    answer = staff.post(url(Member, "add"), data)
    assert "This team belongs to another organization." in answer.content.decode()
    assert not cast.elsewhere.members.filter(user=cast.viewer).exists()


def test_what_others_rest_on_is_not_deleted(staff: Client) -> None:
    version = factories.make_round().version
    page = staff.get(url(Questionnaire, "delete", version.questionnaire_id)).content.decode()
    assert "would require deleting the following protected related objects" in page
    assert staff.post(url(Questionnaire, "delete", version.questionnaire_id), {"post": "yes"}).status_code == 200
    assert Questionnaire.objects.filter(pk=version.questionnaire_id).exists()


def test_what_was_published_is_shown_and_kept(staff: Client) -> None:
    version = factories.make_version()
    assert "was published: it is kept" in delete(staff, version)
    assert "was published: it is kept" in act(staff, QuestionnaireVersion, "delete_selected", version)
    assert QuestionnaireVersion.objects.filter(pk=version.pk).exists()
    page = staff.get(url(Questionnaire, "change", version.questionnaire_id)).content.decode()
    assert 'name="slug"' not in page
    draft = factories.make_version(factories.shipped_definition() | {"title": ""}, published=False)
    assert "is empty; fill it in" in act(staff, QuestionnaireVersion, "publish", draft)
    draft.refresh_from_db()
    assert draft.status == "draft"


def delete(staff: Client, row: models.Model) -> str:
    """Try to delete a row on its own page; return what the page says then."""
    return staff.post(url(type(row), "delete", row.pk), {"post": "yes"}, follow=True).content.decode()


@pytest.mark.parametrize(
    ("model", "reason"),
    [(Round, "is closed: it is kept with its results."), (Result, "Results are kept"), (Team, "Results are kept")],
)
def test_a_kept_result_is_not_deleted_with_what_it_is_about(
    model: type[models.Model], reason: str, staff: Client
) -> None:
    row = make_row_of_each()[model]
    before = Result.objects.count()
    assert reason in delete(staff, row)
    assert reason in act(staff, model, "delete_selected", row) or model is Result
    staff.post(url(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert model._default_manager.filter(pk=row.pk).exists()
    assert Result.objects.count() == before


@pytest.mark.parametrize("model", [User, Member])
def test_the_only_owner_is_not_deleted(model: type[models.Model], staff: Client, cast: Cast) -> None:
    row = cast.elsewhere.members.get() if model is Member else cast.outsider
    reason = "Borealis Bank needs an owner"
    assert reason in delete(staff, row)
    assert reason in act(staff, model, "delete_selected", row, cast.owner.memberships.get())
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    assert reason in staff.post(url(model, "changelist"), chosen).content.decode()
    assert cast.elsewhere.members.get().role == Role.OWNER
    factories.make_member(cast.elsewhere, role=Role.OWNER)
    assert reason not in delete(staff, row)
    assert not model._default_manager.filter(pk=row.pk).exists()


def test_who_may_not_look_at_it_learns_no_reason(cast: Cast, client_of: ClientOf) -> None:
    cast.viewer.is_staff = True
    cast.viewer.save()
    assert client_of(cast.viewer).get(url(Result, "delete", make_row_of_each()[Result].pk)).status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["delete", "delete_selected", "change"])
def test_what_the_database_undoes_is_said(path: str, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when another owner goes between what the page checks and the end of the transaction."""
    monkeypatch.setattr(MemberAdmin, "reasons_to_keep", lambda self, rows: [])
    monkeypatch.setattr(MemberForm, "clean", lambda self: None)
    cast = factories.make_cast()
    staff, owner = client_of(cast.staff), cast.owner.memberships.get()
    if path == "delete":
        says = delete(staff, owner)
    elif path == "change":
        data = {"organization": owner.organization_id, "user": owner.user_id, "role": "viewer", "team": ""}
        says = staff.post(url(Member, "change", owner.pk), data, follow=True).content.decode()
    else:
        data = {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"}
        says = staff.post(url(Member, "changelist"), data, follow=True).content.decode()
    assert "Nothing was changed: something else rests on this" in says
    assert cast.organization.members.get(user=cast.owner).role == Role.OWNER
    assert not LogEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whatever_staff_send_gets_an_answer(client_of: ClientOf) -> None:
    """Add, change and delete each kind of row, alone and in bulk, as the page would send it and with nothing."""
    staff = client_of(User.objects.create_superuser("staff@example.org", factories.PASSWORD))
    for model in MODELS:
        row, other = make_row_of_each()[model], make_row_of_each()[model]
        add, change = url(model, "add"), url(model, "change", row.pk)
        chosen = {"action": "delete_selected", "_selected_action": [row.pk]}
        for page, data, answers in [
            (add, {}, (200, 403)),
            (add, as_sent(staff, add), (200, 403)),
            (change, {}, (200, 302, 403)),
            (change, as_sent(staff, change), (302, 403)),
            (url(model, "changelist"), chosen, (200, 302)),
            (url(model, "changelist"), chosen | {"post": "yes"}, (200, 302)),
            (url(model, "delete", other.pk), {"post": "yes"}, (200, 302)),
        ]:
            assert staff.post(page, data).status_code in answers, (page, data)


def as_sent(staff: Client, page: str) -> dict[str, Any]:
    """Return what a browser sends when nothing is changed on a page of the administration."""
    context = staff.get(page).context or {}
    if "adminform" not in context:
        return {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    values = {bound.html_name: bound.value() for form in forms for bound in form}
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"DELETE": "on"}])
def test_an_organizations_page_keeps_its_only_owner(change: dict[str, str], staff: Client, cast: Cast) -> None:
    owner = cast.elsewhere.members.get()
    data = {"name": "Borealis", "slug": "borealis", "time_zone": "UTC"} | formset("teams")
    row = {"id": owner.pk, "user": owner.user_id, "role": "owner", "team": ""} | change
    answer = staff.post(url(Organization, "change", cast.elsewhere.pk), data | formset("members", row, initial=1))
    assert "An organization needs an owner" in answer.content.decode()
    assert cast.elsewhere.members.get().role == Role.OWNER


def test_a_members_page_keeps_the_only_owner(staff: Client, cast: Cast) -> None:
    owner = cast.elsewhere.members.get()
    data = {"organization": owner.organization_id, "user": owner.user_id, "role": "viewer", "team": ""}
    page = url(Member, "change", owner.pk)
    assert "An organization needs an owner" in staff.post(page, data).content.decode()
    assert cast.elsewhere.members.get().role == Role.OWNER
    factories.make_member(cast.elsewhere, role=Role.OWNER)
    assert staff.post(page, data).status_code == 302


def test_an_organization_goes_with_everything_below_it(staff: Client) -> None:
    organization = factories.make_organization()
    own = factories.make_version(organization=organization)
    round_ = factories.make_round(organization, version=own)
    factories.make_response(participant=factories.make_participant(round_))
    close_round(round_=round_)
    assert staff.post(url(Organization, "delete", organization.pk), {"post": "yes"}).status_code == 302
    assert not Organization.objects.filter(pk=organization.pk).exists()
    assert not QuestionnaireVersion.objects.filter(pk=own.pk).exists()


@pytest.mark.parametrize("anonymous", [False, True])
def test_an_anonymous_response_is_nobodys(anonymous: bool, staff: Client) -> None:
    round_ = factories.make_round(anonymous=anonymous)
    participant = factories.make_participant(round_, email="shy@example.org")
    response = factories.make_response(participant=participant)
    in_list = staff.get(url(Response, "changelist"), {"q": str(response.public_id)}).content.decode()
    alone = staff.get(url(Response, "change", response.pk)).content.decode()
    assert url(Response, "change", response.pk) in in_list
    assert "Q3 2026" in in_list
    for found in ("shy@example.org" in in_list, "shy@example.org" in alone, "data_management." in alone):
        assert found is not anonymous


@pytest.mark.parametrize(("respondents", "is_shown"), [(2, False), (3, True)])
def test_a_small_anonymous_groups_score_is_not_shown(respondents: int, is_shown: bool, staff: Client) -> None:
    round_ = factories.make_round(anonymous=True)
    for _n in range(respondents):
        factories.make_response(participant=factories.make_participant(round_))
    close_round(round_=round_)
    page = staff.get(url(Result, "change", round_.results.get(team=None).pk)).content.decode()
    in_list = staff.get(url(Result, "changelist")).context["cl"].result_list
    shown = {ResultAdmin(Result, admin.site).level_shown(row) for row in in_list}
    assert shown == {None}
    assert ("Level 5, " in page) is is_shown
    assert ("Not shown: the round is anonymous" in page) is not is_shown


def test_a_user_is_made_with_an_email_address_and_a_password(staff: Client, client: Client) -> None:
    word = "a quiet lighthouse at noon"
    data = {"email": "New@Example.org", "usable_password": "true", "password1": word, "password2": word}
    assert staff.post(url(User, "add"), data).status_code == 302
    assert client.login(email="new@example.org", password=word)
    answer = staff.post(url(User, "add"), data)
    assert "There is already an account with this email address." in answer.content.decode()


def test_a_users_password_is_changed(staff: Client, cast: Cast, client: Client) -> None:
    word = "a quiet lighthouse at noon"
    page = reverse("admin:auth_user_password_change", args=[cast.viewer.pk])
    assert staff.get(page).status_code == 200
    data = {"usable_password": "true", "password1": word, "password2": word}
    assert staff.post(page, data).status_code == 302
    assert client.login(email=cast.viewer.email, password=word)


def test_a_user_is_changed(staff: Client, cast: Cast) -> None:
    page = staff.get(url(User, "change", cast.viewer.pk))
    assert cast.organization.name in page.content.decode()
    data = {"email": "Seer@acme.example", "first_name": "Sam", "last_name": "Seer", "is_active": "on"}
    answer = staff.post(url(User, "change", cast.viewer.pk), data | formset("memberships"))
    assert answer.status_code == 302
    cast.viewer.refresh_from_db()
    assert (cast.viewer.email, cast.viewer.first_name) == ("seer@acme.example", "Sam")
