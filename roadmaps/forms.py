"""The forms with which a roadmap is planned and its items are followed up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.forms import EvidenceField, refuse_broken_text
from assessments.round_forms import DayField
from organizations.models import Member, Organization
from roadmaps.models import Item, ItemStatus, Roadmap
from roadmaps.models.roadmaps import MAX_CAPACITY, MAX_EFFORT, MAX_MONTHS
from roadmaps.plans import CAPACITY, MONTHS, Resources, Target, default_target
from roadmaps.selectors.roadmaps import exact, key_text, target_of, text_key
from roadmaps.steps import Outlook, StepKey


class PlannerForm(forms.Form):
    """What a roadmap is planned with: a title, the target, and the means."""

    title = forms.CharField(label=_("Title"), max_length=120)
    target = forms.TypedChoiceField(label=_("Target level"), coerce=int, empty_value=None, required=False)
    months = forms.IntegerField(label=_("Horizon in months"), min_value=1, max_value=MAX_MONTHS)
    capacity = forms.DecimalField(
        label=_("Person-weeks a month"),
        min_value=Decimal("0.25"),
        max_value=MAX_CAPACITY,
        max_digits=6,
        decimal_places=2,
        help_text=_("Two people who give it all their time have about eight."),
    )
    starts_on = DayField(label=_("Start"))

    def __init__(self, *args: Any, outlook: Outlook, kept_target: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outlook = outlook
        levels = [(level.number, f"{level.number} – {level.name}") for level in outlook.definition.levels]
        first = default_target(outlook.definition, outlook.current).level
        higher = [(n, name) for n, name in levels if n == kept_target or first is None or n >= first.number]
        self.fields["target"].choices = [*higher, ("", _("no level of the whole"))]  # type: ignore[attr-defined]
        for dimension in outlook.definition.dimensions:
            if outlook.current.scores[dimension.key] is not None:
                self.fields[f"target-{dimension.key}"] = forms.TypedChoiceField(
                    label=dimension.title,
                    choices=[("", _("as the plan comes out")), *levels],
                    coerce=int,
                    empty_value=None,
                    required=False,
                )

    def clean_title(self) -> str:
        refuse_broken_text(self.cleaned_data["title"])
        return str(self.cleaned_data["title"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "target" in cleaned and not self.errors and cleaned["target"] is None and not self.dimension_targets:
            raise ValidationError(_("Choose a level to reach, of the whole or of a dimension."))
        return cleaned

    def mended_with(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was entered, with values in the place of what is wrong."""
        wrong = {"target" if name == NON_FIELD_ERRORS else name for name in self.errors}
        return {name: values.get(name, "") if name in wrong else self[name].value() for name in self.fields}

    @property
    def dimension_targets(self) -> dict[str, int]:
        """The levels to reach by dimension."""
        return {
            name.removeprefix("target-"): number
            for name, number in self.cleaned_data.items()
            if name.startswith("target-") and number is not None
        }

    @property
    def dimension_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("target-")]

    @property
    def aims_at_dimensions(self) -> bool:
        """Whether a dimension has a target of its own, so that its field is to be seen."""
        return any(field.value() not in (None, "") for field in self.dimension_fields)

    @property
    def chosen_target(self) -> Target:
        levels = {level.number: level for level in self.outlook.definition.levels}
        target = self.cleaned_data["target"]
        return Target(
            None if target is None else levels[target],
            {key: levels[number] for key, number in self.dimension_targets.items()},
        )

    @property
    def resources(self) -> Resources:
        return Resources(self.cleaned_data["months"], exact(self.cleaned_data["capacity"]))


def first_values(outlook: Outlook, title: str) -> dict[str, Any]:
    """Return what a new roadmap is planned with: to the next level, from the first of next month."""
    target = default_target(outlook.definition, outlook.current).level
    today = timezone.localdate()
    return {
        "title": title,
        "target": target.number if target else None,
        "months": MONTHS,
        "capacity": Decimal(int(CAPACITY)),
        "starts_on": dt.date(today.year + today.month // 12, today.month % 12 + 1, 1),
    }


def values_of(roadmap: Roadmap, outlook: Outlook) -> dict[str, Any]:
    """Return what a kept roadmap is planned with."""
    target = target_of(outlook.definition, roadmap)
    return {
        "title": roadmap.title,
        "target": target.level.number if target.level else "",
        "months": roadmap.months,
        "capacity": roadmap.capacity.normalize(),
        "starts_on": roadmap.starts_on,
        **{f"target-{key}": level.number for key, level in target.dimensions.items()},
    }


def read_keys(values: list[str], outlook: Outlook) -> list[StepKey]:
    """Return the steps that texts of a form name, each once; what is no open step is passed over."""
    return [key for key in dict.fromkeys(map(text_key, values)) if key in outlook.steps]


def read_efforts(data: Any, outlook: Outlook) -> tuple[dict[StepKey, Fraction], list[str]]:
    """Return the efforts of a form by step, and the fields that hold no effort."""
    efforts: dict[StepKey, Fraction] = {}
    wrong = []
    for key in outlook.steps:
        name = f"effort-{key_text(key)}"
        text = str(data.get(name, "")).strip().replace(",", ".")
        if not text:
            continue
        try:
            effort = Decimal(text) if len(text) < 12 else Decimal("NaN")
        except InvalidOperation:
            effort = Decimal("NaN")
        if effort.is_finite() and Decimal("0.01") <= effort <= MAX_EFFORT:
            efforts[key] = exact(round(effort, 2))
        else:
            wrong.append(key_text(key))
    return efforts, wrong


def state_of(item: Item) -> str:
    """Return a mark that is another one when anything that an item's form holds is."""
    held = (item.status, item.dropped_reason, item.owner_id, item.due_on, item.ticket_url, item.notes)
    return sha256(repr(held).encode()).hexdigest()[:16]


class MoveForm(forms.ModelForm):  # type: ignore[type-arg]
    """Another status for an item, with the reason where it is dropped."""

    class Meta:
        model = Item
        fields = ("status", "dropped_reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("status") == ItemStatus.DROPPED and not cleaned.get("dropped_reason"):
            self.add_error("dropped_reason", _("Say why it is dropped."))
        return cleaned

    def clean_dropped_reason(self) -> str:
        refuse_broken_text(self.cleaned_data["dropped_reason"])
        return str(self.cleaned_data["dropped_reason"])

    def _get_validation_exclusions(self) -> set[str]:
        # When it is done is set by the service; its constraint would be tried too early.
        return {*super()._get_validation_exclusions(), "done_on"}  # type: ignore[misc]


class ItemForm(MoveForm):
    """All that is followed up of an item."""

    due_on = DayField(label=_("Due"), required=False)
    ticket_url = EvidenceField(label=_("Link to the ticket"), max_length=200, required=False, assume_scheme="https")

    class Meta:
        model = Item
        fields = ("status", "dropped_reason", "owner", "due_on", "ticket_url", "notes")
        widgets = {"notes": forms.Textarea(attrs={"rows": 4})}
        help_texts = {
            "dropped_reason": _("Needed where the status is “Dropped”."),
            "owner": _("Who sees to it, and may change its status."),
        }

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = Member.objects.filter(organization=organization).select_related("user").order_by("user__email")
        field = self.fields["owner"]
        field.queryset = owners  # type: ignore[attr-defined]
        field.label_from_instance = lambda member: member.user.get_full_name() or member.user.email  # type: ignore[attr-defined]

    def clean_notes(self) -> str:
        refuse_broken_text(self.cleaned_data["notes"])
        return str(self.cleaned_data["notes"])
