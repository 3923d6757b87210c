"""The form with which owners make badges."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from organizations.models import Organization, Team

WHOLE = "all"


class BadgeForm(forms.Form):
    """Whose level a new badge shows: a team's, or with None the whole organization's, if that is still to be had."""

    of = forms.ChoiceField(
        label=_("Whose level"), error_messages={"invalid_choice": _("Pick one of those shown; there is no other left.")}
    )

    def __init__(self, data: QueryDict | None, *, teams: Iterable[Team], organization: Organization | None) -> None:
        super().__init__(data)
        self._teams = {str(team.pk): team for team in teams}
        whole = [(WHOLE, organization.name)] if organization else []
        self._choices = [*whole, *((key, team.name) for key, team in self._teams.items())]
        self.fields["of"].choices = self._choices  # type: ignore[attr-defined]

    @property
    def offers_something(self) -> bool:
        """Whether anything is without a badge."""
        return bool(self._choices)

    def clean_of(self) -> Team | None:
        """Return the team, None for the whole organization."""
        return self._teams.get(self.cleaned_data["of"])
