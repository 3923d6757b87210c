"""The survey's forms: one for each question, several to a page."""

from __future__ import annotations

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

    def __init__(self, question: Question, answer: Answer | None = None, data: Any = None) -> None:
        """Take the answer that is kept, and what was sent."""
        initial = (
            {"choice": answer.choice_key, "note": answer.note, "evidence_url": answer.evidence_url} if answer else {}
        )
        super().__init__(data, prefix=question.key, initial=initial)
        self.question = question
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

    def ask_for_reason(self) -> None:
        """Add the error of a choice that takes the question out of the score without a note that says why."""
        self.add_error("note", _("Say why this does not apply; the answer counts with a reason only."))

    @property
    def choices_class(self) -> str:
        """How the choices are laid out: a ladder's under each other, long ones with room to wrap."""
        if self.question.kind == "ladder":
            return "choices choices-statements"
        return "choices choices-long" if any(len(c.label) > SHORT for c in self.question.choices) else "choices"
