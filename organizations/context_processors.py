"""What every page's header shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from organizations.access import account_of
from organizations.selectors import organizations_to_switch


def my_organizations(request: HttpRequest) -> dict[str, Any]:
    """Offer `my_organizations`, those of the logged-in user. One query, made where a page shows them."""

    def read() -> list[Any]:
        user = account_of(request)
        return organizations_to_switch(user) if user else []

    return {"my_organizations": SimpleLazyObject(read)}
