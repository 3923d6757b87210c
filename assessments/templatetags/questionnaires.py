"""How questionnaires and what changed in them are written for people."""

from __future__ import annotations

from django import template

from assessments.questionnaires.wording import in_words

register = template.Library()
register.filter("in_words", in_words)
