"""One-step changes of a draft, as the buttons of the editor ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from assessments import drafts
from assessments.draft_forms import NewForm
from assessments.drafts import Document, Gone, Place
from assessments.models import QuestionnaireVersion
from assessments.models.drafts import Act, DraftRevision
from assessments.selectors.drafts import turned_by
from assessments.services import drafts as service
from organizations.models import User

ADDS = ("dimension", "question", "level")
ACTS = {
    "add": Act.ADD,
    "up": Act.MOVE,
    "down": Act.MOVE,
    "place": Act.MOVE,
    "to": Act.MOVE,
    "duplicate": Act.DUPLICATE,
    "remove": Act.REMOVE,
}


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in words; where to go on; and what the draft said to its author, and before the change."""

    message: str
    url: str
    base: Document | None
    before: Document | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that is asked for: `up`, of the `question`, with a key; `argument` is a position or a dimension."""

    verb: str
    kind: str
    key: str
    argument: str
    title: str
    back: str

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> Asked | None:
        """Read `do`, such as `up:question:KEY`, `place:dimension:KEY:3` or `undo`; None where it is none."""
        verb, kind, key, argument, *rest = [*str(sent.get("do", "")).split(":"), "", "", ""][:5]
        if verb == "to":
            argument = str(sent.get(f"to-{key}") or sent.get("to") or "")
        is_known = verb in ("undo", "redo") or (verb in ACTS and kind in ADDS and not any(rest))
        is_of_a_level = kind == "level" and (verb not in ("add", "remove") or not (key or "0").isdecimal())
        if not is_known or is_of_a_level:
            return None
        return cls(verb, kind, key, argument, str(sent.get("title", "")), str(sent.get("back", "")))

    @property
    def place(self) -> Place:
        return (self.kind, int(self.key) if self.kind == "level" and self.key else self.key)

    def url(self, version: QuestionnaireVersion, anchor: str = "") -> str:
        """Return the section that it was asked from, while that is there."""
        args: list[Any] = [version.questionnaire_id, version.number]
        if self.back == "levels":
            return reverse("edit_levels", args=args) + anchor
        name, _colon, key = self.back.partition(":")
        if name == "dimension" and any(each["key"] == key for each in version.definition["dimensions"]):
            return reverse("edit_dimension", args=[*args, key]) + anchor
        return reverse("edit_draft", args=args) + anchor


def perform(asked: Asked, *, version: QuestionnaireVersion, seen: int, user: User) -> Done:
    """Make a change that is asked for. Raises Gone, TooMany, and what the services of drafts raise."""
    if asked.verb in ("undo", "redo"):
        turn = service.undo if asked.verb == "undo" else service.redo
        after = turn(version=version, seen=seen, user=user)
        word = _("Undone: %s") if asked.verb == "undo" else _("Done again: %s")
        return Done(word % _told(turned_by(after), user), asked.url(after), None, None)
    if asked.verb == "add":
        return _add(asked, version=version, seen=seen, user=user)
    return _rearrange(asked, version=version, seen=seen, user=user)


def _add(asked: Asked, *, version: QuestionnaireVersion, seen: int, user: User) -> Done:
    form = NewForm({"title": asked.title})
    titles = {"dimension": _("New dimension"), "question": _("New question"), "level": _("New level")}
    title = form.cleaned_data["title"] if form.is_valid() else titles[asked.kind]
    made: list[str | int] = []

    def change(_base: Document | None, now: Document) -> Document:
        if asked.kind == "question":
            new, key = drafts.add_question(now, asked.key, title)
        elif asked.kind == "dimension":
            new, key = drafts.add_dimension(now, title)
        else:
            level, number = drafts.add_level(now, title)
            made.append(number)
            return level
        made.append(key)
        return new

    changed = service.change_draft(version=version, seen=seen, user=user, act=Act.ADD, label=title, change=change)
    url = asked.url(changed.version, f"#{asked.kind}-{made[-1]}")
    return Done(_("Added “%s”.") % title, url, changed.base, changed.before)


def _rearrange(asked: Asked, *, version: QuestionnaireVersion, seen: int, user: User) -> Done:
    label = _label(version.definition, asked.place)
    told = {
        "duplicate": _("Duplicated “%s”; the copy stands below it."),
        "remove": _("Deleted “%s”. “Undo” brings it back."),
        "to": _("Moved “%s” to the other dimension."),
    }
    anchors: list[str] = []

    def change(base: Document | None, now: Document) -> Document:
        if asked.verb == "remove":
            service.refuse_overtaken(base, now, asked.place)
            return drafts.remove(now, asked.place)
        if asked.verb == "duplicate":
            new, key = drafts.duplicate(now, asked.place, _("%s (copy)") % label)
            anchors.append(f"#{asked.kind}-{key}")
            return new
        anchors.append(f"#{asked.kind}-{asked.key}")
        if asked.verb == "to":
            return drafts.move_question(now, asked.key, asked.argument)
        position, count = drafts.position_of(now, asked.place)
        steps = {"up": position - 1, "down": position + 1}
        target = steps[asked.verb] if asked.verb in steps else _number(asked.argument)
        return drafts.move(now, asked.place, to=min(max(target, 0), count - 1))

    changed = service.change_draft(
        version=version, seen=seen, user=user, act=ACTS[asked.verb], label=label, change=change
    )
    message = told.get(asked.verb)
    if message is None:
        position, count = drafts.position_of(changed.version.definition, asked.place)
        moved = _("“%(label)s” is now %(position)d of %(count)d.")
        text = moved % {"label": label, "position": position + 1, "count": count}
    else:
        text = message % label
    return Done(text, asked.url(changed.version, "".join(anchors)), changed.base, changed.before)


def _told(change: DraftRevision, user: User) -> str:
    """Return what a change was, and of whom where it was somebody else's: Changed “Is data versioned?”, by ADDRESS."""
    text = str(change.get_act_display())
    if change.label:
        text = _("%(act)s “%(label)s”") % {"act": text, "label": change.label}
    if change.made_by and change.made_by != user:
        return _("%(change)s, by %(person)s.") % {"change": text, "person": change.made_by.email}
    return _("%s.") % text


def _label(document: Document, place: Place) -> str:
    row = drafts.find(document, place)
    return str(next(row[name] for name in ("text", "title", "name") if name in row))


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 4:
        raise Gone(text)
    return int(text)
