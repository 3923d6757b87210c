"""Make the demo organization; the logins stand in the story, the address is /orgs/demo/."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.demo.build import DemoUnavailable, make_demo
from roadmaps.demo import make_demo_roadmap


class Command(BaseCommand):
    help = _("Makes a demo organization with four quarters of rounds and a roadmap, unless it is there already.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(_("The demo's passwords are public, so it is only made where DEBUG is on."))
        try:
            with transaction.atomic():
                is_new = make_demo()
                if is_new:
                    make_demo_roadmap()
        except DemoUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            _("The demo organization is made.") if is_new else _("The demo organization is there already.")
        )
