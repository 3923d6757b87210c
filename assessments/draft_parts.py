"""The parts in which a draft is edited: which form each has, how that changes the draft, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from assessments import drafts
from assessments.draft_forms import ChoicesForm, DimensionForm, LevelForm, PartForm, QuestionForm, SettingsForm
from assessments.drafts import Document, Place, Row
from assessments.models import QuestionnaireVersion
from assessments.questionnaires.rules import KeyPath
from assessments.selectors.drafts import part_at

FORMS: Mapping[str, type[PartForm]] = {
    "settings": SettingsForm,
    "choices": ChoicesForm,
    "level": LevelForm,
    "dimension": DimensionForm,
    "question": QuestionForm,
    "own_choices": ChoicesForm,
}
URLS = {
    "settings": "edit_settings",
    "choices": "edit_choices",
    "level": "edit_level",
    "dimension": "edit_dimension_settings",
    "question": "edit_question",
    "own_choices": "edit_own_choices",
    "language": "edit_language",
    "levels": "edit_levels",
    "dimensions": "edit_draft",
}


class Conflict(Exception):
    """Somebody else changed the same fields; `merged` is the row with one's own, `now` as it is."""

    def __init__(self, now: Row, merged: Row, fields: tuple[str, ...]) -> None:
        super().__init__()
        self.now, self.merged, self.fields = now, merged, fields


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a draft, by its kind and the key of the element that it is about."""

    kind: str
    key: str | int = ""

    @property
    def place(self) -> Place:
        if self.kind in ("settings", "choices"):
            return ("questionnaire",)
        return ("question" if self.kind == "own_choices" else self.kind, self.key)

    def form(self, data: QueryDict | None, document: Document, published: Row | None = None) -> PartForm:
        """Return the part's form. Raises Gone."""
        row = drafts.find(document, self.place)
        if self.kind == "question":
            return QuestionForm(data, row=row, document=document, published=published)
        return FORMS[self.kind](data, row=row, document=document)

    def apply(self, base: Document | None, now: Document, form: PartForm) -> Document:
        """Return the draft with what a valid form says. Raises Gone, and Conflict where that overwrites something."""
        row = drafts.find(now, self.place)
        merged = drafts.merge(self._fields(base, form), _only(row, form.names), _given(form))
        if merged.conflicts:
            raise Conflict(row, {**row, **merged.row}, merged.conflicts)
        if self.kind in ("choices", "own_choices"):
            return drafts.set_choices(now, self.place, merged.row.get("choices", []))
        changed = drafts.replace(now, self.place, {name: merged.row.get(name) for name in form.names})
        if isinstance(form, QuestionForm) and form.wants_new_key:
            changed, _key = drafts.give_question_new_key(changed, str(self.key))
        return changed

    def _fields(self, base: Document | None, form: PartForm) -> Row | None:
        try:
            return None if base is None else _only(drafts.find(base, self.place), form.names)
        except drafts.Gone:
            return None

    def label(self, document: Document) -> str:
        """Return what people know the part by. Raises Gone."""
        if self.kind == "settings":
            return _("Settings")
        if self.kind == "choices":
            return _("Shared answers")
        row = drafts.find(document, self.place)
        return str(next(row[name] for name in ("text", "title", "name") if name in row))

    def url(self, version: QuestionnaireVersion) -> str:
        key = [] if self.key == "" else [self.key]
        return reverse(URLS[self.kind], args=[version.questionnaire_id, version.number, *key])


def part_of(document: Document, path: KeyPath) -> Part:
    """Return the part in which what stands at a path is edited."""
    kind, key, _label = part_at(document, path)
    return Part(kind, key)


def _only(row: Row, names: tuple[str, ...]) -> Row:
    return {name: row[name] for name in names if name in row}


def _given(form: PartForm) -> Row:
    return {name: value for name, value in form.row().items() if value is not None}
