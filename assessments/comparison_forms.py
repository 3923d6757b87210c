"""The form with which people choose what to compare; its state is the page's address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from assessments.models import Round
from assessments.models.rounds import RoundStatus
from assessments.selectors.comparison import Choice, round_names
from assessments.selectors.questionnaires import definition_of
from organizations.models import Team

FEWEST_ROUNDS = 2
MOST_ROUNDS = 12
AT_FIRST = 4
TO_MEND = {"required", "few", "many", "not_closed", "same"}
"""Codes of the errors that people can mend; what else is wrong names something that is not there."""
CHOOSERS = {"trend": ("team",), "target": ("target",), "practices": ("since", "until"), "teams": ("round",)}
"""The fields that a part of the page changes, by its id."""


class Select(forms.Select):
    """A select that is written at once, where Django's takes two templates for each option."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return its HTML."""
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, _flag("selected", is_set=str(key) == str(value or "")), label) for key, label in self.choices),
        )
        named = flatatt({"class": "form-select", "name": name, **self.build_attrs(self.attrs, attrs)})
        return format_html("<select{}>{}</select>", named, options)


class Checkboxes(forms.CheckboxSelectMultiple):
    """Checkboxes in a line, written at once."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return their HTML."""
        given = self.build_attrs(self.attrs, attrs)
        kind, amiss = ("form-check-input", "")
        if "aria-invalid" in given:
            kind, amiss = ("form-check-input is-invalid", SafeString(' aria-invalid="true"'))
        return format_html_join(
            "",
            '<div class="form-check form-check-inline">'
            '<input type="checkbox" class="{}" name="{}" value="{}" id="{}"{}{}>'
            '<label for="{}" class="form-check-label">{}</label></div>',
            (
                (kind, name, key, own, _flag("checked", is_set=str(key) in value), amiss, own, label)
                for n, (key, label) in enumerate(self.choices)
                for own in (f"{given['id']}_{n}",)
            ),
        )


@dataclass(frozen=True, slots=True)
class Chooser:
    """The form that changes one part of what is shown: its fields, and hidden ones for the rest of the address."""

    fields: Sequence[forms.BoundField]
    rest: SafeString


class ComparisonForm(forms.Form):
    """Which rounds and teams to compare, and what to look at closely; what is not given gets a sensible value.

    `rounds` are all of the organization, from the oldest; only closed ones can be chosen. `teams` are all its teams.
    """

    rounds = forms.MultipleChoiceField(
        label=_("Rounds"),
        widget=Checkboxes,
        error_messages={"required": _("Choose at least two rounds.")},
    )
    teams = forms.MultipleChoiceField(
        label=_("Teams"),
        required=False,
        widget=Checkboxes,
        help_text=_("Without a team, the whole organization is compared."),
    )
    team = forms.ChoiceField(label=_("Look closely at"), required=False, widget=Select)
    round = forms.ChoiceField(label=_("Teams in"), widget=Select)
    since = forms.ChoiceField(label=_("From"), widget=Select)
    until = forms.ChoiceField(label=_("To"), widget=Select)
    target = forms.TypedChoiceField(label=_("Target"), required=False, coerce=int, empty_value=None, widget=Select)

    def __init__(self, data: QueryDict, *, rounds: Sequence[Round], teams: Sequence[Team]) -> None:
        self._rounds = {str(row.pk): row for row in rounds}
        self._teams = {str(team.pk): team for team in teams}
        self.closed = [key for key, row in self._rounds.items() if row.status == RoundStatus.CLOSED]
        self.comparable = self._alike(FEWEST_ROUNDS, data.get("questionnaire"))
        self._given = given = self._completed(data)
        super().__init__(given)
        names = self._names(rounds)
        chosen = [(key, names[key]) for key in self.closed if key in given.getlist("rounds")]
        self._offer("rounds", list(names.items()))
        self.fields["rounds"].widget.choices = [(key, names[key]) for key in reversed(self.closed)]
        self._offer("teams", [(key, team.name) for key, team in self._teams.items()])
        self._offer("team", [("", _("All teams")), *((key, team.name) for key, team in self._teams.items())])
        for name in ("round", "since", "until"):
            self._offer(name, chosen)
            self.fields[name].required = bool(chosen)
        self._offer("target", [("", _("The next level")), *self._levels(chosen)])

    def clean_rounds(self) -> list[str]:
        """Raise ValidationError with a code of `TO_MEND`."""
        chosen = set(self.cleaned_data["rounds"])
        if unready := [row for key, row in self._rounds.items() if key in chosen and key not in self.closed]:
            raise ValidationError(
                _("%(period)s is not closed, so that it has no result to compare. Choose closed rounds."),
                params={"period": unready[0].period},
                code="not_closed",
            )
        if len(chosen) < FEWEST_ROUNDS:
            raise ValidationError(_("Choose at least two rounds."), code="few")
        if len(chosen) > MOST_ROUNDS:
            raise ValidationError(
                ngettext_lazy(
                    "Choose at most %(most)d rounds; this is %(number)d.",
                    "Choose at most %(most)d rounds; these are %(number)d.",
                    len(chosen),
                ),
                params={"most": MOST_ROUNDS, "number": len(chosen)},
                code="many",
            )
        return [key for key in self.closed if key in chosen]

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError where practices would be compared with themselves."""
        since, until = (self.cleaned_data.get(name) for name in ("since", "until"))
        if since and since == until and "rounds" in self.cleaned_data:
            raise ValidationError(_("Choose two different rounds to see what was gained and lost."), code="same")
        return self.cleaned_data

    @property
    def names_unknown(self) -> bool:
        """Whether something was asked for that the organization does not have."""
        return any(error.code not in TO_MEND for errors in self.errors.as_data().values() for error in errors)

    @property
    def choice(self) -> Choice:
        """What was chosen, for a valid form."""
        given = self.cleaned_data
        since, until = sorted((given["since"], given["until"]), key=self.closed.index)
        return Choice(
            rounds=[self._rounds[key] for key in given["rounds"]],
            teams=[team for key, team in self._teams.items() if key in given["teams"]],
            team=self._teams.get(given["team"]),
            round=self._rounds[given["round"]],
            since=self._rounds[since],
            until=self._rounds[until],
            target=given["target"],
        )

    @property
    def checkboxes(self) -> list[forms.BoundField]:
        """The fields of many that there is something to choose of."""
        return [self[name] for name in ("rounds", "teams") if self.fields[name].choices]  # type: ignore[attr-defined]

    @property
    def choosers(self) -> Mapping[str, Chooser]:
        """The forms that change one part of what was given, by the id of the part of the page."""
        state = {
            name: format_html_join(
                "",
                '<input type="hidden" name="{}" value="{}">',
                ((name, value) for value in self._given.getlist(name)),
            )
            for name in self.fields
        }
        return {
            section: Chooser(
                [self[name] for name in names],
                SafeString("".join(html for name, html in state.items() if name not in names)),
            )
            for section, names in CHOOSERS.items()
        }

    def _completed(self, data: QueryDict) -> QueryDict:
        """Return the data with a value for what is not given, and for rounds to look at that are no longer chosen."""
        given = data.copy()
        if not given.getlist("rounds"):
            given.setlist("rounds", (self.comparable or self.closed)[-AT_FIRST:])
        chosen = [key for key in self.closed if key in given.getlist("rounds")]
        for name, place in (("round", -1), ("since", -2), ("until", -1)):
            key = given.get(name, "")
            if (not key or key in self._rounds) and key not in chosen:
                given[name] = chosen[max(place, -len(chosen))] if chosen else ""
        if "team" not in given:
            given["team"] = next(iter(given.getlist("teams")), "")
        return given

    def _alike(self, fewest: int, slug: str | None) -> list[str]:
        """Return the closed rounds of one questionnaire, the last that so many asked or the one named; none without."""
        asked = {key: self._rounds[key].version.questionnaire for key in self.closed}
        named = [key for key in self.closed if slug in (None, asked[key].slug)]
        for newest in reversed(named):
            alike = [key for key in named if asked[key] == asked[newest]]
            if len(alike) >= fewest:
                return alike
        return []

    def _names(self, rounds: Sequence[Round]) -> dict[str, str]:
        """Return the names of rounds, with their questionnaire where there are several."""
        names = {str(pk): name for pk, name in round_names(rounds).items()}
        if len({row.version.questionnaire_id for row in rounds}) < 2:
            return names
        return {key: f"{name} · {self._rounds[key].version.questionnaire.title}" for key, name in names.items()}

    def _levels(self, chosen: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the levels of the newest of the chosen rounds, by which all are scored."""
        if not chosen:
            return []
        newest = self._rounds[chosen[-1][0]]
        return [
            (str(level.number), f"{level.number} {level.name}") for level in definition_of(newest.version_id).levels
        ]

    def _offer(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]


def _flag(name: str, *, is_set: bool) -> SafeString:
    return SafeString(f" {name}" if is_set else "")
