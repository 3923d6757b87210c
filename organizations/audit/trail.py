"""Reading the audit trail: the events of an organization, the newest first, each told in words."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import BigIntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pghistory.models import Event

from organizations.models import Invitation, Organization, Team, User

BATCH = 500


class Action(models.TextChoices):
    """What happened to a row; the labels of the events."""

    ADDED = "insert", gettext_lazy("Added")
    CHANGED = "update", gettext_lazy("Changed")
    REMOVED = "delete", gettext_lazy("Removed")
    FOUND = "baseline", gettext_lazy("There before the trail")
    TAKEN = "download", gettext_lazy("Downloaded")


class Taken(models.TextChoices):
    """What was downloaded of an organization, a round, a roadmap or a questionnaire's version."""

    DATA = "data", gettext_lazy("all data")
    AUDIT = "audit", gettext_lazy("the audit trail")
    RESULTS = "results", gettext_lazy("the results")
    ANSWERS = "answers", gettext_lazy("the results with single answers")
    COMPARISON = "comparison", gettext_lazy("a comparison")
    REPORT = "report", gettext_lazy("the report")
    FILE = "file", gettext_lazy("the file")
    ROADMAP = "roadmap", gettext_lazy("the roadmap")
    BUSINESS_CASE = "business_case", gettext_lazy("the business case")


@dataclass(frozen=True)
class Selection:
    """Which events are asked for; `since` and `until` are days of the organization, both included."""

    kind: str = ""
    action: str = ""
    words: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True)
class Change:
    """What a field was and is; None where there was or is no row."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Entry:
    """An event as people read it; `at` is in the organization's time zone, `taken` says what was downloaded."""

    at: dt.datetime
    who: str
    user_id: int | None
    action: Action
    kind: str
    object_id: int
    name: str
    changes: Sequence[Change]
    taken: str = ""

    @property
    def details(self) -> list[Change]:
        """The changes that the summary does not tell already."""
        if self.action == Action.CHANGED:
            return list(self.changes) if len(self.changes) > 1 else []
        return [change for change in self.changes if (change.new or "") not in self.name]

    @property
    def summary(self) -> str:
        """What happened, in words, without who did it."""
        words = {"kind": self.kind, "name": self.name, "taken": self.taken}
        if self.action == Action.CHANGED and len(self.changes) == 1:
            [change] = self.changes
            if change.field == str(Team._meta.get_field("archived_at").verbose_name):
                return (_archived() if change.new else _restored()) % words
            words |= {"field": change.field, "old": change.old or _("none"), "new": change.new or _("none")}
            return _("Changed the %(field)s of the %(kind)s “%(name)s” from “%(old)s” to “%(new)s”") % words
        if self.action == Action.CHANGED and not self.changes:
            return _("Changed the %(kind)s “%(name)s” in what the trail does not keep") % words
        return {
            Action.ADDED: _("Added the %(kind)s “%(name)s”"),
            Action.CHANGED: _("Changed the %(kind)s “%(name)s”"),
            Action.REMOVED: _("Removed the %(kind)s “%(name)s”"),
            Action.FOUND: _("The %(kind)s “%(name)s” was there when this trail began"),
            Action.TAKEN: _("Downloaded %(taken)s of the %(kind)s “%(name)s”"),
        }[self.action] % words


def _archived() -> str:
    return _("Archived the %(kind)s “%(name)s”")


def _restored() -> str:
    return _("Took the %(kind)s “%(name)s” into use again")


def event_models() -> dict[str, Any]:
    """Return the tables of events by the name of the model they tell of."""
    found: Iterator[Any] = (model for model in apps.get_models() if hasattr(model, "named_by"))
    return {model.pgh_tracked_model._meta.model_name: model for model in found}


def kept_fields(events: Any) -> list[models.Field[Any, Any]]:
    """Return the tracked fields of an event or a table of events, without the organization."""
    own = {field.name for field in events.pgh_tracked_model._meta.fields}
    return [field for field in events._meta.fields if field.name in own - {"organization"}]


def kinds() -> list[tuple[str, str]]:
    """Return what the trail tells of, as choices."""
    names = ((name, capfirst(events.pgh_tracked_model._meta.verbose_name)) for name, events in event_models().items())
    return sorted(names, key=lambda choice: choice[1])


def find_events(organization: Organization, selection: Selection) -> QuerySet[Any]:
    """Return (when, kind, id) of the events asked for, the newest first. One query, however many kinds there are."""
    zone = zoneinfo.ZoneInfo(organization.time_zone)
    conditions = Q(pgh_label=selection.action) if selection.action else Q()
    if selection.since:
        conditions &= Q(pgh_created_at__gte=dt.datetime.combine(selection.since, dt.time(), zone))
    if selection.until:
        after = dt.datetime.combine(selection.until + dt.timedelta(days=1), dt.time(), zone)
        conditions &= Q(pgh_created_at__lt=after)
    if selection.words:
        conditions &= Q(actor_id__in=_called(selection.words).values("pk"))
    found: list[QuerySet[Any]] = [
        events.objects.annotate(
            # What one transaction did carries one time: an organization stands below what is made in it.
            kind=Value(name),
            place=Value(place),
            actor_id=Cast(KeyTextTransform("user", "pgh_context"), BigIntegerField()),
        )
        .filter(conditions, **{_organization_column(events): organization.pk})
        .order_by()
        .values_list("pgh_created_at", "kind", "place", "pgh_id")
        for place, (name, events) in enumerate(event_models().items())
        if selection.kind in ("", name)
    ]
    return found[0].union(*found[1:], all=True).order_by("-pgh_created_at", "-place", "-pgh_id")


def tell(organization: Organization, found: Sequence[tuple[Any, ...]]) -> list[Entry]:
    """Return some of what `find_events` found as entries. At most three queries per kind, however many events."""
    ids = defaultdict(list)
    for _when, kind, _place, pk in found:
        ids[kind].append(pk)
    rows = {kind: _with_previous(event_models()[kind], pks) for kind, pks in ids.items()}
    events = [rows[kind][pk] for _when, kind, _place, pk in found]
    before = {event.before.pk: event.before for event in events if event.before}
    objects = _Objects(organization, [*events, *before.values()])
    return [_entry(organization, event, objects) for event in events]


def tell_all(organization: Organization, selection: Selection) -> Iterator[Entry]:
    """Yield all entries asked for, a batch at a time."""
    found = find_events(organization, selection).iterator(chunk_size=BATCH)
    while batch := list(islice(found, BATCH)):
        yield from tell(organization, batch)


class _Objects:
    """What events speak of, called as it was last even where it is gone; people, who are not kept, as they are now."""

    def __init__(self, organization: Organization, events: Sequence[Any]) -> None:
        self.found: dict[type[models.Model], dict[int, Any]] = defaultdict(dict)
        wanted: dict[type[models.Model], set[int]] = defaultdict(set)
        self.found[Organization][organization.pk] = organization
        for event in events:
            self._want(event, wanted)
            if event.pgh_tracked_model is Invitation:
                wanted[Invitation].add(event.pgh_obj_id)
            if event.pgh_context and (user := event.pgh_context.get("user")):
                wanted[User].add(user)
        # What the events speak of speaks of more: a round of a questionnaire's version.
        while wanted:
            wave, wanted = wanted, defaultdict(set)
            for model, ids in wave.items():
                rows = _latest(model, ids - self.found[model].keys())
                self.found[model] |= rows
                for row in rows.values():
                    if isinstance(row, Event):
                        self._want(row, wanted)

    def _want(self, event: Any, wanted: dict[type[models.Model], set[int]]) -> None:
        for field in kept_fields(event):
            pk = getattr(event, field.attname)
            if pk and field.related_model and pk not in self.found[field.related_model]:
                wanted[field.related_model].add(pk)

    def get(self, model: type[models.Model], pk: int | None) -> Any:
        """Return the object, None where nothing is known of it."""
        found = self.found[model].get(pk or 0)
        return self.of(found) if isinstance(found, Event) else found

    def of(self, event: Any) -> Any:
        """Return an unsaved object of the model that is tracked, as an event has it."""
        made = event.pgh_tracked_model(pk=event.pgh_obj_id)
        made.organization = self.get(Organization, getattr(event, _organization_column(event)))
        for field in kept_fields(event):
            pk = getattr(event, field.attname)
            setattr(made, field.attname, pk)
            if field.related_model and (related := self.get(field.related_model, pk)):
                setattr(made, field.name, related)
        return made

    def name(self, event: Any) -> str:
        """Return what the object of an event is called."""
        if event.pgh_tracked_model is Invitation:
            invitation = self.get(Invitation, event.pgh_obj_id)
            return str(invitation) if invitation else _("not open any more")
        if event.named_by:
            return self.value(event, event._meta.get_field(event.named_by))
        return str(self.of(event))

    def value(self, event: Any, field: models.Field[Any, Any]) -> str:
        """Return what an event has in a field, as people write it; empty for nothing."""
        value = getattr(event, field.attname)
        if value in (None, "", []):
            return ""
        if isinstance(value, list):
            return ", ".join(formats.localize(one) for one in value)
        if field.related_model:
            related = self.get(field.related_model, value)
            return str(related) if related else _gone(field)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, dt.datetime):
            return formats.date_format(timezone.localtime(value, self._zone), "SHORT_DATETIME_FORMAT")
        if isinstance(value, dt.date):
            return formats.date_format(value, "SHORT_DATE_FORMAT")
        return str(dict(field.flatchoices).get(value, value))

    @property
    def _zone(self) -> zoneinfo.ZoneInfo:
        [organization] = self.found[Organization].values()
        return zoneinfo.ZoneInfo(organization.time_zone)


def _gone(field: models.Field[Any, Any]) -> str:
    return _("a deleted account") if field.related_model is User else _("unknown")


def _organization_column(events: Any) -> str:
    return "pgh_obj_id" if events.pgh_tracked_model is Organization else "organization_id"


def _called(words: str) -> QuerySet[User]:
    """Return the users whose name or address contains each of some words."""
    users = User.objects.all()
    for word in words.split():
        users = users.filter(Q(email__icontains=word) | Q(first_name__icontains=word) | Q(last_name__icontains=word))
    return users


def _with_previous(events: Any, ids: Sequence[int]) -> dict[int, Any]:
    """Return events by id; `before` is what was kept of the same row before, None for none. Two queries."""
    earlier = events.objects.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
    before_id = Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1])
    rows = events.objects.filter(pgh_id__in=ids).annotate(before_id=before_id).in_bulk()
    before = events.objects.in_bulk({row.before_id for row in rows.values()} - {None})
    for row in rows.values():
        row.before = before.get(row.before_id)
    return dict(rows)


def _latest(model: Any, ids: set[int]) -> dict[int, Any]:
    """Return the newest events of some rows, or the rows where they are not tracked, by the rows' id. One query."""
    events = event_models().get(model._meta.model_name)
    if not events or model is Invitation:
        return dict(model._default_manager.in_bulk(ids))
    newest = events.objects.filter(pgh_obj_id__in=ids).order_by("pgh_obj_id", "-pgh_id").distinct("pgh_obj_id")
    return {event.pgh_obj_id: event for event in newest}


def _entry(organization: Organization, event: Any, objects: _Objects) -> Entry:
    return Entry(
        at=timezone.localtime(event.pgh_created_at, zoneinfo.ZoneInfo(organization.time_zone)),
        who=_who(event, objects),
        user_id=(event.pgh_context or {}).get("user"),
        action=Action(event.pgh_label),
        kind=str(event.pgh_tracked_model._meta.verbose_name),
        object_id=event.pgh_obj_id,
        name=objects.name(event),
        changes=list(_changes(event, objects)),
        taken=_taken(event.pgh_context or {}),
    )


def _taken(context: dict[str, Any]) -> str:
    what, extension = context.get("taken"), context.get("extension")
    if not what:
        return ""
    label = str(dict(Taken.choices).get(what, what))
    return _("%(what)s (%(extension)s)") % {"what": label, "extension": str(extension).upper()}


def _changes(event: Any, objects: _Objects) -> Iterator[Change]:
    """Yield the fields that an update changed, and those that an added row has; a removed row has none."""
    before = event.before if event.pgh_label == Action.CHANGED else None
    if event.pgh_label in (Action.REMOVED, Action.TAKEN):
        return
    for field in kept_fields(event):
        name, new = str(field.verbose_name), objects.value(event, field)
        if before:
            if getattr(before, field.attname) != getattr(event, field.attname):
                yield Change(name, objects.value(before, field), new)
        elif new and field.name != event.named_by:
            yield Change(name, None, new)


def _who(event: Any, objects: _Objects) -> str:
    context = event.pgh_context or {}
    if user_id := context.get("user"):
        user = objects.get(User, user_id)
        name = " · ".join(filter(None, [user.get_full_name(), user.email])) if user else _("A deleted account")
        in_admin = context.get("url", "").startswith("/admin/")
        return _("%(person)s, in the administration") % {"person": name} if in_admin else name
    if task := context.get("task"):
        return _("Background task %(name)s") % {"name": task.rpartition(".")[2]}
    if command := context.get("command"):
        return _("Command %(name)s") % {"name": command}
    return _("Somebody without an account") if "url" in context else _("Outside the application")
