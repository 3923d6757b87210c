"""What each person of the demo answers: told by the story, the same at every run, no two people quite alike."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from assessments.demo import story
from assessments.services.responses import Given

BANDS = {"+": (0.92, 0.97), "~": (0.45, 0.6), "-": (0.04, 0.1)}
"""For a practice in place, under way, not begun: the share of people who say yes, and who say yes or not sure."""
SEED = 289
"""Any number gives believable people; with this one every remark of the story finds someone who would make it."""


def answers_in_round(number: int) -> dict[str, list[Given]]:
    """Return, by name, what everyone who responds in a round (from 0) has answered there so far."""
    given = {
        person.name: answers_of(person, person.team, number)
        for person in story.MEMBERS
        if person.team and person.name not in story.SILENT[number]
    }
    for remark in story.REMARKS:
        if remark.round == number:
            _add(remark, given)
    if number == story.ROUNDS - 1:
        given[story.MEMBER.name] = given[story.MEMBER.name][: story.MEMBER_ANSWERED]
    return given


def answers_of(person: story.Person, team: str, number: int) -> list[Given]:
    """Return how a person sees a team at the time of a round (from 0), a choice for every question."""
    column = story.TEAMS.index(team)
    return [
        Given(question, _choice(person, question, adopted[column][number]))
        for question, adopted in story.ADOPTION.items()
    ]


def _choice(person: story.Person, question: str, state: str) -> str:
    # One draw for all rounds: people keep their view of a question until the practice itself changes.
    draw = Random(f"{SEED} {person.name} {question}").random()  # noqa: S311 - no secret, but the same at every run
    yes, not_sure = BANDS[state]
    return "yes" if draw < yes else "not_sure" if draw < not_sure else "no"


def _add(remark: story.Remark, given: dict[str, list[Given]]) -> None:
    """Put a remark to the answer of someone in the team who chose what it explains."""
    position = list(story.ADOPTION).index(remark.question)
    agreeing = [
        answers
        for person in story.MEMBERS
        if person.team == remark.team
        and (answers := given.get(person.name))
        and answers[position].choice_key == remark.choice
    ]
    answers = Random(remark.note).choice(agreeing)  # noqa: S311 - no secret, but the same at every run
    answers[position] = replace(answers[position], note=remark.note, evidence_url=remark.evidence_url)
