"""The forms with which people record who is there, and how far controls are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from assessments.forms import refuse_broken_text
from organizations.models import Member, Role
from roadmaps.models import Control, ControlStatus, StaffedRole
from roadmaps.selectors.structure import ControlRow, StructurePage
from roadmaps.services.structure import ControlState, Staff
from roadmaps.structure import RoleBeside


def _named(what: str, key: str) -> str:
    """Return a field's name for something whose key may hold any character."""
    return f"{what}-{blake2s(key.encode(), digest_size=6).hexdigest()}"


class RolesForm(forms.Form):
    """How many people there are in each role of two levels; a role that is left empty is not recorded."""

    def __init__(self, data: QueryDict | None, *, page: StructurePage) -> None:
        super().__init__(data)
        self.page = page
        for role in page.roles:
            kept = page.staff(role.key)
            self.fields[_named("people", role.key)] = forms.IntegerField(
                label=_("People in this role"),
                required=False,
                min_value=0,
                max_value=StaffedRole.MOST_PEOPLE,
                initial=kept.people if kept else None,
                error_messages={"invalid": _("Enter a whole number; 0 where there is nobody.")},
            )
            self.fields[_named("note", role.key)] = forms.CharField(
                label=_("Note"),
                required=False,
                max_length=StaffedRole.NOTE_LENGTH,
                validators=[refuse_broken_text],
                initial=kept.note if kept else "",
            )
            for name, words in (("people", _("People: %(role)s")), ("note", _("Note: %(role)s"))):
                self.fields[_named(name, role.key)].widget.attrs["aria-label"] = words % {"role": role.name}

    def clean(self) -> dict[str, Any]:
        for role in self.page.roles:
            people, note = _named("people", role.key), _named("note", role.key)
            if self.cleaned_data.get(note) and self.cleaned_data.get(people) is None and people not in self.errors:
                self.add_error(people, _("Say how many there are, or clear the note."))
        return self.cleaned_data

    @property
    def rows(self) -> Iterator[tuple[RoleBeside, forms.BoundField, forms.BoundField]]:
        """Each role with its two fields."""
        for role in self.page.roles:
            yield role, self[_named("people", role.key)], self[_named("note", role.key)]

    @property
    def roles(self) -> Mapping[str, Staff]:
        """What a valid form records."""
        return {
            role.key: Staff(self.cleaned_data[_named("people", role.key)], self.cleaned_data[_named("note", role.key)])
            for role in self.page.roles
        }


@dataclass(frozen=True, slots=True)
class ControlFields:
    """A control on the page with its fields, and whether the member may change them."""

    row: ControlRow
    status: forms.BoundField
    owner: forms.BoundField
    note: forms.BoundField
    may_change: bool


class ControlsForm(forms.Form):
    """Status, owner and note of each control; who is no facilitator changes status and note of their own ones."""

    def __init__(self, data: QueryDict | None, *, rows: Sequence[ControlRow], member: Member) -> None:
        super().__init__(data)
        self._rows, self._member = rows, member
        colleagues = Member.objects.filter(organization=member.organization).select_related("user")
        self._members = {str(colleague.pk): colleague for colleague in colleagues}
        names = [
            (key, colleague.user.get_full_name() or colleague.user.email) for key, colleague in self._members.items()
        ]
        self._owners = [("", _("Nobody yet")), *sorted(names, key=lambda pair: pair[1].casefold())]
        for row in rows:
            self._add(row.asked.key, row.state)

    def _add(self, key: str, state: Control) -> None:
        may_change = self.may_change(state)
        self.fields[_named("status", key)] = forms.ChoiceField(
            label=_("Status"),
            choices=ControlStatus.choices,
            initial=state.status,
            disabled=not may_change,
            error_messages={"invalid_choice": _("Pick one of those shown.")},
        )
        self.fields[_named("owner", key)] = forms.TypedChoiceField(
            label=_("Owner"),
            required=False,
            choices=self._owners,
            coerce=self._members.get,
            empty_value=None,
            initial=str(state.owner_id or ""),
            disabled=not self._member.is_facilitator,
            error_messages={"invalid_choice": _("This person is no longer a member. Pick one of those shown.")},
        )
        self.fields[_named("note", key)] = forms.CharField(
            label=_("Note"),
            required=False,
            max_length=Control.NOTE_LENGTH,
            validators=[refuse_broken_text],
            widget=forms.Textarea(attrs={"rows": 2}),
            initial=state.note,
            disabled=not may_change,
            help_text=_("What proves it, or why it is not needed."),
        )

    def may_change(self, state: Control) -> bool:
        """Return whether the member may say how far a control is."""
        answers = Role(self._member.role).may_act_as(Role.MEMBER)
        return self._member.is_facilitator or (answers and state.owner_id == self._member.pk)

    @property
    def may_change_any(self) -> bool:
        """Whether there is anything that the member may change."""
        return any(self.may_change(row.state) for row in self._rows)

    def clean(self) -> dict[str, Any]:
        for row in self._rows:
            status, note = (_named(what, row.asked.key) for what in ("status", "note"))
            is_over = self.cleaned_data.get(status) == ControlStatus.NOT_NEEDED
            if is_over and not self.cleaned_data.get(note) and note not in self.errors:
                self.add_error(note, _("Say why it is not needed."))
        return self.cleaned_data

    @property
    def framework(self) -> list[ControlFields]:
        """The controls of the target level with their fields."""
        return [self._fields_of(row) for row in self._rows if row.asked.question is None]

    @property
    def adopted(self) -> list[ControlFields]:
        """The controls of the roadmap's practices with their fields."""
        return [self._fields_of(row) for row in self._rows if row.asked.question]

    def _fields_of(self, row: ControlRow) -> ControlFields:
        status, owner, note = (self[_named(what, row.asked.key)] for what in ("status", "owner", "note"))
        return ControlFields(row, status, owner, note, self.may_change(row.state))

    @property
    def states(self) -> Mapping[str, ControlState]:
        """What a valid form says of the controls that the member may change."""
        return {
            row.asked.key: ControlState(
                status=ControlStatus(self.cleaned_data[_named("status", row.asked.key)]),
                owner=self.cleaned_data[_named("owner", row.asked.key)],
                note=self.cleaned_data[_named("note", row.asked.key)],
            )
            for row in self._rows
            if self.may_change(row.state)
        }
