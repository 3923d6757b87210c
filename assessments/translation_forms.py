"""The form in which a section of a draft is translated: each text beside the original."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from assessments.draft_fields import LINE, SENTENCE, LineField, LinesField, TextField
from assessments.drafts import Document
from assessments.questionnaires.wording import FIELDS
from assessments.translations import Path, at, texts_of

SHARED = ""
SENTENCES = {"text", "characteristics", "responsibilities", "skills"}
KINDS = {
    "title": gettext_lazy("title"),
    "name": gettext_lazy("name"),
    "text": gettext_lazy("question"),
    "label": gettext_lazy("answer"),
    "role": gettext_lazy("role"),
    "responsibilities": gettext_lazy("responsibilities"),
    "skills": gettext_lazy("skills"),
    "topic": gettext_lazy("topic"),
    "practice": gettext_lazy("practice"),
    "action": FIELDS["guidance.action"],
    "success_metric": FIELDS["guidance.success_metric"],
    "roles": FIELDS["guidance.roles"],
}
LINES = {"title", "name", "role", "topic", "tools", "roles"}


class TranslationForm(forms.Form):
    """The texts of a dimension (its key), a level (`level:1`), or the rest (`SHARED`), in one language.

    Empty ones fall back. A field is called by the path of its text, with `/` between the steps. Those of one entry of
    a list of groups are called by its position as well.
    """

    def __init__(self, data: QueryDict | None, *, document: Document, locale: str, section: str) -> None:
        self.document = document
        known = document.get("translations", {}).get(locale, {})
        super().__init__(data)
        self.paths: dict[str, Path] = {}
        for path, original in texts_in(document, section):
            text = at(known, path)
            for name, part, value in _leaves("/".join(path), original, text):
                self.fields[name] = _field(name, part)
                self.initial[name] = value
                self.paths[name] = path

    def texts(self) -> dict[str, Any]:
        """Return the texts by path with `/`, for a valid form; None for those left empty."""
        found: dict[str, Any] = {}
        for path in dict.fromkeys(self.paths.values()):
            name = "/".join(path)
            original = next(value for each, value in texts_in(self.document, None) if each == path)
            found[name] = self._value(name, original)
        return found

    def _value(self, name: str, original: Any) -> Any:
        if not _is_list_of_groups(original):
            return self.cleaned_data.get(name)
        groups = [
            {key: self.cleaned_data.get(f"{name}/{n}/{key}") for key in row if key in row}
            for n, row in enumerate(original)
        ]
        if not any(value for group in groups for value in group.values()):
            return None
        # A list is translated whole: what is left empty says what the original says.
        return [
            {key: group[key] or value for key, value in row.items()}
            for group, row in zip(groups, original, strict=True)
        ]


def texts_in(document: Document, section: str | None) -> Iterator[tuple[Path, Any]]:
    """Yield the texts of a section with their paths, of all sections with None."""
    inside = {f"levels/{level['number']}": f"level:{level['number']}" for level in document["levels"]}
    for dimension in document["dimensions"]:
        inside[f"dimensions/{dimension['key']}"] = dimension["key"]
        inside |= {f"questions/{question['key']}": dimension["key"] for question in dimension.get("questions", [])}
    for path, row, name in texts_of(document):
        if section is None or inside.get("/".join(path[:2]), SHARED) == section:
            yield path, row[name]


def _is_list_of_groups(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _leaves(name: str, original: Any, text: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the fields for a text: its name, the original, and the translation."""
    if not _is_list_of_groups(original):
        yield name, original, text
        return
    for n, row in enumerate(original):
        known = text[n] if isinstance(text, list) and n < len(text) and isinstance(text[n], Mapping) else {}
        for key, value in row.items():
            yield f"{name}/{n}/{key}", value, known.get(key)


def _kind(name: str) -> str:
    """Return what a text is, such as Description."""
    last = name.rpartition("/")[2]
    if "/choices/" in f"/{name}":
        return capfirst(str(KINDS["label"]))
    return capfirst(str(KINDS.get(last) or FIELDS.get(last, last)))


def _field(name: str, original: Any) -> forms.Field:
    last = name.rpartition("/")[2]
    longest = SENTENCE if last in SENTENCES else LINE
    shown = "\n".join(map(str, original)) if isinstance(original, list) else str(original)
    label = format_html('<span class="eyebrow">{}</span><span class="original">{}</span>', _kind(name), shown)
    if isinstance(original, list):
        return LinesField(label=label, longest=longest, rows=len(original), count=len(original))
    if last in LINES | SENTENCES or "/choices/" in f"/{name}":
        return LineField(label=label, max_length=longest, required=False)
    return TextField(label=label, rows=min(max(2, len(shown) // 60), 8))
