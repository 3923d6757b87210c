"""Says in plain words what is different between two versions of a questionnaire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.differences import NAMES, Difference

LENGTH = 160
"""Of a quoted text; what is longer is cut."""

ADDED = {
    "choice": gettext_lazy("Added the choice “%s”."),
    "level": gettext_lazy("Added the level “%s”."),
    "dimension": gettext_lazy("Added the dimension “%s”."),
    "question": gettext_lazy("Added the question “%s”."),
    "translation": gettext_lazy("Added the language “%s”."),
}
REMOVED = {
    "choice": gettext_lazy("Removed the choice “%s”."),
    "level": gettext_lazy("Removed the level “%s”."),
    "dimension": gettext_lazy("Removed the dimension “%s”."),
    "question": gettext_lazy("Removed the question “%s”."),
    "translation": gettext_lazy("Removed the language “%s”."),
}
VERBS = {
    "reworded": gettext_lazy("Reworded"),
    "rescored": gettext_lazy("Rescored"),
    "changed": gettext_lazy("Changed"),
}
FIELDS: Mapping[str, Any] = {
    "description": gettext_lazy("description"),
    "source.title": gettext_lazy("title of the source"),
    "source.url": gettext_lazy("address of the source"),
    "source.licence": gettext_lazy("licence"),
    "slug": gettext_lazy("key"),
    "locale": gettext_lazy("language"),
    "scoring.method": gettext_lazy("scoring method"),
    "scoring.combine": gettext_lazy("way dimensions combine"),
    "scoring.max": gettext_lazy("top score of a dimension"),
    "weight": gettext_lazy("weight"),
    "value": gettext_lazy("value"),
    "excluded": gettext_lazy("left out of the score"),
    "level": gettext_lazy("level"),
    "kind": gettext_lazy("kind"),
    "min_score": gettext_lazy("threshold"),
    "exclusive": gettext_lazy("reached only above its threshold"),
    "choices": gettext_lazy("own choices"),
    "same_as": gettext_lazy("questions elsewhere that mean the same"),
    "statements": gettext_lazy("statements"),
    "characteristics": gettext_lazy("characteristics"),
    "tools": gettext_lazy("tools"),
    "team": gettext_lazy("team"),
    "governance": gettext_lazy("governance"),
    "help": gettext_lazy("help"),
    "evidence": gettext_lazy("evidence"),
    "guidance.action": gettext_lazy("action"),
    "guidance.success_metric": gettext_lazy("success metric"),
    "guidance.effort_weeks": gettext_lazy("effort in weeks"),
    "guidance.tools": gettext_lazy("tools for it"),
    "guidance.roles": gettext_lazy("roles"),
    "guidance.governance": gettext_lazy("governance control"),
    "guidance.requires": gettext_lazy("practices that come first"),
}


def in_words(difference: Difference) -> str:
    """Return one sentence, such as: Reworded “Are data sets versioned?”: was “Is data versioned?”."""
    if difference.kind == "moved":
        return _moved(difference)
    if not difference.field:
        return _as_a_whole(difference)
    words = {
        "what": VERBS[difference.kind],
        "field": FIELDS.get(difference.field, difference.field),
        "label": _cut(difference.label),
        "before": _cut(difference.before),
        "after": _cut(difference.after),
    }
    if difference.field in NAMES and difference.before and difference.after:
        return _("%(what)s “%(label)s”: was “%(before)s”.") % words
    if not difference.before:
        return _("%(what)s “%(label)s”, %(field)s: now “%(after)s”.") % words
    if not difference.after:
        return _("%(what)s “%(label)s”, %(field)s: left out, was “%(before)s”.") % words
    return _("%(what)s “%(label)s”, %(field)s: now “%(after)s”, was “%(before)s”.") % words


def _as_a_whole(difference: Difference) -> str:
    texts = {"added": ADDED, "removed": REMOVED}.get(difference.kind)
    if texts is None:
        return _("Changed parts that are not as they should be.")
    return str(texts[str(difference.place[-2])]) % _cut(difference.label)


def _moved(difference: Difference) -> str:
    words = {key: _cut(getattr(difference, key)) for key in ("label", "before", "after")}
    if difference.field == "dimension":
        return _("Moved “%(label)s” from “%(before)s” to “%(after)s”.") % words
    return _("Moved “%(label)s” up or down.") % words


def _cut(text: str) -> str:
    """Return a text on one line, cut where it is long."""
    return Truncator(" ".join(text.split())).chars(LENGTH)
