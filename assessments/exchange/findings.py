"""What is wrong with a document, and where: the words that every part's check is written in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from assessments.questionnaires.rules import KeyPath

Finding: TypeAlias = tuple[KeyPath, str]
# Slug, number, and whether it is the organization's own.
VersionKey: TypeAlias = tuple[str, int, bool]


def version_key(reference: Mapping[str, Any]) -> VersionKey:
    """Return the key of the version that a reference in the document names."""
    return reference["slug"], reference["number"], reference["own"]


def moment(text: str) -> dt.datetime:
    """Return the moment that a text says. Raises ValueError unless it is one with a time zone."""
    found = dt.datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(dt.UTC)


def moment_in(row: Mapping[str, Any], key: str) -> dt.datetime | None:
    """Return the moment that a checked row has under a key, None where it has none."""
    return moment(row[key]) if key in row else None


def known(at: KeyPath, value: Any, names: Iterable[Any], message: str) -> Iterator[Finding]:
    """Find a value that is there and none of the names."""
    if value is not None and value not in names:
        yield at, message


def known_team(at: KeyPath, name: str | None, teams: Iterable[str]) -> Iterator[Finding]:
    """Find the name of a team that the document does not have."""
    yield from known(at, name, teams, _("is no team of this file."))


def known_member(at: KeyPath, email: str | None, members: Iterable[str]) -> Iterator[Finding]:
    """Find the address of somebody who is no member in the document."""
    yield from known(at, email, members, _("is no member of this file."))


def twice(rows: Iterable[tuple[KeyPath, Any]]) -> Iterator[Finding]:
    """Find each value that was there before."""
    seen = set()
    for at, value in rows:
        if value in seen:
            yield at, _("is there twice.")
        seen.add(value)


def tried(at: KeyPath, read: Callable[[str], object], value: str, message: str) -> Iterator[Finding]:
    """Find a value that cannot be read."""
    try:
        read(value)
    except (ValueError, OverflowError, ValidationError):
        yield at, message


def email_address(text: str) -> None:
    """Raise ValidationError or ValueError unless a text is an email address in lower case."""
    validate_email(text)
    if text != text.lower():
        raise ValueError(text)
