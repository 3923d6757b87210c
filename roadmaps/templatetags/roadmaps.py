"""How plans are written for people."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

from django import template
from django.utils.formats import number_format

from roadmaps import wording
from roadmaps.plans import Resources
from roadmaps.selectors import roadmaps as selectors
from roadmaps.steps import StepKey

register = template.Library()


@register.filter
def weeks(effort: Fraction) -> str:
    """Write an effort with its unit."""
    return wording.weeks(effort)


@register.filter
def effort(value: Fraction) -> str:
    """Write a number of person-weeks, in the reader's number format."""
    return number_format(effort_value(value), use_l10n=True)


@register.filter
def effort_value(value: Fraction) -> str:
    """Write a number of person-weeks as forms take it."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


@register.filter
def key_text(key: StepKey) -> str:
    """Return the step's key as one text, for forms."""
    return selectors.key_text(key)


@register.filter
def months_with(value: Fraction, resources: Resources) -> int:
    """Return in how many months an effort is done."""
    return ceil(value / resources.capacity)
