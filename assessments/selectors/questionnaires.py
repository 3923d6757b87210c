"""Reading questionnaires: the version visitors are offered, and what a published version asks."""

from __future__ import annotations

from functools import lru_cache

from django.db.models import QuerySet
from django.utils.translation import get_language

from assessments.definition import Definition
from assessments.models import QuestionnaireVersion

OFFERED = "mlops-maturity"
"""The one that people are shown first, and that benchmarks are mostly for."""
QUICK = "mlops-maturity-quick"


def version_on_offer() -> QuestionnaireVersion | None:
    """Return the published version that visitors try, None before one is published. One query, without its text."""
    return QuestionnaireVersion.objects.published().defer("definition", "source").newest_of(OFFERED)


def versions_on_offer() -> list[QuestionnaireVersion]:
    """Return the newest published version of each questionnaire offered to all, the one that is tried first in front.

    One query, without what they ask.
    """
    newest = (
        QuestionnaireVersion.objects.published()
        .filter(questionnaire__organization=None)
        .select_related("questionnaire")
        .defer("definition", "source")
        .order_by("questionnaire_id", "-number")
        .distinct("questionnaire_id")
    )
    return sorted(newest, key=lambda row: (row.questionnaire.slug != OFFERED, row.questionnaire.title.lower()))


def versions_for_all() -> QuerySet[QuestionnaireVersion]:
    """Return every version of the questionnaires that no organization owns, without what they ask. One query."""
    return (
        QuestionnaireVersion.objects.filter(questionnaire__organization=None)
        .select_related("questionnaire")
        .defer("definition", "source")
        .order_by("questionnaire__slug", "number")
    )


def version_to_export(slug: str, number: int | None = None) -> QuestionnaireVersion | None:
    """Return that version of a questionnaire offered to all; without a number the newest published, else the newest.

    None where there is no such version. At most two queries.
    """
    versions = QuestionnaireVersion.objects.all()
    if number is not None:
        return versions.filter(number=number).newest_of(slug)
    return versions.published().newest_of(slug) or versions.newest_of(slug)


def definition_offered(slug: str) -> Definition | None:
    """Return what the newest published version of a questionnaire offered to all asks, None without one.

    One query (and one where it is not yet read).
    """
    version = QuestionnaireVersion.objects.published().defer("definition", "source").newest_of(slug)
    return definition_of(version.pk) if version else None


def definition_of(version_id: int) -> Definition:
    """Return what a published version asks, in the reader's language as far as it is translated.

    It never changes, so each process reads it once (one query). Scores do not depend on the language. Raises
    QuestionnaireVersion.DoesNotExist where there is no such published version.
    """
    return definition_as_written(version_id).in_locale(get_language() or "")


@lru_cache(maxsize=256)
def definition_as_written(version_id: int) -> Definition:
    """Return what a published version asks in the language in which it was written; otherwise as `definition_of`."""
    version = QuestionnaireVersion.objects.exclude(published_at=None).only("definition").get(pk=version_id)
    return Definition.from_mapping(version.definition)
