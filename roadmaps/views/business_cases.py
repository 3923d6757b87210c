"""The business case of a roadmap: its page, which computes as one types, and its workbook."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from organizations.access import for_members
from organizations.audit.downloads import taken
from organizations.audit.trail import Taken
from organizations.forms import posted
from organizations.models import Member
from roadmaps.case_forms import CaseForm
from roadmaps.selectors.business_cases import case_page, kept_case
from roadmaps.selectors.roadmaps import roadmap_of, roadmap_page
from roadmaps.services.business_cases import save_case
from roadmaps.workbook import workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
@for_members()
def business_case(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Show the case with the figures kept; facilitators change them, see at once what follows, and save them."""
    roadmap = roadmap_of(member.organization, roadmap_id)
    if request.method == "POST" and not member.is_facilitator:
        raise PermissionDenied
    kept = kept_case(roadmap)
    form = CaseForm(posted(request), currency=kept.currency, given=kept.given)
    entered = form.is_valid()
    if entered and "save" in request.POST:
        save_case(roadmap=roadmap, currency=form.currency_code, given=form.given, user=member.user)
        messages.success(request, _("The business case is saved."))
        return redirect("roadmap_business_case", member.organization.slug, roadmap.pk)
    currency, given = (form.currency_code, form.given) if entered else (kept.currency, kept.given)
    context = {
        "organization": member.organization,
        "member": member,
        "roadmap": roadmap,
        "form": form,
        "page": case_page(roadmap_page(roadmap), currency, given),
        "tried": entered and (currency, given) != (kept.currency, kept.given),
    }
    only_results = request.headers.get("HX-Target") == "results"
    template = "roadmaps/business_case.html" + ("#results" if only_results else "")
    return render(request, template, context, status=422 if form.errors else 200)


@require_safe
@for_members()
def business_case_workbook(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Give the case that is kept as a workbook with formulas."""
    roadmap = roadmap_of(member.organization, roadmap_id)
    kept = kept_case(roadmap)
    page = case_page(roadmap_page(roadmap), kept.currency, kept.given)
    name = f"{member.organization.slug}-{slugify(roadmap.title) or roadmap.pk}-{_('business-case')}.xlsx"
    taken(request, roadmap, Taken.BUSINESS_CASE, "xlsx")
    disposition = content_disposition_header(as_attachment=True, filename=name) or ""
    return HttpResponse(workbook(page.to_write()), content_type=XLSX, headers={"Content-Disposition": disposition})
