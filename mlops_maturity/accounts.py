"""One's own account: its overview, the end of one session, the way to sign-on. The rest is django-allauth's."""

from __future__ import annotations

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.models import EmailAddress
from allauth.core import context as allauth_context
from allauth.core.exceptions import ReauthenticationRequired
from allauth.core.internal.httpkit import authenticated_user
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.socialaccount.providers.openid_connect.views import login
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django.views.generic.edit import FormView
from requests import RequestException

from mlops_maturity.errors import Link, message
from mlops_maturity.sessions import live_sessions


class AccountAdapter(DefaultAccountAdapter):
    def send_account_already_exists_mail(self, email: str) -> None:
        """Take as long as a sign-up with a new address, which hashes a password: a clock must not give the answer."""
        make_password(email)
        super().send_account_already_exists_mail(email)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether sensitive steps ask who is there.

        Raises ReauthenticationRequired where an account without password and second factor has not just confirmed by
        a code: allauth takes such accounts for confirmed, whatever is returned here.
        """
        required = bool(super().is_reauthentication_required(app=app, **kwargs))
        request = allauth_context.request
        if required and not get_reauthentication_flows(request.user) and not _has_just_confirmed(request):
            raise ReauthenticationRequired
        return required

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return how a user confirms, the best way first; who has nothing else does so by an emailed code."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        for method in methods:
            if method["id"] == "mfa_reauthenticate" and not is_mfa_enabled(user, types=[Authenticator.Type.TOTP]):
                method["description"] = _("Use a recovery code")
                return [other for other in methods if other is not method] + [method]
        if methods or not user.is_authenticated:
            return methods
        return [{"id": "code", "description": _("Use an emailed code"), "url": reverse("confirm_by_code")}]


def _has_just_confirmed(request: HttpRequest) -> bool:
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, request.user)
    return any(record.get("reauthenticated") and record["at"] > since for record in records)


@never_cache
@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show what there is to one's account, and where each part is changed. Two queries of its own."""
    kinds = list(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    context = {
        "addresses": EmailAddress.objects.filter(user=request.user).order_by("-primary", "email"),
        "has_app": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
    }
    return render(request, "account/overview.html", context)


class Sessions(ListUserSessionsView):
    """Where one is logged in; a POST ends all but this one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Allauth's, which reads each session by itself, is passed over."""
        sessions = live_sessions(authenticated_user(self.request))
        return FormView.get_context_data(self, **kwargs) | {"sessions": sessions, "session_count": len(sessions)}


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Log one's account out of one browser; of this one too, if that is meant."""
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    end_sessions(request, [session])
    messages.success(request, _("That browser is logged out."))
    return redirect("usersessions_list")


def sign_on(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the sign-on provider, or say that it does not answer, which allauth's own view takes for our fault."""
    try:
        answer: HttpResponse = login(request, provider_id)
    except RequestException:
        return message(
            request,
            status=503,
            heading=_("The service you log in with does not answer."),
            text=_("Try again in a moment, or log in another way."),
            link=Link(reverse("account_login"), _("Back to log-in")),
        )
    return answer
