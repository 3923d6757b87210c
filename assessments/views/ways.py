"""What leads a view of the survey to its response, and what those are told who have none, or come too early or late."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from assessments.asked import asked_of
from assessments.definition import Question
from assessments.models import Response
from assessments.models.rounds import RoundStatus
from assessments.selectors.questionnaires import definition_of
from assessments.services.responses import RoundClosed
from assessments.ways import InARound, OnOnesOwn, Way, find_way
from mlops_maturity.errors import Link, message
from organizations.access import account_of

P = ParamSpec("P")


def with_way(
    view: Callable[Concatenate[HttpRequest, Way, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hand the view the way by which somebody came, where answers are taken; times are those of the organization."""

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        address = {name: kwargs.pop(name) for name in ("slug", "round_id", "token") if name in kwargs}
        if "slug" in address and account_of(request) is None:
            return _log_in_first(request)
        way = find_way(request, **address)  # type: ignore[arg-type]
        if way is None:
            return _no_such_link(request) if "token" in address else _not_asked(request)
        if not isinstance(way, InARound):
            return view(request, way, *args, **kwargs)
        with timezone.override(way.organization.time_zone):
            if not way.participant.round.takes_answers:
                return _not_now(request, way)
            try:
                return view(request, way, *args, **kwargs)
            except RoundClosed:
                way.participant.round.refresh_from_db(fields=["status", "closed_at", "closes_at"])
                return _not_now(request, way)

    return wrapped


def with_response(
    view: Callable[Concatenate[HttpRequest, Way, Response, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hand the view the way and the response as well; who has none is told how to start.

    What is sent from a page of another response than this one is refused.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, way: Way, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if way.response is None:
            return _nothing_started(request, way)
        if request.POST.get("response", str(way.response.public_id)) != str(way.response.public_id):
            return _another_assessment(request, way)
        return view(request, way, way.response, *args, **kwargs)

    return with_way(wrapped)


def already_submitted(request: HttpRequest, way: Way) -> HttpResponse:
    """Refuse to change answers that have been submitted for good."""
    if isinstance(way, InARound):
        text, label = _("Nothing was changed. The next page says why your answers stay as they are."), _("Go on")
    else:
        text = _("Nothing was changed. Open its result; from there you can take it up again to change an answer.")
        label = _("See the result")
    return message(
        request,
        status=409,
        heading=_("This assessment has been submitted already."),
        text=text,
        link=Link(way.finished_url, label),
    )


def _nothing_started(request: HttpRequest, way: Way) -> HttpResponse:
    on_ones_own = isinstance(way, OnOnesOwn)
    if request.method in ("GET", "HEAD") and not request.headers.get("HX-Request"):
        if on_ones_own:
            messages.info(request, _("There is no assessment in progress in this browser. Start one here."))
        return redirect(way.url())
    return message(
        request,
        status=404,
        heading=_("There is no assessment in progress in this browser.")
        if on_ones_own
        else _("You have not started yet."),
        text=_("It may have been discarded in another tab. Start a new one, or log in to find those you kept.")
        if on_ones_own
        else _("Nothing was saved. Start here; what you typed stays on this page until then."),
        link=Link(way.url(), _("Start an assessment")),
    )


def _another_assessment(request: HttpRequest, way: Way) -> HttpResponse:
    return message(
        request,
        status=409,
        heading=_("This page belongs to another assessment than the one now in progress in this browser."),
        text=_("Nothing was changed. Go on with the current one."),
        link=Link(way.url(), _("Go on")),
    )


def _no_such_link(request: HttpRequest) -> HttpResponse:
    """The same words for every link that is none, so that nobody learns of one."""
    return message(
        request,
        status=404,
        heading=_("This link does not work."),
        text=_("Copy it whole from the newest mail, or ask whoever invited you to send it again."),
    )


def _not_asked(request: HttpRequest) -> HttpResponse:
    return message(
        request,
        status=404,
        heading=_("You are not asked to respond here."),
        text=_("A facilitator of the organization can add you to the round."),
    )


def _log_in_first(request: HttpRequest) -> HttpResponse:
    """Send whoever opens a page to log in; an answer sent by the page's script has to be told in place."""
    if request.method in ("GET", "HEAD") and not request.headers.get("HX-Request"):
        return redirect_to_login(request.get_full_path())
    return message(
        request,
        status=403,
        heading=_("You are logged out."),
        text=_(
            "This is not saved yet. Your browser's Back button brings back what you typed; log in and send it again."
        ),
        link=Link(f"{reverse('account_login')}?{urlencode({'next': request.path})}", _("Log in")),
    )


def _not_now(request: HttpRequest, way: InARound) -> HttpResponse:
    """Say that the round is not open yet, or no longer; whoever sent answers gets them back to copy."""
    round_ = way.participant.round
    closed = round_.status != RoundStatus.DRAFT
    sent = request.method not in ("GET", "HEAD")
    status = 409 if sent else 410 if closed else 200
    context = {
        "way": way,
        "organization": way.organization,
        "round": round_,
        "response": way.response,
        "closed_at": round_.closed_at or round_.closes_at if closed else None,
        "typed": _typed(request, round_.version_id) if sent else [],
    }
    template = "assessments/survey/not_now.html"
    if request.headers.get("HX-Request"):
        template += "#fragment"
    return render(request, template, context, status=status)


def _typed(request: HttpRequest, version_id: int) -> list[tuple[Question, list[str]]]:
    """Return what was typed or chosen, question by question, as it came."""
    asking = asked_of(version_id, list(definition_of(version_id).questions.values()), {}, request.POST)
    return [(asked.question, _words(asked.question, asked.sent)) for asked in asking if any(asked.sent.values())]


def _words(question: Question, sent: dict[str, str]) -> list[str]:
    labels = {choice.key: choice.label for choice in question.choices}
    return [labels.get(text, text) if part == "choice" else text for part, text in sent.items() if text]
