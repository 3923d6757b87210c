"""The forms with which people tick a team's tools and let scores count in the benchmark."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from assessments.forms import refuse_broken_text
from assessments.models import BenchmarkSharing, TeamTool
from assessments.models.benchmarks import SizeBand
from assessments.selectors.benchmarks import TeamTechnology

MOST_OWN = 30


class ToolsForm(forms.Form):
    """Which tools a team uses: those on its questionnaire's lists, and others of its own, each on a line."""

    tools = forms.MultipleChoiceField(
        label=_("Tools"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("“%(value)s” is not on the lists. Tick those shown.")},
    )
    others = forms.CharField(
        label=_("Other tools"),
        required=False,
        max_length=MOST_OWN * (TeamTool.NAME_LENGTH + 2),
        validators=[refuse_broken_text],
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("Each on a line of its own. They count for no level."),
    )

    def __init__(self, data: QueryDict | None, technology: TeamTechnology) -> None:
        levels = technology.adoption.levels
        ticked = [tool for row in levels for tool in row.used]
        super().__init__(data, initial={"tools": ticked, "others": "\n".join(technology.adoption.own)})
        choices = self.fields["tools"]
        assert isinstance(choices, forms.MultipleChoiceField)  # noqa: S101 - tells mypy which field this is
        choices.choices = [(tool, tool) for row in levels for tool in row.level.tools]

    def clean_others(self) -> list[str]:
        """Return the names, single spaces between their words."""
        names = [" ".join(line.split()) for line in self.cleaned_data["others"].splitlines()]
        names = [name for name in names if name]
        if long := [name for name in names if len(name) > TeamTool.NAME_LENGTH]:
            raise ValidationError(
                _("“%(name)s” is too long. A tool's name has at most %(most)d characters."),
                params={"name": long[0], "most": TeamTool.NAME_LENGTH},
            )
        if any(not name.isprintable() for name in names):
            raise ValidationError(_("Some characters could not be read. Type them again."))
        if len(names) > MOST_OWN:
            raise ValidationError(
                ngettext_lazy("Name at most %(most)d tool.", "Name at most %(most)d tools.", MOST_OWN),
                params={"most": MOST_OWN},
            )
        return names

    @property
    def ticked(self) -> Sequence[str]:
        """What is ticked, as kept or as it was sent."""
        return self["tools"].value() or []

    @property
    def names(self) -> list[str]:
        """Every tool of a valid form; one of a list comes first, as it is written there."""
        listed = {tool.casefold(): tool for tool, _label in self.fields["tools"].choices}  # type: ignore[attr-defined]
        others = [listed.get(name.casefold(), name) for name in self.cleaned_data["others"]]
        return [*self.cleaned_data["tools"], *others]


class SharingForm(forms.Form):
    """How many people of an organization work on machine learning."""

    size = forms.ChoiceField(
        label=_("How many people work on machine learning with you?"),
        choices=SizeBand.choices,
        widget=forms.RadioSelect,
        help_text=_("Data scientists, ML engineers, and whoever else builds or runs models most of their time."),
        error_messages={"invalid_choice": _("Pick one of the sizes shown.")},
    )

    def __init__(self, data: QueryDict | None, sharing: BenchmarkSharing | None) -> None:
        super().__init__(data, initial={"size": sharing.size if sharing else None})
