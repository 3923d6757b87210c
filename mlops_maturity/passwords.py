"""Passwords that are too close to who one is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import UserAttributeSimilarityValidator

from organizations.models import User


class SimilarityValidator(UserAttributeSimilarityValidator):
    """Django's, which compares with an email address whole and in single words, and with what stands before its @."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password too similar to a user's names or address."""
        super().validate(password, user)
        if user:
            super().validate(password, User(email=user.email.rpartition("@")[0]))
