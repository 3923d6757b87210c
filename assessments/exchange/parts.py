"""What apps add to an organization's document beside its core: each a part, registered when the app is ready.

The core is the organization, its teams, members, invitations, questionnaires and rounds. A part calls these by the
names they have in the document, and is written and read after them; CONTRIBUTING.md says how to add one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.db.models import Model, QuerySet

from assessments.definition import Definition
from assessments.exchange.findings import Finding, VersionKey
from assessments.models import QuestionnaireVersion, Result, Round
from organizations.models import Organization, Team, User

# Number of the round, name of the team or None for the whole organization, revision.
ResultKey: TypeAlias = tuple[int, str | None, int]

POOL = None
"""Stands for the team of who answered an anonymous round in teams that are withheld, together three or more."""


@dataclass(frozen=True, slots=True)
class Names:
    """How the document calls what the core holds, by database id: of members by that of the account."""

    teams: Mapping[int, str]
    members: Mapping[int, str]
    versions: Mapping[int, Mapping[str, Any]]
    rounds: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """What a document's core has: of versions what they ask, None for a draft; of results whether they are shown."""

    teams: frozenset[str]
    members: frozenset[str]
    versions: Mapping[VersionKey, Definition | None]
    rounds: Mapping[int, VersionKey]
    results: Mapping[ResultKey, bool]


@dataclass(slots=True)
class Made:
    """What an import has made of the core, by the names in the document; `others` is for what parts leave to others."""

    organization: Organization
    teams: Mapping[str, Team]
    users: Mapping[str, User]
    versions: Mapping[VersionKey, QuestionnaireVersion]
    rounds: dict[int, Round] = field(default_factory=dict)
    results: dict[ResultKey, Result] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One key of the document.

    `schema` is the JSON Schema of its value, which may refer to `#/$defs/…` of organization.schema.json. `write`
    returns the value in plain JSON, in an order that depends on the content alone; what is empty is left out. `check`
    finds what the schema cannot, from the value and what the core has; times are checked by their keys already (`…_at`,
    `…_on`). `read` makes the rows of a checked value, within the import's transaction. `models` are all whose rows it
    carries. `versions` returns the versions it refers to, beside those that rounds use.
    """

    key: str
    models: tuple[type[Model], ...]
    schema: Mapping[str, Any]
    write: Callable[[Organization, Names], Any]
    read: Callable[[Any, Made], None]
    check: Callable[[Any, Known], Iterator[Finding]] = lambda _value, _known: iter(())
    versions: Callable[[Organization], QuerySet[QuestionnaireVersion]] | None = None


_parts: dict[str, Part] = {}


def register(*parts: Part) -> None:
    """Add parts to the document; called in an app's `ready`. Raises ValueError for a key that is taken."""
    for part in parts:
        if _parts.setdefault(part.key, part) != part:
            raise ValueError(f"There is a part {part.key} already.")


def registered() -> list[Part]:
    """Return the parts in the order in which they are written and read: that of their registration."""
    return list(_parts.values())
