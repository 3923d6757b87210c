"""The kinds of fields that a draft's forms are made of; what they give is as questionnaire files have it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from assessments.forms import refuse_broken_text

LINE, SENTENCE, TEXT = 200, 500, 2000
MOST_ENTRIES = 50
MARKDOWN = _("Markdown: **bold**, *italics*, lists, links.")


def in_markdown(hint: Any) -> Any:
    """Return a hint that also says how the text may be written."""
    return format_lazy("{} {}", hint, MARKDOWN)


class LineField(forms.CharField):
    """Text on one line; empty is None."""

    default_validators = [refuse_broken_text]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": LINE, "empty_value": None} | kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return " ".join(text.split()) if text else text


class TextField(forms.CharField):
    """Text of several lines; empty is None."""

    default_validators = [refuse_broken_text]

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(**{"max_length": TEXT, "empty_value": None, "widget": widget, "required": False} | kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n").replace("\r", "\n") if text else text


class LinesField(forms.CharField):
    """A list of texts, each on a line of its own; empty is None."""

    default_validators: list[Any] = []

    def __init__(self, *, longest: int = LINE, rows: int = 3, count: int | None = None, **kwargs: Any) -> None:
        self.longest = longest
        self.count = count
        kwargs.setdefault("required", False)
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = [" ".join(line.split()) for line in (super().to_python(value) or "").splitlines()]
        return [line for line in lines if line] or None

    def validate(self, value: Any) -> None:
        lines = value or []
        if self.required and not lines:
            raise ValidationError(self.error_messages["required"], code="required")
        if len(lines) > MOST_ENTRIES:
            raise ValidationError(_("There may be 50 lines at most. Leave some out."), code="many")
        for number, line in enumerate(lines, 1):
            refuse_broken_text(line)
            if len(line) > self.longest:
                message = _("Line %(number)d is longer than %(longest)d characters. Shorten it.")
                raise ValidationError(message, params={"number": number, "longest": self.longest}, code="long")
        if lines and self.count is not None and len(lines) != self.count:
            message = ngettext_lazy(
                "The original has %(count)d line. Write one for each, or leave it all empty.",
                "The original has %(count)d lines. Write one for each, or leave it all empty.",
                "count",
            )
            raise ValidationError(message, params={"count": self.count}, code="count")


class NumberField(forms.DecimalField):
    """A number as YAML writes it: 1 or 0.5; empty is None."""

    def __init__(self, *, above: bool = False, **kwargs: Any) -> None:
        self.above = above
        super().__init__(**{"max_digits": 10, "decimal_places": 4, "required": False} | kwargs)
        self.widget.attrs.setdefault("step", "any")

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        if number is None:
            return None
        if self.above and number <= 0:
            raise ValidationError(_("Enter a number above 0."), code="above")
        return int(number) if number == int(number) else float(number)

    def prepare_value(self, value: Any) -> Any:
        return Decimal(str(value)) if isinstance(value, float) else value


class AddressField(LineField):
    """A web address, or none: ""."""

    default_validators = [URLValidator(["http", "https"])]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 500, "required": False, "empty_value": ""} | kwargs)
