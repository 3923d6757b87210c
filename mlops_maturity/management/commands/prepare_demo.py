"""Bring the demo's database up to date: tables, the shipped questionnaires, the demo organization."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _


class Command(BaseCommand):
    help = _("Migrates the database and loads the shipped questionnaires and the demo organization.")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=1)
        call_command("questionnaire", "load")
        call_command("demo_data")
