"""Forms for the second factor that know what the account has, so that their pages ask for nothing else."""

from __future__ import annotations

from functools import cached_property

from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator


class _WhatThereIs(BaseAuthenticateForm):
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
