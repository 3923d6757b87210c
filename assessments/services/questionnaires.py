"""What changes questionnaires: making one, importing a definition as a draft, publishing and retiring a version."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaires.validation import Problem, QuestionnaireError, validate_mapping
from organizations.models import Organization


class NotADraft(ValueError):
    """Only a draft can be changed and published."""


class KeyTaken(ValueError):
    """The owner has a questionnaire with this key already."""


class ChangedMeanwhile(ValueError):
    """What was looked at is not what there is now."""


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
def create_questionnaire(
    *, data: dict[str, Any], organization: Organization | None, source: str = ""
) -> QuestionnaireVersion:
    """Make a questionnaire of an organization, or one offered to all, whose first version is a draft that says `data`.

    Raises KeyTaken where its owner has one with this key.
    """
    questionnaire, is_new = Questionnaire.objects.get_or_create(
        organization=organization, slug=data["slug"], defaults={"title": data["title"]}
    )
    if not is_new:
        raise KeyTaken(data["slug"])
    return questionnaire.versions.create(organization=organization, number=1, definition=data, source=source)


@transaction.atomic
def draft_next_version(*, questionnaire: Questionnaire) -> QuestionnaireVersion:
    """Return the newest draft of a questionnaire; where there is none, one made of its newest version."""
    Questionnaire.objects.select_for_update().get(pk=questionnaire.pk)
    versions = questionnaire.versions.order_by("-number")
    draft = versions.filter(status=VersionStatus.DRAFT).first()
    if draft is not None:
        return draft
    newest = versions.select_related("questionnaire")[0]
    basis = versions.published().first() or newest
    return questionnaire.versions.create(
        organization_id=questionnaire.organization_id,
        number=newest.number + 1,
        definition=basis.definition,
        source=basis.source,
    )


@transaction.atomic
def publish_version(*, version: QuestionnaireVersion, seen: int | None = None) -> None:
    """Publish a draft that is a valid questionnaire; from then on it never changes, and its changes cannot be undone.

    `seen` is the revision that whoever publishes it has looked at. Raises NotADraft, ChangedMeanwhile, and
    QuestionnaireError with all problems where it is none.
    """
    rows = QuestionnaireVersion.objects.select_for_update(of=("self",)).select_related("questionnaire")
    held = rows.get(pk=version.pk)
    if held.status != VersionStatus.DRAFT:
        raise NotADraft(str(version))
    if seen is not None and seen != held.revision:
        raise ChangedMeanwhile
    problems = problems_in(held)
    if problems:
        raise QuestionnaireError(str(held), problems)
    held.status, held.published_at = VersionStatus.PUBLISHED, timezone.now()
    held.save(update_fields=["status", "published_at"])
    held.revisions.all().delete()
    Questionnaire.objects.filter(pk=held.questionnaire_id).update(title=held.definition["title"])
    version.refresh_from_db()


def problems_in(version: QuestionnaireVersion) -> list[Problem]:
    """Return what keeps a version from being published, in the order of its elements; nothing where it can be."""
    problems = list(_problems_of(json.dumps(version.definition, sort_keys=True), get_language()))
    slug = version.definition.get("slug")
    if slug != version.questionnaire.slug:
        text = _("must be %(wanted)s, the key of the questionnaire that this is a version of.")
        problems.append(Problem("slug", None, text % {"wanted": version.questionnaire.slug}, ("slug",)))
    return problems


def retire_version(*, version: QuestionnaireVersion) -> None:
    """Hide a published version from new rounds; those that use it go on. Nothing happens where it is not published."""
    QuestionnaireVersion.objects.published().filter(pk=version.pk).update(status=VersionStatus.RETIRED)


def offer_again(*, version: QuestionnaireVersion) -> None:
    """Offer a retired version to new rounds again. Nothing happens where it is not retired."""
    retired = QuestionnaireVersion.objects.filter(pk=version.pk, status=VersionStatus.RETIRED)
    retired.update(status=VersionStatus.PUBLISHED)


@lru_cache(maxsize=8)
def _problems_of(text: str, _language: str | None) -> tuple[Problem, ...]:
    """Return the problems of a definition as JSON; of a large one that takes half a second, and pages ask often."""
    return tuple(validate_mapping(json.loads(text)))
