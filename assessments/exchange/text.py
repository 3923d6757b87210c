"""How values stand in a document."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any


def text(value: Any) -> str:
    """Return plain values as JSON."""
    return json.dumps(value, ensure_ascii=False)


def moment_text(value: dt.datetime | None) -> str | None:
    """Return a moment as the document says it, None where there is none."""
    return None if value is None else value.isoformat()


def without_empty(mapping: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping without what is None or an empty text."""
    return {key: value for key, value in mapping.items() if value is not None and value != ""}
