"""The form in which a facilitator records what a team agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from assessments.definition import Definition, Question
from assessments.forms import refuse_broken_text
from assessments.models.responses import NOTE_LENGTH
from assessments.selectors.results import Agreed


class AgreementForm(forms.Form):
    """What a team agreed on for one question, with the reason; both empty where it did not."""

    choice = forms.ChoiceField(
        label=_("Agreed answer"),
        required=False,
        error_messages={"invalid_choice": _("“%(value)s” is not among the choices. Pick one of those shown.")},
    )
    rationale = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=NOTE_LENGTH,
        validators=[refuse_broken_text],
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, question: Question, agreed: Agreed | None = None, data: Any = None) -> None:
        initial = {"choice": agreed.choice, "rationale": agreed.rationale} if agreed else {}
        super().__init__(data, prefix=question.key, initial=initial)
        self.question = question
        choice = self.fields["choice"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - tells mypy which field this is
        choice.choices = [("", _("No consensus")), *((choice.key, choice.label) for choice in question.choices)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("choice") and cleaned.get("rationale") == "":
            self.add_error("rationale", _("Say why you agreed on this."))
        if cleaned.get("rationale") and cleaned.get("choice") == "":
            self.add_error("choice", _("Pick the answer you agreed on, or empty the reason."))
        return cleaned

    @property
    def is_open(self) -> bool:
        """Whether there is something in it, or something to mend."""
        return bool(self["choice"].value() or self["rationale"].value() or self.errors)


def agreement_forms(
    definition: Definition, consensus: Mapping[str, Agreed], data: Any = None
) -> dict[str, AgreementForm]:
    """Return a form for each question by its key, with what was sent or else with what was agreed on before."""
    return {key: AgreementForm(question, consensus.get(key), data) for key, question in definition.questions.items()}


def agreed_in(agreements: Mapping[str, AgreementForm]) -> dict[str, Agreed]:
    """Return what valid forms agree on by question key; what was left empty is not in it."""
    return {
        key: Agreed(form.cleaned_data["choice"], form.cleaned_data["rationale"])
        for key, form in agreements.items()
        if form.cleaned_data["choice"]
    }
