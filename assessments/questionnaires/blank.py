"""What a questionnaire that is made from scratch begins with."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _


def blank(*, slug: str, title: str, locale: str, owner: str) -> dict[str, Any]:
    """Return a draft in which nothing is asked yet: yes and no, six levels of five points. `owner` is its source."""
    names = (_("Not started"), _("Beginning"), _("Developing"), _("Defined"), _("Managed"), _("Optimizing"))
    return {
        "slug": slug,
        "title": title,
        "source": {"title": owner, "url": "", "licence": _("For use within the organization")},
        "locale": locale,
        "scoring": {"method": "count", "combine": "mean", "max": len(names) - 1},
        "choices": [
            {"key": "yes", "label": _("Yes"), "value": 1},
            {"key": "no", "label": _("No"), "value": 0},
            {"key": "not_sure", "label": _("Not sure"), "value": 0},
        ],
        "levels": [{"number": n, "name": name, "min_score": n} for n, name in enumerate(names)],
        "dimensions": [],
    }
