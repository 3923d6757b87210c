"""People at the survey of a round by their link, who answer for as long as they are let, and know what must be kept."""

from __future__ import annotations

import http.client
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from random import Random
from threading import Event
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import psycopg
from django.urls import reverse

from assessments.models import Participant, Round
from assessments.selectors.questionnaires import definition_of
from assessments.services.participants import token_of
from tests.factories import make_participant
from tests.mlops_maturity.conftest import wait_for

REFUSED, CUT_OFF = 0, 1
"""What stands for a status where none came: nobody listened, or the connection ended before the whole answer."""
PATIENCE = 60
"""Seconds. Whoever waits longer fails."""
TOKEN = "c" * 32
Kept = dict[str, tuple[str, str]]
"""Choice and note, by question key."""


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 400

    @property
    def is_ours(self) -> bool:
        """Whether it says in our words that something is away, when to try again, and nothing of its inside."""
        return (
            self.status == 503
            and "Retry-After" in self.headers
            and ("cannot be reached just now" in self.text or "no room left" in self.text)
            and "Traceback" not in self.text
            and "psycopg" not in self.text
        )


class Browser:
    """One person's browser, with its cookies; each request goes on a connection of its own."""

    def __init__(self, origin: str, cookies: Mapping[str, str] = {}) -> None:
        self.host = urlsplit(origin).netloc
        self.cookies = {"csrftoken": TOKEN, **cookies}

    def get(self, path: str) -> Reply:
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: Mapping[str, str] = {}, *, by_script: bool = False) -> Reply:
        """Send a form, as a page or as its script does."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": TOKEN}
        return self._ask("POST", path, urlencode(form), headers | ({"HX-Request": "true"} if by_script else {}))

    def _ask(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Reply:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        line = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        try:
            line.request(method, path, body, {"Cookie": cookies, "Connection": "close", **headers})
            answer = line.getresponse()
            text = answer.read().decode()
        except ConnectionRefusedError:
            return Reply(REFUSED, {}, "")
        except (ConnectionError, http.client.HTTPException):
            return Reply(CUT_OFF, {}, "")
        finally:
            line.close()
        for each in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(each).items() if name != "csrftoken"}
        return Reply(answer.status, dict(answer.headers.items()), text)


@dataclass
class Respondent:
    """Saves answers one after the other, singly or a page at a time, and looks after each that was not acknowledged.

    `kept` is what the database has to say, exactly, as nobody else answers here.
    """

    browser: Browser
    participant: Participant
    database_url: str
    chance: Random
    padding: int = 0
    kept: Kept = field(default_factory=dict)
    saves: list[tuple[float, int]] = field(default_factory=list)
    """When each was answered, and with which status."""
    reads: list[tuple[float, int]] = field(default_factory=list)
    refused_for_room: int = 0
    found_whole: int = 0
    """How many were saved although nobody was told so."""

    def __post_init__(self) -> None:
        self.definition = definition_of(self.participant.round.version_id)
        self.base = reverse("respond_by_link", args=[token_of(self.participant)])

    def start(self) -> None:
        assert self.browser.post(self.base).status == 302

    def save(self) -> None:
        """Save something new. Raises AssertionError for a page that is not ours, and where half of it is kept."""
        sent = self._something_new()
        if len(sent) == 1:
            [key] = sent
            reply = self.browser.post(f"{self.base}answer/", {"question": key} | _form(sent), by_script=True)
        else:
            step = self.definition.dimension_of(next(iter(sent))).key
            reply = self.browser.post(f"{self.base}questions/{step}/", _form(sent))
        self.saves.append((time.monotonic(), reply.status))
        if reply.is_done:
            self.kept |= sent
            return
        assert reply.status in (REFUSED, CUT_OFF) or reply.is_ours, reply
        self.refused_for_room += "no room left" in reply.text
        time.sleep(0.1)
        before, now = {key: self.kept.get(key) for key in sent}, self.look()
        found = {key: now.get(key) for key in sent}
        assert found in (sent, before), f"half of it is kept: {found} of {sent}"
        assert reply.status != REFUSED or found == before
        if found == sent:
            self.found_whole += 1
            self.kept |= sent

    def look(self) -> Kept:
        """Return what the database keeps once whatever is under way there has ended."""
        found: Kept | None = None

        def read() -> bool:
            nonlocal found
            with suppress(psycopg.OperationalError), psycopg.connect(self.database_url) as connection:
                connection.execute(
                    "SELECT FROM assessments_response WHERE participant_id = %s FOR UPDATE", [self.participant.pk]
                )
                rows = connection.execute(
                    "SELECT question_key, choice_key, note FROM assessments_answer JOIN assessments_response r"
                    " ON r.id = response_id WHERE participant_id = %s",
                    [self.participant.pk],
                ).fetchall()
                found = {key: (choice, note) for key, choice, note in rows}
            return found is not None

        wait_for(read, "database")
        assert found is not None
        return found

    def read(self) -> None:
        """Look at a page. Raises AssertionError for one that is not ours."""
        reply = self.browser.get(self.base)
        self.reads.append((time.monotonic(), reply.status))
        assert reply.is_done or reply.status in (REFUSED, CUT_OFF) or reply.is_ours, reply
        time.sleep(0.02)

    def count(self, *statuses: int) -> int:
        return sum(status in statuses for _moment, status in self.saves)

    def _something_new(self) -> Kept:
        dimension = self.chance.choice(self.definition.dimensions)
        several = self.chance.random() < 0.5
        questions = dimension.questions if several else [self.chance.choice(dimension.questions)]
        note = f"{len(self.saves)} " + "".join(self.chance.choices("abcdefghijklmnop", k=self.padding))
        return {each.key: (self.chance.choice(each.choices).key, note.strip()) for each in questions}


def _form(sent: Kept) -> dict[str, str]:
    parts: dict[str, str] = {}
    for key, (choice, note) in sent.items():
        parts |= {f"{key}-choice": choice, f"{key}-note": note}
    return parts


def make_respondents(
    round_: Round, how_many: int, origin: str, database_url: str, chance: Random, *, padding: int = 0
) -> list[Respondent]:
    """Ask so many people in the round; none has started yet."""
    return [
        Respondent(Browser(origin), make_participant(round_), database_url, Random(chance.random()), padding)  # noqa: S311 - no secret
        for _ in range(how_many)
    ]


class Load:
    """People who save at the same time, the first of whom looks at pages meanwhile as well."""

    def __init__(self, people: Sequence[Respondent]) -> None:
        self.people = people
        self.futures: list[Future[None]] = []

    def await_saves(self, how_many: int) -> None:
        """Wait until so many more are acknowledged; raises what went wrong at anybody's."""
        self._await(how_many, lambda: self.acknowledged, "saves")

    def await_refusals(self, how_many: int) -> None:
        """Wait until so many more are told that there is no room; raises what went wrong at anybody's."""
        self._await(how_many, lambda: sum(person.refused_for_room for person in self.people), "refusals")

    def _await(self, how_many: int, count: Callable[[], int], what: str) -> None:
        before = count()

        def has_come() -> bool:
            for future in self.futures:
                if future.done():
                    future.result()
            return count() >= before + how_many

        wait_for(has_come, f"{how_many} {what}")

    @property
    def acknowledged(self) -> int:
        return sum(person.count(200, 302) for person in self.people)

    def moments(self, status: int) -> list[float]:
        """Return when saves and looks ended with a status, in order."""
        return sorted(
            moment for person in self.people for moment, each in person.saves + person.reads if each == status
        )

    def told(self) -> str:
        """Return in words what became of all saves."""
        counts = Counter(status for person in self.people for _moment, status in person.saves)
        whole = sum(person.found_whole for person in self.people)
        return (
            f"{sum(counts.values())} saves: {counts[200] + counts[302]} acknowledged, {counts[CUT_OFF]} cut off, "
            f"{counts[REFUSED]} refused, {counts[503]} answered with 503; "
            f"of those not acknowledged {whole} are kept whole, the others not at all, none half"
        )

    def check(self) -> None:
        """Assert that the database has what was acknowledged last, and nothing else."""
        for person in self.people:
            assert person.look() == person.kept


@contextmanager
def answering(people: Sequence[Respondent]) -> Iterator[Load]:
    """Let people save, and the first look at pages, until the block ends. Raises what went wrong at anybody's."""
    load, stop = Load(people), Event()

    def go_on(act: Callable[[], None]) -> None:
        while not stop.is_set():
            act()

    for person in people:
        person.start()
    acts = [people[0].read, *(person.save for person in people)]
    with ThreadPoolExecutor(len(acts)) as pool:
        load.futures = [pool.submit(go_on, act) for act in acts]
        try:
            yield load
        finally:
            stop.set()
    for future in load.futures:
        future.result()
