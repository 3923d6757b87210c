"""Taking results away as files."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments.comparison_forms import ComparisonForm
from assessments.exports import EXPORTERS, Document, Exporter
from assessments.models import Round
from assessments.reports import CannotPrint, report_as_pdf
from assessments.selectors.comparison import comparison_page, rounds_to_compare
from assessments.selectors.comparison_export import comparison_document
from assessments.selectors.reports import report_on
from assessments.selectors.round_export import round_document
from mlops_maturity import errors
from organizations.access import resolve_member
from organizations.audit.downloads import taken
from organizations.audit.trail import Taken
from organizations.models import Member


@never_cache
@require_safe
@login_required
def export_round(request: HttpRequest, slug: str, round_id: int, identifier: str) -> StreamingHttpResponse:
    """Give a round's newest results as a file; to facilitators and owners with each answer."""
    member, round_ = _closed_round(request, slug, round_id)
    exporter = _exporter(identifier)
    taken(request, round_, Taken.ANSWERS if member.is_facilitator else Taken.RESULTS, identifier)
    return _download(exporter, round_document(round_, with_answers=member.is_facilitator))


@never_cache
@require_safe
@login_required
def export_comparison(request: HttpRequest, slug: str, identifier: str) -> HttpResponseBase:
    """Give what the page of the same query compares as a file; with nothing to compare, lead there."""
    member = resolve_member(request, slug)
    exporter = _exporter(identifier)
    rounds = rounds_to_compare(member.organization)
    form = ComparisonForm(request.GET, rounds=rounds, teams=list(member.organization.teams.order_by("name")))
    if form.names_unknown:
        raise Http404
    if not form.is_valid():
        return redirect(f"{reverse('compare', args=[slug])}?{request.GET.urlencode()}")
    taken(request, member.organization, Taken.COMPARISON, identifier)
    return _download(exporter, comparison_document(member.organization, comparison_page(form.choice, rounds)))


@never_cache
@require_safe
@login_required
def report(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Give the report on a closed round as PDF, or say why there is none."""
    _member, round_ = _closed_round(request, slug, round_id)
    shown = report_on(round_)
    if shown is None:
        return _no_report(
            request, slug, round_, 409, _("Nothing of this round’s result can be shown, so that there is no report.")
        )
    try:
        pdf = report_as_pdf(shown)
    except CannotPrint:
        text = _("The server lacks Pango, by which PDF files are made. Whoever runs it finds it in the README.")
        return _no_report(request, slug, round_, 503, text)
    taken(request, round_, Taken.REPORT, "pdf")
    name = f"{slug}-{slugify(round_.period)}-report.pdf"
    return HttpResponse(pdf, content_type="application/pdf", headers={"Content-Disposition": _attached(name)})


def _closed_round(request: HttpRequest, slug: str, round_id: int) -> tuple[Member, Round]:
    """Return the membership and the organization's round, which has a result. Two queries.

    Raises Http404 and PermissionDenied.
    """
    member = resolve_member(request, slug)
    rounds = Round.objects.select_related("organization", "version").defer("version__definition", "version__source")
    return member, get_object_or_404(rounds, pk=round_id, organization=member.organization, revision__gt=0)


def _no_report(request: HttpRequest, slug: str, round_: Round, status: int, text: str) -> HttpResponse:
    link = errors.Link(reverse("round_result", args=[slug, round_.pk]), _("See the result"))
    return errors.message(request, status=status, heading=_("There is no report."), text=text, link=link)


def _exporter(identifier: str) -> Exporter:
    """Return the exporter of that name. Raises Http404."""
    if identifier not in EXPORTERS:
        raise Http404
    return EXPORTERS[identifier]


def _download(exporter: Exporter, document: Document) -> StreamingHttpResponse:
    response = StreamingHttpResponse(exporter.render(document), content_type=exporter.content_type)
    response["Content-Disposition"] = _attached(f"{document.name}.{exporter.identifier}")
    return response


def _attached(name: str) -> str:
    return content_disposition_header(as_attachment=True, filename=name) or ""
