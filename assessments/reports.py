"""Reports as PDF, made by WeasyPrint: tagged for assistive technology, and without any request to a network."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.template.loader import render_to_string

from assessments.selectors.reports import Report

DAY = 24 * 60 * 60

# It tells of each page that it lays out.
logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)


class CannotPrint(Exception):
    """The system has not the libraries by which WeasyPrint sets text."""


def report_as_pdf(report: Report) -> bytes:
    """Return the report as PDF/UA on A4. Raises CannotPrint."""
    return page_as_pdf("assessments/report/report.html", {"report": report})


def page_as_pdf(template: str, context: Mapping[str, Any]) -> bytes:
    """Return a page in the style of reports as PDF/UA on A4. What says the same is laid out once a day.

    Raises CannotPrint.
    """
    page = render_to_string(template, dict(context))
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
