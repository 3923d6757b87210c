"""Reports as PDF, made by WeasyPrint: tagged for assistive technology, and without any request to a network."""

from __future__ import annotations

import logging
from hashlib import sha256

from django.core.cache import cache
from django.template.loader import render_to_string

from assessments.selectors.reports import Report

DAY = 24 * 60 * 60

# It tells of each page that it lays out.
logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)


class CannotPrint(Exception):
    """The system has not the libraries by which WeasyPrint sets text."""


def report_as_pdf(report: Report) -> bytes:
    """Return the report as PDF/UA on A4. What says the same is laid out once a day. Raises CannotPrint."""
    page = render_to_string("assessments/report/report.html", {"report": report})
    style = render_to_string("assessments/report/report.css")
    key = f"report:{sha256((page + style).encode()).hexdigest()}"
    kept: bytes | None = cache.get(key)
    if kept is None:
        kept = _printed(page, style)
        cache.set(key, kept, timeout=DAY)
    return kept


def _printed(page: str, style: str) -> bytes:
    # Loads Pango, which few requests need, and which may be missing.
    try:
        from weasyprint import CSS, HTML  # noqa: PLC0415
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except OSError as error:
        raise CannotPrint from error
    only_inline = URLFetcher(allowed_protocols=["data"])
    sheets = [CSS(string=style, url_fetcher=only_inline)]
    pdf: bytes = HTML(string=page, url_fetcher=only_inline).write_pdf(stylesheets=sheets, pdf_variant="pdf/ua-1")
    return pdf
