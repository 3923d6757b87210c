"""An organization's settings as people use them: what they see, what a form keeps and complains of, and whose it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from organizations.models import Invitation, Member, Organization, Role, Team, User
from tests import factories
from tests.factories import Cast

ClientOf = Callable[[User], Client]
GENERAL = {"name": "Acme", "slug": "acme", "time_zone": "Europe/Berlin", "language": "en"}


def text_of(answer: Any) -> str:
    return " ".join(str(answer.content.decode().split("<main")[1]).split())


def address(cast: Cast, name: str, *keys: int) -> str:
    return reverse(name, args=[cast.organization.slug, *keys])


def member_of(cast: Cast, role: str) -> Member:
    return Member.objects.get(user=getattr(cast, role))


def test_founding_an_organization(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.viewer)
    data = {"name": "  Blue \t Lake ", "time_zone": "Europe/Zurich", "language": "en"}
    answer = client.post(reverse("new_organization"), data, follow=True)
    assert answer.redirect_chain == [(reverse("teams", args=["blue-lake"]), 302)]
    made = Organization.objects.get(slug="blue-lake")
    assert (made.name, made.time_zone, made.members.get().role) == ("Blue Lake", "Europe/Zurich", Role.OWNER)


def test_days_are_those_of_the_organizations_time_zone(cast: Cast, client_of: ClientOf) -> None:
    late = datetime(2026, 11, 25, 2, 53, tzinfo=UTC)  # the evening before in New York
    Organization.objects.filter(pk=cast.organization.pk).update(time_zone="America/New_York")
    cast.organization.teams.update(archived_at=late)
    cast.organization.members.update(joined_at=late)
    factories.make_invitation(cast.organization)
    Invitation.objects.update(sent_at=late, expires_at=late.replace(year=2099))
    client = client_of(cast.owner)
    pages = {
        "teams": "archived 24 November 2026",
        "invitations": "sent 24 November 2026, works until 24 November 2099",
        "member": "joined 24 November 2026",
    }
    for name, words in pages.items():
        keys = [member_of(cast, "viewer").pk] if name == "member" else []
        assert words in text_of(client.get(address(cast, name, *keys)))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": " "}, "This field is required."),
        ({"name": "Acme\u202eevil"}, "Some characters could not be read."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"time_zone": "Europe/Atlantis"}, "Pick one of the time zones shown."),
        ({"language": "tlh"}, "Pick one of the languages shown."),
        ({"slug": "Not a slug"}, "Use small letters from a to z, digits and hyphens only."),
        ({"slug": "borealis-bank"}, "This address is taken."),
        ({"slug": "New"}, "This address is taken."),
    ],
)
def test_general_settings_say_what_to_mend(
    change: dict[str, str], complaint: str, cast: Cast, client_of: ClientOf
) -> None:
    answer = client_of(cast.owner).post(address(cast, "organization_settings"), GENERAL | change)
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    if "name" not in change:
        assert 'value="Acme"' in text_of(answer)
    assert Organization.objects.get(pk=cast.organization.pk).name == "Acme Insurance"


def test_a_list_of_addresses_cannot_be_tried(cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    settings.WEB_ADDRESSES_A_DAY = 1
    client, page = client_of(cast.owner), address(cast, "organization_settings")
    data = GENERAL | {"slug": cast.elsewhere.slug}
    assert "This address is taken." in text_of(client.post(page, data))
    answer = client.post(page, data)
    assert (answer.status_code, "This address is taken." in text_of(answer)) == (422, False)
    assert "Try this one tomorrow." in text_of(answer)
    assert f'value="{cast.elsewhere.slug}"' in text_of(answer)
    unchanged = client.post(page, GENERAL | {"name": "Acme Life", "slug": cast.organization.slug})
    assert unchanged.status_code == 302


def test_a_changed_address_leads_on(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.owner)
    answer = client.post(address(cast, "organization_settings"), GENERAL | {"slug": "ACME"}, follow=True)
    assert answer.redirect_chain == [(reverse("organization_settings", args=["acme"]), 302)]
    assert "The settings are saved." in text_of(answer)
    assert client.get(address(cast, "organization")).status_code == 404


def test_a_team_is_added_renamed_archived_and_restored(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.facilitator)
    client.post(address(cast, "teams"), {"name": "Fraud <b>"})
    team = Team.objects.get(name="Fraud <b>")
    assert "Fraud &lt;b&gt;" in text_of(client.get(address(cast, "teams")))
    client.post(address(cast, "team", team.pk), {"name": "Fraud"})
    assert "Archive team Fraud?" in text_of(client.get(address(cast, "archive_team", team.pk)))
    answer = client.post(address(cast, "archive_team", team.pk), follow=True)
    assert "Team Fraud is archived." in text_of(answer)
    assert "Use it again" in text_of(answer)
    client.post(address(cast, "restore_team", team.pk))
    team.refresh_from_db()
    assert (team.name, team.archived_at) == ("Fraud", None)


@pytest.mark.parametrize("name", ["teams", "team"])
def test_a_name_of_another_team_is_kept_to_be_changed(name: str, cast: Cast, client_of: ClientOf) -> None:
    factories.make_team(cast.organization, "Fraud")
    url = address(cast, name, *([cast.team.pk] if name == "team" else []))
    answer = client_of(cast.facilitator).post(url, {"name": "FRAUD"})
    assert answer.status_code == 422
    assert "There is a team of this name already" in text_of(answer)
    assert 'value="FRAUD"' in text_of(answer)


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_read_only(role: str, cast: Cast, client_of: ClientOf) -> None:
    client = client_of(getattr(cast, role))
    for name in ("teams", "members"):
        page = text_of(client.get(address(cast, name)))
        assert "Pricing" in page
        assert 'method="post"' not in page
        assert reverse("invitations", args=[cast.organization.slug]) not in page
        assert reverse("organization_settings", args=[cast.organization.slug]) + '"' not in page
    assert client.post(address(cast, "teams"), {"name": "Fraud"}).status_code == 403


def test_members_are_searched(cast: Cast, client_of: ClientOf) -> None:
    client, url = client_of(cast.viewer), address(cast, "members")
    User.objects.filter(pk=cast.member.pk).update(first_name="Ada")
    for words, found in (("ada", 1), ("acme.example", 4), ("ADA pricing", 1), ("ada nobody", 0), ("e " * 3000, 4)):
        page = text_of(client.get(url, {"q": words}))
        assert f"{found} member" in page, words
    assert "owner@borealis" not in text_of(client.get(url))


def test_members_come_in_pages(cast: Cast, client_of: ClientOf) -> None:
    for _n in range(60):
        factories.make_member(cast.organization)
    client, url = client_of(cast.viewer), address(cast, "members")
    assert "Page 1 of 2" in text_of(client.get(url, {"q": "e"}))
    assert 'href="?q=e&amp;page=2"' in text_of(client.get(url, {"q": "e"}))
    for odd in ("2", "99", "x", "-1"):
        assert client.get(url, {"page": odd}).status_code == 200


def test_an_owner_changes_a_role_and_a_team(cast: Cast, client_of: ClientOf) -> None:
    viewer, team = member_of(cast, "viewer"), factories.make_team(cast.organization)
    url = address(cast, "member", viewer.pk)
    answer = client_of(cast.owner).post(url, {"role": "facilitator", "team": team.pk}, follow=True)
    assert "viewer@acme.example is saved." in text_of(answer)
    viewer.refresh_from_db()
    assert (viewer.role, viewer.team) == (Role.FACILITATOR, team)


def test_a_facilitator_moves_members_and_cannot_change_roles(cast: Cast, client_of: ClientOf) -> None:
    client, facilitator = client_of(cast.facilitator), member_of(cast, "facilitator")
    url = address(cast, "member", facilitator.pk)
    assert 'name="role"' not in text_of(client.get(url))
    client.post(url, {"role": "owner", "team": ""})
    facilitator.refresh_from_db()
    assert (facilitator.role, facilitator.team) == (Role.FACILITATOR, None)


def test_only_ones_own_teams_in_use_are_offered(cast: Cast, client_of: ClientOf) -> None:
    client, url = client_of(cast.facilitator), address(cast, "member", member_of(cast, "viewer").pk)
    archived = factories.make_team(cast.organization, archived_at=timezone.now())
    for team in (archived, factories.make_team(cast.elsewhere)):
        answer = client.post(url, {"team": team.pk})
        assert answer.status_code == 422
        assert "This team is no longer in use." in text_of(answer)
    assert member_of(cast, "viewer").team == cast.team


def test_a_member_stays_in_an_archived_team(cast: Cast, client_of: ClientOf) -> None:
    Team.objects.filter(pk=cast.team.pk).update(archived_at=timezone.now())
    url = address(cast, "member", member_of(cast, "viewer").pk)
    assert client_of(cast.owner).post(url, {"role": "member", "team": cast.team.pk}).status_code == 302
    assert member_of(cast, "viewer").role == Role.MEMBER


def test_the_last_owner_is_told_why_not(cast: Cast, client_of: ClientOf) -> None:
    client, owner = client_of(cast.owner), member_of(cast, "owner")
    answer = client.post(address(cast, "member", owner.pk), {"role": "member", "team": ""})
    assert (answer.status_code, "keeps at least one owner" in text_of(answer)) == (422, True)
    for url in (address(cast, "leave"), address(cast, "remove_member", owner.pk)):
        answer = client.post(url)
        assert (answer.status_code, "This is the only owner." in text_of(answer)) == (409, True)
    assert client.get(address(cast, "transfer_ownership", owner.pk)).status_code == 404


def test_a_member_is_removed_and_the_next_click_refused(cast: Cast, client_of: ClientOf) -> None:
    theirs, url = client_of(cast.member), address(cast, "remove_member", member_of(cast, "member").pk)
    assert theirs.get(address(cast, "organization")).status_code == 200
    client = client_of(cast.owner)
    assert "Remove member@acme.example from Acme Insurance?" in text_of(client.get(url))
    assert "is no longer a member" in text_of(client.post(url, follow=True))
    assert theirs.get(address(cast, "organization")).status_code == 404
    assert client.post(url).status_code == 404


def test_ownership_is_handed_over(cast: Cast, client_of: ClientOf) -> None:
    client, url = client_of(cast.owner), address(cast, "transfer_ownership", member_of(cast, "viewer").pk)
    assert "Hand your ownership of Acme Insurance over to viewer@acme.example?" in text_of(client.get(url))
    assert "you are a facilitator" in text_of(client.post(url, follow=True))
    assert client.get(address(cast, "organization_settings")).status_code == 403
    assert client_of(cast.viewer).get(address(cast, "organization_settings")).status_code == 200


def test_a_member_leaves(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.viewer)
    answer = client.post(address(cast, "leave"), follow=True)
    assert answer.redirect_chain == [(reverse("home"), 302)]
    assert "You have left Acme Insurance." in text_of(answer)
    assert client.get(address(cast, "organization")).status_code == 404


def test_several_are_invited_at_once(cast: Cast, client_of: ClientOf) -> None:
    data = {"emails": "Ada@example.org,\ngrace@example.org; ada@example.org", "role": "viewer", "team": cast.team.pk}
    answer = client_of(cast.facilitator).post(address(cast, "invitations"), data, follow=True)
    assert "2 people are invited." in text_of(answer)
    assert "the mail is on its way" in text_of(answer)
    assert set(cast.organization.invitations.values_list("email", "role", "team")) == {
        ("ada@example.org", "viewer", cast.team.pk),
        ("grace@example.org", "viewer", cast.team.pk),
    }


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"emails": ""}, "This field is required."),
        ({"emails": " ,; "}, "Enter at least one email address."),
        ({"emails": "ada@example.org ada"}, "ada is not an email address."),
        ({"emails": "ada grace@"}, "These are not email addresses: ada, grace@."),
        ({"emails": f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.org"}, "is not an email address."),
        ({"emails": " ".join(f"a{n}@example.org" for n in range(21))}, "Invite at most 20 people"),
        ({"emails": "ada@example.org viewer@acme.example"}, "Already a member or invited: viewer@acme.example."),
        ({"role": "owner"}, "Pick one of the roles shown."),
        ({"role": "facilitator"}, "Pick one of the roles shown."),
        ({"role": ""}, "This field is required."),
    ],
)
def test_an_invitation_says_what_to_mend(
    change: dict[str, str], complaint: str, cast: Cast, client_of: ClientOf
) -> None:
    data = {"emails": "ada@example.org", "role": "member", "team": ""} | change
    answer = client_of(cast.facilitator).post(address(cast, "invitations"), data)
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    assert not Invitation.objects.exists()


def test_an_owner_invites_owners_and_facilitators_leave_them_alone(cast: Cast, client_of: ClientOf) -> None:
    data = {"emails": "ada@example.org", "role": "owner", "team": ""}
    assert client_of(cast.owner).post(address(cast, "invitations"), data).status_code == 302
    invitation = Invitation.objects.get()
    client = client_of(cast.facilitator)
    page = text_of(client.get(address(cast, "invitations")))
    assert "ada@example.org" in page
    assert "Send again" not in page
    for name in ("resend_invitation", "revoke_invitation"):
        assert client.post(address(cast, name, invitation.pk)).status_code == 403
    assert Invitation.objects.exists()


def test_an_invitation_is_sent_again_and_taken_back(cast: Cast, client_of: ClientOf) -> None:
    invitation = factories.make_invitation(cast.organization, "ada@example.org", expires_at=timezone.now())
    client = client_of(cast.facilitator)
    assert "expired" in text_of(client.get(address(cast, "invitations")))
    answer = client.post(address(cast, "resend_invitation", invitation.pk), follow=True)
    assert "ada@example.org gets a new invitation" in text_of(answer)
    assert "expired" not in text_of(answer)
    assert "Take back the invitation of ada@example.org?" in text_of(
        client.get(address(cast, "revoke_invitation", invitation.pk))
    )
    client.post(address(cast, "revoke_invitation", invitation.pk))
    assert not Invitation.objects.exists()
    assert client.post(address(cast, "resend_invitation", invitation.pk)).status_code == 404


def test_inviting_has_a_limit_that_counts_addresses(cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    settings.MAIL_LIMITS = {"invitation": {"user": 3, "organization": 4, "address": 9}}
    owner, facilitator, url = client_of(cast.owner), client_of(cast.facilitator), address(cast, "invitations")
    too_many = {"emails": "a@example.org b@example.org c@example.org d@example.org", "role": "member"}
    answer = owner.post(url, too_many)
    assert answer.status_code == 422
    assert "These are too many mails for one day." in text_of(answer)
    assert too_many["emails"] in text_of(answer)
    assert not Invitation.objects.exists()
    # What was refused does not count.
    assert owner.post(url, {"emails": "a@example.org b@example.org c@example.org", "role": "member"}).status_code == 302
    assert owner.post(url, {"emails": "d@example.org", "role": "member"}).status_code == 422
    # Another member goes on until the organization has sent as many as it may.
    for email, status in (("d@example.org", 302), ("e@example.org", 422)):
        assert facilitator.post(url, {"emails": email, "role": "member"}).status_code == status
    assert Invitation.objects.count() == 4


def test_one_address_gets_few_invitations_a_day(cast: Cast, client_of: ClientOf, settings: Settings) -> None:
    settings.MAIL_LIMITS = {"invitation": {"user": 99, "organization": 99, "address": 2}}
    owner, facilitator, url = client_of(cast.owner), client_of(cast.facilitator), address(cast, "invitations")
    owner.post(url, {"emails": "ada@example.org", "role": "member"})
    again = address(cast, "resend_invitation", Invitation.objects.get().pk)
    assert [client.post(again).status_code for client in (facilitator, owner)] == [302, 429]
    assert "You have sent too many mails there today: ada@example.org." in text_of(owner.post(again))
    # Taking it back is no way around.
    Invitation.objects.all().delete()
    answer = owner.post(url, {"emails": "ADA@example.org grace@example.org", "role": "member"})
    assert answer.status_code == 422
    assert "ADA@example.org grace@example.org" in text_of(answer)
    # What others do there they are not told.
    elsewhere = reverse("invitations", args=[cast.elsewhere.slug])
    assert client_of(cast.outsider).post(elsewhere, {"emails": "ada@example.org", "role": "member"}).status_code == 302


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("team", "get"),
        ("team", "post"),
        ("archive_team", "post"),
        ("restore_team", "post"),
        ("member", "get"),
        ("member", "post"),
        ("remove_member", "post"),
        ("transfer_ownership", "post"),
        ("resend_invitation", "post"),
        ("revoke_invitation", "post"),
    ],
)
def test_what_belongs_to_others_is_not_found_under_ones_own(
    name: str, method: str, cast: Cast, client_of: ClientOf
) -> None:
    others = {"team": factories.make_team(cast.elsewhere), "invitation": factories.make_invitation(cast.elsewhere)}
    other = others.get(name.rpartition("_")[2], Member.objects.get(user=cast.outsider))
    assert getattr(client_of(cast.owner), method)(address(cast, name, other.pk)).status_code == 404


def test_the_header_switches_between_organizations(cast: Cast, client_of: ClientOf) -> None:
    factories.make_member(cast.elsewhere, cast.viewer)
    header = client_of(cast.viewer).get(address(cast, "members")).content.decode().split("<main")[0]
    assert f'href="{address(cast, "organization")}" aria-current="true"' in header
    assert f'href="{reverse("organization", args=[cast.elsewhere.slug])}"' in header
    header = client_of(cast.outsider).get(reverse("home")).content.decode().split("<main")[0]
    assert "Acme" not in header
    assert reverse("new_organization") not in Client().get(reverse("home")).content.decode()


def test_the_start_page_reads_organizations_once(cast: Cast, client_of: ClientOf) -> None:
    with CaptureQueriesContext(connection) as queries:
        page = client_of(cast.viewer).get(reverse("home")).content.decode()
    assert page.count(cast.organization.name) == 2
    assert sum('FROM "organizations_organization"' in query["sql"] for query in queries) == 1


@pytest.mark.parametrize("size", [1, 40])
@pytest.mark.parametrize(
    ("name", "queries"), [("members", 5), ("teams", 4), ("team", 5), ("invitations", 6), ("organization", 4)]
)
def test_a_page_costs_the_same_however_many_there_are(
    name: str,
    queries: int,
    size: int,
    cast: Cast,
    client_of: ClientOf,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _n in range(size):
        team = factories.make_team(cast.organization)
        factories.make_member(cast.organization, team=team)
        factories.make_member(cast.organization, team=cast.team)
        factories.make_member(user=cast.owner)
        factories.make_invitation(cast.organization, team=team, invited_by=cast.owner)
    client, url = client_of(cast.owner), address(cast, name, *([cast.team.pk] if name == "team" else []))
    with django_assert_num_queries(queries):
        assert client.get(url).status_code == 200
