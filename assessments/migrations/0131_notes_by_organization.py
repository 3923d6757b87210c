"""A result finds its notes among its organization's, not among everybody's."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Answers go on being saved meanwhile.
    atomic = False

    dependencies = [("assessments", "0121_reminders_may_be_empty")]

    operations = [
        AddIndexConcurrently(
            model_name="answer",
            index=models.Index(
                fields=["organization", "response"],
                condition=models.Q(("note__gt", ""), ("evidence_url__gt", ""), _connector="OR"),
                name="answer_noted",
            ),
        ),
        RemoveIndexConcurrently(model_name="answer", name="answer_with_a_note"),
    ]
