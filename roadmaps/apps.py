"""Roadmaps: from a result to the next level."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RoadmapsConfig(AppConfig):
    name = "roadmaps"
    verbose_name = _("Roadmaps")

    def ready(self) -> None:
        # Once the models are loaded.
        from assessments.exchange.parts import register  # noqa: PLC0415
        from assessments.exchange.people import register_person  # noqa: PLC0415
        from roadmaps.services.exchange import PARTS, of_person  # noqa: PLC0415

        register(*PARTS)
        register_person(self.name, of_person)
