"""A roadmap as PDF."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from assessments.reports import CannotPrint, page_as_pdf
from mlops_maturity import errors
from organizations.access import for_members
from organizations.audit.downloads import taken
from organizations.audit.trail import Taken
from organizations.models import Member
from roadmaps.selectors.reports import report_on
from roadmaps.selectors.roadmaps import roadmap_of, roadmap_page


@require_safe
@for_members()
def roadmap_pdf(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Give the roadmap with its business case as PDF, or say why there is none."""
    page = roadmap_page(roadmap_of(member.organization, roadmap_id))
    slug = member.organization.slug
    try:
        pdf = page_as_pdf("roadmaps/report/report.html", {"report": report_on(page, timezone.localdate())})
    except CannotPrint:
        return _cannot_print(request, slug, roadmap_id)
    name = f"{slug}-{slugify(page.roadmap.title) or roadmap_id}.pdf"
    taken(request, page.roadmap, Taken.ROADMAP, "pdf")
    disposition = content_disposition_header(as_attachment=True, filename=name) or ""
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": disposition})


def _cannot_print(request: HttpRequest, slug: str, roadmap_id: int) -> HttpResponse:
    return errors.message(
        request,
        status=503,
        heading=_("There is no report."),
        text=_("The server lacks Pango, by which PDF files are made. Whoever runs it finds it in the README."),
        link=errors.Link(reverse("roadmap_business_case", args=[slug, roadmap_id]), _("See the business case")),
    )
