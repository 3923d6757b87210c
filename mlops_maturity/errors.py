"""The pages that say what went wrong, and what to do about it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the page was too old to be trusted; nothing that was saved before is lost."""
    return render(request, "403_csrf.html", status=403)
