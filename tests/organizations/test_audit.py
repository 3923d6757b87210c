"""The audit trail: what is kept of which change, on whose behalf, for how long, and who may read it."""

from __future__ import annotations

import csv
import io
import json
import runpy
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.services.rounds import close_round
from mlops_maturity.celery import app
from mlops_maturity.env import CHECKOUT
from organizations import tasks
from organizations.audit.context import AuditedTask, audited_command
from organizations.audit.trail import event_models, kept_fields
from organizations.models import Invitation, Member, Organization, Role, Team, User
from organizations.selectors import hash_of
from organizations.services.teams import restore_team
from tests import factories
from tests.factories import Cast
from tests.test_tenancy import TENANTS, make_world

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]

# What owners can read for as long as the organization is there. No secrets, no names or addresses of people, who must
# be able to go, and nothing that tells what someone answered, or that they did.
KEPT = {
    "organization": {"name", "slug", "time_zone", "language", "deletion_at"},
    "team": {"name", "archived_at"},
    "member": {"user", "team", "role"},
    "invitation": {"role", "team"},
    "questionnaire": {"slug", "title"},
    "questionnaireversion": {"questionnaire", "number", "status"},
    "round": {
        *("version", "starts_on", "ends_on", "status", "aggregate", "anonymous"),
        *("opens_at", "closes_at", "revision"),
    },
    "roundteam": {"round", "team"},
    "result": {"round", "team", "revision"},
    "consensus": {"round", "team", "question_key"},
    "badge": {"team"},
    "benchmarksharing": {"size"},
    "roadmap": {"result", "title", "target_level", "starts_on", "months", "capacity"},
    "businesscase": {"roadmap", "currency"},
    "staffedrole": {"role", "people"},
    "control": {"roadmap", "key", "status", "owner"},
    "item": {"roadmap", "question_key", "position", "effort_weeks", "status", "owner", "due_on"},
    "reminderschedule": {
        *("team", "every", "weeks", "anchor", "hour", "days_before", "skipped"),
        *("opens_round", "open_days", "paused_at"),
    },
    "remindersettings": {"nudge_days", "nudge_hour"},
    "reminderhook": {"channel", "disabled_at"},
}
NOT_TRACKED = {
    "draftrevision": "each goes with a change of its version, which is tracked",
    "participant": "who is asked, and so who answers, in anonymous rounds too",
    "response": "when somebody answered would tell who did",
    "answer": "what people say is theirs",
    "reminder": "whom a mail reached, and who had not answered; the settings page shows the last",
    "subscription": "which mail people want is theirs",
    "teamtool": "what a team uses changes nothing for others",
}
KINDS = sorted(event_models())


def page_of(cast: Cast, client_of: ClientOf, **asked: Any) -> str:
    """Return the text of the trail as the owner reads it, from the list on."""
    answer = client_of(cast.owner).get(reverse("audit", args=[cast.organization.slug]), asked)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split('role="search"')[1].split())


def url(cast: Cast, name: str = "audit") -> str:
    return reverse(name, args=[cast.organization.slug])


def test_each_kept_field_was_thought_about() -> None:
    kept = {kind: {field.name for field in kept_fields(events)} for kind, events in event_models().items()}
    assert kept == KEPT


def test_each_model_of_an_organization_is_tracked_or_has_a_reason_not_to_be() -> None:
    names = {model._meta.model_name for model in TENANTS} | {"organization"}
    assert names == KEPT.keys() | NOT_TRACKED.keys()
    assert not KEPT.keys() & NOT_TRACKED.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_no_event_changes_or_goes(kind: str) -> None:
    make_world("Acme")
    events = event_models()[kind]
    row = events.objects.latest("pgh_id")
    table = connection.ops.quote_name(events._meta.db_table)
    attempts: list[Callable[[], Any]] = [
        row.save,
        lambda: events.objects.update(pgh_label="insert"),
        row.delete,
        lambda: events.objects.all().delete(),
        lambda: sql(f"UPDATE {table} SET pgh_context = NULL"),  # noqa: S608 - our own table
        lambda: sql(f"DELETE FROM {table} WHERE pgh_id = %s", row.pk),  # noqa: S608 - our own table
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            attempt()


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def test_nothing_of_ours_switches_triggers_off_but_the_demo_and_a_migration() -> None:
    apps = ("assessments", "mlops_maturity", "organizations", "roadmaps")
    sources = [path for name in apps for path in (CHECKOUT / name).rglob("*.py")]
    assert {path.name for path in sources if "pgtrigger.ignore(" in path.read_text()} == {
        "build.py",
        "0023_withhold_small_groups.py",
    }


def test_the_administration_knows_nothing_of_events() -> None:
    assert not set(event_models().values()) & set(admin.site._registry)


def test_events_go_with_their_organization_and_no_others() -> None:
    ours, theirs = make_world("Acme"), make_world("Borealis")
    before = {kind: count(kind, theirs.pk) for kind in KINDS}
    key = ours.pk

    ours.delete()
    sql("SET CONSTRAINTS ALL IMMEDIATE")

    assert {kind: count(kind, key) for kind in KINDS} == dict.fromkeys(KINDS, 0)
    assert {kind: count(kind, theirs.pk) for kind in KINDS} == before
    assert all(before.values())


def count(kind: str, organization_id: int) -> int:
    column = "pgh_obj_id" if kind == "organization" else "organization_id"
    return int(event_models()[kind].objects.filter(**{column: organization_id}).count())


def test_answering_leaves_no_trace() -> None:
    round_ = factories.make_round(anonymous=True)
    before = {kind: events.objects.count() for kind, events in event_models().items()}

    factories.make_response(participant=factories.make_participant(round_, user=factories.make_user()))

    assert {kind: events.objects.count() for kind, events in event_models().items()} == before


def test_what_a_user_does_is_told_in_words(cast: Cast, client_of: ClientOf) -> None:
    User.objects.filter(pk=cast.owner.pk).update(first_name="Ada", last_name="Okafor")
    member = Member.objects.get(user=cast.member)
    data = {"role": Role.FACILITATOR, "team": cast.team.pk}
    client_of(cast.owner).post(reverse("member", args=[cast.organization.slug, member.pk]), data)

    page = page_of(cast, client_of, action="update")

    assert "Changed the role of the member “member@acme.example” from “Member” to “Facilitator”" in page
    assert "Ada Okafor · owner@acme.example" in page
    assert "in the administration" not in page


def test_what_staff_do_in_the_administration_is_told(cast: Cast, client_of: ClientOf) -> None:
    data = {"organization": cast.organization.pk, "name": "Fraud"}
    answer = client_of(cast.staff).post(reverse("admin:organizations_team_change", args=(cast.team.pk,)), data)
    assert answer.status_code == 302

    page = page_of(cast, client_of, action="update")

    assert "Changed the name of the team “Fraud” from “Pricing” to “Fraud”" in page
    assert "staff@example.org, in the administration" in page


def test_what_a_task_does_is_told(cast: Cast, client_of: ClientOf) -> None:
    @app.task(name="tests.tidy_up")
    def tidy_up(team_id: int) -> None:
        Team.objects.filter(pk=team_id).update(archived_at=timezone.now())

    try:
        tidy_up.apply(args=(cast.team.pk,)).get()
    finally:
        app.tasks.unregister("tests.tidy_up")

    page = page_of(cast, client_of, action="update")
    assert "Background task tidy_up" in page
    assert "Archived the team “Pricing”" in page
    restore_team(team=cast.team)
    assert "Took the team “Pricing” into use again" in page_of(cast, client_of, action="update")
    assert isinstance(tasks.send_invitation, AuditedTask)


def test_what_a_command_does_is_told(cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"from organizations.models import Team; Team.objects.filter(pk={cast.team.pk}).update(name='Fraud')"
    monkeypatch.setattr(sys, "argv", ["manage.py", "shell", "-c", code])
    # The real one closes the test's connection when it is done.
    monkeypatch.setattr("django.core.management.execute_from_command_line", lambda argv: call_command(*argv[1:]))

    runpy.run_path(str(CHECKOUT / "manage.py"), run_name="__main__")

    assert "Command shell" in page_of(cast, client_of, action="update")


@pytest.mark.parametrize("argv", [["manage.py"], ["manage.py", "migrate"]])
def test_migrations_run_as_they_are_written(argv: list[str], cast: Cast, client_of: ClientOf) -> None:
    with audited_command(argv):
        Team.objects.update(name="Fraud")
        sql("SET LOCAL application_name = '100 % ours'")

    assert "Outside the application" in page_of(cast, client_of, action="update")


def test_a_deleted_account_has_no_name(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.facilitator)
    client.post(reverse("team", args=[cast.organization.slug, cast.team.pk]), {"name": "Fraud"})
    User.objects.get(pk=cast.facilitator.pk).delete()

    page = page_of(cast, client_of)

    assert "A deleted account" in page
    assert "Removed the member “a deleted account”" in page
    assert "facilitator@acme.example" not in page


def test_an_invitation_is_told_without_its_link_and_in_the_end_without_the_address(
    cast: Cast, client_of: ClientOf
) -> None:
    made = factories.make_invitation(
        cast.organization, "new@elsewhere.example", team=cast.team, token_hash=hash_of("a-token")
    )

    page = page_of(cast, client_of, kind="invitation")
    assert "Added the invitation “new@elsewhere.example”" in page
    assert "role: Member · team: Pricing" in page
    Invitation.objects.filter(pk=made.pk).update(email="other@elsewhere.example")
    Invitation.objects.filter(pk=made.pk).delete()

    page = page_of(cast, client_of, kind="invitation")
    assert "Changed the invitation “not open any more” in what the trail does not keep" in page
    assert "Removed the invitation" in page
    assert "elsewhere.example" not in page
    assert hash_of("a-token") not in page


def test_what_is_gone_keeps_its_name(cast: Cast, client_of: ClientOf) -> None:
    factories.make_round(cast.organization, teams=[cast.team]).delete()
    cast.team.delete()

    page = page_of(cast, client_of)

    assert "Removed the team “Pricing”" in page
    assert "Removed the team in a round “Q3 2026: Pricing”" in page
    assert "questionnaire version: MLOps maturity assessment, version 1" in page


def test_others_organizations_are_not_in_it(cast: Cast, client_of: ClientOf) -> None:
    make_world("Qzborealis")
    page = page_of(cast, client_of)
    assert "Acme Insurance" in page
    assert "borealis" not in page.lower()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 8),
        ({"kind": "member"}, 4),
        ({"kind": "organization", "action": "insert"}, 1),
        ({"action": "delete"}, 0),
        ({"words": "ACME.example owner"}, 1),
        ({"words": "owner@borealis.example"}, 0),
        ({"since": "2020-11-02", "until": "2020-11-02"}, 1),
        ({"since": "2020-11-01", "until": "2020-11-01"}, 0),
    ],
)
def test_the_trail_is_searched(asked: dict[str, str], found: int, cast: Cast, client_of: ClientOf) -> None:
    Organization.objects.filter(pk=cast.organization.pk).update(time_zone="Europe/Berlin")
    # The next day in Berlin. The ORM would give it the time of now, and no event can be changed.
    values = [cast.team.pk, cast.organization.pk, f'{{"user": {cast.owner.pk}}}', "2020-11-01T23:30:00Z"]
    sql(
        "INSERT INTO organizations_teamevent"
        " (pgh_obj_id, organization_id, pgh_context, pgh_created_at, pgh_label, name)"
        " VALUES (%s, %s, %s, %s, 'update', 'Fraud')",
        *values,
    )
    assert f"{found} event" in page_of(cast, client_of, **asked)


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"kind": "answer"}, "Pick one of those shown."),
        ({"action": "nothing"}, "Pick one of those shown."),
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"since": "0001-01-01"}, "Pick a day between the years 2000 and 2999."),
        ({"until": "9999-12-31"}, "Pick a day between the years 2000 and 2999."),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "Pick a day that is not before the first one."),
        ({"words": "x" * 201}, "at most 200 characters"),
    ],
)
@pytest.mark.parametrize("name", ["audit", "audit_csv", "audit_json"])
def test_a_search_says_what_to_mend(
    name: str, asked: dict[str, str], complaint: str, cast: Cast, client_of: ClientOf
) -> None:
    answer = client_of(cast.owner).get(url(cast, name), asked | {"page": "2"})
    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    for value in asked.values():
        assert value in answer.content.decode() or "Pick one" in complaint


def test_many_events_cost_no_more_queries(cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("organizations.views.audit.PER_PAGE", 500)

    def change(times: int) -> None:
        for number in range(times):
            for team in (None, cast.team):
                Member.objects.filter(organization=cast.organization).update(team=team)
            round_ = factories.make_round(cast.organization, quarter=(2000 + number, 1))
            round_.delete()
            factories.make_invitation(cast.organization, team=cast.team)

    def queries() -> int:
        client = client_of(cast.owner)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(cast)).status_code == 200
        return len(captured)

    change(2)
    few = queries()
    change(20)
    assert queries() == few
    assert few < 40


def test_the_trail_is_paged(cast: Cast, client_of: ClientOf) -> None:
    for number in range(60):
        Team.objects.filter(pk=cast.team.pk).update(name=f"Team {number}")

    first, second = (page_of(cast, client_of, kind="team", page=page) for page in (1, 2))

    assert "61 events" in first
    assert "to “Team 59”" in first
    assert "to “Team 0”" not in first
    assert "to “Team 0”" in second
    assert "?kind=team&amp;page=2" in first


def test_the_sheet_has_what_was_searched_and_no_formula(cast: Cast, client_of: ClientOf) -> None:
    for name in ("=HYPERLINK(1)", "+1", "-1", "@x", "Fraud, “quoted”"):
        Team.objects.filter(pk=cast.team.pk).update(name=name)

    answer = client_of(cast.owner).get(url(cast, "audit_csv"), {"kind": "team"})
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode())))

    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="acme-insurance-audit.csv"'
    assert len(rows) == 1 + 6
    assert {row[3] for row in rows[1:]} == {"team"}
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@" and cell]
    assert rows[1][6] == "name: @x → Fraud, “quoted”"


def test_the_file_for_programs_has_everything_searched(
    cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("organizations.audit.trail.BATCH", 2)
    Organization.objects.filter(pk=cast.organization.pk).update(time_zone="Asia/Tokyo")
    client = client_of(cast.owner)

    assert len(json.loads(b"".join(client.get(url(cast, "audit_json"))))) == 7 + 1
    data = json.loads(b"".join(client.get(url(cast, "audit_json"), {"kind": "organization", "action": "update"})))
    assert data[0] | {"at": ""} == {
        "at": "",
        "who": "Outside the application",
        "user_id": None,
        "action": "update",
        "kind": "organization",
        "object_id": cast.organization.pk,
        "name": "Acme Insurance",
        "changes": [{"field": "time zone", "old": "UTC", "new": "Asia/Tokyo"}],
        "taken": "",
        "summary": "Changed the time zone of the organization “Acme Insurance” from “UTC” to “Asia/Tokyo”",
    }
    assert data[0]["at"].endswith("+09:00")
    assert json.loads(b"".join(client.get(url(cast, "audit_json"), {"action": "delete"}))) == []


def test_who_took_what_away_is_told(cast: Cast, client_of: ClientOf) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    factories.make_response(participant=factories.make_participant(round_))
    close_round(round_=round_)
    slug = cast.organization.slug
    for reader in (cast.member, cast.facilitator):
        address = reverse("export_round", args=[slug, round_.pk, "csv"])
        client_of(reader).head(address)
        client_of(reader).get(address)
    call_command("organization", "export", slug, stdout=io.StringIO())
    client_of(cast.owner).get(url(cast, "audit_json"))

    page = page_of(cast, client_of, action="download")

    assert "4 events" in page
    assert "Downloaded the results (CSV) of the round “Q3 2026”" in page
    assert "Downloaded the results with single answers (CSV) of the round “Q3 2026”" in page
    assert "Downloaded all data (JSON) of the organization “Acme Insurance”" in page
    assert "Downloaded the audit trail (JSON) of the organization “Acme Insurance”" in page
    assert cast.facilitator.email in page
    assert "Downloaded the results" not in page_of(cast, client_of, action="insert")


def test_a_change_after_a_download_is_told_as_before(cast: Cast, client_of: ClientOf) -> None:
    client_of(cast.owner).get(url(cast, "audit_csv"))
    Organization.objects.filter(pk=cast.organization.pk).update(name="Acme Life")
    page = page_of(cast, client_of, kind="organization")
    assert "Changed the name of the organization “Acme Life” from “Acme Insurance” to “Acme Life”" in page


@pytest.mark.parametrize("role", ["viewer", "member", "facilitator"])
def test_only_owners_are_led_to_it(role: str, cast: Cast, client_of: ClientOf) -> None:
    page = client_of(getattr(cast, role)).get(reverse("members", args=[cast.organization.slug])).content.decode()
    assert url(cast) not in page
    assert url(cast) in client_of(cast.owner).get(url(cast, "members")).content.decode()
