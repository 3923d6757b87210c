"""Every page takes as many queries with many rows as with few; tests/test_admin.py has the administration's pages."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pghistory
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from assessments.exports import EXPORTERS
from assessments.models import (
    Badge,
    BenchmarkSharing,
    BenchmarkSnapshot,
    DraftRevision,
    Participant,
    PublishedBenchmark,
    QuestionnaireVersion,
    Reminder,
    ReminderHook,
    ReminderSettings,
    Round,
    Subscription,
    TeamTool,
)
from assessments.models.benchmarks import SizeBand
from assessments.models.rounds import RoundStatus
from assessments.selectors.questionnaires import definition_of
from assessments.services.rounds import close_round, record_consensus
from assessments.services.subscriptions import KINDS, Link, Recipient, token_of
from organizations.models import Organization, Role, Team, User
from organizations.selectors import hash_of
from roadmaps.models import BusinessCase, Control, StaffedRole
from tests import factories
from tests.accounts import reauthenticate
from tests.addresses import Rows, arguments_of, make_rows, names_of
from tests.factories import Cast

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]

CEILING = 15
"""Queries that a page takes at the most, those for the session and the user among them."""
BY_KIND = {"audit", "audit_csv", "audit_json"}
"""They take three queries for each kind of row that they tell of, and files the same again for each 500 events."""
MORE = {"download_own_data": 30, "organization_export": 60, **dict.fromkeys(BY_KIND, 60)}
"""What takes a whole account or organization along takes a query for each table that there is."""
SAVING = 8
"""Queries that saving takes at the most, of one answer or of a page of them."""
TRANSACTIONS = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
NOTED = re.compile(r"^SELECT set_config\('pghistory\.context_id'.*?, true\); ", re.DOTALL)

NO_PAGE = {
    "account_set_password": "for accounts without a password: tests/test_accounts_sign_on.py",
    "add_round_team": "leads to the round",
    "confirm_by_code": "for accounts without a password: tests/test_accounts_confirmation.py",
    "demo_letter": "of files, which have no rows",
    "demo_letter_html": "of files, which have no rows",
    "demo_outbox": "of files, which have no rows",
    "metrics": "found with a token alone, and of counts in memory",
    "readyz": "waits for a worker, and asks each part once",
    "respond_by_link_submit": "leads to the review",
    "respond_submit": "leads to the review",
    "revise_result": "leads to the survey",
    "try_submit": "leads to the review",
    # What allauth shows halfway through a log-in, or to whoever comes back from elsewhere: none of it lists rows.
    "account_confirm_login_code": "halfway through a log-in",
    "account_email_verification_sent": "halfway through a sign-up",
    "account_reset_password_from_key": "by a link in a mail",
    "mfa_add_webauthn": "needs true passkeys, of which people have a few: tests/test_accounts_second_factor.py",
    "mfa_reauthenticate_webauthn": "needs true passkeys: tests/test_accounts_second_factor.py",
    "mfa_authenticate": "halfway through a log-in",
    "mfa_login_webauthn": "halfway through a log-in",
    "openid_connect_callback": "of a provider",
    "openid_connect_login": "of a provider",
    "sign_on": "of a provider",
    "socialaccount_login_error": "of a provider",
    "socialaccount_signup": "of a provider",
}
"""Addresses that give nobody here a page, and why."""

PUBLISHED = {
    "title": "Survey",
    "questionnaire": "mlops-maturity",
    "source": {"title": "Survey", "url": "https://survey.example/", "licence": "CC0", "year": 2026},
}
OF_DONE = "a-token-of-who-has-submitted"
CODES = {"seed": "0123", "used_mask": 0}
OK, LEADS_ON, POST_ALONE = 200, 302, 405

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Page:
    """An address and what to ask it for; `label` tells it from others of its name."""

    name: str
    arguments: list[Any] = field(default_factory=list)
    query: dict[str, Any] = field(default_factory=dict)
    of: str = ""

    @property
    def label(self) -> str:
        return " ".join(filter(None, [self.name, self.of, *self.query]))


@dataclass
class World:
    """The rows that addresses name, and all that grows around them; `latest` is the newest closed round."""

    rows: Rows
    draft: Round
    done: Participant
    latest: Round

    def grow(self) -> None:
        """Add at least one row of everything, as the owner, so that the audit trail tells of people."""
        with pghistory.context(user=self.rows.cast.owner.pk):
            self._people()
            self._round()
            self._open_round()
            self._roadmap()
            self._questionnaires()
            self._reminders()
            self._accounts()

    @property
    def organization(self) -> Organization:
        return self.rows.cast.organization

    def _people(self) -> None:
        """Teams with members, tools and a badge, one of them archived, and invitations."""
        team = factories.make_team(self.organization)
        factories.make_team(self.organization, archived_at=timezone.now())
        for role in (Role.MEMBER, Role.FACILITATOR):
            factories.make_member(self.organization, team=team, role=role)
        for invited in (None, self.rows.cast.owner):
            factories.make_invitation(self.organization, team=team, invited_by=invited)
        for name in ("Git", f"Tool {next(_numbers)}"):
            TeamTool.objects.create(organization=self.organization, team=team, name=name)
        Badge.objects.create(organization=self.organization, team=team)

    def _round(self) -> None:
        """A closed round in which every team has answered, the member for the cast's, and agreed on something."""
        starts = self.latest.starts_on
        quarter = (starts.year + starts.month // 10, (starts.month + 2) // 3 % 4 + 1)
        round_ = factories.make_round(
            self.organization, version=self.latest.version, teams=self._teams(), quarter=quarter, previous=self.latest
        )
        for team in self._teams():
            for user in (self.rows.cast.member if team == self.rows.cast.team else None, None):
                response = factories.make_response(
                    "no", participant=factories.make_participant(round_, team=team, user=user)
                )
                response.answers.update(note="Something.", evidence_url="https://wiki.example/1")
        close_round(round_=round_)
        self.latest = Round.objects.get(pk=round_.pk)
        for team in self._teams()[:3]:
            agreed = {"governance.lineage": ("no", "We looked."), "governance.model_registry": ("no", "We did.")}
            known = definition_of(round_.version_id).questions
            record_consensus(
                round_=self.latest,
                team=team,
                agreed={key: said for key, said in agreed.items() if key in known},
                user=self.rows.cast.facilitator,
            )
        self.latest.refresh_from_db()

    def _open_round(self) -> None:
        """Another open round; more people asked in those that addresses name, who have answered or begun to.

        Two teams are not in them, which can be added.
        """
        asked = self._teams()[:-2]
        for round_ in (self.rows.asked.round, self.draft):
            round_.teams.add(*asked, through_defaults={"organization": self.organization})
            for team in asked:
                factories.make_participant(round_, team=team)
        for submitted in (True, False):
            participant = factories.make_participant(self.rows.asked.round, team=self.rows.cast.team)
            factories.make_response(participant=participant, submitted=submitted)
        other = factories.make_round(
            self.organization, version=self.latest.version, teams=self._teams(), previous=self.latest
        )
        factories.make_participant(other, user=self.rows.cast.member)

    def _roadmap(self) -> None:
        """A roadmap of the newest result which continues the one before, with more items and controls than that."""
        result = self.latest.results.get(team=None, revision=self.latest.revision)
        owner = self.organization.members.get(user=self.rows.cast.member)
        before = self.rows.roadmap
        keys = list(definition_of(self.latest.version_id).questions)
        taken = keys[-before.items.count() - 2 :]
        roadmap = factories.make_roadmap(result, taken, owner=owner, previous=before)
        BusinessCase.objects.create(
            organization=self.organization, roadmap=roadmap, given={"models": {"expected": float(len(taken))}}
        )
        for key in taken:
            Control.objects.create(organization=self.organization, roadmap=roadmap, key=f"practice:{key}", owner=owner)
        StaffedRole.objects.create(organization=self.organization, role=f"Role {next(_numbers)}", people=2)
        self.rows.roadmap, self.rows.item = roadmap, roadmap.items.get(position=1)

    def _questionnaires(self) -> None:
        """More versions and revisions of the organization's own questionnaire, and other ones, its own and for all."""
        own = self.rows.own
        draft = own.versions.get(number=3)
        for _n in range(2):
            number = draft.revisions.count() + 1
            DraftRevision.objects.create(
                organization=self.organization,
                version=draft,
                number=number,
                definition=draft.definition,
                act="change" if number > 1 else "begin",
                back=number - 1 or None,
                made_by=self.rows.cast.owner,
            )
        newest = own.versions.order_by("-number")[0]
        QuestionnaireVersion.objects.create(
            questionnaire=own,
            organization=self.organization,
            number=newest.number + 1,
            definition=newest.definition | {"title": f"Title {next(_numbers)}"},
        )
        for organization in (self.organization, None):
            slug = f"other-{next(_numbers)}"
            other = factories.make_version(newest.definition | {"slug": slug}, organization=organization)
            factories.make_round(self.organization, version=other, teams=[self.rows.cast.team])
            document = PUBLISHED | {"slug": slug, "overall": {"mean": 2.5}}
            PublishedBenchmark.objects.create(slug=slug, title=slug, questionnaire="mlops-maturity", document=document)

    def _reminders(self) -> None:
        """Schedules and webhooks with what they sent, of the cast's organization and of people in rounds."""
        team = self._teams()[-1]
        user = self.rows.cast.member
        hook = ReminderHook.objects.create(
            organization=self.organization, url=f"https://hooks.example/{next(_numbers)}"
        )
        schedules = [
            self.rows.schedule,
            factories.make_schedule(self.organization, team=team, opened_round=self.latest),
        ]
        for schedule in schedules:
            for to in ({"hook": hook}, {"user": user}, {"user": self.rows.cast.owner}):
                self._reminder(schedule=schedule, **to)
        self._reminder(participant=self.rows.asked)

    def _reminder(self, **to: Any) -> None:
        now = timezone.now()
        on = dt.date(2027, 1, 1) + dt.timedelta(days=next(_numbers))
        Reminder.objects.create(
            organization=self.organization, on=on, days_before=3, send_at=now, try_at=now + dt.timedelta(days=90), **to
        )

    def _accounts(self) -> None:
        """What accounts have: organizations, addresses, sessions, passkeys, assessments of one's own, preferences."""
        for user in (self.rows.cast.owner, self.rows.cast.member):
            number = next(_numbers)
            organization = factories.make_organization(f"Another {number}")
            factories.make_member(organization, user, role=Role.OWNER)
            factories.make_member(organization, role=Role.OWNER)
            Subscription.objects.create(organization=organization, user=user)
            BenchmarkSharing.objects.create(organization=organization, size=SizeBand.TO_10)
            passkey = {"name": f"Key {number}", "credential": {}}
            Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=passkey)
            EmailAddress.objects.create(user=user, email=f"other{number}@acme.example", verified=True)
            browser = Client()
            browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            key = browser.session.session_key
            UserSession.objects.create(user=user, ip="192.0.2.7", user_agent="Firefox", session_key=key)
            factories.make_response("no", user=user)
            factories.make_response({}, user=user, submitted=False)
            asked = factories.make_participant(factories.make_round(organization), user=user)
            factories.make_response(participant=asked)

    def _teams(self) -> list[Team]:
        return list(self.organization.teams.filter(archived_at=None).order_by("pk"))


@pytest.fixture
def world(cast: Cast) -> World:
    """Some rows of everything."""
    rows = make_rows(cast)
    organization, version = cast.organization, rows.closed_round.version
    draft = factories.make_round(
        organization, version=version, teams=[cast.team], status=RoundStatus.DRAFT, opened_at=None
    )
    done = factories.make_participant(factories.make_round(organization, version=version), user=cast.member)
    factories.make_response(participant=done)
    Participant.objects.filter(pk=done.pk).update(token_hash=hash_of(OF_DONE))
    ReminderSettings.objects.create(organization=organization, nudge_days=[3])
    BenchmarkSharing.objects.create(organization=organization, size=SizeBand.TO_10)
    BenchmarkSnapshot.objects.create(
        questionnaire="mlops-maturity", version=version.number, starts_on=rows.closed_round.starts_on, cut_points={}
    )
    for kind, data in ((Authenticator.Type.TOTP, {}), (Authenticator.Type.RECOVERY_CODES, CODES)):
        Authenticator.objects.create(user=cast.owner, type=kind, data=data)
    made = World(rows, draft, done, rows.closed_round)
    for _n in range(2):
        made.grow()
    return made


def pages(world: World) -> Iterator[Page]:
    """Yield every page: each address once, and what it shows besides when it is asked for more."""
    arguments = arguments_of(world.rows) | {
        name: [world.organization.slug, world.latest.pk, *more]
        for name, more in {
            "round_result": [],
            "round_notes": ["governance.lineage"],
            "report": [],
            "reopen_round": [],
        }.items()
    }
    slug, draft = world.organization.slug, world.draft.pk
    arguments |= {name: [slug, draft] for name in ("edit_round", "open_round", "discard_round")}
    arguments |= {"respond_done": [slug, world.done.round_id], "respond_by_link_done": [OF_DONE]}
    passkey = Authenticator.objects.filter(user=world.rows.cast.owner, type=Authenticator.Type.WEBAUTHN).earliest("pk")
    arguments |= {name: [passkey.pk] for name in ("mfa_edit_webauthn", "mfa_remove_webauthn")}
    everything = Link(Recipient(world.rows.cast.member.pk), [world.organization.pk], KINDS)
    arguments["unsubscribe"] = [token_of(everything)]
    for name in sorted(
        {*names_of(), *_allauths()} - NO_PAGE.keys() - {"round_consensus", "export_round", "export_comparison"}
    ):
        yield Page(name, arguments.get(name, []))
    team = {"team": world.rows.cast.team.pk}
    for name in ("round_result", "round_consensus", "new_round", "nudge_round", "technology"):
        yield Page(name, [slug, world.latest.pk] if "round_" in name else arguments[name], team)
    rounds = Round.objects.filter(organization=world.organization, status=RoundStatus.CLOSED)
    chosen = {"rounds": [row.pk for row in rounds], "teams": [row.pk for row in world._teams()]}
    yield Page("compare", [slug], chosen)
    for identifier in EXPORTERS:
        yield Page("export_round", [slug, world.latest.pk, identifier], of=identifier)
        yield Page("export_comparison", [slug, identifier], chosen, of=identifier)
    for kind in ("ics", "md"):
        yield Page("export_roadmap", [slug, world.rows.roadmap.pk, kind], of=kind)
    yield Page("round", [slug, world.latest.pk], of="closed")
    yield Page("round", [slug, world.draft.pk], of="draft")
    yield Page("round_result", [slug, world.latest.pk], {"order": "dimension"})
    yield Page("round_result", [slug, world.latest.pk], {"revision": 1})
    for name in sorted(BY_KIND):
        yield Page(name, [slug], {"kind": "team"})
    yield Page("members", [slug], {"q": "acme"})
    yield Page("new_roadmap", [slug], {"previous": world.rows.roadmap.pk})
    yield Page("new_questionnaire", [], {"owner": world.organization.pk})


class People:
    """The cast, each in a browser of their own and sure to be themselves, and a visitor who tries the survey."""

    def __init__(self, cast: Cast, client_of: ClientOf) -> None:
        self._clients = [client_of(user) for user in (cast.owner, cast.member, cast.outsider)]
        for client in self._clients:
            reauthenticate(client)
        visitor = Client()
        visitor.post(reverse("try"))
        self._clients.append(visitor)

    def queries(self, page: Page) -> Counter[str] | set[int]:
        """Return the queries that the page takes the first of them who may see it, else the statuses that they get."""
        url = reverse(page.name, args=page.arguments)
        refused = set()
        for client in self._clients:
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(url, page.query)
                if answer.status_code == OK:
                    b"".join(answer)
            if answer.status_code == OK:
                return _told(queries)
            refused.add(answer.status_code)
        return refused


def _told(queries: CaptureQueriesContext) -> Counter[str]:
    """Return how often each query was made, by how it begins, without whom the audit trail is told to note."""
    sent = [NOTED.sub("", query["sql"]) for query in queries.captured_queries]
    return Counter(" ".join(sql.split())[:160] for sql in sent if not sql.startswith(TRANSACTIONS))


def _allauths() -> Iterator[str]:
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and str(pattern.pattern) == "accounts/":
            yield from (str(name) for name in pattern.reverse_dict if isinstance(name, str))


def test_every_page_takes_as_many_queries_with_many_rows(world: World, client_of: ClientOf) -> None:
    """Which is few: a list that grows is read at once.

    Each look that counts is a second one, as a process reads a questionnaire's version once and keeps it.
    """
    assert len({page.label for page in pages(world)}) == len(list(pages(world)))
    people = People(world.rows.cast, client_of)
    looks: list[dict[str, Counter[str]]] = []
    for more in (0, 0, 4, 0):
        for _n in range(more):
            world.grow()
        taken = {page.label: people.queries(page) for page in pages(world)}
        refused = {label: statuses for label, statuses in taken.items() if isinstance(statuses, set)}
        assert {label: statuses for label, statuses in refused.items() if statuses != {POST_ALONE}} == {}
        looks.append({label: queries for label, queries in taken.items() if isinstance(queries, Counter)})
    _warming, few, _warming_again, many = looks

    grown = {
        label: many[label] - few[label]
        for label in few
        if label not in BY_KIND and many[label].total() != few[label].total()
    }
    assert grown == {}
    above = {label: queries.total() for label, queries in many.items()}
    assert {label: n for label, n in above.items() if n > MORE.get(label, CEILING)} == {}


def on_one_page() -> dict[str, Any]:
    """Return a questionnaire that asks all questions of the shipped one in its first dimension."""
    data = factories.shipped_definition()
    first = data["dimensions"][0]
    questions = [question for dimension in data["dimensions"] for question in dimension["questions"]]
    for number, question in enumerate(questions):
        question["key"] = f"{first['key']}.number_{number}"
        question.pop("same_as", None)
        question["guidance"].pop("requires", None)
    return data | {"dimensions": [first | {"questions": questions}]}


@pytest.mark.parametrize("earlier", [0, 4], ids=["in the first round", "in the fifth"])
def test_saving_takes_few_queries_whatever_there_is(earlier: int, cast: Cast, client_of: ClientOf) -> None:
    """One answer as it is given, and a page of 25: new ones, and then others in their place."""
    version, before = factories.make_version(on_one_page()), None
    for number in range(1, earlier + 1):
        before = factories.make_round(
            cast.organization, version=version, teams=[cast.team], quarter=(2025, number), previous=before
        )
        factories.make_response("no", participant=factories.make_participant(before, user=cast.member))
    round_ = factories.make_round(
        cast.organization, version=version, teams=[cast.team], previous=before, show_last_answers=before is not None
    )
    asked = factories.make_participant(round_, user=cast.member)
    client, [dimension] = client_of(cast.member), definition_of(version.pk).dimensions
    start = reverse("respond", args=[cast.organization.slug, round_.pk])
    client.post(start)
    client.get(f"{start}questions/{dimension.key}/")
    keys = [question.key for question in dimension.questions]

    taken = []
    for choice in ("yes", "no"):
        for step, data in (
            ("answer/", {"question": keys[0], f"{keys[0]}-choice": choice}),
            (f"questions/{dimension.key}/", {f"{key}-choice": choice for key in keys}),
        ):
            with CaptureQueriesContext(connection) as queries:
                assert client.post(f"{start}{step}", data).status_code in (OK, LEADS_ON)
            taken.append(_told(queries))
        answers = asked.response.answers.values_list("question_key", "choice_key")
        assert dict(answers) == dict.fromkeys(keys, choice)
    assert len(keys) == 25
    assert [queries for queries in taken if queries.total() > SAVING] == []
