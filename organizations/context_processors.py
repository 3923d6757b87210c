"""What every page's header shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from organizations.access import account_of


def my_organizations(request: HttpRequest) -> dict[str, Any]:
    """Offer `my_organizations`, the first of the logged-in user. One query, made where a page shows them."""

    def read() -> list[Any]:
        user = account_of(request)
        return [member.organization for member in user.first_memberships] if user else []

    return {"my_organizations": SimpleLazyObject(read)}
