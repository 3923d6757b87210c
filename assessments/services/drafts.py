"""What changes drafts: every change is kept, can be undone, and never overwrites unseen what somebody else did."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import transaction

from assessments.drafts import Place, is_untouched
from assessments.models import DraftRevision, QuestionnaireVersion
from assessments.models.drafts import Act
from assessments.models.questionnaires import MAX_SOURCE, VersionStatus
from assessments.services.questionnaires import NotADraft
from organizations.models import User

Document: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Document | None, Document], Mapping[str, Any]]
"""Returns what a draft says after a change, given what its author saw (None where that is not known) and what it is."""


class Overtaken(Exception):
    """Somebody else changed the same since the author saw it: nothing was changed. `base` is what the author saw."""

    def __init__(self, base: Document | None = None, now: Document | None = None) -> None:
        super().__init__()
        self.base = base
        self.now = now


class TooLarge(ValueError):
    """The draft would be larger than a file may be."""


class NothingToUndo(ValueError):
    """There is no earlier, or no later, state to go to."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A draft after a change, and what it was and said before; `has_changed` is False where it said the same."""

    version: QuestionnaireVersion
    base: Document | None
    before: Document
    before_revision: int
    has_changed: bool


@transaction.atomic
def change_draft(
    *, version: QuestionnaireVersion, seen: int, user: User | None, act: Act, change: Change, label: str = ""
) -> Changed:
    """Change a draft and keep the change; `seen` is the number of the revision that its author saw.

    Raises NotADraft, TooLarge, and what `change` raises: Overtaken where it would overwrite something unseen.
    """
    held = _hold(version)
    base = _seen(held, seen)
    before = held.definition
    after = dict(change(base, before))
    changed = Changed(held, base, before, held.revision, after != before)
    if changed.has_changed:
        _keep(held, after, held.source, user, act, label, back=held.revision, forward=None)
    return changed


@transaction.atomic
def import_into_draft(
    *, version: QuestionnaireVersion, seen: int, user: User | None, data: Document, source: str
) -> QuestionnaireVersion:
    """Have a draft say what a valid file says, which can be undone. Raises NotADraft, Overtaken where it changed."""
    held = _hold(version)
    _refuse_unseen(held, seen)
    _keep(held, data, source, user, Act.IMPORT, "", back=held.revision, forward=None)
    return held


@transaction.atomic
def undo(*, version: QuestionnaireVersion, seen: int, user: User | None) -> QuestionnaireVersion:
    """Take back the newest change. Raises NotADraft, NothingToUndo, and Overtaken where that is one not seen."""
    held = _hold(version)
    _refuse_unseen(held, seen)
    current = held.revisions.get(number=held.revision)
    target = held.revisions.filter(number=current.back or 0).first()
    if target is None:
        raise NothingToUndo
    label = current.change().label
    _keep(held, target.definition, target.source, user, Act.UNDO, label, back=target.back, forward=held.revision)
    return held


@transaction.atomic
def redo(*, version: QuestionnaireVersion, seen: int, user: User | None) -> QuestionnaireVersion:
    """Make again the change that was taken back last. Raises as `undo` does."""
    held = _hold(version)
    _refuse_unseen(held, seen)
    current = held.revisions.get(number=held.revision)
    target = held.revisions.filter(number=current.forward or 0).first()
    if target is None:
        raise NothingToUndo
    label = target.change().label
    _keep(held, target.definition, target.source, user, Act.REDO, label, back=target.back, forward=target.forward)
    return held


@transaction.atomic
def discard_draft(*, version: QuestionnaireVersion) -> None:
    """Delete a draft, and its questionnaire where that has no other version. Raises NotADraft."""
    held = _lock(version)
    questionnaire = held.questionnaire
    held.delete()
    if not questionnaire.versions.exists():
        questionnaire.delete()


def refuse_overtaken(base: Document | None, now: Document, place: Place) -> None:
    """Raise Overtaken where an element is not as its author saw it."""
    if not is_untouched(base, now, place):
        raise Overtaken(base, now)


def _lock(version: QuestionnaireVersion) -> QuestionnaireVersion:
    rows = QuestionnaireVersion.objects.select_for_update(of=("self",)).select_related("questionnaire")
    held = rows.filter(pk=version.pk, status=VersionStatus.DRAFT).first()
    if held is None:
        raise NotADraft(str(version))
    return held


def _hold(version: QuestionnaireVersion) -> QuestionnaireVersion:
    """Return the draft, locked until the transaction ends, with a revision of how it was before the first change."""
    held = _lock(version)
    if held.revision == 0:
        _keep(held, held.definition, held.source, None, Act.BEGIN, "", back=None, forward=None)
    return held


def _seen(held: QuestionnaireVersion, seen: int) -> Document | None:
    # Who saw a draft before its first change saw what the first revision keeps.
    number = max(seen, 1)
    if number == held.revision:
        current: Document = held.definition
        return current
    return held.revisions.filter(number=number).values_list("definition", flat=True).first()


def _refuse_unseen(held: QuestionnaireVersion, seen: int) -> None:
    base = _seen(held, seen)
    if base != held.definition:
        raise Overtaken(base, held.definition)


def _keep(
    held: QuestionnaireVersion,
    definition: Document,
    source: str,
    user: User | None,
    act: Act,
    label: str,
    *,
    back: int | None,
    forward: int | None,
) -> None:
    if len(json.dumps(definition, ensure_ascii=False)) > MAX_SOURCE:
        raise TooLarge
    held.revision += 1
    held.definition, held.source = definition, source
    held.save(update_fields=["revision", "definition", "source"])
    held.revisions.create(
        organization_id=held.organization_id,
        number=held.revision,
        definition=definition,
        source=source,
        act=act,
        label=label[:200],
        back=back,
        forward=forward,
        made_by=user,
    )
    held.revisions.filter(number__lte=held.revision - DraftRevision.KEPT).delete()
