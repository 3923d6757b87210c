"""What changes questionnaires: importing a definition as a draft, publishing it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from organizations.models import Organization


class NotADraft(ValueError):
    """Only a draft can be published."""


@transaction.atomic
def import_definition(
    *, data: dict[str, Any], organization: Organization | None = None, source: str = ""
) -> tuple[QuestionnaireVersion, bool]:
    """Keep a valid definition as a new draft version of the questionnaire it names, made where there is none.

    `source` is the file that says it, kept to be given back as it was written.

    Returns the version and True; where the newest version, or the newest published one, says the same, that version
    and False.
    """
    questionnaire, _created = Questionnaire.objects.select_for_update().get_or_create(
        organization=organization, slug=data["slug"], defaults={"title": data["title"]}
    )
    versions = questionnaire.versions.order_by("-number")
    newest = versions.first()
    for current in (newest, versions.published().first()):
        if current is not None and current.definition == data:
            return current, False
    version = questionnaire.versions.create(
        organization=organization, number=newest.number + 1 if newest else 1, definition=data, source=source
    )
    return version, True


@transaction.atomic
def offer_definition(*, data: dict[str, Any], source: str = "") -> tuple[QuestionnaireVersion, bool]:
    """Have a shipped definition published for all. Returns its version, and whether anything changed.

    A version that says the same and was published at any time is left as it is, so that a newer or retired one,
    which an administrator chose, is not overruled at the next deployment.
    """
    known = QuestionnaireVersion.objects.exclude(status=VersionStatus.DRAFT).filter(
        questionnaire__slug=data["slug"], questionnaire__organization=None, definition=data
    )
    version = known.select_related("questionnaire").order_by("-number").first()
    if version is not None:
        return version, False
    version, _is_new = import_definition(data=data, source=source)
    # Another process may have published it while this one waited to import.
    if version.status != VersionStatus.DRAFT:
        return version, False
    publish_version(version=version)
    return version, True


@transaction.atomic
def publish_version(*, version: QuestionnaireVersion) -> None:
    """Publish a draft; from then on it never changes. Raises NotADraft where it is none."""
    published = QuestionnaireVersion.objects.filter(pk=version.pk, status=VersionStatus.DRAFT).update(
        status=VersionStatus.PUBLISHED, published_at=timezone.now()
    )
    if not published:
        raise NotADraft(str(version))
    version.refresh_from_db()
    Questionnaire.objects.filter(pk=version.questionnaire_id).update(title=version.definition["title"])
