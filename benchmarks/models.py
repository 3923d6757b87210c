"""The table that bare views write to, with the columns and the uniqueness of answers."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class BareAnswer(models.Model):
    response = models.UUIDField()
    question_key = models.CharField(max_length=100)
    choice_key = models.CharField(max_length=60)
    note = models.CharField(max_length=2000, blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    objects: ClassVar[models.Manager[BareAnswer]] = models.Manager()

    class Meta:
        constraints = [models.UniqueConstraint("response", "question_key", name="bare_answer_unique")]

    def __str__(self) -> str:
        return self.question_key
