"""One's own data: to take along, and to delete with the account."""

from __future__ import annotations

import logging

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assessments.exchange.people import user_document
from assessments.services.people import Alone, StillNeeded, delete_account
from organizations.access import account_of, is_sure
from organizations.forms import posted
from organizations.models import Organization, User
from organizations.selectors import held_by_one

logger = logging.getLogger(__name__)


class DeletionForm(forms.Form):
    """That the account is to go, and with it each organization in which nobody else is."""

    sure = forms.BooleanField(label=gettext_lazy("Yes, delete my account for good"))

    def __init__(self, data: object, alone: list[Organization]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.alone = alone
        for organization in alone:
            self.fields[f"organization-{organization.pk}"] = forms.BooleanField(
                label=_("Delete %(organization)s too, with everything in it") % {"organization": organization},
                help_text=_("Nobody else is in it. It goes at once and cannot be brought back."),
            )


@never_cache
@require_safe
@login_required
def data(request: HttpRequest) -> HttpResponse:
    """Say what there is to take along, and what goes with the account."""
    return render(request, "account/data.html", {"sure": is_sure(request)})


@never_cache
@require_safe
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def download(request: HttpRequest) -> HttpResponse:
    """Send all that is the user's."""
    name = f"mlops-maturity-{timezone.now():%Y-%m-%d}.json"
    return JsonResponse(
        user_document(_user(request)),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@reauthentication_required  # type: ignore[untyped-decorator]
def delete(request: HttpRequest) -> HttpResponse:
    """Say what goes and what stays, and delete the account; not while an organization needs its owner."""
    user, held = _user(request), held_by_one(_user(request))
    form = DeletionForm(posted(request), held.alone)
    email = user.email
    if not held.with_others and form.is_valid():
        try:
            delete_account(user=user, with_organizations={organization.pk for organization in held.alone})
        except (StillNeeded, Alone):
            form.add_error(None, _("Your organizations have changed in the meantime. Look at this page again."))
            held = held_by_one(user)
        else:
            _tell(email)
            logout(request)
            messages.success(request, _("Your account is deleted."))
            return redirect("home")
    status = 409 if held.with_others and request.method == "POST" else 422 if form.errors else 200
    return render(request, "account/delete.html", {"form": form, "held": held}, status=status)


def _tell(email: str) -> None:
    try:
        get_adapter().send_mail("account/email/account_deleted", email, {})
    except OSError:
        # The account is gone all the same.
        logger.exception("The mail about a deleted account could not be sent.")


def _user(request: HttpRequest) -> User:
    user = account_of(request)
    assert user  # noqa: S101 - login_required
    return user
