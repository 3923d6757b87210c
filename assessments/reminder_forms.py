"""The forms with which facilitators plan reminders, and people choose what mail they get."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessments.models import ReminderHook, ReminderSchedule, ReminderSettings
from assessments.models.reminders import MOST_WEEKS, USUAL_DAYS_BEFORE, USUAL_HOUR, Channel, Every
from assessments.models.rounds import quarter_days
from assessments.round_forms import DayField
from assessments.schedules import MOST_DAYS_BEFORE, Rhythm
from assessments.selectors.reminders import Wanted, today_in
from organizations.models import Organization, Team

MOST_WARNINGS = 10
HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class DaysField(forms.CharField):
    """Some numbers of days, such as "14, 3, 0"; the largest first."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=100, widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}), **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        words = str(super().clean(value)).replace(",", " ").replace(";", " ").split()
        if not all(word.isascii() and word.isdecimal() for word in words):
            raise ValidationError(_("Enter whole numbers with commas between them, such as 14, 3, 0."))
        days = sorted({int(word[:6]) for word in words}, reverse=True)
        if days and days[0] > MOST_DAYS_BEFORE:
            raise ValidationError(_("Choose at most %(most)d days before."), params={"most": MOST_DAYS_BEFORE})
        if len(days) > MOST_WARNINGS:
            raise ValidationError(_("Choose at most %(most)d numbers."), params={"most": MOST_WARNINGS})
        return days


class OfField(forms.ModelChoiceField):  # type: ignore[type-arg]  # takes none when it runs
    """A team, or none for the whole organization."""


class ScheduleForm(forms.Form):
    """When an organization or a team is re-assessed; `schedule` is one to be changed, which stays whose it is."""

    team = OfField(
        Team.objects.none(),
        label=gettext_lazy("For"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("This team has a schedule already, or is no longer in use.")},
    )
    every = forms.ChoiceField(label=gettext_lazy("How often"), choices=Every.choices)
    weeks = forms.IntegerField(
        label=gettext_lazy("Weeks between"),
        required=False,
        min_value=1,
        max_value=MOST_WEEKS,
        help_text=gettext_lazy("Only for “every few weeks”."),
    )
    anchor = DayField(
        label=gettext_lazy("First date"),
        help_text=gettext_lazy("The others are counted from it. The 31st is a shorter month’s last day."),
    )
    hour = forms.TypedChoiceField(label=gettext_lazy("At"), coerce=int, choices=HOURS)
    days_before = DaysField(
        label=gettext_lazy("Days before"),
        required=False,
        help_text=gettext_lazy(
            "Facilitators and owners get a mail so many days before each date; 0 is the day itself. It may be empty "
            "where the round opens by itself."
        ),
    )
    opens_round = forms.BooleanField(
        label=gettext_lazy("Open the round by itself on the date"),
        required=False,
        help_text=gettext_lazy("A copy of the last round: newest version, same teams, same people. All are invited."),
    )
    open_days = forms.IntegerField(
        label=gettext_lazy("It closes after so many days"), min_value=1, max_value=MOST_DAYS_BEFORE
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        organization: Organization,
        teams: QuerySet[Team] | None = None,
        has_own: bool = False,
        schedule: ReminderSchedule | None = None,
    ) -> None:
        super().__init__(data, initial=_values_of(schedule) if schedule else _proposal(organization))
        self.organization = organization
        self.fields["hour"].help_text = _("In %(zone)s.") % {"zone": organization.time_zone}
        if schedule or teams is None:
            del self.fields["team"]
        else:
            field = self.fields["team"]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells mypy which field this is
            field.queryset = teams
            field.required = has_own
            field.empty_label = None if has_own else _("The whole organization")

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        if values.get("every") != Every.WEEKS:
            values["weeks"] = 0
        elif not values.get("weeks") and "weeks" not in self.errors:
            self.add_error("weeks", _("Say how many weeks lie between two dates."))
        if values.get("days_before") == [] and not values.get("opens_round"):
            self.add_error("days_before", _("Say how many days before, or have the round open by itself."))
        return values

    @property
    def rhythm(self) -> Rhythm | None:
        """The dates that the form asks for, None where it does not say which yet."""
        values = (
            getattr(self, "cleaned_data", {})
            if self.is_bound
            else {**self.initial, "weeks": self.initial.get("weeks") or 0}
        )
        if any(values.get(name) is None for name in ("every", "anchor", "hour", "weeks")):
            return None
        return Rhythm(
            values["every"], values["anchor"], int(values["hour"]), self.organization.time_zone, values["weeks"]
        )


def _values_of(schedule: ReminderSchedule) -> dict[str, Any]:
    names = ("every", "weeks", "anchor", "hour", "days_before", "opens_round", "open_days")
    return {name: getattr(schedule, name) for name in names} | {"weeks": schedule.weeks or None}


def _proposal(organization: Organization) -> dict[str, Any]:
    """Return what a new schedule begins with: the first days of quarters, from the next one on."""
    today = today_in(organization)
    _first, last = quarter_days(today.year, (today.month + 2) // 3)
    return {
        "every": Every.QUARTER,
        "anchor": last + dt.timedelta(days=1),
        "hour": USUAL_HOUR,
        "days_before": USUAL_DAYS_BEFORE,
        "open_days": 14,
    }


class NudgeForm(forms.Form):
    """When those are reminded who have not answered."""

    nudge_days = DaysField(
        label=gettext_lazy("Days before a round closes"),
        required=False,
        help_text=gettext_lazy("For example 7, 2. Leave it empty to remind people by hand only."),
    )
    nudge_hour = forms.TypedChoiceField(label=gettext_lazy("Hour"), coerce=int, choices=HOURS)

    def __init__(self, data: QueryDict | None, *, organization: Organization) -> None:
        kept = ReminderSettings.objects.filter(organization=organization).first()
        shown = kept or ReminderSettings(nudge_days=[])
        super().__init__(data, initial={"nudge_days": shown.nudge_days, "nudge_hour": shown.nudge_hour})
        self.fields["nudge_hour"].help_text = _("In %(zone)s.") % {"zone": organization.time_zone}


class HookForm(forms.Form):
    """An address that is told of each date."""

    channel = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Channel.choices)
    url = forms.URLField(
        label=gettext_lazy("Address"),
        max_length=ReminderHook._meta.get_field("url").max_length,
        assume_scheme="https",
        help_text=gettext_lazy("It begins with https:// and is reached from the internet."),
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        parts = urlsplit(url)
        if parts.scheme != "https" and not settings.WEBHOOKS_TO_LOOPBACK:
            raise ValidationError(_("Use an address that begins with https://."))
        if parts.username or parts.password:
            raise ValidationError(_("Leave out the name and password: nobody but us would know that they are secret."))
        if not settings.WEBHOOKS_TO_LOOPBACK and _is_private(parts.hostname or ""):
            raise ValidationError(_("Use an address that is reached from the internet: this one is private."))
        return url


def _is_private(host: str) -> bool:
    """Return whether a host is, as written, within a private network; what a name resolves to is seen when sending."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return not (getattr(address, "ipv4_mapped", None) or address).is_global


class WantedForm(forms.Form):
    """What somebody gets from one organization."""

    def __init__(self, data: QueryDict | None, *, wanted: Wanted) -> None:
        super().__init__(data, prefix=f"o{wanted.organization.pk}")
        self.organization, self.is_bounced = wanted.organization, wanted.is_bounced
        if wanted.reminders is not None:
            self.fields["reminders"] = forms.BooleanField(
                label=_("Reminders of the next round"), required=False, initial=wanted.reminders and not self.is_bounced
            )
        self.fields["nudges"] = forms.BooleanField(
            label=_("Reminders to answer in an open round"),
            required=False,
            initial=wanted.nudges and not self.is_bounced,
        )
        if len(settings.LANGUAGES) > 1:
            self.fields["language"] = forms.ChoiceField(
                label=_("Language of these mails"),
                required=False,
                choices=[("", _("As the organization has it")), *settings.LANGUAGES],
                initial=wanted.language,
            )
