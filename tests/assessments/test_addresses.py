"""Addresses as people paste and upload them, and whatever else may be in such a text."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.addresses import NotText, find_addresses, read_text

ADDRESSES = st.from_regex(
    r"[a-z0-9]([a-z0-9._+-]{0,20}[a-z0-9])?@([a-z0-9]{1,10}\.){1,2}[a-z]{2,6}", fullmatch=True
).filter(lambda email: ".." not in email)
SEPARATORS = st.sampled_from(["\n", "\r\n", ", ", ",", "; ", ";", "\n\n", " ,\n ", "\t"])
WRITTEN = st.sampled_from(
    ["{}", " {} ", "<{}>", "Jane Doe <{}>", '"Doe, Jane" <{}>', "mailto:{}", '"{}"', "\ufeff{}", "\u200b{}\u200b"]
)


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("", []),
        (" \n , ;\n", []),
        ("Ada@Example.org", ["ada@example.org"]),
        ("a@x.org,b@x.org;c@x.org\nd@x.org", ["a@x.org", "b@x.org", "c@x.org", "d@x.org"]),
        ("a@x.org b@x.org", ["a@x.org", "b@x.org"]),
        ('"Doe, Jane" <jane@x.org>, Bob <bob@x.org>', ["jane@x.org", "bob@x.org"]),
        ("Jane Doe\tjane@x.org\tPricing", ["jane@x.org"]),
        ("o'hara+mlops@x.co.uk", ["o'hara+mlops@x.co.uk"]),
        ("jane@bücher.example", ["jane@bücher.example"]),
    ],
)
def test_addresses_are_found(text: str, emails: list[str]) -> None:
    found = find_addresses(text)
    assert (found.emails, found.repeated, found.broken) == (emails, [], [])


@pytest.mark.parametrize(
    ("text", "piece", "why"),
    [
        ("jane", "jane", "There is no @ in it."),
        ("jane, bob@x.org", "jane", "There is no @ in it."),
        ("jane@, bob@x.org", "jane@", "not a complete email address"),
        ("Jane <jane@example>; bob@x.org", "Jane <jane@example>", "not a complete email address"),
        ("jane@x.org@y.org", "jane@x.org@y.org", "more than one @"),
        ("jane doe@x.org", "jane doe@x.org", "not a complete email address"),
        ("jane\u202e@x.org", "jane\u202e@x.org", "not a complete email address"),
        (f"{'j' * 250}@x.org", f"{'j' * 250}@x.org", "longer than"),
        ('"jane@x.org', '"jane@x.org', "not a complete email address"),
    ],
)
def test_what_is_wrong_is_said(text: str, piece: str, why: str) -> None:
    found = find_addresses(text)
    [broken] = found.broken
    assert broken.text == piece
    assert why in broken.why
    assert found.emails == (["bob@x.org"] if "bob" in text else [])


def test_what_comes_twice_counts_once() -> None:
    found = find_addresses("a@x.org\nA@X.ORG, b@x.org\na@x.org")
    assert (found.emails, found.repeated) == (["a@x.org", "b@x.org"], ["a@x.org"])


def test_a_table() -> None:
    table = 'Name;E-Mail;Team\n"Doe; Jane";jane@x.org;Pricing\nBob;bob@;Search\nEve;;Search\n;;\n'
    found = find_addresses(table, is_table=True)
    assert found.emails == ["jane@x.org"]
    assert [broken.text for broken in found.broken] == ["bob@", "Eve\tSearch"]


def test_a_line_of_a_table_is_one_still_when_it_was_mended() -> None:
    [broken] = find_addresses("B,bb_at_x.org,y", is_table=True).broken

    mended = find_addresses(broken.text.replace("_at_", "@"))

    assert (mended.emails, mended.broken) == (["bb@x.org"], [])


def test_a_table_without_heading_loses_no_line() -> None:
    found = find_addresses("jane\nbob@x.org", is_table=True)
    assert (found.emails, [broken.text for broken in found.broken]) == (["bob@x.org"], ["jane"])


@given(st.lists(st.tuples(ADDRESSES, WRITTEN, SEPARATORS), max_size=30))
def test_good_addresses_are_all_found_however_written(parts: list[tuple[str, str, str]]) -> None:
    found = find_addresses("".join(written.format(email) + separator for email, written, separator in parts))
    assert found.emails == list(dict.fromkeys(email for email, _written, _separator in parts))
    assert found.broken == []


@given(st.text(alphabet=st.sampled_from('ab@.<>",; \t\n\x00é\u200b'), max_size=200), st.booleans())
def test_nothing_is_lost_and_what_is_found_is_stable(text: str, is_table: bool) -> None:
    found = find_addresses(text, is_table=is_table)
    assert find_addresses("\n".join(found.emails)) == type(found)(found.emails, [], [])
    assert len(set(found.emails)) == len(found.emails)
    again = find_addresses("\n".join(broken.text for broken in found.broken), is_table=is_table)
    assert again.emails == []
    # Whatever has an "@" is in an address or said to be broken.
    kept = "".join(found.emails + [broken.text for broken in found.broken])
    assert ("@" in text) == ("@" in kept)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_in_the_encodings_of_spreadsheets(encoding: str) -> None:
    assert read_text("Jürgen;jürgen@x.org".encode(encoding)) == "Jürgen;jürgen@x.org"


@pytest.mark.parametrize("data", [b"PK\x03\x04\x00\x00", b"\x00\x01", b"\xff\xfea", b"\x81\x8d"])
def test_a_file_that_is_no_text(data: bytes) -> None:
    with pytest.raises(NotText):
        read_text(data)


@given(st.binary(max_size=100))
def test_any_file_is_text_or_refused(data: bytes) -> None:
    with contextlib.suppress(NotText):
        assert "\0" not in read_text(data)
