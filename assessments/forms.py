"""The survey's forms: one for each question, several to a page."""

from __future__ import annotations

from copy import copy
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from assessments.definition import Question
from assessments.models import Answer
from assessments.models.responses import EVIDENCE_URL_LENGTH, NOTE_LENGTH
from assessments.selectors.proposals import Proposed
from assessments.services.responses import PARTS, Given

SHORT = 16
"""Characters of a choice that fits in a row with others on a phone."""


def refuse_broken_text(text: str) -> None:
    """Raise ValidationError where bytes that are no UTF-8 were sent: Django puts U+FFFD in their place."""
    if "\ufffd" in text:
        raise ValidationError(_("Some characters could not be read. Type them again."))


class EvidenceField(forms.URLField):
    """A link to a page; what has no scheme is taken as https."""

    default_validators = [URLValidator(schemes=["http", "https"])]
    default_error_messages = {"invalid": _("Enter a full web address, such as https://wiki.example.org/page.")}


class QuestionForm(forms.Form):
    """The answer to one question: a choice, a note, an evidence link; each may be left open."""

    choice = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("“%(value)s” is not among the choices. Pick one of those shown.")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_LENGTH,
        validators=[refuse_broken_text],
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What should people know who read this answer?"),
    )
    evidence_url = EvidenceField(
        label=_("Evidence link"),
        required=False,
        max_length=EVIDENCE_URL_LENGTH,
        assume_scheme="https",
        validators=[refuse_broken_text],
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )

    def __init__(
        self,
        question: Question,
        answer: Answer | None = None,
        data: Any = None,
        last: Answer | None = None,
        proposed: Proposed | None = None,
    ) -> None:
        """Take the answer that is kept, what was sent, the person's answer of the last round, and what is proposed.

        Nothing is proposed beside an answer of the last round, which is nearer.
        """
        initial = (
            {"choice": answer.choice_key, "note": answer.note, "evidence_url": answer.evidence_url} if answer else {}
        )
        super().__init__(data, prefix=question.key, initial=initial)
        self.question = question
        self.kept = answer
        self.last = last if last and last.choice_key in {choice.key for choice in question.choices} else None
        self.proposed = None if self.last or self.initial.get("choice") else proposed
        choice = self.fields["choice"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - tells mypy which field this is
        choice.choices = [(choice.key, choice.label) for choice in question.choices]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Field("choice", template="assessments/survey/choices.html"),
            Div("note", "evidence_url", template="assessments/survey/details.html", **self._details_attributes()),
        )

    def _details_attributes(self) -> dict[str, str]:
        """Open the details where there is a note or an evidence link to show, or a choice asks for a reason."""
        choice, note = self["choice"].value() or "", self["note"].value() or ""
        asks = choice in {known.key for known in self.question.choices} and not self.question.is_answered(choice, note)
        return {"open": "open"} if note or self["evidence_url"].value() or asks else {}

    def sent(self) -> dict[str, str]:
        """Return the parts that were sent and were changed on the page, as they came.

        A page sent whole says along what it was loaded with, so that an old one undoes nothing given elsewhere since.
        """
        return {
            name: value
            for name in self.fields
            if (value := self.data.get(self.add_prefix(name)))
            not in (None, self.data.get(self.add_initial_prefix(name)))
        }

    def given(self) -> Given:
        """Return what to change, for a bound form: each part that was sent, changed on the page, and is valid."""
        self.is_valid()  # which fills cleaned_data, once
        changed = {name: self.cleaned_data.get(name) for name in self.sent()}
        return Given(self.question.key, changed.get("choice"), changed.get("note"), changed.get("evidence_url"))

    def given_or_last(self) -> Given:
        """Return what to change, the last answer filling what is empty where no choice was made."""
        given = self.given()
        if self.last is None or given.choice_key or self.initial.get("choice"):
            return given
        return Given(
            self.question.key,
            self.last.choice_key,
            given.note or self.initial.get("note") or self.last.note,
            given.evidence_url or self.initial.get("evidence_url") or self.last.evidence_url,
        )

    def given_or_proposed(self) -> Given:
        """Return what to change, the proposed choice confirmed where none was made."""
        given = self.given()
        if self.proposed is None or given.choice_key:
            return given
        return Given(self.question.key, self.proposed.choice_key, given.note, given.evidence_url)

    def ask_for_reason(self) -> None:
        """Add an error where the choice takes the question out of the score and no note, kept or given, says why."""
        answer = self.given().over(copy(self.kept) if self.kept else Answer())
        if answer.choice_key and not self.question.is_answered(answer.choice_key, answer.note):
            self.add_error("note", _("Say why this does not apply; the answer counts with a reason only."))

    @property
    def choices_class(self) -> str:
        """How the choices are laid out: a ladder's under each other, long ones with room to wrap."""
        if self.question.kind == "ladder":
            return "choices choices-statements"
        return "choices choices-long" if any(len(c.label) > SHORT for c in self.question.choices) else "choices"

    @property
    def seen_name(self) -> str:
        """The name of the hidden field that says which state of the answer the page knows."""
        return f"seen-{self.prefix}"

    @property
    def seen(self) -> str:
        """The state of the kept answer, as the moment of its last change."""
        return self.kept.updated_at.isoformat() if self.kept else ""

    @property
    def replaces_unseen(self) -> bool:
        """Whether something else was given since the page knew, on another device or in another tab."""
        if self.kept is None or self.data.get(self.seen_name) in (None, self.seen):
            return False
        changed = copy(self.kept)
        return any(getattr(self.kept, part) not in ("", getattr(self.given().over(changed), part)) for part in PARTS)
