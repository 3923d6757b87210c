"""What every request and response goes through: headers, limits, and a log line that says nothing about people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django_structlog.middlewares import RequestMiddleware

from mlops_maturity.errors import bad_request, not_found
from mlops_maturity.monitoring import route_of

if TYPE_CHECKING:
    from django.http import HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestLog(RequestMiddleware):
    """Logs each request by its route and status under an id, which the response carries as `X-Request-ID`.

    Neither address, agent, user nor path: paths hold tokens, and a user's id beside a time would tell who answered in
    an anonymous round.
    """

    def prepare(self, request: HttpRequest) -> None:
        structlog.contextvars.clear_contextvars()
        request.log_id = str(uuid4())  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request.log_id)  # type: ignore[attr-defined]

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        response["X-Request-ID"] = request.log_id  # type: ignore[attr-defined]
        super().handle_response(request, response)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {route_of(request)}"


class ContentSecurityPolicy(CSPMiddleware):
    """The policy of all pages, loosened for the administration as far as django-unfold needs (docs/decisions/0038)."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, *args, **kwargs)
        if request.path_info.startswith(reverse("admin:index")):
            parts.replace = settings.CONTENT_SECURITY_POLICY_OF_ADMIN
        return parts


def same_origin_resources(get_response: GetResponse) -> GetResponse:
    """Keep other sites from embedding what we serve, our static files included."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware


def private_pages(get_response: GetResponse) -> GetResponse:
    """Let nobody keep a page that was made for somebody: neither a proxy nor the browser of the next person."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if "Cache-Control" not in response and request.session.accessed and SESSION_KEY in request.session:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


def no_null_characters(get_response: GetResponse) -> GetResponse:
    """Refuse an address with a character that PostgreSQL has no text for, which no page of ours links to."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            return not_found(request, Http404())
        if "%00" in request.META.get("QUERY_STRING", ""):
            return bad_request(request, BadRequest())
        return get_response(request)

    return middleware


def limited_body(get_response: GetResponse) -> GetResponse:
    """Refuse a body larger than MAX_BODY_BYTES, files included, before anything of it is read.

    One without a length is none to Django.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.MAX_BODY_BYTES:
            return bad_request(request, RequestDataTooBig())
        return get_response(request)

    return middleware
