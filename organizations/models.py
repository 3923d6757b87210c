"""Users, organizations, their teams and members."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from organizations.audit.tracking import tracked
from organizations.tenancy import SameOrganization, tenant_key


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is a time zone of the IANA database, such as Europe/Berlin."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Use a name such as Europe/Berlin."), params={"name": name}
        )


def validate_language(code: str) -> None:
    """Raise ValidationError unless `code` is one of the site's languages. No choices: these are the installation's."""
    if code not in dict(settings.LANGUAGES):
        raise ValidationError(_("“%(code)s” is not a language of this site."), params={"code": code})


class UserManager(BaseUserManager["User"]):
    """Makes users; the email address is the login."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """Create and return a user. Raises ValueError without an email address."""
        if not email:
            raise ValueError("A user needs an email address.")
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        """Create and return a user who may do everything in the administration."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


# As many organizations as a menu can show; the start page has them all.
SWITCHER_LENGTH = 20


class User(AbstractUser):
    """A person with an account; the email address is the login."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(
        _("email address"),
        unique=True,
        error_messages={"unique": _("There is already an account with this email address.")},
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(condition=~models.Q(email=""), name="user_email_given"),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    @cached_property
    def first_memberships(self) -> list[Member]:
        """The memberships between which the header lets one switch, by the organizations' names. One query, kept."""
        return list(self.memberships.select_related("organization").order_by("organization__name")[:SWITCHER_LENGTH])


# /orgs/new/ is where an organization is made.
NOT_A_SLUG = "new"


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def of(self, user: User) -> OrganizationQuerySet:
        """Return the organizations in which `user` is a member, by name."""
        return self.filter(members__user=user).order_by("name")

    def due(self) -> OrganizationQuerySet:
        """Return the organizations whose time until deletion is over."""
        return self.filter(deletion_at__lte=timezone.now())


@tracked("name", "slug", "time_zone", "language", "deletion_at")
class Organization(models.Model):
    """The tenant: owns its teams, members, rounds and results. Deletion is asked for, and done at `deletion_at`."""

    TIME_UNTIL_DELETION = dt.timedelta(days=14)

    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("address"), max_length=60, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    language = models.CharField(_("language"), max_length=10, default="en", validators=[validate_language])
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    deletion_at = models.DateTimeField(_("will be deleted"), null=True, blank=True)

    objects: ClassVar[OrganizationQuerySet] = OrganizationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="organization_name_given"),
            models.CheckConstraint(condition=~models.Q(slug=""), name="organization_slug_given"),
            models.CheckConstraint(
                condition=~models.Q(slug=NOT_A_SLUG),
                name="organization_slug_free",
                violation_error_message=_("This address is taken by the site itself."),
            ),
            models.CheckConstraint(condition=models.Q(slug=Lower("slug")), name="organization_slug_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.slug = self.slug.lower()


@tracked("organization", "name", "archived_at")
class Team(models.Model):
    """A group within an organization that is assessed on its own."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="teams", db_index=False, verbose_name=_("organization")
    )
    name = models.CharField(_("name"), max_length=100)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Lower("name"),
                name="team_name_unique",
                violation_error_message=_("This organization already has a team of that name."),
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="team_name_given"),
            tenant_key("team_of_organization"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do; each role may do what those before it may."""

    VIEWER = "viewer", _("Viewer")
    MEMBER = "member", _("Member")
    FACILITATOR = "facilitator", _("Facilitator")
    OWNER = "owner", _("Owner")

    @property
    def may_invite(self) -> list[Role]:
        """The roles to which someone with this role invites: an owner to all, a facilitator to those below."""
        if self == Role.OWNER:
            return list(Role)
        return [Role.VIEWER, Role.MEMBER] if self == Role.FACILITATOR else []

    def may_act_as(self, needed: Role) -> bool:
        """Return whether this role suffices where `needed` is asked for."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


# Holds whoever takes an owner away: services, the administration, a shell, the deletion of a user. Looks when the
# transaction ends, so that ownership is handed over in any order, with the organization locked, so that of two owners
# who go at once the second sees the first gone. An organization that goes itself or is left by all may lose its owner.
KEEPS_AN_OWNER = pgtrigger.Trigger(
    name="organization_keeps_an_owner",
    when=pgtrigger.After,
    timing=pgtrigger.Deferred,
    operation=pgtrigger.Delete | pgtrigger.UpdateOf("role", "organization_id"),  # type: ignore[no-untyped-call]
    condition=pgtrigger.Q(old__role="owner"),
    func="""
        PERFORM 1 FROM organizations_organization WHERE id = OLD.organization_id FOR NO KEY UPDATE;
        IF FOUND
            AND EXISTS (SELECT 1 FROM organizations_member WHERE organization_id = OLD.organization_id)
            AND NOT EXISTS (
                SELECT 1 FROM organizations_member WHERE organization_id = OLD.organization_id AND role = 'owner'
            )
        THEN
            RAISE EXCEPTION 'pgtrigger: organization % has members and no owner', OLD.organization_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'organization_keeps_an_owner';
        END IF;
        RETURN NULL;
    """,
)


@tracked("organization", "user", "team", "role", named_by="user")
class Member(models.Model):
    """A user in an organization, with a role and, where it fits, a team."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="members", db_index=False, verbose_name=_("organization")
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("user"))
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    role = models.CharField(_("role"), max_length=11, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["user__email"]
        constraints = [
            models.UniqueConstraint("organization", "user", name="member_user_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="member_role_known"),
            SameOrganization(
                "team",
                name="member_team_same_organization",
                violation_error_message=_("This team belongs to another organization."),
            ),
            tenant_key("member_of_organization"),
        ]
        triggers = [KEEPS_AN_OWNER]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER

    @property
    def is_facilitator(self) -> bool:
        """Whether the member may do what facilitators may."""
        return Role(self.role).may_act_as(Role.FACILITATOR)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Return the invitations that have not expired."""
        return self.filter(expires_at__gt=timezone.now())

    def postponed(self) -> InvitationQuerySet:
        """Return those that count as sent though no mail has gone, as the address had got too many that day."""
        return self.open().filter(token_hash=None, sent_at__isnull=False)

    def long_expired(self, *, days: int) -> InvitationQuerySet:
        """Return the invitations that expired more than so many days ago."""
        return self.filter(expires_at__lt=timezone.now() - dt.timedelta(days=days))


@tracked("organization", "role", "team", also=["email"])
class Invitation(models.Model):
    """Someone asked to join by email. The row goes when it is taken up or revoked, or some time after it expired.

    `token_hash` is that of the link in the newest mail, None until there is one: the token itself is kept nowhere.
    """

    LIFETIME = dt.timedelta(days=7)

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="invitations", db_index=False, verbose_name=_("organization")
    )
    email = models.EmailField(_("email address"))
    role = models.CharField(_("role"), max_length=11, choices=Role, default=Role.MEMBER)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="invitations", verbose_name=_("team")
    )
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("invited by")
    )
    token_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001 - many have none
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"))

    objects: ClassVar[InvitationQuerySet] = InvitationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint("organization", "email", name="invitation_email_unique"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="invitation_email_lower_case"),
            models.CheckConstraint(condition=~models.Q(email=""), name="invitation_email_given"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
            SameOrganization(
                "team",
                name="invitation_team_same_organization",
                violation_error_message=_("This team belongs to another organization."),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        self.email = self.email.lower()

    @property
    def is_open(self) -> bool:
        return self.expires_at > timezone.now()
