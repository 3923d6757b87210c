"""Chance at the keyboard: every address and form, as everybody, with whatever comes to mind.

No request may end in a 5xx or an exception, show or change a row of an organization one is no member of, leave a row
that breaks a constraint, or send the browser to another site. `make chaos` makes 20,000 requests from a seed of its
own; CHAOS_REQUESTS and CHAOS_SEED repeat a run.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from random import Random
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern
from pytest_django.fixtures import Settings

from assessments.models import Answer, Badge
from assessments.services.rounds import close_round
from organizations.models import Member, Organization, Role, User
from tests.factories import PASSWORD, Cast, make_member, make_participant, make_response, make_round, make_version
from tests.factories import shipped_definition as definition

REQUESTS = int(os.environ.get("CHAOS_REQUESTS", "1000"))
SEED = int(os.environ.get("CHAOS_SEED", "3"))
AT_ONE_SITTING = 12

OURS, THEIRS = "Qzacmeqz", "Qzborealisqz"
# Whose rows each actor must not see; staff may in the administration.
FORBIDDEN = {
    "visitor": {OURS, THEIRS},
    "viewer": {THEIRS},
    "member": {THEIRS},
    "facilitator": {THEIRS},
    "owner": {THEIRS},
    "outsider": {OURS},
    "staff": {OURS, THEIRS},
}
NASTY: list[Any] = [
    *("", " ", "0", "1", "-1", "2147483648", "99999999999999999999", "1e309", "NaN", "1_0", "٣", "null", "[]", "{}"),
    *("\x00", "a\x00b", "é", "\u202etxt", "😀" * 40, "x" * 300, "y" * 6000, "<script>alert(1)</script>", "{{7*7}}"),
    *("' OR 1=1 --", "%s%n", "../../etc/passwd", "%00", "\r\nX: y", "2026-02-30", "9999-12-31", "0001-01-01", "on"),
    *("nobody@else.example", "@", "https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"),
    *("javascript:alert(1)", "Europe/Nowhere", "owner", "yes"),
]
# Says 503 where no worker runs.
LEFT_OUT = {"readyz"}

Offer: TypeAlias = tuple[str, str, dict[str, list[Any]]]


class Page(HTMLParser):
    """What a page offers: its forms and its links, each as method, address and the values offered for each field."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Offer] = []
        self.links: list[Offer] = []
        self.select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name") or self.select
        if tag == "form":
            self.forms.append((given.get("method", "get").lower(), given.get("action", ""), {}))
        elif tag == "a" and "href" in given:
            self.links.append(("get", given["href"], {}))
        elif tag == "select":
            self.select = given.get("name", "")
        elif tag in {"input", "textarea", "button", "option"} and name and self.forms:
            value = SimpleUploadedFile("file", b"\x00") if given.get("type") == "file" else given.get("value", "")
            self.forms[-1][2].setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""


def addresses(
    patterns: list[URLPattern | URLResolver], namespace: str = "", above: tuple[tuple[str, str], ...] = ()
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name of every address with its arguments and their kinds."""
    for pattern in patterns:
        own = pattern.pattern
        kinds = (
            {name: type(converter).__name__ for name, converter in own.converters.items()}
            if isinstance(own, RoutePattern)
            else dict.fromkeys(own.regex.groupindex, "regex")
        )
        arguments = (*above, *kinds.items())
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern.url_patterns, inner, arguments)
        elif pattern.name and pattern.name not in LEFT_OUT:
            yield f"{namespace}{pattern.name}", dict(arguments)


def furnish(organization: Organization, people: list[User], mark: str) -> None:
    """Give an organization a row of each kind, with its mark in whatever has a text."""
    team = organization.teams.first() or organization.teams.create(name=mark)
    organization.name = team.name = f"{mark} {organization.pk}"
    organization.save()
    team.save()
    for user in people:
        user.first_name, user.email = mark, user.email.replace("@", f"@{mark}.").lower()
        user.save()
    own = make_version(definition() | {"slug": f"own-{organization.pk}", "title": mark}, organization=organization)
    for quarter, version in (((2026, 1), own), ((2026, 2), None)):
        round_ = make_round(organization, version=version, teams=[team], quarter=quarter)
        for user in people:
            make_response(participant=make_participant(round_, team=team, user=user))
        make_participant(round_, team=team, email=f"asked@{mark}.example".lower())
        if version:
            close_round(round_=round_)
    Badge.objects.create(organization=organization)
    Answer.objects.filter(response__organization=organization).update(note=mark)


def rows_of(organization: Organization) -> dict[str, Any]:
    """Return every row that belongs to the organization."""
    tenants = [model for model in apps.get_models() if "organization" in {field.name for field in model._meta.fields}]
    rows: dict[str, Any] = {
        model._meta.label: list(model._default_manager.filter(organization=organization).order_by("pk").values())
        for model in tenants
    }
    return rows | {"organization": list(Organization.objects.filter(pk=organization.pk).values())}


class Chance:
    """One person's wild guesses, all of them from a seed."""

    def __init__(self, actor: str, client: Client, random: Random, values: dict[str, list[Any]]) -> None:
        self.actor, self.client, self.random, self.values = actor, client, random, values
        self.forbidden = FORBIDDEN[actor]
        self.forms: list[Offer] = []
        self.links: list[Offer] = [("get", "/", {})]
        self.addresses = list(addresses(get_resolver().url_patterns))
        self.own = [address for address in self.addresses if not address[0].startswith("admin:")]
        self.last = ""

    def go(self) -> None:
        """Make one request and look at the answer; raises AssertionError, or whatever a view does not catch."""
        method, path, data = self.guess()
        self.last = f"{self.actor}: {method} {path} {data}"[:2000]
        headers = {"HX-Request": "true"} if self.random.random() < 0.15 else {}
        reply = getattr(self.client, method)(path, data or None, headers=headers)
        assert reply.status_code < 500, reply.status_code
        if method != "get":
            connection.check_constraints()
        self.look(path, reply)

    def guess(self) -> tuple[str, str, dict[str, Any]]:
        """Return method, path and data of the next request: often a form or a link of the page before."""
        chance = self.random.random()
        for offers, share in ((self.forms, 0.35), (self.links, 0.65)):
            if offers and chance < share:
                method, path, fields = self.random.choice(offers)
                return method if method in {"get", "post"} else "get", path, self.fill(fields)
        method = "get" if chance < 0.85 else self.random.choice(["post", "post", "post", "put", "delete", "head"])
        known = [name for _method, _path, fields in self.forms for name in fields]
        names = self.random.sample(["next", "q", "page", "team", "o", *known], self.random.randint(0, 3))
        data = {name: self.random.choice(NASTY) for name in names}
        return method, self.address(), {} if method in {"put", "delete"} else data

    def fill(self, fields: dict[str, list[Any]]) -> dict[str, Any]:
        """Fill in a form as a person would, but for some fields."""
        data: dict[str, Any] = {}
        for name, offered in fields.items():
            chance = self.random.random()
            if chance < 0.75:
                data[name] = PASSWORD if "password" in name else self.random.choice(offered)
            elif chance < 0.95:
                data[name] = self.random.choice([*NASTY, *self.values["IntConverter"]])
        return data

    def address(self) -> str:
        """Return an address with arguments that exist, mostly, here or there."""
        while True:
            name, kinds = self.random.choice(self.own if self.random.random() < 0.75 else self.addresses)
            arguments = {
                argument: self.random.choice(self.values.get(argument, self.values[kind]))
                for argument, kind in kinds.items()
            }
            try:
                return reverse(name, kwargs=arguments)
            except NoReverseMatch:
                continue

    def look(self, path: str, reply: HttpResponse) -> None:
        """Assert that the answer holds nothing of others, and leads to no other site; take its forms."""
        target = urlsplit(reply.get("Location", "").replace("\\", "/"))
        assert target.netloc in {"", "testserver"}, f"sent to {target.netloc}"
        body = b"".join(reply) if reply.streaming else reply.content
        page = body.decode(errors="replace")
        if self.actor == "staff" and path.startswith(reverse("admin:index")):
            # What they did there is told on whatever page comes next.
            self.forbidden = set()
        seen = {mark for mark in self.forbidden if mark.lower() in f"{page}{reply.headers}".lower()}
        assert not seen, f"shown: {seen}"
        if "html" in reply.get("Content-Type", ""):
            assert "<script>alert" not in page, "shown as it was entered"
            offered = Page(page)
            self.forms, self.links = (
                [(method, urljoin(path, to), fields) for method, to, fields in offers if to[:1] in ("/", "?", "")]
                for offers in (offered.forms, offered.links)
            )


@pytest.fixture
def values(cast: Cast) -> dict[str, list[Any]]:
    """Both organizations furnished; return what arguments of addresses may be, by kind."""
    furnish(cast.organization, [cast.owner, cast.facilitator, cast.member, cast.viewer], OURS)
    make_member(cast.elsewhere, cast.outsider) if not cast.elsewhere.members.exists() else None
    furnish(cast.elsewhere, [cast.outsider], THEIRS)
    keys: set[Any] = {0, 2**31, 10**20}
    uuids: set[Any] = {UUID(int=0)}
    by_name: dict[str, list[Any]] = {}
    for model in apps.get_models():
        for field in model._meta.fields:
            if field.primary_key or isinstance(field, models.UUIDField):
                found = model._default_manager.values_list(field.name, flat=True)[:8]
                keys |= {key for key in found if isinstance(key, int)}
                if isinstance(field, models.AutoField) and found:
                    by_name[f"{model._meta.model_name}_id"] = [*found, 10**20]
                uuids |= {key for key in found if isinstance(key, UUID)}
    numbers = sorted(keys)
    words = ["governance", "x", "a-b", "1-abc", "é", "a\x00b", "x" * 200, *map(str, numbers)]
    slugs = [cast.organization.slug, cast.elsewhere.slug]
    return by_name | {
        "IntConverter": numbers,
        "UUIDConverter": sorted(uuids),
        "SlugConverter": [*slugs * 5, "nobody", "-", "x" * 200],
        "StringConverter": words,
        "PathConverter": [*words, "a/b"],
        "regex": [*words, "auth", "organizations", "assessments"],
    }


@pytest.fixture
def sit_down(
    cast: Cast, values: dict[str, list[Any]], client_of: Callable[[User], Client], settings: Settings
) -> Callable[[str, Random], list[str]]:
    """Return a function that lets an actor make some requests, undoes what they did, and returns what went wrong."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "chaos"}}
    everything = {OURS: cast.organization, THEIRS: cast.elsewhere}

    def sitting(actor: str, random: Random) -> list[str]:
        cache.clear()
        client = Client() if actor == "visitor" else client_of(getattr(cast, actor))
        chance = Chance(actor, client, random, values)
        others = [everything[mark] for mark in FORBIDDEN[actor] if actor != "staff"]
        with transaction.atomic():
            before = [rows_of(organization) for organization in others]
            try:
                for _step in range(AT_ONE_SITTING):
                    chance.go()
                assert before == [rows_of(organization) for organization in others], "others' rows have changed"
            except Exception:  # noqa: BLE001 - whatever a view lets out is a finding
                return [f"{chance.last}\n{traceback.format_exc(limit=-4)}"]
            finally:
                transaction.set_rollback(True)
        return []

    return sitting


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep thousands of lines of log from piling up."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.timeout(6 * 3600)
def test_nothing_breaks_and_nothing_leaks(sit_down: Callable[[str, Random], list[str]]) -> None:
    random = Random(SEED)  # noqa: S311 - no secret
    failures: list[str] = []
    for _sitting in range(REQUESTS // AT_ONE_SITTING + 1):
        failures += sit_down(random.choice(list(FORBIDDEN)), random)
    assert not failures, f"{len(failures)} failures, seed {SEED}:\n\n" + "\n\n".join(failures[:10])


def test_it_would_notice_a_door_that_stands_open(
    sit_down: Callable[[str, Random], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def anybody(request: HttpRequest, slug: str, needed: Role = Role.VIEWER) -> Member:
        return Member.objects.filter(organization__slug=slug, role__in=["owner"]).first() or Member.objects.all()[0]

    monkeypatch.setattr("assessments.views.organizations.resolve_member", anybody)
    random = Random(SEED)  # noqa: S311 - no secret
    found = (failure for _n in range(2000) for failure in sit_down("outsider", random))

    assert f"shown: {{'{OURS}'}}" in next(found, "")
