"""All text that people see goes through gettext: with translations that mark their text, nothing stays unmarked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from zoneinfo import available_timezones

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from assessments.models import Badge, QuestionnaireVersion
from assessments.selectors.questionnaires import definition_of
from assessments.services.rounds import close_round
from assessments.templatetags import opinions
from organizations.models import Role, User
from organizations.selectors import hash_of
from organizations.services import invitations as service
from organizations.services.deletion import request_deletion, tell_of_deletion
from roadmaps.assumptions import CURRENCIES
from roadmaps.wording import name_of
from tests import factories
from tests.accounts import reauthenticate
from tests.factories import Cast

ClientOf = Callable[[User], Client]

OPEN, CLOSE = "⟦", "⟧"
READ_BY_PEOPLE = {"alt", "aria-description", "aria-label", "aria-roledescription", "placeholder", "title"}
NOT_READ = {"script", "style", "template"}


class Unmarked(HTMLParser):
    """Gathers in `found` the visible text and the texts of attributes that stand outside the marks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._depth = 0
        self._unread = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in NOT_READ
        values = dict(attrs)
        texts = [value for name, value in attrs if name in READ_BY_PEOPLE]
        if tag == "meta" and values.get("name") == "description":
            texts.append(values.get("content"))
        if tag == "input" and values.get("type") in {"submit", "button", "reset"}:
            texts.append(values.get("value"))
        self.found += [text for value in texts if value and (text := outside(value)[0].strip())]

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in NOT_READ

    def handle_data(self, data: str) -> None:
        if not self._unread:
            text, self._depth = outside(data, self._depth)
            self.found += [line.strip() for line in text.splitlines() if line.strip()]


def outside(text: str, depth: int = 0) -> tuple[str, int]:
    """Return what of a text lies outside the marks, at which it begins `depth` deep, and how deep it ends."""
    rest = []
    for character in text:
        depth += character == OPEN
        rest.append(character if depth == 0 else " ")
        depth -= character == CLOSE
    return "".join(rest), depth


@pytest.fixture
def nothing_made() -> Iterator[None]:
    """Forget before and after what a process has made of texts, which it keeps by language."""
    kept = (opinions._guidance, opinions._level)
    for each in kept:
        each.cache_clear()
    yield
    for each in kept:
        each.cache_clear()


@pytest.fixture
def marked(nothing_made: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Translate every text into itself between marks."""

    def mark(text: str) -> str:
        return f"{OPEN}{text}{CLOSE}" if text else text

    translation.gettext("")  # makes Django choose its implementation, which is patched here
    for name, function in {
        "gettext": mark,
        "pgettext": lambda _context, text: mark(text),
        "ngettext": lambda singular, plural, number: mark(singular if number == 1 else plural),
        "npgettext": lambda _context, singular, plural, number: mark(singular if number == 1 else plural),
    }.items():
        monkeypatch.setattr(f"django.utils.translation._trans.{name}", function, raising=False)


def texts_in(data: Any) -> set[str]:
    """Return every text in a questionnaire's mapping, which is data, in a language of its own."""
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return {text for item in data for text in texts_in(item)}
    return {data} if isinstance(data, str) else set()


def assert_translated(answer: Any, *data: str) -> None:
    """Fail with the texts of a page that are neither marked, nor `data`, nor free of words."""
    page = answer.content.decode()
    assert OPEN in page
    known = {" ".join(text.split()) for text in (*data, "https://")} - {""}
    pattern = "|".join(re.escape(text) for text in sorted(known, key=len, reverse=True))
    naked = [re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", " ", text) for text in Unmarked(page).found]
    assert [text.strip() for text in naked if re.search(r"[^\W\d_]{2,}", text)] == []


def test_the_net_has_no_holes(marked: None) -> None:
    page = f"""<p title="Hint">Naked <b>{OPEN}dressed <i>inside</i>{CLOSE}</b> 12 <img alt="{OPEN}a{CLOSE}"></p>
    <script>let code</script><input type="submit" value="Send"><meta name="description" content="About">"""
    assert Unmarked(page).found == ["Hint", "Naked", "12", "Send", "About"]
    assert translation.gettext("x") == str(translation.gettext_lazy("x")) == f"{OPEN}x{CLOSE}"
    assert translation.ngettext("one", "more", 2) == f"{OPEN}more{CLOSE}"


VISITOR_PAGES = [
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_request_login_code",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "account_inactive",
]
USER_PAGES = [
    "account",
    "account_logout",
    "account_email",
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_list_webauthn",
    "usersessions_list",
    "own_data",
    "delete_account",
    "socialaccount_connections",
]


@pytest.mark.parametrize("name", VISITOR_PAGES)
def test_account_pages_of_visitors(name: str, marked: None, client: Client, db: None) -> None:
    assert_translated(client.get(reverse(name)))


@pytest.mark.parametrize("name", USER_PAGES)
def test_account_pages_of_users(name: str, marked: None, cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.member)
    reauthenticate(client)
    answer = client.get(reverse(name))
    secret = answer.context["form"].secret if name == "mfa_activate_totp" else ""
    assert_translated(answer, cast.member.email, cast.organization.name, secret)


@pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
def test_complaints_of_forms(name: str, marked: None, client: Client, db: None) -> None:
    answer = client.post(reverse(name), {})
    assert "alert-danger" in answer.content.decode()
    assert_translated(answer)


def test_pages_that_ask_for_codes(marked: None, client: Client, db: None) -> None:
    email = "new@example.org"
    sign_up = {"email": email, "password1": "a quiet lighthouse at noon"}
    assert_translated(client.post(reverse("account_signup"), sign_up, follow=True), email)
    assert_translated(Client().post(reverse("account_request_login_code"), {"email": email}, follow=True), email)


def test_broken_links_of_mails(marked: None, client: Client, db: None) -> None:
    assert_translated(client.get(reverse("account_reset_password_from_key", args=["1", "broken"])))


@pytest.mark.parametrize("path", ["/nowhere/", "/orgs/nobody/x/"])
def test_error_pages(path: str, marked: None, client: Client, db: None) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert_translated(answer)


def test_a_stale_page(marked: None, db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post(reverse("account_login"), {})
    assert answer.status_code == 403
    assert_translated(answer)


def test_the_survey_and_its_result(marked: None, client: Client, version: QuestionnaireVersion) -> None:
    data = texts_in(version.definition)
    assert_translated(client.get(reverse("home")), *data)
    assert_translated(client.get(reverse("try")), *data)
    client.post(reverse("try"))
    for dimension in version.definition["dimensions"]:
        assert_translated(client.get(reverse("try_questions", args=[dimension["key"]])), *data)
    assert_translated(client.get(reverse("try_review")), *data)


def test_what_a_member_sees(marked: None, cast: Cast, client_of: ClientOf, version: QuestionnaireVersion) -> None:
    own = factories.make_response("yes", user=cast.member)
    for quarter in ((2026, 1), (2026, 2)):
        round_ = factories.make_round(cast.organization, teams=[cast.team], quarter=quarter)
        factories.make_response("no", participant=factories.make_participant(round_, user=cast.member))
        close_round(round_=round_)
    factories.make_round(cast.organization, teams=[cast.team])
    data = texts_in(version.definition) | {cast.member.email, cast.organization.name, cast.team.name}
    client = client_of(cast.member)
    for path in (
        reverse("home"),
        reverse("own_result", args=[own.public_id]),
        reverse("organization", args=[cast.organization.slug]),
        reverse("benchmarks", args=[cast.organization.slug]),
        reverse("technology", args=[cast.organization.slug]),
        reverse("compare", args=[cast.organization.slug]),
        f"{reverse('compare', args=[cast.organization.slug])}?teams={cast.team.pk}",
        reverse("round_result", args=[cast.organization.slug, round_.pk]),
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert_translated(answer, *data)


def test_running_a_round(marked: None, cast: Cast, client_of: ClientOf, version: QuestionnaireVersion) -> None:
    other = factories.make_team(cast.organization)
    closed = factories.make_round(cast.organization, teams=[cast.team], quarter=(2026, 2))
    close_round(round_=closed)
    draft = factories.make_round(cast.organization, teams=[cast.team], status="draft", opened_at=None)
    round_ = factories.make_round(cast.organization, teams=[cast.team], closes_at=timezone.now() + timedelta(days=1))
    guest, person = factories.make_participant(round_), factories.make_participant(round_, user=cast.member)
    factories.make_response({}, participant=person, submitted=False)
    people = {user.email for user in (cast.owner, cast.facilitator, cast.member, guest)}
    names = people | {cast.organization.name, cast.team.name, other.name, cast.organization.time_zone}
    data = names | texts_in(version.definition)
    client, slug = client_of(cast.facilitator), cast.organization.slug
    pages: list[tuple[str, list[int], int]] = [
        ("rounds", [], 200),
        ("new_round", [], 200),
        *(("round", [row.pk], 200) for row in (draft, round_, closed)),
        *((name, [draft.pk], 200) for name in ("edit_round", "open_round", "discard_round")),
        *((name, [round_.pk], 200) for name in ("round_participants", "close_round", "extend_round", "nudge_round")),
        ("remove_participants", [round_.pk], 200),
        ("remove_participant", [round_.pk, guest.pk], 200),
        ("reopen_round", [closed.pk], 200),
        ("close_round", [closed.pk], 409),
    ]
    for name, keys, status in pages:
        answer = client.get(reverse(name, args=[slug, *keys]))
        assert answer.status_code == status
        assert_translated(answer, *data)
    for name, keys in (("new_round", []), ("round_participants", [round_.pk])):
        answer = client.post(reverse(name, args=[slug, *keys]), {"addresses": "nobody", "closes_at": "never"})
        assert answer.status_code == 422
        assert_translated(answer, *data, "nobody", "never")


def test_settings_of_an_organization(marked: None, cast: Cast, client_of: ClientOf) -> None:
    guest = factories.make_invitation(cast.organization)
    badge = Badge.objects.create(organization=cast.organization)
    archived = factories.make_team(cast.organization, archived_at=timezone.now())
    names = {cast.organization.name, cast.team.name, archived.name, guest.email, cast.elsewhere.name}
    people = {user.email for user in (cast.owner, cast.facilitator, cast.member, cast.viewer)}
    zones = {zone.replace("_", " ") for zone in available_timezones()}
    client, slug, team = client_of(cast.owner), cast.organization.slug, cast.team.pk
    reauthenticate(client)
    cast.organization.deletion_at = timezone.now()
    cast.organization.save()
    viewer = cast.organization.members.get(role=Role.VIEWER).pk
    for name, *keys in (
        ("organization_settings",),
        ("audit",),
        ("teams",),
        ("team", team),
        ("archive_team", team),
        ("members",),
        ("member", viewer),
        ("remove_member", viewer),
        ("transfer_ownership", viewer),
        ("leave",),
        ("invitations",),
        ("revoke_invitation", guest.pk),
        ("organization_data",),
        ("delete_organization",),
        ("badges",),
        ("revoke_badge", badge.pk),
        ("sharing",),
    ):
        answer = client.get(reverse(name, args=[slug, *keys]))
        assert answer.status_code == 200
        assert_translated(answer, *names, *people, *zones, slug, cast.organization.language)
    complained = client.get(reverse("audit", args=[slug]), {"kind": "x", "until": "2999"})
    assert complained.status_code == 422
    assert_translated(complained, *names, *people)
    for name in ("organization_settings", "teams", "invitations", "delete_organization"):
        answer = client.post(reverse(name, args=[slug]))
        assert answer.status_code == 422
        assert_translated(answer, *names, *people, *zones, slug)
    assert_translated(client.get(reverse("new_organization")), *names, *people, *zones)


def test_deleting(marked: None, cast: Cast, client_of: ClientOf) -> None:
    client, alone, needed = (client_of(user) for user in (cast.member, cast.outsider, cast.owner))
    for one in (client, alone, needed):
        reauthenticate(one)
    for one in (alone, needed):
        assert_translated(
            one.post(reverse("delete_account")),
            *(cast.outsider.email, cast.owner.email, cast.elsewhere.name, cast.organization.name),
        )
    client.post(reverse("delete_account"), {"sure": "on"})
    request_deletion(organization=cast.organization, by=cast.owner)
    tell_of_deletion(organization_id=cast.organization.pk, owner_id=cast.owner.pk, by_id=cast.owner.pk)
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        assert outside(str(message.subject))[0].strip() == ""
        assert re.fullmatch(r"\s*(https?://\S+\s*)?", outside(str(message.body))[0])


def test_an_invitation(marked: None, cast: Cast, client_of: ClientOf, client: Client) -> None:
    guest = factories.make_invitation(cast.organization, cast.member.email, token_hash=hash_of("token"))
    url = reverse("invitation", args=["token"])
    data = [cast.organization.name, cast.elsewhere.name, guest.email, cast.outsider.email]
    for answer in (client.get(url), client_of(cast.member).get(url), client_of(cast.outsider).get(url)):
        assert answer.status_code == 200
        assert_translated(answer, *data)
    assert_translated(client.get(reverse("invitation", args=["other"])))
    service.send_invitation(invitation_id=guest.pk)
    [message] = mail.outbox
    assert outside(str(message.subject))[0].strip() == ""
    assert re.fullmatch(r"\s*https?://\S+\s*", outside(str(message.body))[0])


def test_what_a_roadmap_costs_and_takes(
    marked: None, cast: Cast, client_of: ClientOf, version: QuestionnaireVersion
) -> None:
    round_ = factories.make_round(cast.organization, teams=[cast.team])
    factories.make_response("no", participant=factories.make_participant(round_, user=cast.member))
    close_round(round_=round_)
    roadmap = factories.make_roadmap(round_.results.get(team=None), target_level=3)
    people = {user.email for user in (cast.owner, cast.facilitator, cast.member, cast.viewer)}
    data = texts_in(version.definition) | people | {cast.organization.name, cast.team.name, roadmap.title, *CURRENCIES}
    data |= set(map(name_of, definition_of(version.pk).questions.values()))  # the keys, as words
    for name in ("business_case", "structure", "governance"):
        for user in (cast.facilitator, cast.viewer):
            answer = client_of(user).get(reverse(f"roadmap_{name}", args=[cast.organization.slug, roadmap.pk]))
            assert_translated(answer, *data)
    page = client_of(cast.facilitator).post(answer.request["PATH_INFO"].replace("governance", "business-case"))
    assert page.status_code == 422
    assert_translated(page, *data)
