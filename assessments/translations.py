"""The texts of a questionnaire in other languages: pure, on plain mappings as in questionnaire files.

A questionnaire has its texts in one language, and may carry them in others, by language tag, in a shape of their own
(docs/questionnaires.md). Nothing that is scored can be translated.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]
"""Leads to a text within a translation: ("questions", "release.pipeline", "help")."""

NAMES_OF_PRODUCTS = "tools"
"""May be translated, and read well where they are not."""


def texts_of(data: Mapping[str, Any]) -> Iterator[tuple[Path, dict[str, Any], str]]:
    """Yield each text or list of texts: its path in a translation, and the group and key that hold it in `data`.

    `data` may have malformed parts, as a draft; they are passed over.
    """
    yield from _fields((), data, "title", "description")
    yield from _labels((), data)
    for level in _rows(data, "levels"):
        path = ("levels", str(level.get("number")))
        yield from _fields(path, level, "name", "description", "characteristics", "tools", "team", "governance")
    for dimension in _rows(data, "dimensions"):
        yield from _fields(("dimensions", str(dimension.get("key"))), dimension, "title", "description", "statements")
        for question in _rows(dimension, "questions"):
            path = ("questions", str(question.get("key")))
            yield from _fields(path, question, "text", "help", "evidence")
            yield from _labels(path, question)
            guidance = question.get("guidance")
            if isinstance(guidance, dict):
                names = ("action", "success_metric", "tools", "roles", "governance")
                yield from _fields((*path, "guidance"), guidance, *names)


def in_locale(data: Mapping[str, Any], locale: str) -> dict[str, Any]:
    """Return a valid questionnaire in a language: each text as of de-AT, else as of de, else as it was written."""
    translated = copy.deepcopy({key: value for key, value in data.items() if key != "translations"})
    texts = _texts_for(data, locale)
    for path, row, name in texts_of(translated):
        row[name] = next((found for each in texts if (found := at(each, path)) is not None), row[name])
    return translated


def missing_translations(data: Mapping[str, Any], locale: str) -> tuple[Path, ...]:
    """Return the paths of the texts that a language lacks, in the order of the questionnaire; names of tools aside."""
    texts = _texts_for(data, locale)
    return tuple(
        path
        for path, _row, name in texts_of(data)
        if name != NAMES_OF_PRODUCTS and all(at(each, path) is None for each in texts)
    )


def fallbacks(locale: str) -> list[str]:
    """Return the tags under which a language may be found, in lower case: de-AT is sought as de-at, then as de."""
    words = locale.lower().split("-")
    return ["-".join(words[:end]) for end in range(len(words), 0, -1)]


def at(texts: Any, path: Path) -> Any:
    """Return the text at a path of a translation, None where there is none."""
    for step in path:
        texts = texts.get(step) if isinstance(texts, Mapping) else None
    return texts


def _texts_for(data: Mapping[str, Any], locale: str) -> list[Any]:
    """Return the translations that serve a language, the closest first, up to the questionnaire's own."""
    translations = data.get("translations")
    by_tag = {tag.lower(): texts for tag, texts in translations.items()} if isinstance(translations, Mapping) else {}
    tags = fallbacks(locale)
    own = str(data.get("locale")).lower()
    return [by_tag[tag] for tag in tags[: tags.index(own) if own in tags else None] if tag in by_tag]


def _fields(path: Path, row: Any, *names: str) -> Iterator[tuple[Path, dict[str, Any], str]]:
    yield from (((*path, name), row, name) for name in names if row.get(name))


def _labels(path: Path, row: Any) -> Iterator[tuple[Path, dict[str, Any], str]]:
    yield from (
        ((*path, "choices", str(choice.get("key"))), choice, "label")
        for choice in _rows(row, "choices")
        if choice.get("label")
    )


def _rows(parent: Any, name: str) -> list[dict[str, Any]]:
    rows = parent.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
