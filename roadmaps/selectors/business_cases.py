"""What the page of a business case shows: the roadmap's steps, the figures kept, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roadmaps.assumptions import ASSUMPTIONS, PARTS, Estimate, Given, Part, estimates, is_given
from roadmaps.business_case import COSTS, STREAMS, BusinessCase, Forecast, business_case
from roadmaps.case_wording import COST_FORMULAS, COST_NAMES, PART_NAMES, STREAM_FORMULAS, STREAM_NAMES, WORDS, unit_of
from roadmaps.models import BusinessCase as KeptCase
from roadmaps.models import Roadmap
from roadmaps.selectors.roadmaps import RoadmapPage
from roadmaps.selectors.steps import named_steps
from roadmaps.workbook import CaseToWrite, NamedStep

TORNADO_BARS = 10


@dataclass(frozen=True, slots=True)
class Basis:
    """One assumption that a figure rests on, as it stands in the case, and `why` it is assumed as it is."""

    key: str
    label: object
    why: object
    unit: str
    estimate: Estimate
    is_given: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A benefit or a cost: in low, expected and high, how it is worked out, and on which assumptions it rests."""

    key: str
    name: object
    formula: object
    amounts: tuple[float, float, float]
    bases: Sequence[Basis]

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and the largest amount: in the low case costs are largest."""
        return min(self.amounts), max(self.amounts)


@dataclass(frozen=True, slots=True)
class SwingRow:
    """An assumption of the tornado with the net present value at both ends."""

    basis: Basis
    at_low: float
    at_high: float


@dataclass(frozen=True, slots=True)
class CasePage:
    """A roadmap's business case with what it rests on; all money is in `currency`.

    `is_planned` is False where nothing can be planned any more, as the answers of the roadmap's result have changed.
    """

    roadmap: Roadmap
    currency: str
    given: Given
    estimates: Mapping[str, Estimate]
    case: BusinessCase
    steps: Sequence[NamedStep]
    is_planned: bool

    @property
    def forecasts(self) -> list[tuple[Part, object, Forecast]]:
        """Low, expected and high, each with its key and its name."""
        return [(part, PART_NAMES[part], getattr(self.case, part)) for part in PARTS]

    @property
    def own(self) -> int:
        """How many of the expected figures are the organization's own."""
        return sum(is_given(self.given, key) for key in ASSUMPTIONS)

    @property
    def total(self) -> int:
        """How many figures there are."""
        return len(ASSUMPTIONS)

    @property
    def effort(self) -> float:
        """The roadmap's person-weeks."""
        return sum(named.step.weeks for named in self.steps)

    @property
    def levels(self) -> float:
        """How many levels the roadmap gains."""
        return sum(named.step.levels for named in self.steps)

    @property
    def tools(self) -> int:
        """How many tools the roadmap brings."""
        return sum(named.step.tools for named in self.steps)

    @property
    def benefits(self) -> list[Line]:
        """The benefits of a year at full effect."""
        return [
            Line(
                key,
                STREAM_NAMES[key],
                STREAM_FORMULAS[key],
                self._each(lambda f, k=key: f.yearly[k]),
                self._bases(keys),
            )
            for key, keys in STREAMS.items()
        ]

    @property
    def costs(self) -> list[Line]:
        """The costs of the three years."""
        return [
            Line(
                key,
                COST_NAMES[key],
                COST_FORMULAS[key],
                self._each(lambda f, k=key: sum(f.costs[k])),
                self._bases(keys),
            )
            for key, keys in COSTS.items()
        ]

    @property
    def tornado(self) -> list[SwingRow]:
        """The assumptions that move the net present value, most first."""
        return [SwingRow(self.basis(swing.key), swing.at_low, swing.at_high) for swing in self.case.tornado]

    @property
    def months(self) -> Iterator[tuple[int, list[float], list[float]]]:
        """Each month with its net and its cumulative cash in low, expected and high."""
        flows = [forecast for _part, _name, forecast in self.forecasts]
        for n in range(len(self.case.expected.net)):
            yield n + 1, [flow.net[n] for flow in flows], [flow.cumulative[n] for flow in flows]

    @property
    def chart(self) -> dict[str, Any]:
        """What the charts draw: the cumulative cash by month from 0 on, and the tornado's longest bars."""
        return {
            "currency": self.currency,
            "lines": [
                {"key": part, "name": str(name), "values": [0, *(round(cash) for cash in forecast.cumulative)]}
                for part, name, forecast in self.forecasts
            ],
            "middle": round(self.case.expected.npv),
            "bars": [
                {"name": str(row.basis.label), "low": round(row.at_low), "high": round(row.at_high)}
                for row in self.tornado[:TORNADO_BARS]
            ],
        }

    @property
    def bases(self) -> list[Basis]:
        """Every assumption as it stands."""
        return self._bases(tuple(ASSUMPTIONS))

    def basis(self, key: str) -> Basis:
        """Return an assumption as it stands."""
        words = WORDS[key].label, WORDS[key].why, unit_of(key, self.currency)
        return Basis(key, *words, self.estimates[key], is_given(self.given, key))

    def to_write(self) -> CaseToWrite:
        """Return what the workbook is made of."""
        return CaseToWrite(
            title=self.roadmap.title,
            organization=self.roadmap.organization.name,
            currency=self.currency,
            given=self.given,
            estimates=self.estimates,
            steps=self.steps,
            tornado=[swing.key for swing in self.case.tornado],
        )

    def _each(self, amount: Any) -> tuple[float, float, float]:
        return amount(self.case.low), amount(self.case.expected), amount(self.case.high)

    def _bases(self, keys: Sequence[str]) -> list[Basis]:
        return [self.basis(key) for key in keys]


def kept_case(roadmap: Roadmap) -> KeptCase:
    """Return what was entered for the roadmap; one with nothing in it, not saved, where nobody has yet. One query."""
    found = KeptCase.objects.filter(roadmap=roadmap).first()
    return found or KeptCase(organization_id=roadmap.organization_id, roadmap=roadmap)


def case_page(page: RoadmapPage, currency: str, given: Given) -> CasePage:
    """Return the business case of a roadmap's plan with the figures entered; no query.

    What was entered must be in order (`assumptions.OutOfOrder`).
    """
    known = {key: parts for key, parts in given.items() if key in ASSUMPTIONS}
    figures = estimates(known, currency)
    steps = named_steps(page.view) if page.view else []
    case = business_case(figures, [named.step for named in steps])
    return CasePage(page.roadmap, currency, known, figures, case, steps, is_planned=page.view is not None)
