"""Which of our mails people want, and whose address mail comes back from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from organizations.models import Organization, User


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def without_nudges(self) -> SubscriptionQuerySet:
        """Return those of people who want no reminders to answer, or whose mail comes back."""
        return self.filter(Q(nudges=False) | Q(bounces__gte=Subscription.MOST_BOUNCES))


class Subscription(models.Model):
    """What a person wants from an organization, and how often mail to them came back in a row.

    A person is a user, or an address in small letters that has no account here. No row means everything.
    """

    MOST_BOUNCES = 3

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="subscriptions", db_index=False, verbose_name=_("organization")
    )
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="subscriptions", verbose_name=_("user")
    )
    email = models.EmailField(_("email address"), blank=True, default="")
    reminders = models.BooleanField(_("reminders of the next round"), default=True)
    nudges = models.BooleanField(_("reminders to answer"), default=True)
    language = models.CharField(_("language"), max_length=10, blank=True, default="")
    bounces = models.PositiveSmallIntegerField(_("mails that came back in a row"), default=0)

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("mail preference")
        verbose_name_plural = _("mail preferences")
        constraints = [
            models.UniqueConstraint("organization", "user", name="subscription_once_a_user"),
            models.UniqueConstraint("organization", "email", condition=Q(user=None), name="subscription_once_an_email"),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="subscription_email_lower_case"),
            models.CheckConstraint(
                condition=(Q(user=None) & ~Q(email="")) | Q(user__isnull=False, email=""), name="subscription_of_one"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.email)

    @property
    def is_bounced(self) -> bool:
        return self.bounces >= self.MOST_BOUNCES
