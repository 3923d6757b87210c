"""Where the steps of the survey are, whichever way somebody came to it."""

from __future__ import annotations

from typing import Any

from django import template

register = template.Library()


@register.simple_tag(takes_context=True)
def step_url(context: dict[str, Any], step: str = "", *arguments: object) -> str:
    """Return the address of a step of the survey, by the way in that the page was made for (`way`)."""
    address: str = context["way"].url(step, *arguments)
    return address
