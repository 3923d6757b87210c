"""Assessments: questionnaires, rounds, responses and their results."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssessmentsConfig(AppConfig):
    name = "assessments"
    verbose_name = _("Assessments")

    def ready(self) -> None:
        from assessments import visits  # noqa: F401, PLC0415 - connects its receiver once the models are loaded
