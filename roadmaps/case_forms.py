"""The form of a business case: a currency, and for each assumption its low, expected and high figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from roadmaps.assumptions import (
    ASSUMPTIONS,
    CURRENCIES,
    PARTS,
    Assumption,
    Estimate,
    Given,
    OutOfOrder,
    Part,
    assumed,
    estimates,
)
from roadmaps.case_wording import CURRENCY_NAMES, GROUPS, PART_NAMES, WORDS, unit_of
from roadmaps.templatetags.business_case import figure

DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Row:
    """An assumption on the page: its three fields, and whether its expected figure is the organization's own."""

    assumption: Assumption
    expected: forms.BoundField
    low: forms.BoundField
    high: forms.BoundField
    is_given: bool
    opened: bool


def name_of(key: str, part: str) -> str:
    """Return the name of an assumption's field: the key alone is what is expected."""
    return key if part == "expected" else f"{key}_{part}"


class CaseForm(forms.Form):
    """What is left empty is assumed. Once valid, `currency` and `given` are what was entered."""

    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        choices=[(code, format_lazy("{} · {}", code, CURRENCY_NAMES[code])) for code in CURRENCIES],
        help_text=gettext_lazy("Figures that you entered stay as they are; only assumed ones change their digits."),
        error_messages={"invalid_choice": gettext_lazy("Pick one of the currencies shown.")},
    )

    def __init__(self, data: QueryDict | None, *, currency: str, given: Given) -> None:
        entered = {
            name_of(key, part): _plain(value)
            for key, parts in given.items()
            for part, value in parts.items()
            if key in ASSUMPTIONS
        }
        super().__init__(data, initial={"currency": currency, **entered})
        shown_in = self["currency"].value()
        for row in ASSUMPTIONS.values():
            for part in PARTS:
                self.fields[name_of(row.key, part)] = _field(
                    row, part, shown_in if shown_in in CURRENCIES else currency
                )

    @property
    def currency_code(self) -> str:
        """The currency of a valid form."""
        return str(self.cleaned_data["currency"])

    @property
    def given(self) -> Given:
        """What was entered, of a valid form."""
        values = {key: {part: self.cleaned_data.get(name_of(key, part)) for part in PARTS} for key in ASSUMPTIONS}
        kept: Given = {
            key: {str(part): float(value) for part, value in parts.items() if value is not None}
            for key, parts in values.items()
        }
        return {key: parts for key, parts in kept.items() if parts}

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            for key, parts in self.given.items():
                try:
                    estimates({key: parts}, self.currency_code)
                except OutOfOrder as wrong:
                    self.add_error(name_of(key, wrong.part), self._out_of_order(wrong))
        return self.cleaned_data

    @property
    def groups(self) -> Iterator[tuple[str, Promise, Sequence[Row]]]:
        """The assumptions by group: its key, its name, its rows."""
        for group, name in GROUPS.items():
            yield group, name, [self._row(row) for row in ASSUMPTIONS.values() if row.group == group]

    def _row(self, row: Assumption) -> Row:
        expected, low, high = (self[name_of(row.key, part)] for part in ("expected", "low", "high"))
        is_given = expected.value() not in (None, "")
        return Row(
            row, expected, low, high, is_given, opened=bool(low.value() or high.value() or low.errors or high.errors)
        )

    def _out_of_order(self, wrong: OutOfOrder) -> str:
        values = {"expected": figure(wrong.expected)}
        if wrong.part == "low":
            return _("The low end is above what is expected, %(expected)s.") % values
        return _("The high end is below what is expected, %(expected)s.") % values


def _field(row: Assumption, part: Part, currency: str) -> forms.DecimalField:
    words, range_ = WORDS[row.key], assumed(row.key, currency)
    unit = unit_of(row.key, currency)
    label = str(words.label) if unit in str(words.label).lower() else f"{words.label} ({unit})"
    bounds = _("Enter %(least)s to %(most)s.") % {"least": figure(row.least), "most": figure(row.most)}
    field = forms.DecimalField(
        label=label if part == "expected" else f"{words.label}: {PART_NAMES[part]}",
        required=False,
        min_value=Decimal(str(row.least)),
        max_value=Decimal(str(row.most)),
        decimal_places=DECIMALS,
        help_text=_help(row, range_) if part == "expected" else "",
        error_messages={
            "invalid": gettext_lazy("Enter a number, such as 12 or 0.5."),
            "min_value": bounds,
            "max_value": bounds,
            "max_decimal_places": gettext_lazy("Enter at most two decimals."),
        },
    )
    field.widget.attrs |= {"placeholder": _plain(range_.part(part)), "step": "any", "inputmode": "decimal"}
    return field


def _help(row: Assumption, range_: Estimate) -> str:
    plausible = _("Assumed: %(expected)s, plausibly %(low)s to %(high)s.") % {
        part: figure(range_.part(part)) for part in PARTS
    }
    return f"{plausible} {WORDS[row.key].why}"


def _plain(value: float) -> str:
    """Write a number as a number field takes it."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
