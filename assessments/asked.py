"""A question as a page of the survey asks it: what is kept and what was sent for it, and how it is shown.

Most of a page is the same for everybody and is made once. A form, which checks and says what is amiss, is made only
where a note or an evidence link is at stake, or a choice that is none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from crispy_forms.utils import render_crispy_form
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from assessments.definition import Question
from assessments.forms import QuestionForm
from assessments.models import Answer
from assessments.selectors.proposals import Proposed
from assessments.selectors.questionnaires import definition_of
from assessments.services.responses import PARTS, Given

FIELDS = {"choice": "choice_key", "note": "note", "evidence_url": "evidence_url"}
"""The names of a question's fields on the page, and those of an answer's parts."""
PLAIN = 4096
"""Questions of which a process keeps the HTML, about 3 kB each."""


@dataclass(eq=False)
class Asked:
    """One question on a page for one person; `data` is what was sent, if anything was.

    Nothing is proposed beside an answer of the last round, which is nearer.
    """

    version_id: int
    question: Question
    number: int
    kept: Answer | None
    data: Mapping[str, Any] | None = None
    last: Answer | None = None
    proposed: Proposed | None = None

    def __post_init__(self) -> None:
        if self.last and self.last.choice_key not in self._choices:
            self.last = None
        if self.last or not self.is_open:
            self.proposed = None

    @cached_property
    def form(self) -> QuestionForm:
        """The form, which knows what is amiss with what was sent, also where it lacks a reason."""
        form = self._form
        if self.data is not None and self.lacks_reason:
            form.ask_for_reason()
        return form

    @cached_property
    def sent(self) -> dict[str, str]:
        """The fields that were sent and were changed on the page, as they came.

        A page sent whole says along what it was loaded with, so that an old one undoes nothing given elsewhere since.
        """
        data = self.data or {}
        return {
            name: value
            for name in FIELDS
            if (value := data.get(f"{self.question.key}-{name}")) not in (None, data.get(self._initial_name(name)))
        }

    @cached_property
    def given(self) -> Given:
        """What to change: each part that was sent, changed on the page, and is valid."""
        if self._is_only_a_choice:
            return Given(self.question.key, self.sent.get("choice"), None, None)
        self._form.is_valid()  # which fills cleaned_data, once
        changed = {name: self._form.cleaned_data.get(name) for name in self.sent}
        return Given(self.question.key, changed.get("choice"), changed.get("note"), changed.get("evidence_url"))

    @property
    def given_or_last(self) -> Given:
        """What to change, the last answer filling what is empty where no choice was made."""
        given = self.given
        if self.last is None or given.choice_key or not self.is_open:
            return given
        return Given(
            self.question.key,
            self.last.choice_key,
            given.note or self._kept("note") or self.last.note,
            given.evidence_url or self._kept("evidence_url") or self.last.evidence_url,
        )

    @property
    def given_or_proposed(self) -> Given:
        """What to change, the proposed choice confirmed where none was made."""
        given = self.given
        if self.proposed is None or given.choice_key:
            return given
        return Given(self.question.key, self.proposed.choice_key, given.note, given.evidence_url)

    @property
    def is_open(self) -> bool:
        """Whether no choice is kept."""
        return not self._kept("choice_key")

    @property
    def lacks_reason(self) -> bool:
        """Whether the choice takes the question out of the score and no note, kept or given, says why."""
        answer = self._changed
        return bool(answer.choice_key) and not self.question.is_answered(answer.choice_key, answer.note)

    @property
    def is_amiss(self) -> bool:
        """Whether something of what was sent cannot be kept, or does not count yet."""
        return self.lacks_reason or not (self._is_only_a_choice or self._form.is_valid())

    @property
    def replaces_unseen(self) -> bool:
        """Whether something else was given since the page knew, on another device or in another tab."""
        if self.kept is None or (self.data or {}).get(self._seen_name) in (None, self._seen):
            return False
        changed = self._changed
        return any(getattr(self.kept, part) not in ("", getattr(changed, part)) for part in PARTS)

    @property
    def html(self) -> SafeString:
        """The question with its fields, as its page shows it."""
        if self.last or self.proposed or not self._is_plain:
            return _fieldset(self)
        return _plain_fieldset(
            self.version_id, self.question.key, self.number, self._kept("choice_key"), get_language() or ""
        )

    @property
    def fields_html(self) -> SafeString:
        """The fields alone."""
        if self._is_plain:
            return _plain_fields(self.version_id, self.question.key, self._kept("choice_key"), get_language() or "")
        return _crispy(self.form)

    @property
    def choice_errors(self) -> str:
        """What is amiss with the choice that was sent."""
        return "" if self.data is None else " ".join(map(str, self.form["choice"].errors))

    @property
    def known_html(self) -> SafeString:
        """The hidden fields that say what the page knows to be kept: the state of the answer, and each part."""
        if self.kept is None:
            return _nothing_known(self.question.key)
        state = _hidden(self._seen_name, self._seen, f' data-time="{escape(self.kept_at)}"')
        parts = [_hidden(self._initial_name(name), self._kept(part)) for name, part in FIELDS.items()]
        return mark_safe("".join([state, *parts]))  # noqa: S308 - all of it is escaped

    @property
    def kept_at(self) -> str:
        """The time of day of the kept answer, where there is one."""
        assert self.kept is not None  # noqa: S101 - who asks has looked
        moment = timezone.localtime(self.kept.updated_at).replace(second=0, microsecond=0)
        return _time_of_day(moment, moment.tzname() or "", get_language() or "")

    @property
    def _is_plain(self) -> bool:
        """Whether the fields look as they do for everybody who made this choice, or none, and wrote nothing."""
        if self.data is not None or self._kept("note") or self._kept("evidence_url"):
            return False
        return self._kept("choice_key") in ("", *self._choices)

    @cached_property
    def _form(self) -> QuestionForm:
        return QuestionForm(self.question, self.kept, self.data)

    @cached_property
    def _is_only_a_choice(self) -> bool:
        return self.sent.keys() <= {"choice"} and self.sent.get("choice", "") in ("", *self._choices)

    @cached_property
    def _choices(self) -> frozenset[str]:
        return frozenset(choice.key for choice in self.question.choices)

    @property
    def _changed(self) -> Answer:
        return self.given.over(copy(self.kept) if self.kept else Answer())

    @property
    def _seen_name(self) -> str:
        return f"seen-{self.question.key}"

    @property
    def _seen(self) -> str:
        return self.kept.updated_at.isoformat() if self.kept else ""

    def _initial_name(self, name: str) -> str:
        return f"initial-{self.question.key}-{name}"

    def _kept(self, part: str) -> str:
        return getattr(self.kept, part) if self.kept else ""


def asked_of(
    version_id: int,
    questions: Sequence[Question],
    answers: Mapping[str, Answer],
    data: Mapping[str, Any] | None = None,
    last: Mapping[str, Answer] = {},
    proposed: Mapping[str, Proposed] = {},
) -> list[Asked]:
    """Return questions of a published version, for a page; all mappings but `data` are by question key."""
    return [
        Asked(version_id, q, number, answers.get(q.key), data, last.get(q.key), proposed.get(q.key))
        for number, q in enumerate(questions, start=1)
    ]


def page_html(asking: Sequence[Asked]) -> SafeString:
    """Return the HTML of a page's questions."""
    return mark_safe("".join([asked.html for asked in asking]))  # noqa: S308 - each is safe


def known_html(asking: Sequence[Asked]) -> SafeString:
    """Return the hidden fields that say what a page knows to be kept: the state of each answer, and its parts."""
    return mark_safe("".join([asked.known_html for asked in asking]))  # noqa: S308 - each is safe


def _fieldset(asked: Asked) -> SafeString:
    return render_to_string("assessments/survey/question.html", {"asked": asked, "question": asked.question})


@lru_cache(maxsize=PLAIN)
def _plain_fieldset(version_id: int, key: str, number: int, choice_key: str, language: str) -> SafeString:
    question = definition_of(version_id).questions[key]
    return _fieldset(Asked(version_id, question, number, Answer(choice_key=choice_key)))


@lru_cache(maxsize=PLAIN)
def _plain_fields(version_id: int, key: str, choice_key: str, language: str) -> SafeString:
    return _crispy(QuestionForm(definition_of(version_id).questions[key], Answer(choice_key=choice_key)))


@lru_cache(maxsize=PLAIN)
def _time_of_day(moment: dt.datetime, zone: str, language: str) -> str:
    return formats.date_format(moment, "H:i T")


@lru_cache(maxsize=PLAIN)
def _nothing_known(key: str) -> SafeString:
    names = [f"seen-{key}", *(f"initial-{key}-{name}" for name in FIELDS)]
    return mark_safe("".join([_hidden(name, "") for name in names]))  # noqa: S308 - all of it is escaped


def _crispy(form: QuestionForm) -> SafeString:
    html: SafeString = render_crispy_form(form)
    return html


def _hidden(name: str, value: str, more: str = "") -> str:
    return f'<input type="hidden" name="{_escaped(name)}" value="{escape(value) if value else ""}"{more}>'


_escaped = lru_cache(maxsize=PLAIN)(escape)
