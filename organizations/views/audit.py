"""The audit trail of an organization, for its owners: to look at, to search, to take along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from organizations.access import resolve_member
from organizations.audit import files, trail
from organizations.audit.downloads import taken
from organizations.forms import AuditForm
from organizations.models import Member, Role

PER_PAGE = 50


@never_cache
@require_safe
@login_required
def audit(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the events asked for, the newest first."""
    member = resolve_member(request, slug, Role.OWNER)
    return _page(request, member, AuditForm(request.GET))


@never_cache
@require_safe
@login_required
def audit_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the events asked for as a table."""
    return _file(request, slug, files.as_csv, "csv", "text/csv; charset=utf-8")


@never_cache
@require_safe
@login_required
def audit_json(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the events asked for as JSON."""
    return _file(request, slug, files.as_json, "json", "application/json")


def _page(request: HttpRequest, member: Member, form: AuditForm) -> HttpResponse:
    context = {"organization": member.organization, "member": member, "form": form}
    if not form.is_valid():
        return render(request, "organizations/settings/audit.html", context, status=422)
    found = trail.find_events(member.organization, trail.Selection(**form.cleaned_data))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context |= {"page": page, "entries": trail.tell(member.organization, list(page))}
    return render(request, "organizations/settings/audit.html", context)


def _file(
    request: HttpRequest,
    slug: str,
    written: Callable[[Iterable[trail.Entry]], Iterator[str]],
    extension: str,
    content_type: str,
) -> HttpResponseBase:
    member = resolve_member(request, slug, Role.OWNER)
    form = AuditForm(request.GET)
    if not form.is_valid():
        return _page(request, member, form)
    taken(request, member.organization, trail.Taken.AUDIT, extension)
    entries = trail.tell_all(member.organization, trail.Selection(**form.cleaned_data))
    disposition = f'attachment; filename="{member.organization.slug}-audit.{extension}"'
    return StreamingHttpResponse(
        written(entries), content_type=content_type, headers={"Content-Disposition": disposition}
    )
