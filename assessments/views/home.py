"""The start page: what this is, for visitors; one's organizations and self-assessments, for members."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments.selectors.organizations import organizations_of, self_assessments_of
from assessments.selectors.questionnaires import OFFERED, QUICK, definition_of, versions_on_offer
from assessments.selectors.survey import minutes_of
from organizations.access import account_of
from organizations.models import SWITCHER_LENGTH


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the landing page to visitors, and to users what is theirs."""
    user = account_of(request)
    if user:
        rows = organizations_of(user)
        context = {
            "organizations": rows,
            "my_organizations": [row.organization for row in rows[:SWITCHER_LENGTH]],  # the header need not read them
            "assessments": self_assessments_of(user),
        }
        return render(request, "assessments/home.html", context)
    offered = {row.questionnaire.slug: definition_of(row.pk) for row in versions_on_offer()}
    definition, quick = offered.get(OFFERED), offered.get(QUICK)
    context = {
        "definition": definition,
        "minutes": minutes_of(definition) if definition else None,
        "quick": quick,
        "quick_minutes": minutes_of(quick) if quick else None,
    }
    return render(request, "assessments/landing.html", context)
