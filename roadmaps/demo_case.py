"""What the demo's people have entered for their roadmap: a business case, who is there, and how far controls are."""

from __future__ import annotations

from organizations.models import Member
from roadmaps.assumptions import Given
from roadmaps.models import ControlStatus, Roadmap
from roadmaps.selectors.structure import governance_page, structure_page
from roadmaps.services.business_cases import save_case
from roadmaps.services.structure import ControlState, Staff, record_roles, save_controls

FIGURES: Given = {
    "models": {"expected": 34},
    "new_models": {"expected": 9, "low": 6, "high": 12},
    "weeks_to_production": {"expected": 11},
    "incidents": {"expected": 26},
    "toil_hours": {"expected": 140, "low": 100, "high": 180},
    "retraining_hours": {"expected": 14},
    "engineer_cost": {"expected": 98_000},
    "discount_rate": {"expected": 8},
}
PEOPLE = (3, 2, 2, 0, 1)
"""How many there are in the target level's first roles; of the others nobody has said yet."""


def enter_demo_figures(roadmap: Roadmap, facilitator: Member, owner: Member) -> None:
    """Enter them; the first control is in place, the second one on its way."""
    save_case(roadmap=roadmap, currency="EUR", given=FIGURES, user=facilitator.user)
    asked = structure_page(roadmap).asked
    record_roles(
        organization=roadmap.organization,
        roles={role.key: Staff(people) for role, people in zip(asked, PEOPLE, strict=False)},
    )
    first, second, *_others = governance_page(roadmap).rows
    save_controls(
        roadmap=roadmap,
        states={
            first.asked.key: ControlState(ControlStatus.IN_PLACE, facilitator, "Every merge needs a second person."),
            second.asked.key: ControlState(ControlStatus.IN_PROGRESS, owner),
        },
    )
