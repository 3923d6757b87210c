"""The large data set: as large as asked, the same at every run, such as the application itself would have made it."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from assessments.definition import Definition
from assessments.large.believable import Size, answers, sizes
from assessments.models import Answer, QuestionnaireVersion, Response, Result, Round
from assessments.models.rounds import RoundStatus
from assessments.services.rounds import close_round, reopen_round
from organizations.models import Organization
from tests.factories import shipped_definition

pytestmark = pytest.mark.django_db
SMALL: dict[str, Any] = {"organizations": 3, "rounds": 4, "answers": 2000, "processes": 1}


def seed_large(**options: Any) -> str:
    out = StringIO()
    call_command("seed_large", stdout=out, **SMALL | options)
    return out.getvalue()


def cards(prefix: str) -> list[dict[str, Any]]:
    results = Result.objects.filter(organization__slug__startswith=prefix)
    return list(results.order_by("organization__slug", "round__starts_on", "team__name").values_list("card", flat=True))


@given(
    organizations=st.integers(1, 200),
    spare=st.integers(0, 5000),
    teams=st.none() | st.integers(1, 30),
    seed=st.integers(),
)
def test_sizes_add_up(organizations: int, spare: int, teams: int | None, seed: int) -> None:
    respondents = organizations * (teams or 1) + spare
    made = sizes(organizations=organizations, respondents=respondents, teams=teams, seed=seed)
    assert len(made) == organizations
    assert sum(size.respondents for size in made) == respondents
    assert all(size.respondents >= size.teams >= 1 for size in made)
    with pytest.raises(ValueError, match="fewer respondents than teams"):
        sizes(organizations=organizations, respondents=organizations * (teams or 1) - 1, teams=teams, seed=seed)


def test_people_answer_every_question_and_teams_grow() -> None:
    definition = Definition.from_mapping(shipped_definition())
    rounds = [list(people) for people in answers(definition, Size(4, 200), rounds=12, seed=1)]
    for person in (person for people in rounds for person in people):
        for question, choice in zip(definition.questions.values(), person.choices, strict=True):
            assert not question.choice(choice).excluded
    assert [list(people) for people in answers(definition, Size(4, 200), rounds=12, seed=1)] == rounds
    yes = [sum(person.choices.count("yes") for person in people) for people in (rounds[0], rounds[-1])]
    assert yes[0] < yes[1]


def test_results_are_those_of_a_closing(version: QuestionnaireVersion) -> None:
    out = seed_large()
    assert "3 of 3 organizations, 2,000 answers" in out
    assert Organization.objects.count() == 3
    assert Answer.objects.count() == 2000
    assert Round.objects.filter(status=RoundStatus.CLOSED, revision=1).count() == 12
    assert Answer.objects.exclude(organization=None).exclude(note="").exists()
    kept = cards("large-")
    for round_ in Round.objects.all():
        reopen_round(round_=round_)
        close_round(round_=round_)
    current = Result.objects.current().order_by("organization__slug", "round__starts_on", "team__name")
    assert list(current.values_list("card", flat=True)) == kept


def test_the_same_seed_gives_the_same_answers(version: QuestionnaireVersion) -> None:
    seed_large()
    seed_large(prefix="again")
    seed_large(prefix="other", seed=2)
    assert cards("large-") == cards("again-")
    assert cards("large-") != cards("other-")


def test_the_last_round_may_stay_open(version: QuestionnaireVersion) -> None:
    seed_large(organizations=1, last_open=True)
    assert Round.objects.order_by("starts_on").values_list("status", flat=True).last() == RoundStatus.OPEN
    assert Response.objects.filter(participant__round__status=RoundStatus.OPEN).exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"answers": 200}, "So few answers"),
        ({"rounds": 0}, "--rounds, --processes and --answers are 1 or more."),
        ({"organizations": 0}, "So few answers"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, int], message: str, version: QuestionnaireVersion) -> None:
    with pytest.raises(CommandError, match=message):
        seed_large(**options)


def test_what_is_there_is_not_written_again(version: QuestionnaireVersion) -> None:
    seed_large()
    with pytest.raises(CommandError, match="choose another --prefix"):
        seed_large()
    assert Organization.objects.count() == 3


def test_a_questionnaire_is_needed(db: Iterator[None]) -> None:
    with pytest.raises(CommandError, match="No questionnaire is published yet"):
        seed_large()
