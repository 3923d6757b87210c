"""A person's own data: all of it is theirs to take along, and it goes with the account, but what counts for others."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from assessments.exchange.people import user_document
from assessments.models import Answer, Participant, Response, Result
from assessments.services.benchmarks import share_scores
from assessments.services.people import Alone, StillNeeded, delete_account
from assessments.services.rounds import close_round, record_consensus
from organizations.models import Member, Organization, Role, User
from roadmaps.services.business_cases import save_case
from roadmaps.services.structure import ControlState, save_controls
from tests import factories
from tests.accounts import reauthenticate, text_of
from tests.factories import PASSWORD, Cast

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
SURE = {"sure": "on"}


@pytest.fixture
def member(cast: Cast) -> User:
    """A member with something of everything that an account can have, all of it marked."""
    user = cast.member
    user.first_name, user.last_name = "Mira", "Marker"
    user.save()
    EmailAddress.objects.create(user=user, email="mira@home.example", verified=True)
    EmailAddress.objects.create(user=user, email="not@hers.example", verified=False)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "TOPSECRET"})
    Authenticator.objects.create(
        user=user, type="webauthn", data={"name": "Blue key", "credential": {"k": "TOPSECRET"}}
    )
    UserSession.objects.create(user=user, ip="192.0.2.7", user_agent="Firefox", session_key="TOPSECRET")
    factories.make_invitation(cast.organization, "guest@example.org", invited_by=user, token_hash="TOPSECRET")
    own = factories.make_response("no", user=user)
    own.answers.filter(question_key="governance.lineage").update(note="my own note")
    for quarter, anonymous, email in ((1, False, ""), (2, True, ""), (3, True, "Mira@home.example")):
        round_ = factories.make_round(
            cast.organization, teams=[cast.team], quarter=(2026, quarter), anonymous=anonymous
        )
        participant = factories.make_participant(round_, user=None if email else user, email=email)
        response = factories.make_response(participant=participant)
        response.answers.filter(question_key="governance.lineage").update(note=f"note of round {quarter}")
        others = factories.make_participant(round_, email=f"other{quarter}@acme.example")
        factories.make_response(participant=others).answers.update(note="of somebody else")
        if quarter == 1:
            close_round(round_=round_)
    return user


def sure_client(client_of: ClientOf, user: User) -> Client:
    client = client_of(user)
    reauthenticate(client)
    return client


def rows_that_say(word: str) -> list[str]:
    """Return the tables of which some row has a word in it, whatever the case."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            query = f"SELECT count(*) FROM {connection.ops.quote_name(table)} AS row WHERE row::text ILIKE %s"  # noqa: S608
            cursor.execute(query, [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


# Taking along


def test_all_of_it_is_downloaded(member: User, client_of: ClientOf) -> None:
    answer = sure_client(client_of, member).get(reverse("download_own_data"))
    assert answer["Content-Disposition"].startswith('attachment; filename="mlops-maturity-20')
    data = json.loads(answer.content)
    assert (data["format"], data["version"]) == ("mlops-maturity-user", 1)
    assert data["profile"]["last_name"] == "Marker"
    assert [(row["email"], row["confirmed"]) for row in data["email_addresses"]] == [
        (member.email, True),
        ("mira@home.example", True),
        ("not@hers.example", False),
    ]
    assert [(row["kind"], row["name"]) for row in data["sign_in_methods"]] == [("totp", ""), ("webauthn", "Blue key")]
    assert "192.0.2.7" in {row["ip"] for row in data["sessions"]}
    assert [(row["organization"], row["role"]) for row in data["memberships"]] == [("Acme Insurance", "member")]
    assert [row["email"] for row in data["invitations_sent"]] == ["guest@example.org"]
    [own] = data["self_assessments"]
    assert own["answers"]["governance.lineage"] | {"changed_at": ""} == {
        "choice": "no",
        "note": "my own note",
        "evidence_url": "",
        "changed_at": "",
    }
    rounds = data["participations"]
    assert [(row["starts_on"], row["anonymous"]) for row in rounds] == [
        ("2026-01-01", False),
        ("2026-04-01", True),
        ("2026-07-01", True),
    ]
    notes = [row["response"]["answers"]["governance.lineage"]["note"] for row in rounds]
    assert notes == [f"note of round {number}" for number in (1, 2, 3)]


TOLD = {
    "account.EmailAddress.user": "email_addresses",
    "mfa.Authenticator.user": "sign_in_methods",
    "socialaccount.SocialAccount.user": "sign_on_accounts",
    "usersessions.UserSession.user": "sessions",
    "organizations.Member.user": "memberships",
    "organizations.Invitation.invited_by": "invitations_sent",
    "assessments.Response.user": "self_assessments",
    "assessments.Participant.user": "participations",
    "assessments.Consensus.recorded_by": "consensus_recorded",
    "assessments.BenchmarkSharing.agreed_by": "scores_shared",
    "assessments.Subscription.user": "mail_preferences",
    "assessments.Reminder.user": "reminders",
    "roadmaps.Roadmap.created_by": "roadmaps_kept",
    "roadmaps.Item.owner": "roadmap_items_owned",
    "roadmaps.BusinessCase.updated_by": "business_cases_saved",
    "roadmaps.Control.owner": "controls_owned",
}
NOT_TOLD = {
    "admin.LogEntry.user": "what staff did is the installation's record",
    "pghistory.MiddlewareEvents.user": "no table of its own",
    "assessments.DraftRevision.made_by": "the record of who changed a questionnaire, a hundred steps at most",
    "organizations.MemberEvent.pgh_obj": "the organization's record of its members",
    "organizations.MemberEvent.user": "the organization's record of its members",
    "roadmaps.ItemEvent.owner": "the organization's record of its roadmaps",
    "roadmaps.ControlEvent.owner": "the organization's record of its roadmaps",
}


def test_whatever_points_to_a_person_is_in_it_or_has_a_reason_not_to_be(member: User) -> None:
    """Add it to user_document, or from another app by register_person; else say here why it is not the person's."""
    fields = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if field.related_model in (User, Member)
    }
    assert fields == TOLD.keys() | NOT_TOLD.keys()
    assert set(TOLD.values()) <= user_document(member).keys()


def test_what_one_did_for_organizations_is_in_it(cast: Cast) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    factories.make_response("no", participant=factories.make_participant(round_))
    close_round(round_=round_)
    record_consensus(
        round_=round_, team=cast.team, agreed={"governance.lineage": ("yes", "We looked.")}, user=cast.facilitator
    )
    share_scores(organization=cast.organization, size="1-10", user=cast.facilitator)
    owner = cast.organization.members.get(user=cast.facilitator)
    roadmap = factories.make_roadmap(
        round_.results.current().get(team=None), owner=owner, title="Our plan", created_by=cast.facilitator
    )
    save_case(roadmap=roadmap, currency="EUR", given={}, user=cast.facilitator)
    save_controls(roadmap=roadmap, states={"level:5:Compliance": ControlState(owner=owner, note="Mine")})
    document = user_document(cast.facilitator)
    assert [row["rationale"] for row in document["consensus_recorded"]] == ["We looked."]
    assert [row["organization"] for row in document["scores_shared"]] == ["Acme Insurance"]
    assert [row["title"] for row in document["roadmaps_kept"]] == ["Our plan"]
    assert len(document["roadmap_items_owned"]) == 2
    assert [row["roadmap"] for row in document["business_cases_saved"]] == ["Our plan"]
    assert [row["note"] for row in document["controls_owned"]] == ["Mine"]
    others = user_document(cast.member)
    assert not others["consensus_recorded"] + others["scores_shared"] + others["roadmaps_kept"]
    assert not others["roadmap_items_owned"] + others["business_cases_saved"] + others["controls_owned"]


def test_no_secret_and_nothing_of_others_is_in_it(member: User, client_of: ClientOf) -> None:
    text = sure_client(client_of, member).get(reverse("download_own_data")).content.decode()
    for word in ("TOPSECRET", "somebody else", "other1@", PASSWORD, member.password, '"id"'):
        assert word not in text


def test_an_address_that_is_only_claimed_gives_nothing(cast: Cast) -> None:
    factories.make_participant(email=cast.member.email)
    EmailAddress.objects.filter(user=cast.member).update(verified=False)
    assert user_document(cast.member)["participations"] == []


def test_its_queries_do_not_grow(member: User, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    factories.make_response(user=cast.viewer)
    for user in (member, cast.viewer):
        with django_assert_num_queries(17):
            user_document(user)


def test_the_overview_leads_there(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.viewer)
    assert f'href="{reverse("own_data")}"' in text_of(client.get(reverse("account")))
    assert f'href="{reverse("delete_account")}"' in text_of(client.get(reverse("own_data")))


@pytest.mark.parametrize(
    ("name", "method"), [("download_own_data", "get"), ("delete_account", "get"), ("delete_account", "post")]
)
def test_a_stolen_session_is_not_enough(cast: Cast, client_of: ClientOf, name: str, method: str) -> None:
    answer = getattr(client_of(cast.viewer), method)(reverse(name), SURE)
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.filter(pk=cast.viewer.pk).exists()


def test_one_confirms_first_and_then_downloads(cast: Cast, client_of: ClientOf) -> None:
    """A download after the confirmation would leave the browser at the page that asks for it."""
    client = client_of(cast.owner)
    for page, download in (
        (reverse("own_data"), reverse("download_own_data")),
        *[tuple(reverse(name, args=[cast.organization.slug]) for name in ("organization_data", "organization_export"))],
    ):
        confirm = f"{reverse('account_reauthenticate')}?next={page}"
        assert f'href="{confirm}"' in text_of(client.get(page))
        answer = client.post(confirm, {"password": PASSWORD})
        assert answer["Location"] == page
        assert f'href="{download}"' in text_of(client.get(page))
        client = client_of(cast.owner)


# Deleting


def test_the_account_goes_and_nothing_that_stays_tells_who_it_was(member: User, client_of: ClientOf) -> None:
    staff = User.objects.get(email="staff@example.org")
    LogEntry.objects.create(
        user=staff,
        content_type=ContentType.objects.get_for_model(Member),
        object_repr=f"{member.email} (Member)",
        change_message=f'[{{"added": {{"object": "{member.email}"}}}}]',
        action_flag=CHANGE,
    )
    factories.make_invitation(factories.make_organization(), "mira@home.example")
    answered = Answer.objects.exclude(organization=None).count()
    closed = list(Result.objects.values())
    client = sure_client(client_of, member)
    assert "Delete your account?" in text_of(client.get(reverse("delete_account")))

    answer = client.post(reverse("delete_account"), SURE, follow=True)

    assert answer.redirect_chain == [("/", 302)]
    assert "Your account is deleted." in answer.content.decode()
    assert client.get(reverse("account")).status_code == 302
    for word in (member.email, "mira@home.example", "Mira", "Marker", "Blue key", "192.0.2.7", "my own note"):
        assert rows_that_say(word) == [], word
    assert not [session for session in Session.objects.all() if "_auth_user_id" in session.get_decoded()]
    assert Answer.objects.exclude(organization=None).count() == answered
    assert list(Result.objects.values()) == closed
    assert Response.objects.filter(organization=None).count() == 0
    gone = Participant.objects.filter(email__startswith="deleted-")
    assert gone.count() == gone.filter(user=None, response__status="submitted").count() == 3
    connection.check_constraints()


def test_the_person_is_told_by_mail(member: User, client_of: ClientOf) -> None:
    email = member.email
    sure_client(client_of, member).post(reverse("delete_account"), SURE)
    [message] = mail.outbox
    assert (message.to, message.subject) == ([email], "Your account is deleted")


def test_the_account_goes_even_where_no_mail_can_be_sent(
    cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise smtplib.SMTPServerDisconnected

    client = sure_client(client_of, cast.viewer)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    assert client.post(reverse("delete_account"), SURE).status_code == 302
    assert not User.objects.filter(pk=cast.viewer.pk).exists()


def test_without_the_tick_nothing_happens(cast: Cast, client_of: ClientOf) -> None:
    assert sure_client(client_of, cast.viewer).post(reverse("delete_account")).status_code == 422
    assert User.objects.filter(pk=cast.viewer.pk).exists()


def test_the_only_owner_among_others_is_needed(cast: Cast, client_of: ClientOf) -> None:
    client = sure_client(client_of, cast.owner)
    for answer in (client.get(reverse("delete_account")), client.post(reverse("delete_account"), SURE)):
        assert "You are the only owner here:" in text_of(answer)
        assert cast.organization.name in text_of(answer)
        for name in ("members", "organization_data"):
            assert f'href="{reverse(name, args=[cast.organization.slug])}"' in text_of(answer)
    assert answer.status_code == 409
    with pytest.raises(StillNeeded):
        delete_account(user=cast.owner, with_organizations=[cast.organization.pk])
    assert User.objects.filter(pk=cast.owner.pk).exists()
    factories.make_member(cast.organization, role=Role.OWNER)
    assert client.post(reverse("delete_account"), SURE).status_code == 302


def test_an_organization_with_nobody_else_goes_only_if_the_person_says_so(cast: Cast, client_of: ClientOf) -> None:
    client = sure_client(client_of, cast.outsider)
    answer = client.get(reverse("delete_account"))
    assert f"Delete {cast.elsewhere.name} too, with everything in it" in text_of(answer)
    answer = client.post(reverse("delete_account"), SURE)
    assert answer.status_code == 422
    assert 'name="sure"' in text_of(answer)
    with pytest.raises(Alone):
        delete_account(user=cast.outsider)
    assert Organization.objects.filter(pk=cast.elsewhere.pk).exists()
    client.post(reverse("delete_account"), SURE | {f"organization-{cast.elsewhere.pk}": "on"})
    assert not User.objects.filter(pk=cast.outsider.pk).exists()
    assert list(Organization.objects.all()) == [cast.organization]


def test_what_has_changed_in_the_meantime_is_said(
    cast: Cast, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(**_kwargs: Any) -> None:
        raise Alone

    monkeypatch.setattr("mlops_maturity.own_data.delete_account", change)
    answer = sure_client(client_of, cast.viewer).post(reverse("delete_account"), SURE)
    assert answer.status_code == 422
    assert "changed in the meantime" in text_of(answer)
