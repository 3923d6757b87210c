"""What the PDF of a roadmap says: its practices, what it takes and brings, who is needed, which controls."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from assessments import charts
from assessments.definition import Level
from roadmaps.models import Roadmap
from roadmaps.selectors.business_cases import TORNADO_BARS, CasePage, case_page, kept_case
from roadmaps.selectors.roadmaps import RoadmapPage
from roadmaps.selectors.structure import GovernancePage, StructurePage, governance_page, structure_page


@dataclass(frozen=True, slots=True)
class RoadmapReport:
    """A roadmap as it is printed, on a day."""

    plan: RoadmapPage
    day: dt.date
    page: CasePage
    structure: StructurePage
    governance: GovernancePage

    @property
    def roadmap(self) -> Roadmap:
        """The roadmap."""
        return self.plan.roadmap

    @property
    def current(self) -> Level:
        """The level of the result from which the roadmap starts."""
        return self.structure.current

    @property
    def target(self) -> Level:
        """The level to which it leads."""
        return self.structure.target

    @property
    def curve(self) -> str:
        """The cumulative cash as a picture's address."""
        lines = [
            charts.Line(line["name"], line["values"], stands_out=line["key"] == "expected")
            for line in self.page.chart["lines"]
        ]
        return charts.as_address(charts.curve(lines, step=6))

    @property
    def tornado(self) -> str:
        """What matters most as a picture's address; empty where nothing moves the result."""
        bars = [charts.Bar(str(row.basis.label), row.at_low, row.at_high) for row in self.page.tornado[:TORNADO_BARS]]
        if not bars:
            return ""
        ends = _("At its low end"), _("At its high end")
        return charts.as_address(charts.tornado(bars, self.page.case.expected.npv, ends))


def report_on(plan: RoadmapPage, day: dt.date) -> RoadmapReport:
    """Return what is printed of a roadmap. Seven queries, whatever it holds."""
    kept = kept_case(plan.roadmap)
    return RoadmapReport(
        plan=plan,
        day=day,
        page=case_page(plan, kept.currency, kept.given),
        structure=structure_page(plan.roadmap),
        governance=governance_page(plan.roadmap),
    )
