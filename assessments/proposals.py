"""Answers that follow from what the same person answered in another questionnaire: pure (docs/questionnaires.md).

A question may name its counterparts elsewhere, with what whoever gives a choice here answers there. That serves both
ways: an answer here fixes the one there, and answers there may leave one choice only here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from assessments.definition import NOT_SURE, Counterpart, Definition, Question
from assessments.scoring import Answers


@dataclass(frozen=True, slots=True)
class Proposal:
    """A choice proposed for a question, and the keys of the questions elsewhere, at least one, that it follows from."""

    question: str
    choice: str
    sources: tuple[str, ...]


def proposals(asked: Definition, answered: Definition, answers: Answers) -> dict[str, Proposal]:
    """Return what answers to one questionnaire propose for another, by question key; nothing where nothing follows.

    `answers` may leave questions out. Keys that either of the two does not have are passed over. Never proposed are
    choices that take a question out of the score, which need a reason, and “not sure”, which is worth another thought.
    """
    pointing = _pointing_at(asked.slug, answered)
    found = {}
    for question in asked.questions.values():
        possible = dict(_possible(question, answered, answers, pointing.get(question.key, ())))
        if not possible:
            continue
        left = reduce(and_, possible.values())
        chosen = next((choice for choice in question.choices if {choice.key} == left), None)
        if chosen and not chosen.excluded and chosen.key != NOT_SURE:
            found[question.key] = Proposal(question.key, chosen.key, tuple(possible))
    return found


def _pointing_at(slug: str, answered: Definition) -> Mapping[str, Sequence[tuple[Question, Counterpart]]]:
    """Return the questions of one questionnaire that name another's as their counterparts, by the keys of those."""
    found: dict[str, list[tuple[Question, Counterpart]]] = {}
    for question in answered.questions.values():
        for counterpart in question.same_as:
            if counterpart.questionnaire == slug:
                found.setdefault(counterpart.question, []).append((question, counterpart))
    return found


def _possible(
    question: Question, answered: Definition, answers: Answers, pointing: Sequence[tuple[Question, Counterpart]]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield which choices each answered counterpart leaves possible, where it rules any out."""
    every = frozenset(choice.key for choice in question.choices)
    for counterpart in question.same_as:
        given = answers.get(counterpart.question)
        if counterpart.questionnaire != answered.slug or counterpart.question not in answered.questions or not given:
            continue
        there = dict(counterpart.choices)
        possible = frozenset(key for key in every if there.get(key, given) == given)
        if possible != every:
            yield counterpart.question, possible
    for source, counterpart in pointing:
        here = dict(counterpart.choices).get(answers.get(source.key, ""))
        if here in every:
            yield source.key, frozenset([here])
