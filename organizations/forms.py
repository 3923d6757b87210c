"""The forms of an organization's settings."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from organizations.audit import trail
from organizations.models import NOT_A_SLUG, Member, Organization, Role, Team

# Of one mailing; whoever has more to invite sends the form again.
MOST_EMAILS = 20


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form was sent with, None where it is only asked for."""
    return request.POST if request.method == "POST" else None


class NameField(forms.CharField):
    """A name on one line, single spaces between its words."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, **kwargs)

    def to_python(self, value: Any) -> Any:
        return " ".join((super().to_python(value) or "").split())

    def validate(self, value: Any) -> None:
        super().validate(value)
        # Bytes that are no UTF-8: Django puts U+FFFD in their place.
        if "\ufffd" in value or not value.isprintable():
            raise ValidationError(_("Some characters could not be read. Type them again."))


class OrganizationForm(forms.Form):
    """What a new organization is asked for."""

    name = NameField(label=_("Name"))
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Dates and times in pages and mail are given in it."),
        error_messages={"invalid_choice": _("Pick one of the time zones shown.")},
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("Of mail to people who have no account yet."),
        error_messages={"invalid_choice": _("Pick one of the languages shown.")},
    )

    def __init__(self, data: QueryDict | None = None, organization: Organization | None = None) -> None:
        shown = organization or Organization()
        super().__init__(data, initial={name: getattr(shown, name) for name in self.base_fields})
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)  # noqa: S101 - tells mypy which field this is
        zones.choices = [(name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())]


class OrganizationSettingsForm(OrganizationForm):
    """What an owner can change; the address as well."""

    slug = forms.SlugField(
        label=_("Address"),
        max_length=60,
        help_text=_(
            "The end of this organization's web address: small letters, digits and hyphens. Think before you change "
            "it: bookmarks, and links in mail sent before, lead nowhere then."
        ),
        error_messages={"invalid": _("Use small letters from a to z, digits and hyphens only.")},
    )

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).lower()
        if slug == NOT_A_SLUG:
            raise ValidationError(slug_taken())
        return slug


def slug_taken() -> str:
    return str(_("This address is taken. Choose another one."))


class DeletionForm(forms.Form):
    """The organization's name, typed by whoever wants it deleted."""

    name = NameField(label=_("The organization's name, to make sure"), widget=forms.TextInput({"autocomplete": "off"}))

    def __init__(self, data: QueryDict | None, *, organization: Organization) -> None:
        super().__init__(data)
        self.organization = organization

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if name != " ".join(self.organization.name.split()):
            raise ValidationError(
                _("This is not its name. Type “%(name)s” as it is written here."),
                params={"name": self.organization.name},
            )
        return name


class TeamForm(forms.Form):
    """A team's name."""

    name = NameField(label=_("Name"))


class TeamChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes none when it runs
    """One of an organization's teams in use, or none."""

    def __init__(self, organization: Organization, current: Team | None = None) -> None:
        teams = organization.teams.filter(archived_at=None)
        if current:
            teams |= organization.teams.filter(pk=current.pk)
        super().__init__(
            teams.order_by("name"),
            label=_("Team"),
            required=False,
            empty_label=_("No team"),
            error_messages={"invalid_choice": _("This team is no longer in use. Pick one of those shown.")},
        )


class RoleField(forms.ChoiceField):
    """One of some roles, with what each may do."""

    widget = forms.RadioSelect

    def __init__(self, roles: Sequence[Role]) -> None:
        means = {
            Role.VIEWER: _("Viewer: sees the results"),
            Role.MEMBER: _("Member: sees the results and answers in rounds"),
            Role.FACILITATOR: _("Facilitator: also runs rounds and teams, and invites members and viewers"),
            Role.OWNER: _("Owner: may do everything"),
        }
        super().__init__(
            label=_("Role"),
            choices=[(role.value, means[role]) for role in roles],
            error_messages={"invalid_choice": _("Pick one of the roles shown.")},
        )


class MemberForm(forms.Form):
    """A member's team, and, where an owner asks, role."""

    def __init__(self, data: QueryDict | None, *, member: Member, may_change_role: bool) -> None:
        super().__init__(data, initial={"role": member.role, "team": member.team_id})
        if may_change_role:
            self.fields["role"] = RoleField(list(Role))
        self.fields["team"] = TeamChoiceField(member.organization, member.team)


class AuditForm(forms.Form):
    """Which events of the audit trail to show; nothing chosen shows them all."""

    # What a date in any time zone can be, and PostgreSQL and people mean.
    FIRST, LAST = dt.date(2000, 1, 1), dt.date(2999, 12, 31)

    words = forms.CharField(label=_("By whom"), required=False, max_length=200)
    kind = forms.ChoiceField(
        label=_("What"), required=False, error_messages={"invalid_choice": _("Pick one of those shown.")}
    )
    action = forms.ChoiceField(
        label=_("What happened"),
        required=False,
        choices=[("", _("Anything")), *trail.Action.choices],
        error_messages={"invalid_choice": _("Pick one of those shown.")},
    )
    since = forms.DateField(label=_("From"), required=False)
    until = forms.DateField(label=_("To"), required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - tells mypy which field this is
        kind.choices = [("", _("Everything")), *trail.kinds()]
        self.fields["words"].widget.attrs["placeholder"] = _("Name or address")
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(
                format="%Y-%m-%d", attrs={"type": "date", "min": self.FIRST.isoformat(), "max": self.LAST.isoformat()}
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        for name in ("since", "until"):
            if cleaned.get(name) and not self.FIRST <= cleaned[name] <= self.LAST:
                self.add_error(name, _("Pick a day between the years 2000 and 2999."))
        if since and until and until < since:
            self.add_error("until", _("Pick a day that is not before the first one."))
        return cleaned


class InviteForm(forms.Form):
    """Whom to invite, to which role and team; `by` is the member who invites."""

    emails = forms.CharField(
        label=_("Email addresses"),
        max_length=MOST_EMAILS * 260,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("One or several, each on a line of its own or with commas between them."),
    )

    def __init__(self, data: QueryDict | None, *, by: Member) -> None:
        super().__init__(data, initial={"role": Role.MEMBER})
        self.fields["role"] = RoleField(Role(by.role).may_invite)
        self.fields["team"] = TeamChoiceField(by.organization)

    def clean_emails(self) -> list[str]:
        """Return the addresses in lower case, each once."""
        text = self.cleaned_data["emails"].replace(",", " ").replace(";", " ")
        emails = list(dict.fromkeys(text.lower().split()))
        if len(emails) > MOST_EMAILS:
            raise ValidationError(
                _("These are too many at once. Invite at most %(most)d people, then the next ones."),
                params={"most": MOST_EMAILS},
            )
        if broken := [email for email in emails if not _is_email(email)]:
            raise ValidationError(
                ngettext(
                    "%(emails)s is not an email address.", "These are not email addresses: %(emails)s.", len(broken)
                ),
                params={"emails": ", ".join(broken)},
            )
        if not emails:
            raise ValidationError(_("Enter at least one email address."))
        return emails


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254
