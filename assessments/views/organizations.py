"""An organization at a glance."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments.selectors.heat import heat_map
from assessments.selectors.organizations import dashboard_of
from organizations.access import resolve_member


@never_cache
@require_safe
@login_required
def dashboard(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the latest level, the trend, teams against dimensions, and the rounds."""
    member = resolve_member(request, slug)
    asked = request.GET.get("questionnaire", "")
    dashboard = dashboard_of(member.organization, asked)
    if asked and dashboard.latest is None:
        raise Http404
    context = {
        "organization": member.organization,
        "member": member,
        "dashboard": dashboard,
        "heat": heat_map(dashboard.teams, dashboard.latest.definition, request.GET) if dashboard.latest else None,
    }
    return render(request, "assessments/organizations/dashboard.html", context)
