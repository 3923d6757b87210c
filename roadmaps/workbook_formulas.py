"""The formulas of docs/business-case.md as a spreadsheet computes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias


class Formula(str):
    """What a cell computes."""

    __slots__ = ()


Look: TypeAlias = Callable[[str], str]
"""The cell in which a figure stands, by the key of its assumption or of what is fixed."""


class Steps(Protocol):
    """The roadmap's columns: B the first month, C the last, D person-weeks, E levels, F tools."""

    def __getitem__(self, column: str, /) -> str: ...


def levels(steps: Steps, month: str, ramp: str) -> Formula:
    """Return the formula of the levels that have taken effect in a month."""
    since = f"({month}-{steps['C']})"
    return Formula(f"=SUMPRODUCT({steps['E']}*({since}>0)*(({since}>={ramp})+({since}<{ramp})*{since}/{ramp}))")


def benefits(look: Look, gained: str) -> dict[str, str]:
    """Return the formulas of a month's benefits by stream."""
    hour = f"({look('engineer_cost')}/{look('working_weeks')}/{look('hours_a_week')}*{look('capture')}/100)"

    def saved(cut: str) -> str:
        return f"(1-(1-{look(cut)}/100)^{gained})"

    week = f"{hour}*{look('hours_a_week')}"
    return {
        "faster_release": f"{look('new_models')}*{look('weeks_to_production')}*{saved('time_cut')}"
        f"*({look('people_to_production')}*{week}+{look('model_value')}/{look('weeks_a_year')})/12",
        "fewer_incidents": f"{look('incidents')}*{saved('incident_cut')}"
        f"*({look('incident_hours')}*{hour}+{look('incident_loss')})/12",
        "less_toil": f"{look('toil_hours')}*{look('weeks_a_year')}*{saved('toil_cut')}*{hour}/12",
        "less_retraining": f"{look('models')}*{look('retrainings')}*{look('retraining_hours')}"
        f"*{saved('retraining_cut')}*{hour}/12",
        "better_models": f"{look('models')}*{look('points_gained')}*{gained}*{look('point_value')}/12",
    }


def costs(look: Look, steps: Steps, month: str) -> dict[str, str]:
    """Return the formulas of a month's costs."""
    first, last, weeks, tools = (steps[column] for column in "BCDF")
    week = f"{look('engineer_cost')}/{look('working_weeks')}*(1+{look('overrun')}/100)"
    return {
        "effort": f"SUMPRODUCT(({first}<={month})*({last}>={month})*{weeks}/({last}-{first}+1))*{week}",
        "tools": f"SUMPRODUCT(({first}<={month})*{tools})*{look('tool_cost')}/12",
        "upkeep": f"SUMPRODUCT(({last}<{month})*{weeks})*{week}*{look('upkeep')}/100/12",
        "one_off": f"IF({month}=1,{look('one_off_cost')},0)",
    }
