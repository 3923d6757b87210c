"""Which groups of an anonymous round may be shown, also against subtraction. Specified in docs/scoring.md."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

SMALLEST_GROUP = 3
"""Fewer respondents than these are never shown together."""


@dataclass(frozen=True, slots=True)
class Shown(Generic[K]):
    """What may be shown: whether the whole, and which of the groups that it is made of."""

    whole: bool
    groups: frozenset[K]


def shown_groups(respondents: Mapping[K, int]) -> Shown[K]:
    """Return what may be shown of groups that make up a whole, from each group's number of respondents (0 or more).

    No group of one or two is shown; and as the whole less the shown groups is known as well, what is hidden of it is
    never one or two either: the smallest of the other groups is hidden too, of equal ones the first. A group without
    respondents gives nothing away.
    """
    hidden = {group for group, count in respondents.items() if 0 < count < SMALLEST_GROUP}
    others = [group for group, count in respondents.items() if count >= SMALLEST_GROUP]
    if others and 0 < sum(respondents[group] for group in hidden) < SMALLEST_GROUP:
        hidden.add(min(others, key=respondents.__getitem__))
    total = sum(respondents.values())
    return Shown(whole=total == 0 or total >= SMALLEST_GROUP, groups=frozenset(respondents.keys() - hidden))


def joining_groups(late: Mapping[K, int], hidden: Collection[K]) -> frozenset[K]:
    """Return the groups whose late respondents join a result that has been shown, from each group's number of them.

    Which groups are `hidden` was decided when it was first shown, and stays. As the new result less the earlier one is
    known, three or more join at once or none: in each group of its own, in the hidden ones together.
    """
    shown = {group for group, count in late.items() if group not in hidden and count >= SMALLEST_GROUP}
    together = {group: count for group, count in late.items() if group in hidden}
    return frozenset(shown.union(together) if sum(together.values()) >= SMALLEST_GROUP else shown)


def unlinked(dimensions: Iterable[Sequence[str]], given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return as many rows as responses, the answers of each dimension in an order of their own.

    `dimensions` has the question keys of each, a response its choice keys by question key. No row is one person:
    whoever knows one answer of somebody, as a note may tell, learns none of that person's in other dimensions. Scores
    need no more, as they are computed by dimension.
    """
    rows: list[dict[str, str]] = [{} for _ in given]
    for keys in dimensions:
        patterns = sorted(tuple(answers.get(key, "") for key in keys) for answers in given)
        for row, pattern in zip(rows, patterns, strict=True):
            row.update((key, choice) for key, choice in zip(keys, pattern, strict=True) if choice)
    return rows
