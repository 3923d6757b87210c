"""Every named constraint and trigger: refused by full_clean with a message for people, and by the database itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.utils import timezone
from pghistory.trigger import Event as AuditEvent

from assessments.models import (
    Answer,
    BenchmarkSharing,
    BenchmarkSnapshot,
    Consensus,
    DraftRevision,
    Participant,
    PublishedBenchmark,
    Questionnaire,
    QuestionnaireVersion,
    Response,
    Result,
    Round,
    TeamTool,
)
from assessments.models.badges import Badge
from assessments.models.questionnaires import VersionStatus
from assessments.models.reminders import Reminder, ReminderHook, ReminderSchedule, ReminderSettings
from assessments.models.rounds import quarter_days
from assessments.models.subscriptions import Subscription
from organizations.models import KEEPS_AN_OWNER, Invitation, Member, Organization, Role, Team, User
from tests import factories

pytestmark = pytest.mark.django_db

FORM = NON_FIELD_ERRORS
NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
OURS = [model for app in ("organizations", "assessments") for model in apps.get_app_config(app).get_models()]


def version(**fields: Any) -> QuestionnaireVersion:
    questionnaire = Questionnaire.objects.create(slug="q", title="Q")
    fields = {"number": 1, "definition": {"slug": "q"}} | fields
    return QuestionnaireVersion(questionnaire=questionnaire, **fields)


def round_(**fields: Any) -> Round:
    first, last = quarter_days(2026, 3)
    fields = {"starts_on": first, "ends_on": last} | fields
    return Round(organization=factories.make_organization(), version=factories.make_version(), **fields)


def response(**fields: Any) -> Response:
    return Response(version=factories.make_version(), **fields)


def team(**fields: Any) -> Team:
    return Team(organization=factories.make_organization(), **fields)


def member(**fields: Any) -> Member:
    return Member(organization=factories.make_organization(), user=factories.make_user(), **fields)


def invitation(**fields: Any) -> Invitation:
    fields = {"email": "ada@example.org", "expires_at": timezone.now()} | fields
    return Invitation(organization=factories.make_organization(), **fields)


def participant(**fields: Any) -> Participant:
    open_round = factories.make_round()
    return Participant(organization=open_round.organization, round=open_round, team=open_round.teams.get(), **fields)


def result(**fields: Any) -> Result:
    closed = factories.make_round()
    fields = {"card": {"overall": None}, "respondents": 1} | fields
    return Result(organization=closed.organization, round=closed, **fields)


def consensus(**fields: Any) -> Consensus:
    closed = factories.make_round()
    fields = {"question_key": "a.b", "choice_key": "yes", "rationale": "We looked."} | fields
    return Consensus(organization=closed.organization, round=closed, team=closed.teams.get(), **fields)


def tool(**fields: Any) -> TeamTool:
    owner = factories.make_team()
    return TeamTool(organization=owner.organization, team=owner, **fields)


def sharing(**fields: Any) -> BenchmarkSharing:
    return BenchmarkSharing(organization=factories.make_organization(), **fields)


def snapshot(**fields: Any) -> BenchmarkSnapshot:
    fields = {"version": 1, "starts_on": date(2026, 7, 1), "cut_points": {"": ["1.0"]}} | fields
    return BenchmarkSnapshot(questionnaire="q", **fields)


def published_benchmark(**fields: Any) -> PublishedBenchmark:
    fields = {"slug": "b", "title": "B"} | fields
    return PublishedBenchmark(questionnaire="q", document={"slug": "b"}, **fields)


def badge(**fields: Any) -> Badge:
    return Badge(organization=factories.make_organization(), **fields)


def again(row: models.Model, **changes: Any) -> models.Model:
    """Save a row and return a second one like it but for the changes, not yet saved."""
    row.save()
    row.pk = None
    row._state.adding = True
    for name, value in changes.items():
        setattr(row, name, value)
    return row


def draft_revision(**fields: Any) -> DraftRevision:
    draft = factories.make_version(published=False)
    return DraftRevision(**{"version": draft, "number": 1, "definition": draft.definition, "act": "begin"} | fields)


def answer(**fields: Any) -> Answer:
    return Answer(response=factories.make_response({}, submitted=False), question_key="a.b", **fields)


def schedule(**fields: Any) -> ReminderSchedule:
    return ReminderSchedule(**{"organization": factories.make_organization(), "anchor": NOON.date()} | fields)


def hook(**fields: Any) -> ReminderHook:
    fields = {"channel": "slack", "url": "https://hooks.example.org/a"} | fields
    return ReminderHook(**{"organization": factories.make_organization()} | fields)


def subscription(**fields: Any) -> Subscription:
    return Subscription(organization=factories.make_organization(), **fields)


def reminder(to: str = "user", **fields: Any) -> Reminder:
    """Make a reminder to a user, a hook or a participant; not yet saved."""
    if to == "participant":
        row = participant(email="ada@example.org")
        row.save()
        whom: dict[str, Any] = {"participant": row, "organization": row.organization}
    else:
        plan = factories.make_schedule()
        whom = {"schedule": plan, "organization": plan.organization}
        if to == "user":
            whom["user"] = factories.make_user()
        else:
            whom["hook"] = hook(organization=plan.organization)
            whom["hook"].save()
    planned = {"on": NOON.date(), "days_before": 7, "send_at": NOON, "try_at": NOON}
    return Reminder(**whom | planned | fields)


# Name of the constraint: what makes a row that breaks it, not yet saved, and where a form shows the error; None where
# clean() mends it.
BROKEN: dict[str, tuple[Callable[[], models.Model], str | None]] = {
    "user_email_lower_case": (lambda: User(email="Ada@example.org", password="!"), None),
    "user_email_given": (lambda: User(email="", password="!"), "email"),
    "organization_name_given": (lambda: Organization(name="", slug="acme"), "name"),
    "organization_slug_given": (lambda: Organization(name="Acme", slug=""), "slug"),
    "organization_slug_free": (lambda: Organization(name="New", slug="new"), FORM),
    "organization_slug_lower_case": (lambda: Organization(name="Acme", slug="ACME"), None),
    "team_name_unique": (lambda: again(team(name="Data"), name="DATA"), FORM),
    "team_name_given": (lambda: team(name=""), "name"),
    "member_user_unique": (lambda: again(member()), FORM),
    "member_role_known": (lambda: member(role="king"), "role"),
    "invitation_email_unique": (lambda: again(invitation()), FORM),
    "invitation_email_lower_case": (lambda: invitation(email="Ada@example.org"), None),
    "invitation_email_given": (lambda: invitation(email=""), "email"),
    "invitation_role_known": (lambda: invitation(role="king"), "role"),
    "questionnaire_slug_unique": (lambda: again(Questionnaire(slug="q", title="Q")), FORM),
    "version_number_unique": (lambda: again(version()), FORM),
    "version_number_positive": (lambda: version(number=0), FORM),
    "version_source_not_too_long": (lambda: version(source="x" * 2_000_001), FORM),
    "version_status_known": (lambda: version(status="lost"), "status"),
    "version_published_at_iff_published": (lambda: version(status="published"), FORM),
    "draft_revision_number_unique": (lambda: again(draft_revision()), FORM),
    "draft_revision_number_positive": (lambda: draft_revision(number=0), FORM),
    "draft_revision_act_known": (lambda: draft_revision(act="lost"), "act"),
    "round_period_forward": (lambda: round_(ends_on=date(2026, 6, 30)), FORM),
    "round_status_known": (lambda: round_(status="lost"), "status"),
    "round_aggregate_known": (lambda: round_(aggregate="mode"), "aggregate"),
    "round_moments_match_status": (lambda: round_(status="open"), FORM),
    "round_closes_after_it_opens": (lambda: round_(opens_at=NOON, closes_at=NOON), FORM),
    "round_closed_has_results": (lambda: round_(status="closed", opened_at=NOON, closed_at=NOON), FORM),
    "round_team_unique": (lambda: again(factories.make_round().round_teams.get()), FORM),
    "participant_email_unique": (lambda: again(participant(email="ada@example.org"), email="Ada@example.org"), FORM),
    "participant_email_given": (lambda: participant(email=""), "email"),
    "response_organization_iff_participant": (lambda: response(organization=factories.make_organization()), FORM),
    "response_status_known": (lambda: response(status="lost"), "status"),
    "response_submitted_at_iff_submitted": (lambda: response(status="submitted"), FORM),
    "response_counted_is_submitted": (lambda: response(counted_since=1), FORM),
    "answer_question_unique": (lambda: again(answer(choice_key="yes")), FORM),
    "answer_says_something": (answer, FORM),
    "result_unique": (lambda: again(result()), FORM),
    "result_respondents_counted": (lambda: result(respondents=-1), "respondents"),
    "result_revision_counted": (lambda: result(revision=0), FORM),
    "consensus_question_unique": (lambda: again(consensus()), FORM),
    "consensus_choice_given": (lambda: consensus(choice_key=""), "choice_key"),
    "consensus_rationale_given": (lambda: consensus(rationale=""), "rationale"),
    "badge_unique": (lambda: again(badge(), token="other"), FORM),
    "badge_token_given": (lambda: badge(token=""), FORM),
    "team_tool_unique": (lambda: again(tool(name="Git"), name="GIT"), FORM),
    "team_tool_named": (lambda: tool(name=""), "name"),
    "benchmark_size_known": (lambda: sharing(size="huge"), "size"),
    "benchmark_snapshot_unique": (lambda: again(snapshot()), FORM),
    "benchmark_snapshot_size_known": (lambda: snapshot(size="huge"), "size"),
    "published_benchmark_slug_given": (lambda: published_benchmark(slug=""), "slug"),
    "published_benchmark_title_given": (lambda: published_benchmark(title=""), "title"),
    "reminder_schedule_unique": (lambda: again(schedule()), FORM),
    "reminder_schedule_every_known": (lambda: schedule(every="hour"), "every"),
    "reminder_schedule_weeks_fit": (lambda: schedule(weeks=3), FORM),
    "reminder_schedule_hour_of_a_day": (lambda: schedule(hour=24), FORM),
    "reminder_schedule_open_days_sane": (lambda: schedule(open_days=0), FORM),
    "reminder_settings_hour_of_a_day": (
        lambda: ReminderSettings(organization=factories.make_organization(), nudge_hour=24),
        FORM,
    ),
    "reminder_hook_unique": (lambda: again(hook()), FORM),
    "reminder_hook_channel_known": (lambda: hook(channel="pigeon"), "channel"),
    "reminder_hook_url_given": (lambda: hook(url=""), "url"),
    "reminder_once_a_user": (lambda: again(reminder()), FORM),
    "reminder_once_a_hook": (lambda: again(reminder("hook")), FORM),
    "reminder_once_a_participant": (lambda: again(reminder("participant")), FORM),
    "reminder_to_one": (lambda: reminder(user=None), FORM),
    "reminder_state_known": (lambda: reminder(state="lost"), "state"),
    "reminder_reason_known": (lambda: reminder(reason="whim"), "reason"),
    "reminder_sent_has_a_moment": (lambda: reminder(state="sent"), FORM),
    "reminder_claimed_for_a_while": (lambda: reminder(state="claimed"), FORM),
    "subscription_once_a_user": (lambda: again(subscription(user=factories.make_user())), FORM),
    "subscription_once_an_email": (lambda: again(subscription(email="ada@example.org")), FORM),
    "subscription_email_lower_case": (lambda: subscription(email="Ada@example.org"), FORM),
    "subscription_of_one": (subscription, FORM),
}


def has_tests_of_its_own(rule: Any) -> bool:
    """Return whether it is about tenancy, owners or the audit trail; that an id is there once only needs no test."""
    is_key = getattr(rule, "fields", None) == ("organization", "id")
    return (
        is_key
        or isinstance(rule, AuditEvent)
        or rule is KEEPS_AN_OWNER
        or rule.name.endswith(
            ("_same_organization", "_own_or_shared", "_organization_stays", "_goes_with_organization", "append_only")
        )
    )


def test_every_constraint_is_in_the_table() -> None:
    constraints = [constraint for model in OURS for constraint in model._meta.constraints]
    assert {constraint.name for constraint in constraints if not has_tests_of_its_own(constraint)} == set(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_full_clean_says_what_is_wrong(name: str) -> None:
    make, where = BROKEN[name]
    row = make()
    if where is None:
        row.full_clean()
    else:
        with pytest.raises(ValidationError) as error:
            row.full_clean()
        assert list(error.value.message_dict) == [where]


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_refuses(name: str) -> None:
    make, _where = BROKEN[name]
    row = make()
    drop_other_checks(row._meta.db_table, name)
    with pytest.raises(IntegrityError, match=f'"{name}"'):
        row.save()


def drop_other_checks(table: str, name: str) -> None:
    """Leave one check constraint to the end of the test, as one row can break several and the database names one."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c' AND conname <> %s",
            [table, name],
        )
        for (other,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{other}"')


def published() -> QuestionnaireVersion:
    return factories.make_version()


def kept_result() -> Result:
    kept = result()
    kept.save()
    return kept


# Name of the trigger: makes a row, and a change of it that the trigger refuses.
REFUSED = [
    ("freeze_published_version", published, {"definition": {}}),
    ("freeze_published_version", published, {"source": "# written anew"}),
    ("freeze_published_version", published, {"number": 2}),
    ("freeze_published_version", published, {"revision": 7}),
    ("freeze_published_version", published, {"created_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}),
    ("freeze_published_version", published, {"published_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}),
    ("version_status_goes_forward", published, {"status": "draft"}),
    ("freeze_result", kept_result, {"card": {}}),
    ("freeze_result", kept_result, {"level": 5}),
]


def test_every_trigger_is_in_the_table() -> None:
    triggers = [trigger for model in OURS for trigger in getattr(model._meta, "triggers", [])]
    assert {trigger.name for trigger in triggers if not has_tests_of_its_own(trigger)} == {
        *(name for name, _make, _change in REFUSED),
        "keep_result",
        "keep_published_version",
    }


@pytest.mark.parametrize(("name", "make", "change"), REFUSED)
def test_the_database_refuses_the_change(
    name: str, make: Callable[[], models.Model], change: dict[str, object]
) -> None:
    row = make()
    rows = type(row)._default_manager.filter(pk=row.pk)
    with pytest.raises(ProgrammingError, match=f"pgtrigger_{name}_"), transaction.atomic():
        rows.update(**change)
    assert rows.filter(**change).count() == 0


def test_a_result_cannot_be_deleted() -> None:
    kept = kept_result()
    for doomed in (kept, kept.round):
        with pytest.raises(ProgrammingError, match="pgtrigger_keep_result_"), transaction.atomic():
            type(doomed).objects.filter(pk=doomed.pk).delete()
            transaction.get_connection().check_constraints()
    kept.organization.delete()
    transaction.get_connection().check_constraints()
    assert not Result.objects.filter(pk=kept.pk).exists()


def sql(statement: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def save(row: QuestionnaireVersion) -> None:
    row.definition = {}
    row.save()


def bulk_update(row: QuestionnaireVersion) -> None:
    row.number = 9
    QuestionnaireVersion.objects.bulk_update([row], ["number"])


PATHS: dict[str, Callable[[QuestionnaireVersion], object]] = {
    "save": save,
    "update": lambda row: QuestionnaireVersion.objects.filter(pk=row.pk).update(source="x"),
    "bulk update": bulk_update,
    "upsert": lambda row: QuestionnaireVersion.objects.bulk_create(
        [QuestionnaireVersion(pk=row.pk, questionnaire=row.questionnaire, number=1, definition={})],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["definition"],
    ),
    "SQL": lambda row: sql("UPDATE assessments_questionnaireversion SET definition = '{}' WHERE id = %s", row.pk),
    "SQL, a value inside": lambda row: sql(
        "UPDATE assessments_questionnaireversion SET definition = jsonb_set(definition, '{title}', '\"X\"')"
        " WHERE id = %s",
        row.pk,
    ),
    "SQL, back to a draft": lambda row: sql(
        "UPDATE assessments_questionnaireversion SET status = 'draft', published_at = NULL WHERE id = %s", row.pk
    ),
    "SQL, delete": lambda row: sql("DELETE FROM assessments_questionnaireversion WHERE id = %s", row.pk),
    "delete": lambda row: row.delete(),
    "delete its questionnaire": lambda row: row.questionnaire.delete(),
}


@pytest.mark.parametrize("status", [VersionStatus.PUBLISHED, VersionStatus.RETIRED])
@pytest.mark.parametrize("path", PATHS)
def test_no_path_changes_a_version_that_was_published(path: str, status: VersionStatus) -> None:
    row = published()
    QuestionnaireVersion.objects.filter(pk=row.pk).update(status=status)
    before = QuestionnaireVersion.objects.filter(pk=row.pk).values().get()
    with pytest.raises(ProgrammingError, match="pgtrigger_"), transaction.atomic():
        PATHS[path](QuestionnaireVersion.objects.select_related("questionnaire").get(pk=row.pk))
        transaction.get_connection().check_constraints()
    assert QuestionnaireVersion.objects.filter(pk=row.pk).values().get() == before


def test_an_organizations_versions_go_with_it_and_drafts_go_alone() -> None:
    organization = factories.make_organization()
    own = factories.make_version(organization=organization)
    draft = factories.make_version(factories.shipped_definition() | {"title": "Next"}, published=False)
    draft.delete()
    organization.delete()
    transaction.get_connection().check_constraints()
    assert not QuestionnaireVersion.objects.filter(pk__in=[own.pk, draft.pk]).exists()


def test_a_draft_can_still_change() -> None:
    draft = version()
    draft.save()
    draft.definition = {"slug": "other"}
    draft.save()
    draft.refresh_from_db()
    assert draft.definition == {"slug": "other"}


def test_a_published_version_can_retire_and_come_back() -> None:
    row = published()
    for status in (VersionStatus.RETIRED, VersionStatus.PUBLISHED):
        row.status = status
        row.save()
        row.refresh_from_db()
        assert row.status == status


@pytest.mark.parametrize(
    ("first", "last", "period"),
    [
        (date(2026, 1, 1), date(2026, 3, 31), "Q1 2026"),
        (date(2026, 10, 1), date(2026, 12, 31), "Q4 2026"),
        (date(2026, 1, 1), date(2026, 3, 30), "2026-01-01 to 2026-03-30"),
    ],
)
def test_a_period_reads_as_people_say_it(first: date, last: date, period: str) -> None:
    assert Round(starts_on=first, ends_on=last).period == period


@pytest.mark.parametrize("year", [2024, 2026])
def test_quarters_cover_the_year_without_a_gap(year: int) -> None:
    quarters = [quarter_days(year, quarter) for quarter in (1, 2, 3, 4)]
    assert (quarters[0][0], quarters[-1][1]) == (date(year, 1, 1), date(year, 12, 31))
    for (_first, last), (following, _last) in pairwise(quarters):
        assert following - last == dt.timedelta(days=1)


@pytest.mark.parametrize(("name", "is_known"), [("Europe/Berlin", True), ("UTC", True), ("Europe/Atlantis", False)])
def test_a_time_zone_must_exist(name: str, is_known: bool) -> None:
    organization = Organization(name="Acme", slug="acme", time_zone=name)
    if is_known:
        organization.full_clean()
    else:
        with pytest.raises(ValidationError, match="is not a time zone"):
            organization.full_clean()


@pytest.mark.parametrize(
    ("role", "needed", "may"),
    [
        ("owner", "viewer", True),
        ("member", "member", True),
        ("viewer", "member", False),
        ("facilitator", "owner", False),
    ],
)
def test_a_role_may_do_what_those_below_it_may(role: str, needed: str, may: bool) -> None:
    assert Role(role).may_act_as(Role(needed)) is may
