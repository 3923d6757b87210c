"""The end of an organization: asked for, told, called off, and done when the time is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from assessments.models import QuestionnaireVersion, Response
from organizations import tasks
from organizations.models import Member, Organization, Role, User
from organizations.services.deletion import TooLate, call_off_deletion, delete_due_organizations, request_deletion
from tests import factories
from tests.accounts import reauthenticate
from tests.factories import Cast
from tests.test_tenancy import make_world

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


def address(cast: Cast, name: str) -> str:
    return reverse(name, args=[cast.organization.slug])


def make_due(organization: Organization) -> None:
    Organization.objects.filter(pk=organization.pk).update(deletion_at=timezone.now() - dt.timedelta(seconds=1))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is put into the queue, done at once as a worker would; returns the arguments."""
    arguments: list[Any] = []

    def send(name: str, args: list[int]) -> None:
        assert name == tasks.tell_of_deletion.name
        arguments.append(args)
        tasks.tell_of_deletion(*args)

    monkeypatch.setattr("organizations.services.deletion.current_app.send_task", send)
    return arguments


def test_an_owner_asks_and_each_owner_is_told(
    cast: Cast,
    client_of: ClientOf,
    sent: list[Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    second = factories.make_member(cast.organization, role=Role.OWNER).user
    client = client_of(cast.owner)
    reauthenticate(client)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address(cast, "delete_organization"), {"name": " Acme  Insurance "}, follow=True)
    assert answer.redirect_chain == [(address(cast, "organization_data"), 302)]
    cast.organization.refresh_from_db()
    left = cast.organization.deletion_at - timezone.now() if cast.organization.deletion_at else dt.timedelta()
    assert dt.timedelta(days=13, hours=23) < left <= dt.timedelta(days=14)
    assert sent == [[cast.organization.pk, owner.pk, cast.owner.pk] for owner in (cast.owner, second)]
    assert {tuple(message.to) for message in mail.outbox} == {(cast.owner.email,), (second.email,)}
    [message, _other] = mail.outbox
    assert message.subject == "Acme Insurance will be deleted"
    assert cast.owner.email in message.body
    assert address(cast, "organization_data") in message.body


def test_asking_again_changes_nothing(
    cast: Cast, sent: list[Any], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        request_deletion(organization=cast.organization, by=cast.owner)
        first = cast.organization.deletion_at
        request_deletion(organization=cast.organization, by=cast.owner)
    assert cast.organization.deletion_at == first
    assert len(sent) == 1


@pytest.mark.parametrize("name", ["", "acme insurance", "Acme"])
def test_without_the_right_name_nothing_happens(cast: Cast, client_of: ClientOf, name: str) -> None:
    client = client_of(cast.owner)
    reauthenticate(client)
    answer = client.post(address(cast, "delete_organization"), {"name": name})
    assert answer.status_code == 422
    assert f'value="{name}"' in answer.content.decode() or not name
    assert not Organization.objects.exclude(deletion_at=None).exists()


def test_a_stolen_session_is_not_enough(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.owner)
    for method, name in (
        ("get", "delete_organization"),
        ("post", "delete_organization"),
        ("get", "organization_export"),
    ):
        answer = getattr(client, method)(address(cast, name), {"name": cast.organization.name})
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert not Organization.objects.exclude(deletion_at=None).exists()


def test_every_page_says_so_and_owners_how_to_call_it_off(cast: Cast, client_of: ClientOf) -> None:
    request_deletion(organization=cast.organization, by=cast.owner)
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    paths = [address(cast, name) for name in ("organization", "teams", "members", "leave")]
    paths.append(reverse("round_result", args=[cast.organization.slug, round_.pk]))
    for user in (cast.owner, cast.viewer):
        for path in paths:
            page = client_of(user).get(path).content.decode()
            assert "Acme Insurance will be deleted on" in page
            assert ("An owner can call it off until then." in page) == (user == cast.viewer)
            assert (f'href="{address(cast, "organization_data")}">Call it off' in page) == (user == cast.owner)
    assert "will be deleted" not in client_of(cast.outsider).get(reverse("home")).content.decode()


def test_any_owner_calls_it_off(
    cast: Cast,
    client_of: ClientOf,
    sent: list[Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    request_deletion(organization=cast.organization, by=cast.owner)
    second = factories.make_member(cast.organization, role=Role.OWNER).user
    client = client_of(second)
    assert "Keep the organization" in client.get(address(cast, "organization_data")).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address(cast, "keep_organization"), follow=True)
    assert "The organization stays." in answer.content.decode()
    assert delete_due_organizations() == 0
    assert {message.subject for message in mail.outbox} == {"Acme Insurance stays"}
    assert len(sent) == 2


def test_calling_off_what_nobody_asked_for_does_nothing(cast: Cast) -> None:
    call_off_deletion(organization=cast.organization, by=cast.owner)
    assert Organization.objects.filter(pk=cast.organization.pk, deletion_at=None).exists()


def test_it_can_be_too_late(cast: Cast, client_of: ClientOf) -> None:
    make_due(cast.organization)
    with pytest.raises(TooLate):
        call_off_deletion(organization=cast.organization, by=cast.owner)
    assert client_of(cast.owner).post(address(cast, "keep_organization")).status_code == 409


def test_whoever_is_no_owner_any_more_gets_no_mail(cast: Cast) -> None:
    factories.make_member(cast.organization, role=Role.OWNER)
    Member.objects.filter(user=cast.owner).update(role=Role.VIEWER)
    tasks.tell_of_deletion(cast.organization.pk, cast.owner.pk, cast.owner.pk)
    tasks.tell_of_deletion(0, cast.owner.pk, cast.owner.pk)
    assert mail.outbox == []


def test_what_is_due_goes_with_every_row_and_nothing_else_does() -> None:
    """Every table with an organization, the audit trail's included; its people, and what they tried alone, stay."""
    ours, theirs = make_world("Acme"), make_world("Borealis")
    person = Member.objects.filter(organization=ours).get().user
    own = factories.make_response(user=person, version=factories.make_version())
    tables = [
        (model, column)
        for model in apps.get_models()
        for column in ("organization_id", "pgh_obj_id")
        if column in {field.attname for field in model._meta.fields}
        and (column == "organization_id" or model._meta.label == "organizations.OrganizationEvent")
    ]
    assert "pgh_obj_id" in {column for _model, column in tables}
    before = {
        model: [model._default_manager.filter(**{column: one.pk}).count() for one in (ours, theirs)]
        for model, column in tables
    }
    assert all(count > 0 for counts in before.values() for count in counts), before
    make_due(ours)

    tasks.delete_due_organizations()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    for model, column in tables:
        assert not model._default_manager.filter(**{column: ours.pk}).exists()
        assert model._default_manager.filter(**{column: theirs.pk}).count() == before[model][1]
    assert list(Organization.objects.all()) == [theirs]
    assert User.objects.filter(pk=person.pk).exists()
    assert Response.objects.filter(pk=own.pk).exists()
    assert QuestionnaireVersion.objects.filter(organization=None).exists()


def test_nothing_goes_before_its_time(cast: Cast) -> None:
    request_deletion(organization=cast.organization, by=cast.owner)
    assert delete_due_organizations() == 0
    assert Organization.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_no_harm() -> None:
    organizations = [make_world(name) for name in ("One", "Two", "Three")]
    for organization in organizations:
        make_due(organization)
    together, counts = Barrier(2), []

    def work() -> None:
        together.wait()
        counts.append(delete_due_organizations())
        connection.close()

    workers = [Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counts) == 3
    assert not Organization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_being_called_off_is_left_alone(cast: Cast) -> None:
    make_due(cast.organization)
    counts: list[int] = []

    def work() -> None:
        counts.append(delete_due_organizations())
        connection.close()

    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=cast.organization.pk)
        worker = Thread(target=work)
        worker.start()
        worker.join()
    assert counts == [0]
    assert Organization.objects.filter(pk=cast.organization.pk).exists()


def test_beat_looks_every_hour(settings: Settings) -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["delete-due-organizations"]
    assert entry["task"] == tasks.delete_due_organizations.name
    assert entry["schedule"].hour == set(range(24))
