"""`manage.py bounce`: takes in a mail that came back, from standard input, as a mailbox passes it on."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from assessments.bounces import failed_messages
from assessments.services.deliveries import take_bounces

LARGEST = 10 * 1024**2


class Command(BaseCommand):
    help = "Takes in a mail that came back, read from standard input: counts what failed for good (docs/reminders.md)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        count = take_bounces(message_ids=failed_messages(sys.stdin.buffer.read(LARGEST)))
        # A mailbox would send back what a command refuses: what is no notice of ours is no error.
        self.stdout.write(f"{count} reminders came back." if count else "Nothing of ours came back.")
