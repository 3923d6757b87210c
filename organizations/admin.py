"""Administration of users and organizations, and the formset by which rows take over their parent's organization."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from allauth.account.admin import EmailAddressAdmin as AllauthEmailAddressAdmin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa import admin as allauth_mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import admin as allauth_socialaccount
from allauth.usersessions import admin as allauth_usersessions
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.forms import AdminPasswordChangeForm, PaginationInlineFormSet, UserChangeForm, UserCreationForm

from organizations.models import Invitation, Member, Organization, Role, Team, User
from organizations.refusals import ModelAdmin

# One way to log in: the accounts' page counts failed attempts, the administration's own does not.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# Keys and tokens are no reading for staff, and the sign-on provider comes from the environment.
admin.site.unregister([Group, EmailAddress, allauth_mfa.Authenticator, allauth_usersessions.UserSession])
admin.site.unregister(
    [allauth_socialaccount.SocialAccount, allauth_socialaccount.SocialApp, allauth_socialaccount.SocialToken]
)


class ReadOnlyMixin:
    """For rows that only services make and change; whoever has the permission may still delete them."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OwnedByOrganization(Protocol):
    organization_id: int


class TenantFormSet(PaginationInlineFormSet):
    """Rows below an organization, or below something it owns: they belong to it, and offer its teams only.

    A subclass names in `once` the field whose value may appear in one row only.
    """

    once = ""

    @cached_property
    def organization_id(self) -> int:
        above: Organization | OwnedByOrganization = self.instance
        return above.pk if isinstance(above, Organization) else above.organization_id

    @cached_property
    def team_choices(self) -> list[tuple[Any, str]]:
        return [("", "---------"), *((team.pk, team.name) for team in self._teams())]

    def add_fields(self, form: forms.ModelForm[Any], index: int | None) -> None:
        super().add_fields(form, index)
        form.instance.organization_id = self.organization_id
        team = form.fields.get("team")
        if isinstance(team, forms.ModelChoiceField):
            team.queryset = self._teams()
            team.choices = self.team_choices

    def clean(self) -> None:
        """Find what two new rows have in common; the database would refuse it with an error page."""
        super().clean()
        seen = set()
        for form in self.forms:
            value = form.cleaned_data.get(self.once) if form not in self.deleted_forms else None
            key = value.lower() if isinstance(value, str) else value
            if key in seen:
                form.add_error(self.once, _("This is here twice. Change or empty one of the two."))
            elif key is not None:
                seen.add(key)

    def _teams(self) -> QuerySet[Team]:
        return Team.objects.filter(organization_id=self.organization_id)


class TenantInline(TabularInline):
    """Some rows at a time, on the page of an organization or round that exists already."""

    extra = 0
    per_page = 20
    show_change_link = True


class TeamFormSet(TenantFormSet):
    once = "name"


class TeamInline(TenantInline):
    model = Team
    formset = TeamFormSet
    fields = ["name", "archived_at"]
    # A team's participants and results go with it: its own page asks first.
    can_delete = False


NO_OWNER = _("An organization needs an owner: make another member one first.")


class MemberFormSet(TenantFormSet):
    once = "user"

    def clean(self) -> None:
        """Keep an organization from losing its last owner."""
        super().clean()
        shown = [form.instance.pk for form in self.initial_forms]
        owners = self.instance.members.filter(role=Role.OWNER)
        stay = [form for form in self.forms if form not in self.deleted_forms]
        is_owned = any(form.cleaned_data.get("role") == Role.OWNER for form in stay)
        if owners.exists() and not is_owned and not owners.exclude(pk__in=shown).exists():
            raise ValidationError(NO_OWNER)


class MemberInline(TenantInline):
    model = Member
    formset = MemberFormSet
    fields = ["user", "role", "team"]
    autocomplete_fields = ["user"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        return Member.objects.select_related("user")


class MembershipInline(ReadOnlyMixin, TabularInline):
    """A user's organizations; who is in which is changed on the organization's page."""

    model = Member
    fields = ["organization", "role", "team", "joined_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    verbose_name_plural = _("organizations")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        return Member.objects.select_related("organization", "team", "user")


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ["email"]


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]  # takes none when it runs
    form = UserChangeForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "first_name", "last_name", "is_active", "is_staff", "date_joined", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "groups"]
    search_fields = ["email", "first_name", "last_name"]
    ordering = ["email"]
    date_hierarchy = "date_joined"
    readonly_fields = ["date_joined", "last_login"]
    filter_horizontal = ["groups", "user_permissions"]
    fieldsets = [
        (None, {"fields": ["email", "password", "first_name", "last_name"]}),
        (_("Permissions"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Important dates"), {"fields": ["date_joined", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "usable_password", "password1", "password2"]})]

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[type[TabularInline]]:
        return [MembershipInline] if obj else []


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass


@admin.register(EmailAddress)
class EmailAddressAdmin(AllauthEmailAddressAdmin, ModelAdmin):
    raw_id_fields = ()
    autocomplete_fields = ["user"]
    list_select_related = ["user"]


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyMixin, ModelAdmin):
    """For people who have lost their second factor: staff see that there is one, and may delete it."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    list_select_related = ["user"]
    search_fields = ["user__email"]
    fields = ["user", "type", "created_at", "last_used_at"]


@admin.register(Organization)
class OrganizationAdmin(ModelAdmin):
    list_display = ["name", "slug", "member_count", "team_count", "time_zone", "created_at"]
    search_fields = ["name", "slug"]
    date_hierarchy = "created_at"
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["created_at", "deletion_at"]

    def get_inlines(self, request: HttpRequest, obj: Organization | None) -> list[type[TabularInline]]:
        return [TeamInline, MemberInline] if obj else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        return Organization.objects.annotate(
            member_count=Count("members", distinct=True), team_count=Count("teams", distinct=True)
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let a superuser delete what may not be deleted alone, such as results, with the whole organization."""
        listed, counts, refused, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set() if request.user.is_superuser else refused, protected

    def reasons_below(self, rows: Any) -> dict[type[Model], list[str]]:
        """What is kept is kept within its organization."""
        return {}

    @admin.display(description=_("members"), ordering="member_count")
    def member_count(self, organization: Any) -> Any:
        return organization.member_count

    @admin.display(description=_("teams"), ordering="team_count")
    def team_count(self, organization: Any) -> Any:
        return organization.team_count


@admin.register(Team)
class TeamAdmin(ModelAdmin):
    list_display = ["name", "organization", "archived_at"]
    list_filter = [("archived_at", admin.EmptyFieldListFilter), "organization"]
    list_select_related = ["organization"]
    search_fields = ["name", "organization__name"]
    autocomplete_fields = ["organization"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyMixin, ModelAdmin):
    """Who is asked to join; to delete one takes it back. The hash of its link is no reading for staff."""

    list_display = ["email", "organization", "role", "team", "invited_by", "sent_at", "expires_at"]
    list_filter = ["role", "organization"]
    list_select_related = ["organization", "team", "invited_by"]
    search_fields = ["email", "organization__name"]
    date_hierarchy = "created_at"
    fields = ["organization", "email", "role", "team", "invited_by", "created_at", "sent_at", "expires_at"]


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]  # takes none when it runs
    def clean(self) -> None:
        super().clean()
        before = Member.objects.filter(pk=self.instance.pk, role=Role.OWNER).first()
        if before and {"role", "organization"} & set(self.changed_data):
            others = Member.objects.filter(organization=before.organization_id, role=Role.OWNER).exclude(pk=before.pk)
            if not others.exists():
                raise ValidationError(NO_OWNER)


@admin.register(Member)
class MemberAdmin(ModelAdmin):
    form = MemberForm
    list_display = ["user", "organization", "role", "team", "joined_at"]
    list_filter = ["role", "organization"]
    list_select_related = ["user", "organization", "team"]
    search_fields = ["user__email", "user__first_name", "user__last_name", "organization__name", "team__name"]
    date_hierarchy = "joined_at"
    autocomplete_fields = ["user", "organization", "team"]
    readonly_fields = ["joined_at"]

    def reasons_to_keep(self, rows: Collection[Member]) -> list[str]:
        """Keep the last owners of organizations, also from going with their accounts."""
        owners = [row for row in rows if row.role == Role.OWNER]
        left = Member.objects.filter(role=Role.OWNER).exclude(pk__in=[row.pk for row in owners])
        owned = set(left.filter(organization__in={row.organization_id for row in owners}).values_list("organization"))
        orphans = {row.organization for row in owners if (row.organization_id,) not in owned}
        text = _("%(organization)s needs an owner: make another member one, or delete the organization, first.")
        return [text % {"organization": organization} for organization in sorted(orphans, key=str)]
