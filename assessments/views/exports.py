"""Taking results away as files."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from assessments.exports import EXPORTERS, Document, Exporter
from assessments.models import Round
from assessments.selectors.round_export import round_document
from organizations.access import resolve_member


@never_cache
@require_safe
@login_required
def export_round(request: HttpRequest, slug: str, round_id: int, identifier: str) -> StreamingHttpResponse:
    """Give a round's newest results as a file; to facilitators and owners with each answer."""
    member = resolve_member(request, slug)
    rounds = Round.objects.select_related("organization", "version").defer("version__definition")
    round_ = get_object_or_404(rounds, pk=round_id, organization=member.organization, revision__gt=0)
    exporter = _exporter(identifier)
    return _download(exporter, round_document(round_, with_answers=member.is_facilitator))


def _exporter(identifier: str) -> Exporter:
    """Return the exporter of that name. Raises Http404."""
    if identifier not in EXPORTERS:
        raise Http404
    return EXPORTERS[identifier]


def _download(exporter: Exporter, document: Document) -> StreamingHttpResponse:
    response = StreamingHttpResponse(exporter.render(document), content_type=exporter.content_type)
    name = f"{document.name}.{exporter.identifier}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response
