"""Writes the survey with its responses: `python -m benchmarks.other.write`, in the project's own environment.

From standard input comes JSON with the texts of the `questions`, how many `responses` there are to be, how many of
the `people` who gave them are to be logged in, and how many `newcomers` who gave none. To standard output goes JSON
with the ids of the `survey` and of its `questions`, and the `sessions` of those people and newcomers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.other.settings"
django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402 - Django is ready now
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.crypto import get_random_string  # noqa: E402
from survey.models import Question, Survey  # noqa: E402


def main() -> None:
    """Do what standard input asks for."""
    asked = json.load(sys.stdin)
    call_command("migrate", verbosity=0)
    with transaction.atomic():
        survey, questions = _write_survey(asked["questions"])
        users = User.objects.bulk_create(
            (
                User(username=f"person{n}", password="!")  # noqa: S106 - none
                for n in range(asked["responses"] + asked["newcomers"])
            ),
            batch_size=1000,
        )
        responding, newcomers = users[: asked["responses"]], users[asked["responses"] :]
        _write_responses(survey, questions, responding)
        sessions = Session.objects.bulk_create(map(_logged_in, responding[: asked["people"]] + newcomers))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    written = {
        "survey": survey.pk,
        "questions": [each.pk for each in questions],
        "sessions": [each.session_key for each in sessions],
    }
    json.dump(written, sys.stdout)


def _write_survey(texts: Sequence[str]) -> tuple[Any, list[Any]]:
    """Write a survey on one page, of which everyone who is logged in has one response that can be changed.

    Lists are faster for the package than radio buttons, and changed responses than new ones.
    """
    survey = Survey.objects.create(
        name="One page",
        description="",
        need_logged_user=True,
        editable_answers=True,
        display_method=Survey.ALL_IN_ONE_PAGE,
        expire_date=timezone.localdate() + timedelta(days=90),
    )
    questions = [
        Question.objects.create(
            survey=survey, text=text, order=n, required=True, type=Question.SELECT, choices="yes,no"
        )
        for n, text in enumerate(texts)
    ]
    return survey, questions


def _write_responses(survey: Any, questions: Sequence[Any], users: Sequence[User]) -> None:
    chance, now = Random(1), timezone.now()  # noqa: S311 - no secret, but the same at every run
    _copy(
        "survey_response (id, created, updated, survey_id, user_id, interview_uuid)",
        ((n, now, now, survey.pk, user.pk, f"{n:032x}") for n, user in enumerate(users, start=1)),
    )
    _copy(
        "survey_answer (created, updated, question_id, response_id, body)",
        (
            (now, now, question.pk, n, chance.choice(("yes", "no")))
            for n in range(1, len(users) + 1)
            for question in questions
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('survey_response', 'id'), %s)", [len(users)])


def _copy(columns: str, rows: Iterable[Sequence[object]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _logged_in(user: User) -> Session:
    data = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    return Session(
        session_key=get_random_string(32),
        session_data=SessionStore().encode(data),
        expire_date=timezone.now() + timedelta(days=1),
    )


if __name__ == "__main__":
    main()
