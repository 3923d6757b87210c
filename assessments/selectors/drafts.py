"""What the pages of questionnaires and their drafts show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet

from assessments.differences import Difference, differences
from assessments.drafts import Document, questions_of
from assessments.models import DraftRevision, Questionnaire, QuestionnaireVersion
from assessments.models.drafts import Act
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaires.rules import KeyPath
from assessments.questionnaires.validation import is_well_formed
from organizations.models import Member, Organization, User


@dataclass(frozen=True, slots=True)
class Shelf:
    """The questionnaires of one owner, an organization or (None) everybody, and whether the reader writes them."""

    organization: Organization | None
    may_write: bool
    questionnaires: list[Questionnaire] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class History:
    """Where a draft stands among its revisions: the newest, and what undo and redo would do; None for nothing."""

    current: DraftRevision | None
    undo: DraftRevision | None
    redo: DraftRevision | None


def memberships_of(user: User) -> list[Member]:
    """Return a user's memberships with their organizations, by name. One query."""
    return list(Member.objects.filter(user=user).select_related("organization").order_by("organization__name"))


def used_in(
    versions: QuerySet[QuestionnaireVersion], organizations: Iterable[int] | None
) -> QuerySet[QuestionnaireVersion]:
    """Annotate versions with their number of `rounds_in_use`, of some organizations, or with None of all."""
    which = Q() if organizations is None else Q(rounds__organization__in=list(organizations))
    return versions.annotate(rounds_in_use=Count("rounds", filter=which)).defer("definition", "source")


def shelves(members: list[Member], writes: Mapping[int | None, bool], *, is_staff: bool) -> list[Shelf]:
    """Return the questionnaires that a user may read, by owner: the user's organizations, then what is for all.

    `writes` says of which owners (None: for all) the user sees drafts. Each questionnaire has its `listed` versions,
    the newest first. Two queries.
    """
    own = [member.organization for member in members]
    versions = used_in(
        QuestionnaireVersion.objects.order_by("-number"), None if is_staff else [each.pk for each in own]
    )
    found = Questionnaire.objects.filter(Q(organization=None) | Q(organization__in=own)).order_by("title", "pk")
    by_owner: dict[int | None, list[Questionnaire]] = {}
    for questionnaire in found.prefetch_related(Prefetch("versions", versions, to_attr="all_versions")):
        sees_drafts = writes.get(questionnaire.organization_id, False)
        listed = [
            version for version in questionnaire.all_versions if sees_drafts or version.status != VersionStatus.DRAFT
        ]
        if listed or sees_drafts:
            questionnaire.listed = listed  # type: ignore[attr-defined]
            by_owner.setdefault(questionnaire.organization_id, []).append(questionnaire)
    rows = [Shelf(each, writes.get(each.pk, False), by_owner.get(each.pk, [])) for each in own]
    return [*rows, Shelf(None, writes.get(None, False), by_owner.get(None, []))]


def last_published(version: QuestionnaireVersion) -> QuestionnaireVersion | None:
    """Return the newest version before this one that was published at any time, None where there is none. One query."""
    earlier = QuestionnaireVersion.objects.filter(questionnaire_id=version.questionnaire_id, number__lt=version.number)
    return earlier.exclude(status=VersionStatus.DRAFT).order_by("-number").first()


def changes_since(version: QuestionnaireVersion, earlier: QuestionnaireVersion | None) -> tuple[Difference, ...]:
    """Return what is different from an earlier version, nothing without one. No query."""
    return differences(earlier.definition, version.definition) if earlier else ()


def question_published_as(version: QuestionnaireVersion, key: str) -> dict[str, Any] | None:
    """Return a question as the newest version before that was published asks it, None where it does not. One query."""
    earlier = last_published(version)
    found = questions_of(earlier.definition) if earlier else []
    return next((question for question in found if question["key"] == key), None)


def history_of(version: QuestionnaireVersion) -> History:
    """Return what can be undone and redone, without what the revisions say.

    Two queries, one more for each of both that was undone or redone before; none before any change.
    """
    if version.revision == 0:
        return History(None, None, None)
    rows = version.revisions.select_related("made_by").defer("definition", "source")
    current = rows.get(number=version.revision)
    around = {row.number: row for row in rows.filter(number__in=[n for n in (current.back, current.forward) if n])}
    redoes = around.get(current.forward or 0)
    return History(current, current.change() if current.back in around else None, redoes.change() if redoes else None)


def turned_by(version: QuestionnaireVersion) -> DraftRevision:
    """Return the change that the newest revision, an undo or a redo, took back or made again. Two or three queries."""
    rows = version.revisions.select_related("made_by").defer("definition", "source")
    newest = rows.get(number=version.revision)
    return (rows.get(number=newest.forward or 0) if newest.act == Act.UNDO else newest).change()


def others_since(version: QuestionnaireVersion, seen: int, user: User) -> list[str]:
    """Return the addresses of those but the user who changed a draft after the revision `seen`, the newest first.

    One query.
    """
    rows = version.revisions.filter(number__gt=max(seen, 1)).exclude(made_by=None).order_by("-number")
    rows = rows.exclude(made_by=user)
    return list(dict.fromkeys(rows.values_list(F("made_by__email"), flat=True)))


def document_seen(version: QuestionnaireVersion, seen: int) -> Document | None:
    """Return what a draft said at a revision that somebody saw; None where that is not kept. One query."""
    rows = version.revisions.filter(number=max(seen, 1))
    found: Document | None = rows.values_list("definition", flat=True).first()
    return found


def can_be_edited(version: QuestionnaireVersion) -> bool:
    """Return whether the editor can take up a draft: one that came from elsewhere may be no questionnaire at all."""
    return version.revision > 0 or is_well_formed(version.definition)


def part_at(document: Document, path: KeyPath) -> tuple[str, str | int, str]:
    """Return the part of the editor in which a path of the document is edited: its kind, key, and what it is called.

    Kinds are settings, choices, levels, level, dimensions, dimension, questions, question, own_choices and language.
    """
    match path:
        case ("dimensions", int(n), "questions", int(m), "choices", *_rest):
            question = document["dimensions"][n]["questions"][m]
            return "own_choices", question["key"], question["text"]
        case ("dimensions", int(n), "questions", int(m), *_rest):
            question = document["dimensions"][n]["questions"][m]
            return "question", question["key"], question["text"]
        case ("dimensions", int(n), "questions"):
            dimension = document["dimensions"][n]
            return "questions", dimension["key"], dimension["title"]
        case ("dimensions", int(n), *_rest):
            dimension = document["dimensions"][n]
            return "dimension", dimension["key"], dimension["title"]
        case ("levels", int(n), *_rest):
            level = document["levels"][n]
            return "level", level["number"], level["name"]
        case ("translations", str(locale), *_rest):
            return "language", locale, locale
        case ("choices" | "levels" | "dimensions" as name, *_rest):
            return name, "", ""
    return "settings", "", ""
