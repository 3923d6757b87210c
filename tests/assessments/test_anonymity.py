from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.anonymity import SMALLEST_GROUP, shown_groups


@pytest.mark.parametrize(
    ("respondents", "whole", "groups"),
    [
        ({}, True, ""),
        ({"a": 0}, True, "a"),
        ({"a": 2}, False, ""),
        ({"a": 3}, True, "a"),
        ({"a": 1, "b": 1}, False, ""),
        ({"a": 1, "b": 2}, True, ""),  # the two together are three
        ({"a": 5, "b": 2}, True, ""),  # the whole less a would be b
        ({"a": 5, "b": 3, "c": 1}, True, "a"),
        ({"a": 5, "b": 2, "c": 2}, True, "a"),
        ({"a": 3, "b": 3, "c": 1, "d": 0}, True, "bd"),
    ],
)
def test_what_is_shown(respondents: dict[str, int], whole: bool, groups: str) -> None:
    shown = shown_groups(respondents)
    assert (shown.whole, set(shown.groups)) == (whole, set(groups))


@given(st.lists(st.integers(0, 6), max_size=7))
def test_no_sum_or_difference_of_what_is_shown_is_about_fewer_than_three(counts: list[int]) -> None:
    shown = shown_groups(dict(enumerate(counts)))
    groups = [counts[group] for group in shown.groups]
    totals = [sum(chosen) for size in range(len(groups) + 1) for chosen in combinations(groups, size)]
    if shown.whole:
        totals += [sum(counts) - total for total in totals]
    assert all(total == 0 or total >= SMALLEST_GROUP for total in totals)
    assert shown.whole or sum(counts) < SMALLEST_GROUP


@given(st.lists(st.integers(0, 6), max_size=7))
def test_no_more_is_hidden_than_must_be(counts: list[int]) -> None:
    shown = shown_groups(dict(enumerate(counts)))
    hidden = [count for group, count in enumerate(counts) if group not in shown.groups]
    assert len([count for count in hidden if count >= SMALLEST_GROUP]) <= 1
    assert 0 not in hidden
