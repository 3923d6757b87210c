"""Assessments: questionnaires, rounds, responses and their results."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssessmentsConfig(AppConfig):
    name = "assessments"
    verbose_name = _("Assessments")

    def ready(self) -> None:
        # Once the models are loaded; the first connects its receiver.
        from assessments import visits  # noqa: F401, PLC0415
        from assessments.exchange.parts import register  # noqa: PLC0415
        from assessments.services.exchange_parts import PARTS  # noqa: PLC0415
        from assessments.services.exchange_reminders import REMINDERS  # noqa: PLC0415

        register(*PARTS, REMINDERS)
