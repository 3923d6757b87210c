"""How money and figures of a business case are written for people."""

from __future__ import annotations

from math import floor, log10

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from roadmaps.business_case import HORIZON

register = template.Library()

DIGITS = 3


@register.filter
def amount(value: float) -> str:
    """Write an amount, rounded to three digits: what is estimated is not known to the cent."""
    rounded = _to_digits(value)
    return ("−" if rounded < 0 else "") + number_format(abs(rounded), 0, force_grouping=True)


@register.filter
def money(value: float, currency: str) -> str:
    """Write an amount with its currency, rounded to three digits."""
    return f"{currency}\u00a0{amount(value)}"


@register.filter
def figure(value: float) -> str:
    """Write a figure as it was entered, without zeros at its end."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    decimals = len(text.partition(".")[2])
    return number_format(text, decimals, force_grouping=True)


@register.filter
def payback(month: int | None) -> str:
    """Write when a roadmap has paid back."""
    if month is None:
        return _("not within %(months)d months") % {"months": HORIZON}
    return ngettext("after %(month)d month", "after %(month)d months", month) % {"month": month}


@register.filter
def share(value: float | None) -> str:
    """Write a share as whole percent, rounded up so that none reads smaller than it is; "–" where there is none."""
    if value is None:
        return "–"
    return _("more than ten times") if value > 10 else f"{-floor(-value * 100)}\u00a0%"


def _to_digits(value: float) -> int:
    if round(value) == 0:
        return 0
    places = DIGITS - 1 - floor(log10(abs(value)))
    return round(round(value, min(places, 0)))
