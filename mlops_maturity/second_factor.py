"""Forms for the second factor that know what the account has, so that their pages ask for nothing else.

A code of an app works once (RFC 6238, 5.2): allauth remembers a used one for one period, but takes it for as long as
the tolerance says, and forgets the one with which the app was switched on.
"""

from __future__ import annotations

from functools import cached_property

from allauth.mfa import app_settings
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache


class SwitchOnForm(ActivateTOTPForm):
    """The app's first code, which logs nobody in afterwards."""

    def clean_code(self) -> str:
        code = str(super().clean_code())
        _remember(Authenticator(user=self.user), code)
        return code


class _WhatThereIs(BaseAuthenticateForm):
    def clean_code(self) -> str:
        code = str(super().clean_code())
        if self.authenticator.type == Authenticator.Type.TOTP:
            _remember(self.authenticator, code)
        return code

    @cached_property
    def kinds(self) -> set[str]:
        """Return the kinds of second factor of the account. One query."""
        return set(Authenticator.objects.filter(user=self.user).values_list("type", flat=True))

    @property
    def has_app(self) -> bool:
        return Authenticator.Type.TOTP in self.kinds

    @property
    def has_recovery_codes(self) -> bool:
        return Authenticator.Type.RECOVERY_CODES in self.kinds

    @property
    def has_passkey(self) -> bool:
        return Authenticator.Type.WEBAUTHN in self.kinds


class LogInForm(_WhatThereIs, AuthenticateForm):
    """A code as the second step of log-in."""


class ConfirmForm(_WhatThereIs, ReauthenticateForm):
    """A code before a sensitive step."""


def _remember(app: Authenticator, code: str) -> None:
    """Keep in mind that a code was used until no clock within the tolerance takes it any more."""
    periods = 2 * app_settings.TOTP_TOLERANCE + 1
    cache.set(TOTP(app)._get_used_cache_key(code), "y", timeout=periods * app_settings.TOTP_PERIOD)
