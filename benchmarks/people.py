"""The data that is measured on: the large set, and organizations of the sizes that the goals name."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from assessments.models import Participant, Round
from assessments.models.rounds import RoundStatus
from assessments.questionnaires.files import read_valid
from assessments.selectors.questionnaires import definition_of
from assessments.services import participants, questionnaires, responses, rounds
from benchmarks.load import Request
from benchmarks.site import CHECKOUT, cookies_of
from organizations.models import Member, Organization, Role, Team, User

PEOPLE = 200
"""Who save answers, one after the other."""
SIZES: Mapping[str, Mapping[str, Any]] = {
    "result": {"rounds": 1, "teams": 20, "answers": 250_000},
    "closing": {"rounds": 1, "teams": 20, "answers": 250_000, "last_open": True},
    "compare": {"rounds": 12, "teams": 20, "answers": 12 * 25 * 400},
    "teams": {"rounds": 1, "teams": 1000, "answers": 25 * 3000},
}


def write_data(answers: int) -> None:
    """Load the questionnaires, and write the large data set and the organizations that are looked at.

    Autovacuum would come by while pages are measured: what it does is done here.
    """
    call_command("questionnaire", "load")
    call_command("seed_large", answers=answers, organizations=max(1, answers // 10_000))
    for prefix, options in SIZES.items():
        call_command("seed_large", organizations=1, prefix=prefix, processes=1, **options)
    write_survey()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def write_survey() -> None:
    """Open a round of a questionnaire whose 25 questions stand on one page, with people who are members."""
    data = copy.deepcopy(read_valid(CHECKOUT / "assessments" / "questionnaires" / "mlops-maturity.yaml"))
    first, *others = data["dimensions"]
    first["questions"] += [question for dimension in others for question in dimension["questions"]]
    data |= {"slug": "one-page", "title": "One page", "dimensions": [first]}
    organization = Organization.objects.create(name="Survey", slug="survey")
    version, _is_new = questionnaires.import_definition(data=data, organization=organization)
    questionnaires.publish_version(version=version)
    team = Team.objects.create(organization=organization, name="Team")
    users = [User.objects.create_user(f"person{n}@survey.example") for n in range(PEOPLE)]
    Member.objects.bulk_create(
        Member(organization=organization, user=user, role=Role.OWNER if n == 0 else Role.MEMBER)
        for n, user in enumerate(users)
    )
    today = timezone.localdate()
    round_ = rounds.plan_round(
        organization=organization, version=version, starts_on=today, ends_on=today + dt.timedelta(days=90), teams=[team]
    )
    participants.add_participants(round_=round_, team=team, emails=[user.email for user in users])
    rounds.open_round(round_=round_)
    for participant in Participant.objects.filter(round=round_):
        responses.start_participant_response(participant=participant)


def owner_of(prefix: str) -> dict[str, str]:
    """Return the cookies of the owner of one of the organizations that are looked at."""
    return cookies_of(User.objects.get(email=f"owner@{prefix}-0001.example"))


def round_of(prefix: str) -> Round:
    """Return the round of one of the organizations that are looked at, its first."""
    return Round.objects.filter(organization__slug=f"{prefix}-0001").earliest("starts_on")


@dataclass(frozen=True, slots=True)
class Survey:
    """Everyone's way to the open round: the address of the survey, cookies, and the key of the response.

    What was sent is kept, so that every request changes something: one survey is for all windows.
    """

    path: str
    keys: tuple[str, ...]
    dimension: str
    people: tuple[tuple[Mapping[str, str], str], ...]
    sent: dict[tuple[str, str], str] = field(default_factory=dict)

    def forms(self) -> Iterator[Request]:
        """Yield requests for the page with all questions."""
        return (
            Request(f"{self.path}questions/{self.dimension}/", cookies) for cookies, _response in cycle(self.people)
        )

    def single_answers(self) -> Iterator[Request]:
        """Yield requests that save one answer, another one each time."""
        for n, (cookies, response) in enumerate(cycle(self.people)):
            key = self.keys[n // len(self.people) % len(self.keys)]
            choice = self._other_choice(response, key)
            yield Request(
                f"{self.path}answer/", cookies, {"response": response, "question": key, key + "-choice": choice}
            )

    def whole_pages(self) -> Iterator[Request]:
        """Yield requests that save all answers at once, others each time."""
        for cookies, response in cycle(self.people):
            given = {f"{key}-choice": self._other_choice(response, key) for key in self.keys}
            yield Request(f"{self.path}questions/{self.dimension}/", cookies, {"response": response} | given)

    def _other_choice(self, response: str, key: str) -> str:
        choice = "no" if self.sent.get((response, key)) == "yes" else "yes"
        self.sent[response, key] = choice
        return choice


def survey() -> Survey:
    """Return the survey of the open round, with everyone logged in."""
    round_ = Round.objects.get(organization__slug="survey", status=RoundStatus.OPEN)
    definition = definition_of(round_.version_id)
    people = Participant.objects.filter(round=round_).select_related("response", "user").order_by("pk")
    return Survey(
        f"/orgs/survey/rounds/{round_.pk}/respond/",
        tuple(definition.questions),
        definition.dimensions[0].key,
        tuple((cookies_of(each.user), str(each.response.public_id)) for each in people if each.user),
    )
