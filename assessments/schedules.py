"""When a re-assessment is due, and when people are warned of it, as `docs/reminders.md` specifies. Pure.

A date is counted from the anchor, never from the date before, so that a month's end is not lost on the way through
February; a moment is what the clock on the wall of a time zone shows.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count, islice
from zoneinfo import ZoneInfo

MONTHS = {"quarter": 3, "half_year": 6, "year": 12}
WEEKS = "weeks"
MOST_DAYS_BEFORE = 180


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every quarter, half year, year or `weeks` weeks (1 or more) from the day `anchor` on, at an hour (0 to 23).

    `every` is a key of MONTHS, or WEEKS; `zone` a name of the IANA database.
    """

    every: str
    anchor: dt.date
    hour: int
    zone: str
    weeks: int = 0

    def date(self, number: int) -> dt.date:
        """Return the date of a number: 0 is the anchor, −1 the one that would have been before it."""
        if self.every == WEEKS:
            return self.anchor + dt.timedelta(weeks=self.weeks * number)
        month = self.anchor.month - 1 + MONTHS[self.every] * number
        year, month = self.anchor.year + month // 12, month % 12 + 1
        return dt.date(year, month, min(self.anchor.day, monthrange(year, month)[1]))

    def number(self, day: dt.date) -> int:
        """Return the number, from 0, of the first date that is not before a day."""
        if self.every == WEEKS:
            guess = (day - self.anchor).days // (7 * self.weeks)
        else:
            months = (day.year - self.anchor.year) * 12 + day.month - self.anchor.month
            guess = months // MONTHS[self.every]
        return next(number for number in count(max(0, guess)) if self.date(number) >= day)

    def moment(self, day: dt.date) -> dt.datetime:
        """Return when it is the hour on a day, in UTC.

        An hour that the clocks leave out comes as much later as they jump; of one that they show twice it is the first.
        """
        return dt.datetime.combine(day, dt.time(self.hour), ZoneInfo(self.zone)).astimezone(dt.UTC)

    def midnight_after(self, now: dt.datetime) -> dt.datetime:
        """Return when the day ends that it is at a moment."""
        zone = ZoneInfo(self.zone)
        tomorrow = now.astimezone(zone).date() + dt.timedelta(days=1)
        return dt.datetime.combine(tomorrow, dt.time(), zone).astimezone(dt.UTC)


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """That it is `at` a moment (UTC) time to tell people of the date `on`, some days before it, 0 for on the day."""

    at: dt.datetime
    days_before: int
    on: dt.date


def dates_from(rhythm: Rhythm, day: dt.date) -> Iterator[dt.date]:
    """Yield the dates that are not before a day, without end."""
    return map(rhythm.date, count(rhythm.number(day)))


def next_dates(rhythm: Rhythm, day: dt.date, how_many: int, skipped: Collection[dt.date] = ()) -> list[dt.date]:
    """Return the first dates that are not before a day and not skipped."""
    return list(islice((date for date in dates_from(rhythm, day) if date not in skipped), how_many))


def last_notice(
    rhythm: Rhythm,
    days_before: Collection[int],
    *,
    after: dt.datetime,
    until: dt.datetime,
    skipped: Collection[dt.date] = (),
) -> Notice | None:
    """Return the last warning after one moment and until another, None where there is none.

    Of several that were missed the last alone still matters; of two at one moment the one of the nearer date does.
    """
    # A day either way, as a day of the zone begins up to 14 hours before or after that of UTC.
    first = after.date() - dt.timedelta(days=1)
    last = until.date() + dt.timedelta(days=1 + max(days_before, default=0))
    found: list[Notice] = []
    for on in dates_from(rhythm, first):
        if on > last:
            break
        if on not in skipped:
            found += (Notice(rhythm.moment(on - dt.timedelta(days=days)), days, on) for days in days_before)
    due = (warning for warning in found if after < warning.at <= until)
    return max(due, key=lambda warning: (warning.at, -warning.days_before), default=None)


def next_notice(
    rhythm: Rhythm, days_before: Collection[int], *, after: dt.datetime, skipped: Collection[dt.date] = ()
) -> Notice | None:
    """Return the first warning after a moment; None where nobody is warned."""
    first = after.date() - dt.timedelta(days=1)
    return min((_next_of(rhythm, days, first, after, skipped) for days in days_before), default=None)


def _next_of(rhythm: Rhythm, days: int, first: dt.date, after: dt.datetime, skipped: Collection[dt.date]) -> Notice:
    dates = (on for on in dates_from(rhythm, first) if on not in skipped)
    notices = (Notice(rhythm.moment(on - dt.timedelta(days=days)), days, on) for on in dates)
    return next(notice for notice in notices if notice.at > after)


def date_before(rhythm: Rhythm, on: dt.date) -> dt.date:
    """Return the date before one of the rhythm's dates; before the anchor, the one that would have been."""
    return rhythm.date(rhythm.number(on) - 1)


def period_of(rhythm: Rhythm, on: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and last day that a date's round is about: its calendar quarter, else until the next date."""
    if rhythm.every == "quarter":
        month = on.month - (on.month - 1) % 3
        return dt.date(on.year, month, 1), dt.date(on.year, month + 2, monthrange(on.year, month + 2)[1])
    return on, rhythm.date(rhythm.number(on) + 1) - dt.timedelta(days=1)
