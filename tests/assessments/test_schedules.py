"""docs/reminders.md, its golden tables, and what holds for every rhythm."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.schedules import (
    MONTHS,
    WEEKS,
    Rhythm,
    date_before,
    dates_from,
    last_notice,
    next_dates,
    next_notice,
    period_of,
)
from mlops_maturity.env import CHECKOUT


def golden_table(name: str) -> list[list[str]]:
    section = (CHECKOUT / "docs" / "reminders.md").read_text().partition(f"### Golden table: {name}\n")[2]
    rows = []
    for line in section.splitlines():
        if line.startswith("#"):
            break
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")])
    assert len(rows) > 5
    return rows[2:]


def rhythm(every: str, anchor: str, hour: int = 9, zone: str = "UTC") -> Rhythm:
    kind, _space, weeks = every.partition(" ")
    return Rhythm(kind, dt.date.fromisoformat(anchor), hour, zone, int(weeks or 0))


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def days(text: str) -> list[dt.date]:
    return [dt.date.fromisoformat(word) for word in text.split()]


@pytest.mark.parametrize("row", golden_table("dates"), ids=lambda row: row[0])
def test_dates_of_the_golden_table(row: list[str]) -> None:
    _case, every, anchor, start, expected = row
    assert next_dates(rhythm(every, anchor), dt.date.fromisoformat(start), 5) == days(expected)


@pytest.mark.parametrize("row", golden_table("moments"), ids=lambda row: row[0])
def test_moments_of_the_golden_table(row: list[str]) -> None:
    _case, day, hour, zone, expected = row
    assert rhythm("year", day, int(hour), zone).moment(dt.date.fromisoformat(day)) == moment(expected)


@pytest.mark.parametrize("row", golden_table("what is sent"), ids=lambda row: row[0])
def test_warnings_of_the_golden_table(row: list[str]) -> None:
    _case, before, skipped, after, until, expected = row
    found = last_notice(
        rhythm("quarter", "2026-01-31", 9, "Europe/Berlin"),
        [int(word) for word in before.split()],
        after=moment(after),
        until=moment(until),
        skipped=days(skipped),
    )
    assert (f"{found.days_before} {found.on}" if found else "") == expected


def test_of_two_at_one_moment_the_nearer_date_is_told() -> None:
    weekly = rhythm("weeks 1", "2026-01-05")
    found = last_notice(weekly, [14, 7, 0], after=moment("2026-02-01 00:00"), until=moment("2026-02-02 09:00"))
    assert found
    assert (found.on, found.days_before) == (dt.date(2026, 2, 2), 0)


def test_skipped_dates_are_not_among_the_next() -> None:
    quarterly = rhythm("quarter", "2026-01-31")
    found = next_dates(quarterly, dt.date(2026, 1, 1), 2, skipped=[dt.date(2026, 4, 30)])
    assert found == [dt.date(2026, 1, 31), dt.date(2026, 7, 31)]


@pytest.mark.parametrize(
    ("every", "on", "first", "last"),
    [
        ("quarter", "2026-02-15", "2026-01-01", "2026-03-31"),
        ("quarter", "2026-12-31", "2026-10-01", "2026-12-31"),
        ("half_year", "2026-07-01", "2026-07-01", "2026-12-31"),
        ("weeks 6", "2026-01-05", "2026-01-05", "2026-02-15"),
    ],
)
def test_what_a_round_is_about(every: str, on: str, first: str, last: str) -> None:
    assert list(period_of(rhythm(every, on), dt.date.fromisoformat(on))) == days(f"{first} {last}")


rhythms = st.builds(
    Rhythm,
    every=st.sampled_from([*MONTHS, WEEKS]),
    anchor=st.dates(dt.date(2000, 1, 1), dt.date(2100, 12, 31)),
    hour=st.integers(0, 23),
    zone=st.sampled_from(sorted(zoneinfo.available_timezones())),
    weeks=st.integers(1, 60),
)
some_days = st.dates(dt.date(1990, 1, 1), dt.date(2110, 12, 31))
some_moments = st.integers(946_684_800, 2_840_140_800).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))


@given(rhythms, some_days)
def test_dates_go_forward_from_the_day_and_none_is_left_out(some: Rhythm, day: dt.date) -> None:
    found = list(islice(dates_from(some, day), 8))
    assert found[0] >= max(day, some.anchor)
    assert all(one < two for one, two in pairwise(found))
    assert [date_before(some, on) for on in found[1:]] == found[:-1]
    assert date_before(some, found[0]) < max(day, some.anchor)


@given(rhythms, some_days)
def test_a_date_is_on_the_anchors_day_or_the_months_last(some: Rhythm, day: dt.date) -> None:
    on = next_dates(some, day, 1)[0]
    if some.every == WEEKS:
        assert on.weekday() == some.anchor.weekday()
        assert (on - some.anchor).days % (7 * some.weeks) == 0
    else:
        assert (on.month - some.anchor.month) % MONTHS[some.every] == 0
        assert on.day == some.anchor.day or (on.day < some.anchor.day and (on + dt.timedelta(days=1)).day == 1)


@given(rhythms, some_days)
def test_a_moment_is_the_hour_on_the_wall_unless_that_is_left_out(some: Rhythm, day: dt.date) -> None:
    zone = zoneinfo.ZoneInfo(some.zone)
    local = some.moment(day).astimezone(zone)
    if (local.date(), local.hour, local.minute) != (day, some.hour, 0):
        earlier = (some.moment(day) - dt.timedelta(days=1)).astimezone(zone)
        assert earlier.utcoffset() != local.utcoffset()
    else:
        assert local.fold == 0
    assert some.midnight_after(some.moment(day)) > some.moment(day)


@given(rhythms, st.lists(st.integers(0, 180), min_size=1, max_size=4), some_moments, st.data())
def test_however_often_one_looks_each_warning_comes_once_and_the_last_does(
    some: Rhythm, before: list[int], start: dt.datetime, data: st.DataObject
) -> None:
    steps = data.draw(st.lists(st.integers(1, 60 * 24 * 100), min_size=1, max_size=6), label="minutes")
    looks = [start]
    for minutes in steps:
        looks.append(looks[-1] + dt.timedelta(minutes=minutes))
    found = [last_notice(some, before, after=one, until=two) for one, two in pairwise(looks)]
    told = [warning for warning in found if warning]
    assert len(set(told)) == len(told)
    assert told[-1:] == [one for one in [last_notice(some, before, after=looks[0], until=looks[-1])] if one]
    for warning, (one, two) in zip(found, pairwise(looks), strict=True):
        assert warning is None or one < warning.at <= two


@given(
    rhythms,
    st.lists(st.integers(0, 180), unique=True, max_size=3),
    st.integers(0, 4 * 365 * 24 * 3600),
)
def test_nothing_is_sent_before_the_next_warning(some: Rhythm, before: list[int], seconds: int) -> None:
    after = moment("2026-01-01 00:00") + dt.timedelta(seconds=seconds)
    found = next_notice(some, before, after=after)
    assert (found is None) == (not before)
    if found:
        just_before = found.at - dt.timedelta(seconds=1)
        assert last_notice(some, before, after=after, until=just_before) is None
        assert last_notice(some, before, after=after, until=found.at) == found


@given(rhythms, some_days)
def test_the_period_of_a_date_has_the_date_in_it(some: Rhythm, day: dt.date) -> None:
    on = next_dates(some, day, 1)[0]
    first, last = period_of(some, on)
    assert first <= on <= last
