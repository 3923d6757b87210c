"""Keeping roadmaps, changing them, and following their items up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.models import Result
from organizations.models import Member, Organization, User
from roadmaps.models import Item, ItemStatus, Roadmap
from roadmaps.selectors.roadmaps import key_text, planned_ends
from roadmaps.steps import StepKey


class Withheld(Exception):
    """The result is withheld, and so is all that would be planned from it."""


class Finished(Exception):
    """What is done stays in the roadmap."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a roadmap is kept with: its steps in their order with their efforts in person-weeks."""

    title: str
    target_level: int | None
    dimension_targets: Mapping[str, int]
    starts_on: dt.date
    months: int
    capacity: Decimal
    steps: Sequence[tuple[StepKey, Fraction]]
    due: Mapping[StepKey, dt.date] = field(default_factory=dict)
    pinned: Sequence[StepKey] = ()
    dropped: Sequence[StepKey] = ()
    arranged: bool = False


@transaction.atomic
def keep_roadmap(
    *, organization: Organization, result: Result, draft: Draft, user: User | None, previous: Roadmap | None = None
) -> Roadmap:
    """Make and return a roadmap. Unfinished items of `previous` hand on owner, notes and ticket. Raises Withheld."""
    if result.withheld:
        raise Withheld
    roadmap = Roadmap(organization=organization, result=result, created_by=user, previous=previous)
    _set(roadmap, draft)
    earlier = {item.key: item for item in previous.items.all() if item.is_open} if previous else {}
    Item.objects.bulk_create(
        _item(roadmap, key, effort, position, draft, earlier.get(key))
        for position, (key, effort) in enumerate(draft.steps, start=1)
    )
    return roadmap


@transaction.atomic
def change_roadmap(*, roadmap: Roadmap, draft: Draft) -> None:
    """Plan a kept roadmap anew. Items that go are deleted, or where somebody has worked on them, dropped.

    Days that items were due on by the plan follow it; days that somebody set stay. Raises Finished where an item goes
    that is done.
    """
    Roadmap.objects.select_for_update().get(pk=roadmap.pk)
    ends = planned_ends(roadmap)
    items = {item.key: item for item in roadmap.items.all()}
    kept = dict(draft.steps)
    gone = [item for key, item in items.items() if key not in kept]
    if any(item.status == ItemStatus.DONE for item in gone):
        raise Finished
    _set(roadmap, draft)
    untouched = [item for item in gone if item.status == ItemStatus.PLANNED and not _is_worked_on(item)]
    Item.objects.filter(pk__in=[item.pk for item in untouched]).delete()
    position = 0
    for position, (key, effort) in enumerate(draft.steps, start=1):
        if (item := items.get(key)) is None:
            _item(roadmap, key, effort, position, draft, None).save()
            continue
        item.position, item.effort_weeks = position, _decimal(effort)
        item.due_on = _day_that_follows(item, ends, draft.due)
        if item.status == ItemStatus.DROPPED:
            item.status, item.dropped_reason = ItemStatus.PLANNED, ""
        item.save()
    for item in gone:
        if item not in untouched:
            position += 1
            item.position = position
            if item.status != ItemStatus.DROPPED:
                item.status, item.dropped_reason = ItemStatus.DROPPED, _("Taken out of the plan.")
            item.save()


@transaction.atomic
def update_item(
    *,
    item: Item,
    status: ItemStatus,
    dropped_reason: str = "",
    owner: Member | None,
    due_on: dt.date | None,
    notes: str,
    ticket_url: str,
) -> None:
    """Save how an item stands; the day that it was done is today, in the current time zone, when it becomes done.

    Where the plan changes by it, the other items' days follow as in `change_roadmap`.
    """
    ends = _ends_before(item, status)
    item.owner, item.due_on, item.notes, item.ticket_url = owner, due_on, notes, ticket_url
    _move(item, status, dropped_reason)
    item.save()
    _let_days_follow(item, ends)


@transaction.atomic
def move_item(*, item: Item, status: ItemStatus, dropped_reason: str = "") -> None:
    """Save that an item's status is another one; where the plan changes by it, days follow as in `change_roadmap`."""
    ends = _ends_before(item, status)
    _move(item, status, dropped_reason)
    item.save()
    _let_days_follow(item, ends)


def delete_roadmap(*, roadmap: Roadmap) -> None:
    """Delete a roadmap with its items."""
    roadmap.delete()


def _ends_before(item: Item, status: ItemStatus) -> Mapping[StepKey, dt.date]:
    """Return the days on which the plan's steps end, where it changes as an item is dropped or taken up; else none."""
    before = Item.objects.select_for_update().get(pk=item.pk).status
    is_replanned = (before == ItemStatus.DROPPED) != (status == ItemStatus.DROPPED)
    return planned_ends(item.roadmap) if is_replanned else {}


def _let_days_follow(changed: Item, ends: Mapping[StepKey, dt.date]) -> None:
    """Give open items that were due as planned, on `ends`, the days on which they end now."""
    if not ends:
        return
    now = planned_ends(changed.roadmap)
    for item in changed.roadmap.items.exclude(pk=changed.pk):
        if (day := _day_that_follows(item, ends, now)) != item.due_on:
            item.due_on = day
            item.save()


def _day_that_follows(item: Item, before: Mapping[StepKey, dt.date], now: Mapping[StepKey, dt.date]) -> dt.date | None:
    """Return when an item is due: the day of the plan now where it is open and was due on the plan's day before."""
    is_planned = item.is_open and item.due_on is not None and item.due_on == before.get(item.key)
    return now.get(item.key, item.due_on) if is_planned else item.due_on


def _move(item: Item, status: ItemStatus, dropped_reason: str) -> None:
    item.status = status
    item.dropped_reason = dropped_reason if status == ItemStatus.DROPPED else ""
    item.done_on = (item.done_on or timezone.localdate()) if status == ItemStatus.DONE else None


def _set(roadmap: Roadmap, draft: Draft) -> None:
    roadmap.title = draft.title
    roadmap.target_level, roadmap.dimension_targets = draft.target_level, dict(draft.dimension_targets)
    roadmap.starts_on, roadmap.months, roadmap.capacity = draft.starts_on, draft.months, draft.capacity
    roadmap.pinned, roadmap.dropped = [*map(key_text, draft.pinned)], [*map(key_text, draft.dropped)]
    roadmap.arranged = draft.arranged
    roadmap.save()


def _item(roadmap: Roadmap, key: StepKey, effort: Fraction, position: int, draft: Draft, earlier: Item | None) -> Item:
    item = Item(
        organization_id=roadmap.organization_id,
        roadmap=roadmap,
        question_key=key[0],
        choice_key=key[1],
        position=position,
        effort_weeks=_decimal(effort),
        due_on=draft.due.get(key),
    )
    if earlier:
        item.status, item.owner = earlier.status, earlier.owner
        item.notes, item.ticket_url = earlier.notes, earlier.ticket_url
    return item


def _is_worked_on(item: Item) -> bool:
    return bool(item.owner_id or item.notes or item.ticket_url)


def _decimal(effort: Fraction) -> Decimal:
    return max(round(Decimal(effort.numerator) / effort.denominator, 2), Decimal("0.01"))
