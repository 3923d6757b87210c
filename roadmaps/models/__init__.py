"""The tables of roadmaps, one file per idea."""

from roadmaps.models.roadmaps import Item, ItemStatus, Roadmap

__all__ = ["Item", "ItemStatus", "Roadmap"]
