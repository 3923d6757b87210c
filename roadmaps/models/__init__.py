"""The tables of roadmaps, one file per idea."""

from roadmaps.models.business_cases import BusinessCase
from roadmaps.models.roadmaps import Item, ItemStatus, Roadmap
from roadmaps.models.structure import Control, ControlStatus, StaffedRole

__all__ = ["BusinessCase", "Control", "ControlStatus", "Item", "ItemStatus", "Roadmap", "StaffedRole"]
