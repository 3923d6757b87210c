"""No row points to what belongs to another organization: every pair of tables, by what a shell could do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.utils import timezone
from pghistory.models import Event

from assessments.models import (
    Answer,
    BenchmarkSharing,
    Consensus,
    DraftRevision,
    Questionnaire,
    QuestionnaireVersion,
    Reminder,
    ReminderHook,
    ReminderSchedule,
    ReminderSettings,
    Response,
    Result,
    Subscription,
    TeamTool,
)
from assessments.models.badges import Badge
from assessments.models.benchmarks import SizeBand
from assessments.services.rounds import close_round
from organizations.models import Invitation, Organization
from organizations.tenancy import OwnOrShared, SameOrganization, SameOrNoOrganization
from roadmaps.models import BusinessCase, Control, StaffedRole
from tests import factories

pytestmark = pytest.mark.django_db


def has_organization(model: type[models.Model]) -> bool:
    try:
        return model._meta.get_field("organization").related_model is Organization
    except FieldDoesNotExist:
        return False


OUR_APPS = ("organizations", "assessments", "roadmaps")
MODELS = [model for app in OUR_APPS for model in apps.get_app_config(app).get_models()]
# What the audit trail keeps is copied by triggers, of rows that are guarded; tests/organizations/test_audit.py has it.
OURS = [model for model in MODELS if not issubclass(model, Event)]
TENANTS = [model for model in OURS if has_organization(model)]


def pairs(model: type[models.Model]) -> Iterator[models.ForeignKey[Any]]:
    """Yield the foreign keys of a table to tables with an organization."""
    for field in model._meta.fields:
        if isinstance(field, models.ForeignKey) and has_organization(field.related_model):
            yield field


def guards(field: models.Field[Any, Any]) -> list[str]:
    """Return the names of the constraints and triggers that guard a foreign key."""
    meta: Any = field.model._meta
    found: list[Any] = [one for one in meta.constraints if isinstance(one, SameOrganization)]
    found += [one for one in getattr(meta, "triggers", []) if isinstance(one, SameOrNoOrganization | OwnOrShared)]
    return [one.name for one in found if one.field == field.name]


PAIRS = [field for model in TENANTS for field in pairs(model)]
EACH_PAIR = pytest.mark.parametrize("field", PAIRS, ids=str)


def make_world(name: str) -> Organization:
    """Make an organization with a row in every table that has an organization; a new table joins in here."""
    organization = factories.make_organization(name)
    version = factories.make_version(organization=organization)
    draft = factories.make_version(version.definition | {"title": "Next"}, organization=organization, published=False)
    DraftRevision.objects.create(
        organization=organization, version=draft, number=1, definition=draft.definition, act="begin"
    )
    team = factories.make_team(organization)
    member = factories.make_member(organization, team=team)
    before = factories.make_round(organization, version=version, teams=[team], quarter=(2026, 2))
    closed = factories.make_round(organization, version=version, teams=[team], previous=before)
    Consensus.objects.create(
        organization=organization,
        round=closed,
        team=team,
        question_key="governance.lineage",
        choice_key="yes",
        rationale="We looked.",
    )
    Invitation.objects.create(
        organization=organization, email=f"new@{organization.slug}.example", team=team, expires_at=timezone.now()
    )
    Badge.objects.create(organization=organization, team=team)
    factories.make_response(participant=factories.make_participant(closed, team=team, user=member.user))
    close_round(round_=closed)
    TeamTool.objects.create(organization=organization, team=team, name=f"Tool of {name}")
    BenchmarkSharing.objects.create(organization=organization, size=SizeBand.TO_10)
    first = factories.make_roadmap(Result.objects.get(round=closed, team=team), owner=member)
    factories.make_roadmap(first.result, [], previous=first)
    BusinessCase.objects.create(organization=organization, roadmap=first, given={"models": {"expected": 7.0}})
    StaffedRole.objects.create(organization=organization, role=f"Role of {name}", people=2)
    Control.objects.create(organization=organization, roadmap=first, key="level:3:Compliance", owner=member)
    ReminderSettings.objects.create(organization=organization, nudge_days=[3])
    Subscription.objects.create(organization=organization, user=member.user)
    schedule = factories.make_schedule(organization, team=team, opened_round=closed)
    hook = ReminderHook.objects.create(organization=organization, url="https://hooks.example/1")
    planned: dict[str, Any] = {"organization": organization, "on": schedule.anchor, "days_before": 3}
    planned |= {"send_at": timezone.now(), "try_at": timezone.now()}
    Reminder.objects.create(schedule=schedule, user=member.user, **planned)
    Reminder.objects.create(schedule=schedule, hook=hook, **planned)
    Reminder.objects.create(participant=closed.participants.get(), **planned)
    return organization


# Of these a row points to one thing or the other, and there is one for each.
ONE_FOR_EACH = (Reminder, ReminderSchedule)


def row_of(model: Any, organization: Organization, pointing: str = "pk") -> Any:
    """Return a row of an organization, with something in a column."""
    row = model._default_manager.filter(organization=organization, **{f"{pointing}__isnull": False}).first()
    assert row is not None, f"make_world() makes no {model._meta.label}"
    return row


@pytest.fixture
def ours() -> Organization:
    return make_world("Acme")


@pytest.fixture
def theirs() -> Organization:
    return make_world("Borealis")


# They refuse changes too, for other reasons.
FREEZES = [
    "assessments.Result:freeze_result",
    "assessments.Result:keep_result",
    "assessments.QuestionnaireVersion:freeze_published_version",
]


def refused(field: models.Field[Any, Any], change: Callable[[], object]) -> None:
    """Make a change, and have it refused, at the latest when its transaction ends, by what guards the foreign key."""
    with (
        pytest.raises(IntegrityError, match="|".join(guards(field))),
        pgtrigger.ignore(*FREEZES),
        transaction.atomic(),
    ):
        change()
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_every_table_that_points_to_one_with_an_organization_has_one_itself() -> None:
    assert {model for model in OURS if list(pairs(model))} <= set(TENANTS)


@EACH_PAIR
def test_every_pair_is_guarded(field: models.Field[Any, Any]) -> None:
    """Where the row may be without organization a composite foreign key is not enough, as it holds for NULL."""
    assert guards(field), f"{field} needs one of organizations.tenancy"


@EACH_PAIR
def test_no_row_can_be_pointed_to_another_organization(
    field: models.Field[Any, Any], ours: Organization, theirs: Organization
) -> None:
    row, other = row_of(field.model, ours, field.name), row_of(field.related_model, theirs)
    if field.one_to_one:
        row_of(field.model, theirs).delete()
    if field.model is Reminder:
        Reminder.objects.filter(organization=theirs).delete()

    refused(field, lambda: type(row).objects.filter(pk=row.pk).update(**{field.name: other}))


@EACH_PAIR
def test_no_row_can_be_made_that_points_to_another_organization(
    field: models.Field[Any, Any], ours: Organization, theirs: Organization
) -> None:
    row = row_of(field.model, theirs, field.name)
    pointers = [pointer for pointer in pairs(field.model) if field.model is not Reminder or getattr(row, pointer.name)]
    others = {pointer.name: row_of(pointer.related_model, ours) for pointer in pointers} | {
        field.name: getattr(row, field.name)
    }
    # Its like must not be in the way; a version's rounds would keep it, but versions differ by their questionnaire.
    if field.model is not QuestionnaireVersion:
        with pgtrigger.ignore(*FREEZES):
            field.model._default_manager.filter(pk=row.pk).delete()
            if field.model in ONE_FOR_EACH:
                field.model._default_manager.filter(organization=ours).delete()
            connection.check_constraints()
    for name, value in {"pk": None, "organization": ours, **others}.items():
        setattr(row, name, value)

    refused(field, lambda: type(row).objects.bulk_create([row]))


@EACH_PAIR
def test_no_row_moves_to_another_organization_without_what_it_points_to(
    field: models.Field[Any, Any], ours: Organization, theirs: Organization
) -> None:
    row = row_of(field.model, ours)

    with (
        pytest.raises(DatabaseError, match=r"_same_organization|_own_or_shared|organization_stays"),
        pgtrigger.ignore(*FREEZES),
        transaction.atomic(),
    ):
        field.model._default_manager.filter(pk=row.pk).update(organization=theirs)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("model", [Questionnaire, QuestionnaireVersion, DraftRevision, Response])
def test_what_may_belong_to_no_organization_never_gets_another_one(
    model: type[models.Model], ours: Organization, theirs: Organization
) -> None:
    """Else what points to it, as it is everyone's, would point across from then on."""
    for organization in (None, theirs):
        with pytest.raises(DatabaseError, match="organization_stays"), transaction.atomic():
            model._default_manager.filter(pk=row_of(model, ours).pk).update(organization=organization)


def test_an_answer_without_organization_belongs_to_a_response_without(ours: Organization) -> None:
    """A composite foreign key alone would let it pass."""
    with pytest.raises(IntegrityError, match="answer_response_same_organization"):
        Answer.objects.create(response=row_of(Response, ours), organization=None, question_key="a.b", choice_key="yes")


def test_what_is_offered_to_all_may_be_used_by_anyone() -> None:
    version = factories.make_version()

    round_ = factories.make_round(version=version)
    round_.full_clean()

    assert factories.make_response(version=version).organization is None


def test_a_try_out_cannot_be_of_an_organizations_own_questionnaire(ours: Organization) -> None:
    with pytest.raises(IntegrityError, match="response_version_own_or_shared"):
        Response.objects.create(version=row_of(QuestionnaireVersion, ours))


IN_FORMS = [field for field in PAIRS if field.model not in (QuestionnaireVersion, DraftRevision, Response, Answer)]


@pytest.mark.parametrize("field", IN_FORMS, ids=str)
def test_a_form_says_at_which_field(field: models.Field[Any, Any], ours: Organization, theirs: Organization) -> None:
    row = row_of(field.model, ours)
    setattr(row, field.name, row_of(field.related_model, theirs))

    with pytest.raises(ValidationError) as error:
        row.full_clean()

    assert "another organization" in error.value.message_dict[field.name][0]


def test_an_organization_goes_with_all_it_owns_and_nothing_else(ours: Organization, theirs: Organization) -> None:
    before = {model: model._default_manager.filter(organization=theirs).count() for model in TENANTS}

    ours.delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    for model in TENANTS:
        assert not model._default_manager.filter(organization=ours.pk).exists()
        assert model._default_manager.filter(organization=theirs).count() == before[model] > 0
