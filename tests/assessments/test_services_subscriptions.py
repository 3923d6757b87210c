"""Ending mail: by the link in it, logged in or not, by choosing, and where it came back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from assessments.models import Subscription
from assessments.services.subscriptions import DAYS_VALID, Link, NoSuchLink, Recipient, read_token, token_of
from organizations.models import User
from tests import factories
from tests.assessments.reminding import Clock
from tests.factories import Cast

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def link(cast: Cast) -> Link:
    return Link(Recipient(cast.owner.pk), {cast.organization.pk, cast.elsewhere.pk}, {"reminders"})


def url(link: Link) -> str:
    return reverse("unsubscribe", args=[token_of(link)])


def test_a_token_reveals_nothing_and_expires(link: Link, clock: Clock) -> None:
    guest = Link(Recipient(None, "Guest@partner.example"), link.organizations, {"nudges"})
    token = token_of(guest)
    assert "partner" not in token
    assert token != token_of(guest)
    read = read_token(token)
    assert (read.recipient, set(read.organizations)) == (Recipient(None, "guest@partner.example"), link.organizations)
    clock.forward(days=DAYS_VALID)
    assert read_token(token)
    clock.forward(seconds=1)
    with pytest.raises(NoSuchLink):
        read_token(token)


@pytest.mark.parametrize("spoilt", ["", "x", "ä", "gAAAA", "A" * 200])
def test_a_token_that_is_not_ours_ends_nothing(spoilt: str, link: Link) -> None:
    with pytest.raises(NoSuchLink):
        read_token(spoilt)
    with pytest.raises(NoSuchLink):
        read_token(token_of(link)[:-5] + "AAAAA")


def test_one_click_ends_mail_without_a_cookie_and_opening_the_link_does_not(link: Link, cast: Cast) -> None:
    program = Client(enforce_csrf_checks=True)
    page = program.get(url(link))
    assert page.status_code == 200
    assert cast.owner.email not in page.content.decode()
    assert not Subscription.objects.exists()
    for _twice in range(2):
        assert program.post(url(link), ONE_CLICK).status_code == 200
    rows = Subscription.objects.filter(user=cast.owner)
    assert {(row.organization_id, row.reminders, row.nudges) for row in rows} == {
        (cast.organization.pk, False, True),
        (cast.elsewhere.pk, False, True),
    }
    assert "sessionid" not in program.cookies
    page = program.post(url(link), {}, follow=True)
    assert page.redirect_chain  # so that neither going back nor loading anew does it once more
    assert "Done: no more of these mails." in page.content.decode()
    page = program.post(url(link), {"again": ""}, follow=True)
    assert "You get these mails again." in page.content.decode()
    assert not rows.filter(reminders=False).exists()


def test_a_link_of_a_deleted_organization_has_nothing_to_end(cast: Cast, client: Client) -> None:
    address = url(Link(Recipient(cast.owner.pk, ""), {cast.organization.pk}, {"reminders"}))
    cast.organization.delete()
    assert client.get(address).status_code == client.post(address, ONE_CLICK).status_code == 410


def test_a_guest_ends_nudges_without_an_account(cast: Cast, client: Client) -> None:
    guest = Link(Recipient(None, "Guest@partner.example"), {cast.organization.pk}, {"nudges"})
    page = client.post(url(guest), ONE_CLICK).content.decode()
    assert "You get no more reminders of Acme Insurance." in page
    assert reverse("mail_preferences") not in page
    assert Subscription.objects.get().email == "guest@partner.example"


def test_a_link_of_somebody_who_is_gone_is_none(link: Link, cast: Cast, client: Client, clock: Clock) -> None:
    address = url(link)
    cast.organization.members.filter(user=cast.owner).update(user=cast.staff)
    cast.owner.delete()
    assert client.post(address, ONE_CLICK).status_code == 410
    guest = url(Link(Recipient(None, "a@b.example"), {cast.organization.pk}, {"nudges"}))
    clock.now += dt.timedelta(days=DAYS_VALID + 1)
    page = client.get(guest)
    assert page.status_code == 410
    assert "This link does not work any more." in page.content.decode()


def test_people_choose_and_mail_that_came_back_is_tried_again(cast: Cast, client_of: ClientOf) -> None:
    Subscription.objects.create(organization=cast.organization, user=cast.owner, bounces=3)
    client = client_of(cast.owner)
    address = reverse("mail_preferences")
    page = client.get(address).content.decode()
    assert "Mail to you came back three times" in page
    assert "checked" not in page.split("<main")[1]
    prefix = f"o{cast.organization.pk}"
    client.post(address, {})
    assert Subscription.objects.get().is_bounced
    client.post(address, {f"{prefix}-reminders": "on"})
    row = Subscription.objects.get()
    assert (row.reminders, row.nudges, row.bounces) == (True, False, 0)


def test_only_those_in_charge_choose_about_dates(cast: Cast, client_of: ClientOf) -> None:
    page = client_of(cast.member).get(reverse("mail_preferences")).content.decode()
    assert "Reminders of the next round" not in page
    assert "Reminders to answer in an open round" in page


def test_the_page_costs_the_same_for_many_organizations(
    cast: Cast, client_of: ClientOf, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(cast.owner)
    address = reverse("mail_preferences")
    client.get(address)
    for _n in range(3):
        factories.make_member(factories.make_organization(), cast.owner)
    with django_assert_num_queries(7):
        client.get(address)
