"""Files of published benchmarks (docs/benchmarks.md): read strictly, with what to mend where one cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from assessments.definition import Definition
from assessments.questionnaires.files import read
from assessments.questionnaires.rules import (
    Finding,
    KeyPath,
    did_you_mean,
    is_number,
    keys_are_unique,
    shown,
    texts_can_be_stored,
)
from assessments.questionnaires.validation import QuestionnaireError, find_problems, strict_validator

FigureRow = tuple[KeyPath, dict[str, Any]]


def read_benchmark(
    source: Path | bytes, definition_for: Callable[[str], Definition | None], name: str = ""
) -> dict[str, Any]:
    """Return the mapping that a benchmark file says.

    `definition_for` gives what a questionnaire offered to all asks, None where there is no such questionnaire. Raises
    QuestionnaireError for what cannot be read, is not as docs/benchmarks.md says, or does not fit the questionnaire.
    """
    document = read(source, name)

    def rules(data: dict[str, Any]) -> Iterator[Finding]:
        slug = data.get("questionnaire")
        definition = None
        # The database takes no text with a NUL; the schema refuses what is no slug.
        if isinstance(slug, str) and slug.isprintable() and not (definition := definition_for(slug)):
            yield ("questionnaire",), _("there is no questionnaire %s; import it first.") % shown(slug)
        yield from chain.from_iterable(rule(data) for rule in RULES)
        if definition:
            yield from _fits(data, definition)

    problems = find_problems(_VALIDATOR, rules, document.data, document.lines)
    if problems:
        raise QuestionnaireError(document.name, problems)
    mapping: dict[str, Any] = document.data
    return mapping


def _figures(data: dict[str, Any]) -> list[FigureRow]:
    """Return the well-formed groups of figures, the overall one and the dimensions'."""
    rows = data.get("dimensions")
    found: list[tuple[KeyPath, Any]] = [(("overall",), data.get("overall"))]
    found += [(("dimensions", n), row) for n, row in enumerate(rows if isinstance(rows, list) else ())]
    return [(at, row) for at, row in found if isinstance(row, dict)]


def _percentiles(row: dict[str, Any]) -> list[tuple[str, float]]:
    """Return the well-formed percentiles, the lowest first."""
    points = row.get("percentiles")
    given = points.items() if isinstance(points, dict) else ()
    return sorted(((key, value) for key, value in given if key.isdecimal() and is_number(value)), key=_number)


def _number(point: tuple[str, float]) -> int:
    return int(point[0][:9])


def it_has_figures(data: dict[str, Any]) -> Iterator[Finding]:
    if "overall" not in data and not data.get("dimensions"):
        yield (), _("says no score; add 'overall', 'dimensions' or both.")
    for at, row in _figures(data):
        if "mean" not in row and not row.get("percentiles"):
            yield at, _("says no score; add 'mean', 'percentiles' or both.")


def percentiles_ascend(data: dict[str, Any]) -> Iterator[Finding]:
    for at, row in _figures(data):
        for (_below, low), (key, high) in pairwise(_percentiles(row)):
            if high < low:
                yield (*at, "percentiles", key), _("must not be below the percentile before, %s.") % shown(low)


def _fits(data: dict[str, Any], definition: Definition) -> Iterator[Finding]:
    known = [dimension.key for dimension in definition.dimensions]
    top = definition.scoring.max
    for at, row in _figures(data):
        key = row.get("key")
        if isinstance(key, str) and key not in known:
            yield (*at, "key"), _("%s is no dimension of the questionnaire.") % shown(key) + did_you_mean(key, known)
        points: list[tuple[KeyPath, Any]] = [((*at, "percentiles", name), point) for name, point in _percentiles(row)]
        for place, value in (((*at, "mean"), row.get("mean")), *points):
            if is_number(value) and value > top:
                yield place, _("is above the questionnaire's top score, %s.") % shown(float(top))


RULES: tuple[Callable[[dict[str, Any]], Iterator[Finding]], ...] = (
    keys_are_unique,
    it_has_figures,
    percentiles_ascend,
    texts_can_be_stored,
)
SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("benchmark.schema.json").read_text("utf-8"))
_VALIDATOR = strict_validator(SCHEMA)
