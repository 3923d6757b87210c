"""Rounds and teams side by side."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments.comparison_forms import ComparisonForm
from assessments.selectors.comparison import comparison_page, rounds_to_compare
from organizations.access import resolve_member


@never_cache
@require_safe
@login_required
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rounds and teams of the query side by side, by default the last closed rounds of the organization."""
    member = resolve_member(request, slug)
    rounds = rounds_to_compare(member.organization)
    form = ComparisonForm(request.GET, rounds=rounds, teams=list(member.organization.teams.order_by("name")))
    context: dict[str, object] = {"organization": member.organization, "member": member, "form": form}
    if form.names_unknown:
        raise Http404
    if not form.comparable and "rounds" not in request.GET:
        return render(request, "assessments/comparison/too_few.html", context)
    if not form.is_valid():
        return render(request, "assessments/comparison/page.html", context, status=422)
    return render(request, "assessments/comparison/page.html", context | {"page": comparison_page(form.choice, rounds)})
