"""The pages that say what went wrong and what to do about it; for htmx the same words as a fragment."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, InternalError, OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
    JsonResponse,
)
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from psycopg.errors import DiskFull

# Seconds after which a client may ask again: PostgreSQL restarts within them, and nobody frees a disk sooner.
RETRY_SOON, RETRY_LATER = 5, 60


@dataclass(frozen=True, slots=True)
class Link:
    """A way on from an error page."""

    url: str
    label: str


def message(request: HttpRequest, *, status: int, heading: str, text: str, link: Link | None = None) -> HttpResponse:
    """Return a page that says what went wrong (`heading`) and how to go on (`text`, `link`), with that status."""
    return render(
        request, _template(request), {"status": status, "heading": heading, "text": text, "link": link}, status=status
    )


def _template(request: HttpRequest) -> str:
    return "message.html#message-fragment" if request.headers.get("HX-Request") else "message.html"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return message(
            request,
            status=413,
            heading=_("That is too much at once."),
            text=_("Shorten what you entered, a note for example, and send it again."),
        )
    return message(
        request,
        status=400,
        heading=_("We could not read that request."),
        text=_("Go back, reload the page and try again. What was saved before is still there."),
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path_info.startswith(reverse("admin:index")):
        return message(
            request,
            status=403,
            heading=_("This is for those who run this site."),
            text=_("You have no permission for it. What you run yourself is in the settings of your organization."),
        )
    return message(
        request,
        status=403,
        heading=_("Your role does not allow this."),
        text=_("Ask an owner of the organization to do it, or to give you a role that may."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return message(
        request,
        status=404,
        heading=_("There is nothing here."),
        text=_("The address may be mistyped, or you may not be a member of the organization it belongs to."),
    )


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer whoever tries passwords, codes or addresses too fast; allauth's rate limits call it."""
    return message(
        request,
        status=429,
        heading=_("That was too often."),
        text=_("To keep accounts safe, this works a few times a minute only. Wait a minute, then try again."),
    )


def own_not_found(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware for DEBUG: our page in place of Django's technical one, as the demo is there to be looked at."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        return not_found(request, Http404()) if isinstance(response, HttpResponseNotFound) else response

    return middleware


def own_not_allowed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that says in a page of ours, where Django says nothing, that an address is not for opening."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = message(
            request,
            status=405,
            heading=_("This address cannot be opened like that."),
            text=_("It takes what a form sends. Go back to the page with the form and send it from there."),
        )
        page["Allow"] = response["Allow"]
        return page

    return middleware


def readable_form(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that reads what a form sends, before anything else does, and refuses what cannot be read.

    That is any encoding but UTF-8, which Django would take for Latin-1 or fail at; what is broken, or cut off; too
    much text, and too many fields: with DEBUG Django would answer these with pages about its inside.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8")
        request.encoding = "utf-8"  # so that the page about it can be made
        if charset.lower() not in ("utf-8", "utf8"):
            return _unreadable(request, status=415)
        try:
            if request.content_type == "application/x-www-form-urlencoded":
                request.body.decode()
            request.POST  # noqa: B018 - read for what it raises
        except UnicodeDecodeError:
            return _unreadable(request, status=400)
        except (SuspiciousOperation, MultiPartParserError, UnreadablePostError) as error:
            return bad_request(request, error)
        return get_response(request)

    return middleware


def _unreadable(request: HttpRequest, *, status: int) -> HttpResponse:
    return message(
        request,
        status=status,
        heading=_("Some characters could not be read."),
        text=_("Forms have to be sent as UTF-8. Nothing was changed."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer where something broke; Django calls it while the exception is handled."""
    error = sys.exception()
    if isinstance(error, OperationalError | InterfaceError) or _is_out_of_room(error):
        return unavailable(request, error)
    return message(
        request,
        status=500,
        heading=_("Something broke on our side."),
        text=_("It has been recorded. What was saved before is still there; try again in a moment."),
    )


def unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Answer while the database is away, too busy or full: with 503, in HTML or JSON, and when to try again.

    Nothing here, or on the response's way out, asks the database who the visitor is.
    """
    _forget_visitor(request)
    if _is_out_of_room(error):
        retry = RETRY_LATER
        heading = _("There is no room left to save anything.")
        text = _(
            "What you just sent was not saved; all that was saved before is still there. Whoever runs this site has to "
            "make room. Until then your browser's Back button brings back what you typed."
        )
    else:
        retry = RETRY_SOON
        heading = _("The database cannot be reached just now.")
        text = _(
            "This is mostly over within a minute. What was saved before is still there; what you just sent may not be "
            "saved. Wait a moment, then load this page again; to send a form again, go back to it with your browser's "
            "Back button."
        )
    response: HttpResponse
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        response = JsonResponse({"error": heading, "detail": text}, status=503)
    else:
        context = {"status": 503, "heading": heading, "text": text, "visitor_is_unknown": True}
        response = HttpResponse(render_to_string(_template(request), context), status=503)
    response["Retry-After"] = str(retry)
    response["Cache-Control"] = "no-store"
    return response


def _is_out_of_room(error: BaseException | None) -> bool:
    """Whether PostgreSQL had no room on its disk or, which it calls an internal error, in a file that may not grow."""
    return error is not None and (
        isinstance(error.__cause__, DiskFull) or (isinstance(error, InternalError) and "could not extend" in str(error))
    )


def _forget_visitor(request: HttpRequest) -> None:
    request.user = AnonymousUser()
    if session := getattr(request, "session", None):
        request.session = type(session)(session.session_key)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form from a page too old to be trusted."""
    return message(
        request,
        status=403,
        heading=_("This page has become out of date."),
        text=_("Reload it and send again; your browser must accept cookies from this site. Nothing you saved is lost."),
    )
