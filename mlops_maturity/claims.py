"""An address claimed by a stranger, who waits with a password of their own until its owner comes."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.usersessions.internal.flows.sessions import end_other_sessions
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _


def forget_strangers_password(request: HttpRequest, email_address: EmailAddress, **_signal: Any) -> None:
    """Make a password not count that was set before an account's first address was confirmed by an emailed code alone.

    Whoever reads the address's mail need not be who signed up with it. Who confirms in the browser that signed up, or
    after giving the password, keeps it. As allauth does at sign-on (`wipe_password`).
    """
    # The same object as the one that is about to be logged in, whose session depends on its password.
    user = email_address.user
    if not user.has_usable_password() or not _by_code_alone(request, email_address):
        return
    if EmailAddress.objects.filter(user=user, verified=True).exclude(pk=email_address.pk).exists():
        return
    user.set_unusable_password()
    user.save(update_fields=["password"])
    end_other_sessions(request, user)
    messages.info(
        request,
        _(
            "The password chosen when this account was made does not count any more, as it may be somebody else's. "
            "Choose one under “Your account”, or go on logging in by code."
        ),
    )


def _by_code_alone(request: HttpRequest, email_address: EmailAddress) -> bool:
    records = get_authentication_records(request, email_address.user)
    return bool(records) and records[-1]["method"] == "code" and records[-1].get("email") == email_address.email
