"""Reading questionnaires: the version visitors are offered, and what a published version asks."""

from __future__ import annotations

from functools import lru_cache

from assessments.definition import Definition
from assessments.models import QuestionnaireVersion

OFFERED = "mlops-maturity"


def version_on_offer() -> QuestionnaireVersion | None:
    """Return the published version that visitors try, None before one is published. One query, without its text."""
    return QuestionnaireVersion.objects.published().defer("definition").newest_of(OFFERED)


@lru_cache(maxsize=256)
def definition_of(version_id: int) -> Definition:
    """Return what a published version asks; it never changes, so each process reads it once (one query).

    Raises QuestionnaireVersion.DoesNotExist where there is no such published version.
    """
    version = QuestionnaireVersion.objects.exclude(published_at=None).get(pk=version_id)
    return Definition.from_mapping(version.definition)
