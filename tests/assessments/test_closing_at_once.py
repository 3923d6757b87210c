"""Fifty people answer while their round closes: what was acknowledged is in the result once, and the rest was told."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle, islice
from threading import Barrier, Event

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from assessments import scoring
from assessments.models import Participant, Response, Round
from assessments.selectors.questionnaires import definition_of
from assessments.services.participants import token_of
from assessments.services.rounds import extend_round, open_and_close_due_rounds
from organizations.models import Role
from tests.factories import make_member, make_participant, make_round

RESPONDENTS, CHANGES = 50, 4
CHANGED = "governance.lineage"
CLOSED = "The round closed on"


class Told(Exception):
    """A reply that says that the round has closed."""


@dataclass
class Respondent:
    """A browser at a personal link; `last` is the last choice for CHANGED that a reply has acknowledged."""

    link: str
    client: Client = field(default_factory=Client)
    has_submitted: bool = False
    was_told: bool = False
    last: str = ""

    def send(self, step: str, data: Mapping[str, str] = {}, **headers: str) -> None:
        reply = self.client.post(f"{self.link}{step}", data, headers=headers)
        if reply.status_code == 409:
            assert CLOSED in reply.content.decode()
            raise Told
        assert reply.status_code in (200, 302), reply.content.decode()

    def respond(self, steps: Mapping[str, list[str]], half_have_submitted: Event, everybody: list[Respondent]) -> None:
        """Answer everything with yes, submit, and go on changing one answer until it is enough or the round closes."""
        try:
            self.send("")
            for step, keys in steps.items():
                self.send(f"questions/{step}/", {f"{key}-choice": "yes" for key in keys})
                self.last = "yes" if CHANGED in keys else self.last
            self.send("submit/")
            self.has_submitted = True
            if sum(one.has_submitted for one in everybody) >= RESPONDENTS // 2:
                half_have_submitted.set()
            for choice in islice(cycle(["no", "yes", "not_sure"]), CHANGES):
                self.send("answer/", {"question": CHANGED, f"{CHANGED}-choice": choice}, **{"HX-Request": "true"})
                self.last = choice
        except Told:
            self.was_told = True


@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_due", [False, True], ids=["by hand", "by the clock"])
def test_what_was_acknowledged_counts_once_and_the_rest_was_told(is_due: bool) -> None:
    round_ = make_round()
    facilitator = make_member(round_.organization, role=Role.FACILITATOR).user
    definition = definition_of(round_.version_id)
    steps = {dimension.key: [question.key for question in dimension.questions] for dimension in definition.dimensions}
    people = [Respondent(f"/respond/{token_of(make_participant(round_))}/") for _n in range(RESPONDENTS)]
    start, half = Barrier(RESPONDENTS + 1), Event()

    def respond(one: Respondent) -> None:
        with closing(connection):
            start.wait(60)
            one.respond(steps, half, people)

    def close() -> int:
        with closing(connection):
            start.wait(60)
            half.wait(120)
            if is_due:
                extend_round(round_=round_, closes_at=timezone.now())
                open_and_close_due_rounds()
                return 302
            client = Client()
            client.force_login(facilitator)
            return client.post(f"/orgs/{round_.organization.slug}/rounds/{round_.pk}/close/").status_code

    with ThreadPoolExecutor(RESPONDENTS + 1) as pool:
        closed = pool.submit(close)
        list(pool.map(respond, people))
    assert closed.result() == 302

    counted = [one for one in people if one.has_submitted]
    assert len(counted) >= RESPONDENTS // 2
    assert all(one.was_told for one in people if not one.has_submitted)
    assert Participant.objects.filter(response__status="submitted").count() == len(counted)
    assert Response.objects.count() <= RESPONDENTS
    for result in Round.objects.get().results.all():
        card = scoring.from_mapping(definition, result.card)
        assert card.respondents == len(counted)
        for tally in card.questions:
            choices = [one.last if tally.key == CHANGED else "yes" for one in counted]
            assert tally.counts == {key: choices.count(key) for key in tally.counts}
            assert tally.unanswered == 0
