"""The forms with which facilitators plan a round, ask people and set its moments."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.addresses import Broken, NotText, find_addresses, read_text
from assessments.forms import refuse_broken_text
from assessments.models import Participant, QuestionnaireVersion, Round
from assessments.models.rounds import Aggregate
from assessments.selectors.questionnaires import OFFERED
from assessments.selectors.rounds import free_quarter, versions_for
from organizations.models import Member, Organization, Team

MOST_PEOPLE = 1000
# Fewer than the fields that a request may have.
MOST_LISTED = 500
LARGEST_FILE = 512 * 1024
LONGEST_TEXT = 800_000
YEARS = range(2000, 2101)
FURTHEST = dt.timedelta(days=2 * 366)


class MomentField(forms.DateTimeField):
    """A moment to come, to the minute, in the current time zone."""

    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    default_error_messages = {"invalid": _("Enter a day and a time, such as 2026-11-27 17:00.")}

    def to_python(self, value: Any) -> dt.datetime | None:
        try:
            moment = super().to_python(value)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            raise ValidationError(
                _("The clocks change then: this time does not exist that day, or exists twice. Choose another one."),
                code="ambiguous_timezone",
            ) from error
        if moment and moment <= timezone.now():
            raise ValidationError(_("This time has passed. Choose one to come."), code="passed")
        if moment and moment > timezone.now() + FURTHEST:
            raise ValidationError(_("Choose a time within the next two years."), code="far")
        return moment


class DayField(forms.DateField):
    """A day of this century."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {"invalid": _("Enter a day, such as 2026-10-01.")}

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and value.year not in YEARS:
            raise ValidationError(
                _("Choose a day from %(first)s to %(last)s."), params={"first": YEARS[0], "last": YEARS[-1]}
            )


class RoundForm(forms.Form):
    """What a round is planned with; `round_` is a draft to be changed, `previous` the round to start from."""

    version = forms.ModelChoiceField(
        QuestionnaireVersion.objects.none(),
        label=_("Questionnaire"),
        empty_label=None,
        error_messages={"invalid_choice": _("This questionnaire is not published. Pick one of those shown.")},
    )
    starts_on = DayField(label=_("First day of the period"))
    ends_on = DayField(label=_("Last day of the period"))
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(),
        label=_("Teams"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Pick at least one team."),
            "invalid_choice": _("One of these teams is no longer in use. Pick among those shown."),
        },
    )
    anonymous = forms.TypedChoiceField(
        label=_("Answers"),
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        choices=[
            ("no", _("Named: the result shows who wrote a note, and you see who has answered")),
            ("yes", _("Anonymous: nobody sees who answered what, or whether; groups under three are not shown")),
        ],
        initial="no",
    )
    aggregate = forms.ChoiceField(
        label=_("A team's score"),
        widget=forms.RadioSelect,
        choices=[
            (Aggregate.MEAN.value, _("Mean: every answer moves it")),
            (Aggregate.MEDIAN.value, _("Median: the answer in the middle; single far-off answers do not move it")),
        ],
        initial=Aggregate.MEAN,
    )
    opens_at = MomentField(label=_("Opens by itself"), required=False)
    closes_at = MomentField(label=_("Closes by itself"), required=False)
    show_last_answers = forms.BooleanField(
        label=_("Show people their answers of the last round, to confirm or change"), required=False
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        organization: Organization,
        round_: Round | None = None,
        previous: Round | None = None,
    ) -> None:
        super().__init__(data)
        versions, teams = versions_for(organization), organization.teams.filter(archived_at=None).order_by("name")
        self._offer("version", versions)
        self._offer("teams", teams)
        if previous is None:
            del self.fields["show_last_answers"]
        help_text = _("In %(zone)s. Leave it empty to do it by hand.") % {"zone": organization.time_zone}
        self.fields["opens_at"].help_text = self.fields["closes_at"].help_text = help_text
        if round_:
            self.initial = _values_of(round_)
        else:
            self.initial = _proposal(organization, list(versions), previous)
            self.initial.setdefault("teams", list(teams))

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells mypy which field this is
        field.queryset = rows

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        starts_on, ends_on = values.get("starts_on"), values.get("ends_on")
        if starts_on and ends_on and ends_on < starts_on:
            self.add_error("ends_on", _("The period ends before it starts."))
        opens_at, closes_at = values.get("opens_at"), values.get("closes_at")
        if opens_at and closes_at and closes_at <= opens_at:
            self.add_error("closes_at", _("The round closes before it opens."))
        return values


def _values_of(round_: Round) -> dict[str, Any]:
    names = ("version", "starts_on", "ends_on", "aggregate", "opens_at", "closes_at", "show_last_answers")
    return {name: getattr(round_, name) for name in names} | {
        "anonymous": "yes" if round_.anonymous else "no",
        "teams": list(round_.teams.all()),
    }


def _proposal(
    organization: Organization, versions: list[QuestionnaireVersion], previous: Round | None
) -> dict[str, Any]:
    """Return what a new round begins with: the next free quarter, and otherwise what the last round had."""
    starts_on, ends_on = free_quarter(organization, timezone.localdate())
    period = {"starts_on": starts_on, "ends_on": ends_on}
    if previous is None:
        usual = (row for row in versions if row.organization_id is None and row.questionnaire.slug == OFFERED)
        return period | {"version": next(usual, None)}
    same = (row for row in versions if row.questionnaire_id == previous.version.questionnaire_id)
    newest = max(same, key=lambda row: row.number, default=None)
    kept = _values_of(previous) | {"version": newest, "show_last_answers": True}
    return {name: value for name, value in kept.items() if name not in ("opens_at", "closes_at")} | period


class ClosingForm(forms.Form):
    """Until when a round is open."""

    closes_at = MomentField(label=_("Closes by itself"), required=False)

    def __init__(self, data: QueryDict | None, *, round_: Round) -> None:
        super().__init__(data, initial={"closes_at": round_.closes_at})
        zone = round_.organization.time_zone
        self.fields["closes_at"].help_text = _("In %(zone)s. Leave it empty to close it by hand.") % {"zone": zone}


class MembersField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # takes none when it runs
    """Some of an organization's members, by name and address."""

    def label_from_instance(self, obj: Any) -> str:
        name = obj.user.get_full_name()
        return f"{name} ({obj.user.email})" if name else obj.user.email


class RemovalForm(forms.Form):
    """Whom of some people to take out of a round, those ticked or all; once valid, `chosen` are these."""

    people = forms.ModelMultipleChoiceField(
        Participant.objects.none(),
        label=_("People"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("One of these has answered meanwhile, or is gone. Pick among those shown.")
        },
    )
    everybody = forms.BooleanField(label=_("All of them"), required=False)

    def __init__(self, data: QueryDict | None, *, people: QuerySet[Participant]) -> None:
        super().__init__(data)
        field = self.fields["people"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 - tells mypy which field this is
        field.queryset = people
        self.everyone = people

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        if not self.errors and not values["everybody"] and not values["people"]:
            raise ValidationError(_("Tick who is no longer to be asked."))
        return values

    @property
    def chosen(self) -> QuerySet[Participant]:
        if self.cleaned_data["everybody"]:
            return self.everyone
        ticked: QuerySet[Participant] = self.cleaned_data["people"]
        return ticked


class PeopleForm(forms.Form):
    """Whom to ask for a team: members, addresses typed or pasted, addresses in a file.

    Once valid, `emails` are those to ask, at most `MOST_PEOPLE` at once; `repeated` came more than once; `broken` are
    the pieces that are no addresses; `left_over` is the text to send again: these, and what was too much.
    """

    members = MembersField(
        Member.objects.none(),
        label=_("Members"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("One of these is no longer a member. Pick among those shown.")},
    )
    addresses = forms.CharField(
        label=_("Email addresses"),
        required=False,
        max_length=LONGEST_TEXT,
        validators=[refuse_broken_text],
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "One on each line, or with commas or semicolons between them. “Jane Doe &lt;jane@example.org&gt;” works."
        ),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
        help_text=_("A text file, or a table saved as CSV: the addresses are found in it."),
    )

    def __init__(
        self,
        data: QueryDict | None,
        files: Any,
        *,
        members: QuerySet[Member],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, initial=initial)
        field = self.fields["members"]
        assert isinstance(field, forms.ModelMultipleChoiceField)  # noqa: S101 - tells mypy which field this is
        field.queryset = members
        self.emails: list[str] = []
        self.repeated: list[str] = []
        self.broken: list[Broken] = []
        self.left_over = ""

    def clean_file(self) -> str:
        """Return the text of the file."""
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > LARGEST_FILE:
            raise ValidationError(
                _("This file is too large. Send at most %(size)d KB at once."), params={"size": LARGEST_FILE // 1024}
            )
        try:
            return read_text(file.read())
        except NotText as error:
            raise ValidationError(_("This is not a text file. Save the table as CSV and send that.")) from error

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data
        if self.errors:
            return values
        parts = [find_addresses(values["addresses"]), find_addresses(values["file"], is_table=True)]
        picked = [member.user.email for member in values["members"]]
        emails = list(dict.fromkeys(picked + [email for part in parts for email in part.emails]))
        self.broken = [broken for part in parts for broken in part.broken]
        if not emails and not self.broken:
            raise ValidationError(_("Tick a member, or enter an email address."), code="nobody")
        self.emails, too_many = emails[:MOST_PEOPLE], emails[MOST_PEOPLE:]
        self.repeated = list(dict.fromkeys(email for part in parts for email in part.repeated))
        self.left_over = "\n".join([broken.text for broken in self.broken] + too_many)
        return values


class TeamToAddForm(forms.Form):
    """A team to take into a round that it is not in yet."""

    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=_("Team"),
        empty_label=None,
        error_messages={"invalid_choice": _("This team takes part already, or is no longer in use.")},
    )

    def __init__(self, data: QueryDict | None, *, teams: QuerySet[Team]) -> None:
        super().__init__(data)
        field = self.fields["team"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells mypy which field this is
        field.queryset = teams
