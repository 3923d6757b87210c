"""Reading one's own result, taking it up again, discarding it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assessments.models import Response
from assessments.selectors.responses import answers_of
from assessments.selectors.results import own_card, result_page
from assessments.services import responses as service
from assessments.visits import SESSION_KEY, take_up, tried
from organizations.access import account_of


@never_cache
@require_safe
def own_result(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one's own self-assessment, in the browser that made it or to the account that keeps it."""
    response = _own_response(request, public_id)
    if response is None:
        return _not_yours(request)
    if not response.is_submitted:
        take_up(request, response)
        return redirect("try_review")
    context = {
        "page": result_page(*own_card(response)),
        "response": response,
        "answers": answers_of(response),
    }
    return render(request, "assessments/results/own.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def revise(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Take a submitted self-assessment up again; a GET, as after a log-in on the way, leads to its result."""
    response = _own_response(request, public_id)
    if response is None:
        return _not_yours(request)
    if request.method != "POST":
        return redirect(response)
    service.reopen_response(response=response)
    take_up(request, response)
    messages.success(request, _("You can change your answers now. Submit again to see the new result."))
    return redirect("try_review")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask whether to delete a self-assessment, and delete it."""
    response = _own_response(request, public_id)
    if response is None:
        return _not_yours(request)
    if request.method != "POST":
        return render(request, "assessments/results/discard.html", {"response": response})
    service.discard_response(response=response)
    if request.session.get(SESSION_KEY) == str(public_id):
        del request.session[SESSION_KEY]
    messages.success(request, _("The assessment and its answers are deleted."))
    return redirect("home" if account_of(request) else "try")


def _own_response(request: HttpRequest, public_id: uuid.UUID) -> Response | None:
    """Return the self-assessment where this browser made it or this account keeps it. One query."""
    user = account_of(request)
    found = Response.objects.tried_here(str(public_id), user).first()
    if found is None:
        return None
    made_here = str(public_id) in tried(request)
    return found if made_here or found.user_id is not None else None


def _not_yours(request: HttpRequest) -> HttpResponse:
    """Send a visitor to log in, as an account may keep the result; to others there is nothing here."""
    if account_of(request) is None:
        return redirect_to_login(request.get_full_path())
    raise Http404
