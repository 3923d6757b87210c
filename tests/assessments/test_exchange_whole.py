"""Nothing is forgotten: each field of each row of an organization is there after an import, or there is a reason."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from django.db import models
from django.db.models import Q

from assessments.exchange.parts import Made, Part, register, registered
from assessments.exchange.reading import whole_schema
from assessments.exchange.writing import carried_models
from assessments.models import Answer, Participant, QuestionnaireVersion, Response, Result
from assessments.questionnaires.files import dump
from organizations.models import Member, Organization, Role, User
from tests import factories
from tests.assessments.test_exchange import exported, imported
from tests.assessments.test_exchange import make_world as make_rich_world
from tests.test_tenancy import TENANTS, make_world

pytestmark = pytest.mark.django_db

NOT_CARRIED: dict[str, str] = {
    "assessments.DraftRevision": "steps to undo; what a draft says now is carried",
    "assessments.Reminder": "what became of a mail is over, and its address and words belong to this site",
    "assessments.ReminderHook": "the address of Slack is a secret, and signatures rest on this site's key",
}
"""Label of a model with an organization, and why no one misses its rows in an export."""

LEFT_OUT = {
    "organizations.Organization.slug": "the import is given another one here",
    "organizations.Organization.deletion_at": "what is brought elsewhere was not asked to be deleted there",
    "organizations.Invitation.token_hash": "a secret; the invitation is sent again",
    "organizations.Invitation.created_at": "begins anew, as its link does",
    "organizations.Invitation.sent_at": "its link has not been sent from where it now is",
    "assessments.QuestionnaireVersion.revision": "counts the steps to undo, which are not carried",
    "assessments.Participant.token_hash": "a secret; the link is sent again",
    "assessments.Participant.mail_waits": "its link is sent again by hand",
    "assessments.Response.public_id": "a key of this database",
    "assessments.Answer.updated_at": "nobody misses it, and each answer would carry it",
    "assessments.ReminderSchedule.paused_at": "a copy is paused: nobody gets mail from it unasked",
    "assessments.ReminderSchedule.looked_until": "what lies before the import is not made up for",
    "assessments.ReminderSchedule.opens_next_at": "is computed anew",
    "assessments.ReminderSchedule.opened_on": "said to those in charge when it happened",
    "assessments.ReminderSchedule.opened_round": "said to those in charge when it happened",
    "assessments.ReminderSchedule.problem": "said to those in charge when it happened",
    "assessments.ReminderSettings.looked_until": "what lies before the import is not made up for",
    "assessments.Badge.token": "a secret; the import makes new links",
    "assessments.Badge.created_at": "that of the new link",
}
# What of anonymous rounds is carried, and what cannot be, has tests of its own in test_exchange.py.
ANONYMOUS = {
    Participant: Q(round__anonymous=True),
    Response: Q(participant__round__anonymous=True),
    Answer: Q(response__participant__round__anonymous=True),
    Result: Q(withheld=True),
}


def fields_of(model: type[models.Model]) -> list[Any]:
    return [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key
        and field.name != "organization"
        and f"{model._meta.label}.{field.name}" not in LEFT_OUT
    ]


def values(row: Any, members: Collection[User]) -> tuple[Any, ...]:
    """Return all that a row says, what it points to said in the same way, nothing of who is no member any more."""
    found = []
    for field in fields_of(type(row)):
        value = getattr(row, field.name)
        if isinstance(value, User):
            value = value.email if value in members else None
        elif isinstance(value, models.Model):
            value = values(value, members)
        found.append(value)
    return tuple(found)


def everything(organization: Organization) -> dict[str, set[str]]:
    """Return all that the tables say of an organization, by the name of the model."""
    members = set(User.objects.filter(memberships__organization=organization))
    found = {"Organization": {repr(values(organization, members))}}
    for model in sorted(carried_models() - {Organization}, key=lambda model: model._meta.label):
        rows = model._default_manager.filter(organization=organization)
        rows = rows.exclude(ANONYMOUS[model]) if model in ANONYMOUS else rows
        found[model.__name__] = {repr(values(row, members)) for row in rows}
    return found


def test_each_model_of_an_organization_is_carried_or_has_a_reason_not_to_be() -> None:
    """Add it to a part of the document (CONTRIBUTING.md), or to NOT_CARRIED with the reason."""
    carried = {model._meta.label for model in carried_models()}
    assert carried | NOT_CARRIED.keys() == {model._meta.label for model in TENANTS} | {"organizations.Organization"}
    assert not carried & NOT_CARRIED.keys()


def test_what_is_left_out_is_there() -> None:
    fields = {
        f"{model._meta.label}.{field.name}" for model in carried_models() for field in model._meta.concrete_fields
    }
    assert LEFT_OUT.keys() <= fields


@pytest.mark.parametrize("make", [make_world, make_rich_world])
def test_each_field_of_each_row_is_there_again(make: Any) -> None:
    """The first world has a row of every table that has an organization, as tests/test_tenancy.py asks for."""
    organization = make("acme")
    own = factories.make_version(
        factories.shipped_definition() | {"slug": "kept", "title": "Kept as written"}, organization=organization
    )
    QuestionnaireVersion.objects.create(
        organization=organization,
        questionnaire=own.questionnaire,
        number=2,
        definition=own.definition,
        source=f"# ours\n{dump(own.definition)}",
    )
    if make is make_world:
        Member.objects.filter(organization=organization).update(role=Role.OWNER)
    before = everything(organization)
    assert all(before.values()) or make is not make_world
    copied = imported(exported(organization), "copy")
    after = everything(copied)
    assert {name: sorted(rows ^ after[name]) for name, rows in before.items() if rows != after[name]} == {}


def test_a_part_of_another_app_joins_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """As roadmaps do: beside the core, by the names of the document, in one transaction with it."""
    organization = make_rich_world()
    monkeypatch.setattr("assessments.exchange.parts._parts", {part.key: part for part in registered()})
    read: list[Made] = []
    level = Result.objects.filter(organization=organization, team=None).latest("revision")
    part = Part(
        key="plans",
        models=(User,),
        schema={"type": "array", "items": {"required": ["from"]}},
        write=lambda _organization, names: [{"from": [names.rounds[level.round_id], level.revision]}],
        read=lambda _value, made: read.append(made),
        check=lambda value, known: (
            ((n,), "is no result.")
            for n, row in enumerate(value)
            if (row["from"][0], None, row["from"][1]) not in known.results
        ),
    )
    register(part)
    with pytest.raises(ValueError, match="a part plans already"):
        register(Part(key="plans", models=(), schema={}, write=part.write, read=part.read))
    document = exported(organization)
    assert whole_schema()["properties"]["plans"] == part.schema
    [plan] = document["plans"]
    imported(document, "copy")
    number, revision = plan["from"]
    assert read[0].results[number, None, revision].card == level.card
