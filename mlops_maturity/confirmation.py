"""How an account without password and second factor confirms that it is its owner who asks: by an emailed code.

django-allauth lets such accounts pass; `AccountAdapter` sends them here instead.
"""

from __future__ import annotations

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm
from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import BaseReauthenticateView
from allauth.core.ratelimit import consume
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mlops_maturity.errors import too_many_requests

SESSION_KEY = "confirmation_code"


@method_decorator([never_cache, login_required], name="dispatch")
class ConfirmByCode(BaseReauthenticateView):
    """Mail a code and take it; then do what was asked for, as allauth's own pages for password and app do."""

    form_class = ConfirmLoginCodeForm
    template_name = "account/reauthenticate_by_code.html"
    http_method_names = ("get", "head", "post")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "send" in request.POST:
            return self._send()
        if self._sent() is None:
            messages.error(request, _("That code is no longer good. Have a new one sent."))
            return self._again()
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def get_form_kwargs(self) -> dict[str, Any]:
        sent = self._sent()
        kwargs: dict[str, Any] = super().get_form_kwargs()
        return kwargs | {"code": sent["code"] if sent else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {"email": self.request.user.email, "sent": self._sent() is not None}

    def form_valid(self, form: ConfirmLoginCodeForm) -> HttpResponse:
        del self.request.session[SESSION_KEY]
        record_authentication(self.request, self.request.user, method="code", reauthenticated=True)
        answer: HttpResponse = super().form_valid(form)
        return answer

    def form_invalid(self, form: ConfirmLoginCodeForm) -> HttpResponse:
        sent = self.request.session[SESSION_KEY]
        sent["tries"] += 1
        self.request.session[SESSION_KEY] = sent
        if self._sent() is None:
            messages.error(self.request, _("That was wrong too often. Have a new code sent."))
            return self._again()
        answer: HttpResponse = super().form_invalid(form)
        return answer

    def _send(self) -> HttpResponse:
        email = self.request.user.email
        if not consume(self.request, action="request_login_code", key=email.lower()):
            return too_many_requests(self.request)
        adapter = get_adapter()
        code = adapter.generate_login_code()
        self.request.session[SESSION_KEY] = {"code": code, "at": time.time(), "tries": 0}
        adapter.send_mail("account/email/confirmation_code", email, {"code": code})
        return self._again()

    def _sent(self) -> dict[str, Any] | None:
        """Return the code that still counts, None where there is none."""
        sent: dict[str, Any] | None = self.request.session.get(SESSION_KEY)
        if (
            sent is None
            or sent["tries"] >= app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS
            or time.time() - sent["at"] > app_settings.LOGIN_BY_CODE_TIMEOUT
        ):
            return None
        return sent

    def _again(self) -> HttpResponse:
        return redirect(self.passthrough_next_url(reverse("confirm_by_code")))
