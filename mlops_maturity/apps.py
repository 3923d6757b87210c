"""The project's own commands and templates."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "mlops_maturity"
