"""Where a team's tools and an organization's scores stand. Every rule here is specified in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import quantiles
from typing import Any, TypeVar

from assessments.definition import Definition, Level, Source, exact

K = TypeVar("K", bound=Hashable)

FEWEST_ORGANIZATIONS = 10
"""Of fewer organizations nothing is said."""

STEP = 10
"""Percentiles are told in steps of so many."""


@dataclass(frozen=True, slots=True)
class LevelTools:
    """The tools on a maturity level's list, those that a team uses and those that it lacks, in the list's order."""

    level: Level
    used: tuple[str, ...]
    lacking: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.used) + len(self.lacking)

    @property
    def share(self) -> Fraction | None:
        """The share (0 to 1) of the list that is used, None where the list is empty."""
        return Fraction(len(self.used), self.total) if self.total else None


@dataclass(frozen=True, slots=True)
class Adoption:
    """A team's tools against the list of each maturity level; `own` are on no list."""

    levels: tuple[LevelTools, ...]
    own: tuple[str, ...]

    def of(self, level: Level | None) -> LevelTools | None:
        """Return a level's part, None without a level."""
        return next((row for row in self.levels if row.level == level), None)


def adoption(definition: Definition, tools: Collection[str]) -> Adoption:
    """Return how a team's tools compare to the lists of the definition's levels; case makes no difference."""
    has = {tool.casefold() for tool in tools}
    listed = {tool.casefold() for level in definition.levels for tool in level.tools}
    return Adoption(
        levels=tuple(
            LevelTools(
                level=level,
                used=tuple(tool for tool in level.tools if tool.casefold() in has),
                lacking=tuple(tool for tool in level.tools if tool.casefold() not in has),
            )
            for level in definition.levels
        ),
        own=tuple(tool for tool in tools if tool.casefold() not in listed),
    )


def cut_points(scores: Collection[Fraction]) -> tuple[Fraction, ...] | None:
    """Return the nine deciles of scores, each rounded to a tenth, None of fewer than ten scores."""
    if len(scores) < FEWEST_ORGANIZATIONS:
        return None
    return tuple(_tenths(point) for point in quantiles(scores, n=100 // STEP, method="inclusive"))


def percentile(points: Sequence[Fraction], score: Fraction) -> int:
    """Return the highest percentile (0, 10 … 90) that a score reaches, given the cut points of `cut_points`."""
    return STEP * sum(point <= _tenths(score) for point in points)


def groups_to_tell(sizes: Mapping[K, int]) -> frozenset[K]:
    """Return of which groups something may be said beside the whole, from each group's number of organizations.

    Each has ten at least, and so have the others together, unless they have none: the whole less the told groups tells
    about them.
    """
    told = [group for group in sorted(sizes, key=sizes.__getitem__) if sizes[group] >= FEWEST_ORGANIZATIONS]
    others = sum(sizes.values()) - sum(sizes[group] for group in told)
    return frozenset(told[1:] if 0 < others < FEWEST_ORGANIZATIONS else told)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a published benchmark says of a score: a mean, percentiles (`points`), or both."""

    mean: Fraction | None
    points: Sequence[tuple[int, Fraction]]  # from the lowest: which percentile, and its score

    def reached(self, score: Fraction | None) -> int | None:
        """Return the highest of the percentiles that a score reaches, 0 under the lowest; None where it cannot be."""
        if score is None or not self.points:
            return None
        return max((number for number, point in self.points if point <= score), default=0)


@dataclass(frozen=True, slots=True)
class BenchmarkSet:
    """A published benchmark: figures by dimension key, those of the overall score under None."""

    slug: str
    title: str
    source: Source
    year: int
    questionnaire: str
    organizations: int | None
    figures: Mapping[str | None, Figures]

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> BenchmarkSet:
        """Read a valid mapping of the benchmark file's shape (docs/benchmarks.md)."""
        source = data["source"]
        figures: dict[str | None, Figures] = {row["key"]: _figures(row) for row in data.get("dimensions", ())}
        if "overall" in data:
            figures[None] = _figures(data["overall"])
        return cls(
            slug=data["slug"],
            title=data["title"],
            source=Source(source["title"], source["url"], source["licence"]),
            year=source["year"],
            questionnaire=data["questionnaire"],
            organizations=data.get("organizations"),
            figures=figures,
        )


def _figures(row: Mapping[str, Any]) -> Figures:
    return Figures(
        mean=exact(row["mean"]) if "mean" in row else None,
        points=sorted((int(number), exact(point)) for number, point in row.get("percentiles", {}).items()),
    )


def _tenths(score: Fraction) -> Fraction:
    return Fraction(round(score * 10), 10)
