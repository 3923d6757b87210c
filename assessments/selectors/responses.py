"""Reading answers: of one response for its form, and of a whole round for its results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from assessments.definition import Definition
from assessments.models import Answer, Response, Round
from assessments.models.responses import ResponseStatus
from assessments.scoring import Answers


def answers_of(response: Response) -> dict[str, Answer]:
    """Return a response's answers by question key. One query."""
    return {answer.question_key: answer for answer in response.answers.all()}


def choices_of(response: Response) -> Answers:
    """Return a response's choices by question key, questions without one left out. One query."""
    return dict(response.answers.exclude(choice_key="").values_list("question_key", "choice_key"))


def answered_questions(definition: Definition, answers: Mapping[str, Answer]) -> set[str]:
    """Return the keys of the questions that have all that submission asks for. No query."""
    return {key for key, row in answers.items() if definition.questions[key].is_answered(row.choice_key, row.note)}


def answered_count(response: Response) -> int:
    """Return to how many questions a choice was given. One query."""
    return response.answers.exclude(choice_key="").count()


def submitted_answers(round_: Round) -> dict[int, list[Answers]]:
    """Return the submitted responses of a round by team id, each as choices by question key. One query."""
    rows = (
        Answer.objects.filter(response__participant__round=round_, response__status=ResponseStatus.SUBMITTED)
        .exclude(choice_key="")
        .values_list("response__participant__team_id", "response_id", "question_key", "choice_key")
    )
    teams: dict[int, dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for team_id, response_id, question_key, choice_key in rows.iterator():
        teams[team_id][response_id][question_key] = choice_key
    return {team_id: list(responses.values()) for team_id, responses in teams.items()}
