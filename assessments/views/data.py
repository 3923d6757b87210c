"""An organization's data, for its owners: to take along, and to delete."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments.exchange.snapshots import in_file
from assessments.exchange.writing import organization_document
from organizations.access import is_sure, resolve_member
from organizations.audit.downloads import taken
from organizations.audit.trail import Taken
from organizations.models import Member, Role


@never_cache
@require_safe
@login_required
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """Offer the organization's document, and its deletion."""
    member = resolve_member(request, slug, Role.OWNER)
    context = {"organization": member.organization, "member": member, "sure": is_sure(request)}
    return render(request, "organizations/settings/data.html", context)


@never_cache
@require_safe
@login_required
def export(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the organization's document, to whoever shows that it is them."""
    response: HttpResponseBase = _export(request, resolve_member(request, slug, Role.OWNER))
    return response


@reauthentication_required  # type: ignore[untyped-decorator]
def _export(request: HttpRequest, member: Member) -> HttpResponseBase:
    organization = member.organization
    taken(request, organization, Taken.DATA, "json")
    return FileResponse(
        in_file(organization_document(organization)),
        as_attachment=True,
        filename=f"{organization.slug}-{timezone.now():%Y-%m-%d}.json",
        content_type="application/json",
    )
