"""How changes between rounds, and rounds without a score, are written for people."""

from __future__ import annotations

from fractions import Fraction

from django import template
from django.utils.translation import gettext as _

from assessments.comparison import Change, Column, Gap, Move, Quarter
from assessments.selectors import comparison
from assessments.templatetags.scores import percent, score

register = template.Library()


@register.filter
def change_words(change: Change) -> str:
    """Write a change: "up 0.60 since Q2 2026", or which of the two has no score."""
    if change.amount is None:
        return _("no score") if change.after is None else _("no score in %(since)s") % {"since": change.since}
    if not change.amount:
        return _("unchanged since %(since)s") % {"since": change.since}
    is_up = change.direction == "up"
    if change_size(change) == score(Fraction()):
        text = _("up by less than 0.01 since %(since)s") if is_up else _("down by less than 0.01 since %(since)s")
        return text % {"since": change.since}
    text = _("up %(amount)s since %(since)s") if is_up else _("down %(amount)s since %(since)s")
    return text % {"amount": score(abs(change.amount)), "since": change.since}


@register.filter
def change_arrow(change: Change | None) -> str:
    """Return the arrow of a change, nothing for an unknown one."""
    return {"up": "▲", "down": "▼", "unchanged": "="}.get(change.direction, "") if change else ""


@register.filter
def change_size(change: Change) -> str:
    """Write how large a change is, without its direction."""
    return score(abs(change.amount)) if change.amount is not None else ""


@register.filter
def move_words(move: Move) -> str:
    """Write between which shares the answers to a question moved, in whole percent."""
    return _("from %(before)d %% to %(after)d %%") % {"before": percent(move.before), "after": percent(move.after)}


@register.filter
def column_name(column: Column | Gap) -> str:
    """Write which round a column is, or which quarters a gap."""
    return column.label if isinstance(column, Column) else comparison.gap_name(column)


@register.filter
def quarter_name(quarter: Quarter) -> str:
    """Write a quarter as people say it: "Q3 2026"."""
    return comparison.quarter_name(quarter)


@register.filter
def why_missing(column: Column | Gap) -> str:
    """Write why there is nothing to show in a column, empty where there is."""
    if isinstance(column, Gap):
        return _("No round was closed.")
    if not column.missing:
        return ""
    return {
        "no part": _("This team took no part."),
        "no answers": _("Nobody submitted answers."),
        "withheld": _("Not shown: it would give away what fewer than three people answered."),
        "answers changed": _("Cannot be compared question by question: answers changed after the round closed."),
    }[column.missing]
