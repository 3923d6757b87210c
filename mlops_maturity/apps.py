"""The project's own commands and templates, and what goes on when an address is confirmed."""

from allauth.account.signals import email_confirmed
from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "mlops_maturity"

    def ready(self) -> None:
        from mlops_maturity.claims import forget_strangers_password  # noqa: PLC0415 - models are loaded now

        email_confirmed.connect(forget_strangers_password)
