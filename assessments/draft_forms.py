"""The forms of a draft's parts: each is filled from a row of the document and gives that row's fields back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from assessments.draft_fields import (
    SENTENCE,
    AddressField,
    LineField,
    LinesField,
    NumberField,
    TextField,
    in_markdown,
)
from assessments.drafts import Document, Row, questions_of

MOST_STATEMENTS = 11


class PartForm(forms.Form):
    """One part of a draft. `names` are the fields of the row that it is about, `GROUPS` how they are named here."""

    names: tuple[str, ...] = ()
    GROUPS: ClassVar[Mapping[str, str]] = {}
    """Of a field in a group, by its name here: `action` is `guidance.action`."""

    def __init__(self, data: QueryDict | None, *, row: Row, document: Document) -> None:
        self.document = document
        self.before = row
        self.taken_over: list[str] = []
        self.merged: Row | None = None
        super().__init__(data, initial=self.initial_of(row))
        self.add_fields(row)

    def initial_of(self, row: Row) -> dict[str, Any]:
        """Return what the form is filled with."""
        inside = {name: _inner(row, path) for name, path in self.GROUPS.items()}
        return {name: row.get(name) for name in self.names} | inside

    def add_fields(self, row: Row) -> None:
        """Add the fields that depend on the row or the document."""

    def row(self) -> Row:
        """Return the row's fields as they were sent, for a valid form; None for what is left out."""
        fields = {name: self.cleaned_data[name] for name in self.names if name in self.cleaned_data}
        for name, path in self.GROUPS.items():
            group, _dot, inner = path.partition(".")
            if self.cleaned_data.get(name) is not None:
                fields.setdefault(group, {})[inner] = self.cleaned_data[name]
        return {name: fields.get(name) for name in self.names}

    def typed(self) -> list[tuple[str, str]]:
        """Return what was changed in the form, valid or not: what each field is called, and its text."""
        return [
            (str(field.label), text) for field in self if field.name in self.changed_data and (text := _shown(field))
        ]

    def field_for(self, path: str) -> str:
        """Return the name here of a row's field, such as `guidance.action`."""
        found = next((name for name, each in self.GROUPS.items() if each == path), path)
        return found if found in self.fields else next(iter(self.fields))

    def show_conflicts(self, now: Row, conflicts: Iterable[str], people: str, typed: Row) -> None:
        """Say beside each field what others, `people`, have written there meanwhile; sent again, the form replaces it.

        What they alone changed, so that it is here but not in the row as it was `typed`, is marked too.
        """
        in_conflict = set(conflicts)
        # An error takes its field out of what is valid.
        self.merged = self.row()
        for path in sorted(in_conflict):
            value = _inner(now, path)
            text = "\n".join(map(str, value)) if isinstance(value, list) else value
            message = (
                _now("Written here meanwhile by %(people)s: “%(text)s”. Save again to put yours in its place.")
                if text not in (None, "")
                else _now("Emptied meanwhile by %(people)s. Save again to put yours in its place.")
            )
            params = {"text": text, "people": people}
            self.add_error(self.field_for(path), ValidationError(message, params=params, code="conflict"))
        for path in self._paths():
            if path not in in_conflict and _inner(typed, path) != _inner(self.merged, path):
                field = self[self.field_for(path)]
                field.help_text = _now("Changed by %(people)s meanwhile.") % {"people": people}
                self.taken_over.append(str(field.label))

    def _paths(self) -> list[str]:
        grouped = {path.partition(".")[0] for path in self.GROUPS.values()}
        return [name for name in self.names if name not in grouped] + list(self.GROUPS.values())


class SettingsForm(PartForm):
    """What is true of the whole questionnaire."""

    names = ("title", "description", "locale", "source", "scoring")
    GROUPS = {
        "source_title": "source.title",
        "source_url": "source.url",
        "source_licence": "source.licence",
        "method": "scoring.method",
        "combine": "scoring.combine",
        "max": "scoring.max",
    }
    title = LineField(label=_("Title"))
    description = TextField(label=_("Description"), help_text=in_markdown(_("What it measures, and for whom.")))
    locale = forms.RegexField(
        "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        label=_("Language of the texts"),
        max_length=35,
        help_text=_("Such as en, de or pt-BR."),
        error_messages={"invalid": _("Write a language tag, such as en, de or pt-BR.")},
    )
    method = forms.ChoiceField(
        label=_("A dimension is scored by"),
        widget=forms.RadioSelect,
        choices=[
            ("count", _("Count: the weighted share of the practices in place")),
            ("staged", _("Staged: the unbroken run of levels in place, from level 1 up")),
            ("levels", _("Levels: the level up to which nothing is missing, also where one asks for nothing new")),
            ("ladder", _("Ladder: the statements chosen; for questionnaires of ladders only")),
        ],
    )
    combine = forms.ChoiceField(
        label=_("Dimensions combine by"),
        widget=forms.RadioSelect,
        choices=[
            ("mean", _("Mean: the weighted mean of their scores")),
            ("minimum", _("Minimum: the weakest one decides")),
            ("gate", _("Gate: a level counts only when every dimension has reached it")),
        ],
    )
    max = NumberField(label=_("Top score of a dimension"), above=True, max_value=100, required=True)
    source_title = LineField(label=_("Source"), help_text=_("Where the questionnaire comes from."))
    source_url = AddressField(label=_("Address of the source"))
    source_licence = LineField(label=_("Licence of its text"), help_text=_("Such as CC BY 4.0 or MIT."))


class DimensionForm(PartForm):
    """A dimension without its questions."""

    names = ("title", "description", "weight", "statements")
    title = LineField(label=_("Title"))
    description = TextField(label=_("Description"), help_text=in_markdown(_("What the dimension covers.")))
    weight = NumberField(
        label=_("Weight in the overall score"), above=True, max_value=1000, help_text=_("1 where left empty.")
    )

    def add_fields(self, row: Row) -> None:
        top = self.document["scoring"]["max"]
        count = int(top) + 1 if top == int(top) and top < MOST_STATEMENTS else 0
        self.statements = [f"statement_{n}" for n in range(max(count, len(row.get("statements", []))))]
        for n, name in enumerate(self.statements):
            self.fields[name] = TextField(label=_("A score of %d means") % n, rows=2)
        self.initial.update(zip(self.statements, row.get("statements", []), strict=False))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        written = [name for name in self.statements if values.get(name)]
        if written and len(written) < len(self.statements):
            for name in self.statements:
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _now("Say what each score means, or none of them."))
        return values

    def row(self) -> Row:
        texts = [self.cleaned_data[name] for name in self.statements if self.cleaned_data.get(name)]
        return super().row() | {"statements": texts or None}

    def field_for(self, path: str) -> str:
        return self.statements[0] if path == "statements" and self.statements else super().field_for(path)


class QuestionForm(PartForm):
    """A question with its guidance; its own choices are a part of their own."""

    names = ("text", "kind", "level", "weight", "help", "evidence", "guidance")
    GROUPS = {
        name: f"guidance.{name}"
        for name in ("action", "success_metric", "effort_weeks", "tools", "roles", "governance", "requires")
    }
    text = LineField(label=_("Question"), max_length=SENTENCE, widget=forms.Textarea(attrs={"rows": 2}))
    meaning = forms.ChoiceField(
        label=_("Does it still ask for the same thing?"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("same", _("Yes, in other words: it keeps its key, and rounds stay comparable")),
            ("new", _("No, it asks for something else: it gets a new key, and is not compared with the old one")),
        ],
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        widget=forms.RadioSelect,
        choices=[
            ("practice", _("Practice: is this done here?")),
            ("ladder", _("Ladder: which of these statements fits best?")),
        ],
    )
    level = forms.TypedChoiceField(
        label=_("Maturity level that the practice stands for"), required=False, coerce=int, empty_value=None
    )
    weight = NumberField(label=_("Weight in its dimension"), above=True, max_value=1000, help_text=_("1 where empty."))
    help = TextField(label=_("Help"), help_text=in_markdown(_("What counts as yes, and what is not enough.")))
    evidence = TextField(label=_("Evidence"), rows=2, help_text=_("An example of what would show it."))
    action = TextField(label=_("Action"), help_text=_("What to do to get there."))
    success_metric = TextField(label=_("Success metric"), rows=2, help_text=_("A measure, with its goal."))
    effort_weeks = NumberField(label=_("Effort in person-weeks"), above=True, max_value=1000)
    tools = LinesField(label=_("Tools"), help_text=_("One on a line."))
    roles = LinesField(label=_("Roles"), help_text=_("Who does it; one on a line."))
    governance = TextField(label=_("Governance control"), rows=2, help_text=_("The control that the practice brings."))
    requires = forms.MultipleChoiceField(
        label=_("Comes after"),
        required=False,
        help_text=_("Practices that must be in place first, beside the lower levels of the same dimension."),
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )

    def __init__(self, data: QueryDict | None, *, row: Row, document: Document, published: Row | None = None) -> None:
        self.published = published
        super().__init__(data, row=row, document=document)

    def add_fields(self, row: Row) -> None:
        levels = [(level["number"], f"{level['number']} · {level['name']}") for level in self.document["levels"]]
        known = {number for number, _name in levels}
        if row.get("level") is not None and row["level"] not in known:
            levels.append((row["level"], str(row["level"])))
        self._offer("level", [("", "–"), *(each for each in levels if each[0] >= 1)])
        others = [
            (dimension["title"], [(q["key"], q["text"]) for q in dimension.get("questions", []) if q is not row])
            for dimension in self.document["dimensions"]
        ]
        known_keys = {question["key"] for question in questions_of(self.document)}
        lost = [(key, key) for key in _inner(row, "guidance.requires") or () if key not in known_keys]
        self._offer("requires", [*((title, rows) for title, rows in others if rows), *lost])

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells mypy which field this is
        field.choices = choices

    @property
    def asks_meaning(self) -> bool:
        """Whether the text of a question that was published before has just been changed."""
        text = self.data.get("text") if self.is_bound else None
        words = " ".join((text or "").split())
        return bool(self.published and text and words not in (self.published["text"], self.before["text"]))

    @property
    def wants_new_key(self) -> bool:
        return self.asks_meaning and self.cleaned_data.get("meaning") == "new"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.asks_meaning and not values.get("meaning"):
            self.add_error("meaning", _now("This question was published before. Say whether it still asks the same."))
        if self._lacks_level(values):
            self.add_error("level", _now("A practice stands for a maturity level. Pick one."))
        needed = ("action", "success_metric", "effort_weeks")
        if any(values.get(name) for name in self.GROUPS):
            for name in needed:
                if values.get(name) is None and name not in self.errors:
                    self.add_error(name, _now("Guidance needs an action, a success metric and an effort."))
        return values

    def _lacks_level(self, values: dict[str, Any]) -> bool:
        """Whether a practice says no level where it has to: all may do without where practices are counted."""
        if values.get("kind") != "practice" or values.get("level") is not None or "level" in self.errors:
            return False
        key = self.before.get("key")
        others = (question for question in questions_of(self.document) if question["key"] != key)
        return self.document["scoring"]["method"] != "count" or any("level" in question for question in others)

    def row(self) -> Row:
        self.cleaned_data["requires"] = self.cleaned_data.get("requires") or None
        row = super().row()
        return row | {"level": row["level"] if row["kind"] == "practice" else None}


class LevelForm(PartForm):
    """A maturity level, with the team and the governance that it calls for; a last empty row takes one more."""

    names = (
        "name",
        "number",
        "min_score",
        "exclusive",
        "description",
        "characteristics",
        "tools",
        "team",
        "governance",
    )
    name = LineField(label=_("Name"))
    number = forms.IntegerField(label=_("Number"), min_value=0, max_value=100)
    min_score = NumberField(
        label=_("Threshold"),
        min_value=0,
        max_value=100,
        required=True,
        help_text=_("The overall score from which this level is reached; 0 for the lowest."),
    )
    exclusive = forms.BooleanField(label=_("Only above the threshold, not at it"), required=False)
    description = TextField(label=_("Description"), help_text=in_markdown(_("What it means to be at this level.")))
    characteristics = LinesField(
        label=_("Characteristics"), longest=SENTENCE, rows=4, help_text=_("How one recognizes it; one on a line.")
    )
    tools = LinesField(label=_("Tools"), help_text=_("One on a line."))

    def add_fields(self, row: Row) -> None:
        self.team = self._rows("role", row.get("team", []), ("role", "responsibilities", "skills"))
        self.governance = self._rows("topic", row.get("governance", []), ("topic", "practice"))
        labels = {
            "role": _("Role"),
            "responsibilities": _("Responsibilities, one on a line"),
            "skills": _("Skills, one on a line"),
            "topic": _("Topic"),
            "practice": _("Practice"),
        }
        for group in (*self.team, *self.governance):
            for name in group:
                kind = name.rpartition("_")[0]
                self.fields[name] = {
                    "role": LineField,
                    "topic": LineField,
                    "practice": TextField,
                    "responsibilities": LinesField,
                    "skills": LinesField,
                }[kind](label=labels[kind], required=False, **({"longest": SENTENCE} if kind[-1] == "s" else {}))

    def _rows(self, first: str, known: list[Row], names: tuple[str, ...]) -> list[list[str]]:
        """Return the names of the fields of each row, filling in what is known, with one more row than there are."""
        for n, each in enumerate(known):
            self.initial.update({f"{name}_{n}": each.get(name) for name in names})
        sent = sum(name.startswith(f"{first}_") for name in self.data)
        return [[f"{name}_{n}" for name in names] for n in range(max(len(known) + 1, sent))]

    def fields_in_rows(self, rows: list[list[str]]) -> list[list[forms.BoundField]]:
        return [[self[name] for name in names] for names in rows]

    @property
    def team_rows(self) -> list[list[forms.BoundField]]:
        return self.fields_in_rows(self.team)

    @property
    def governance_rows(self) -> list[list[forms.BoundField]]:
        return self.fields_in_rows(self.governance)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for first, *others in self.team:
            if any(values.get(name) for name in others) and not values.get(first):
                self.add_error(first, _now("Name the role."))
        for topic, practice in self.governance:
            if bool(values.get(topic)) != bool(values.get(practice)) and not {topic, practice} & self.errors.keys():
                self.add_error(practice if values.get(topic) else topic, _now("Give both a topic and a practice."))
        values["exclusive"] = values.get("exclusive") or None
        number = values.get("number")
        taken = {level["number"] for level in self.document["levels"]} - {self.before.get("number")}
        if number in taken:
            self.add_error("number", _now("Another level has this number already."))
        return values

    def row(self) -> Row:
        groups = {"team": self.team, "governance": self.governance}
        lists = {
            group: [
                {name.rpartition("_")[0]: value for name in names if (value := self.cleaned_data.get(name))}
                for names in rows
                if self.cleaned_data.get(names[0])
            ]
            for group, rows in groups.items()
        }
        return super().row() | {group: rows or None for group, rows in lists.items()}

    def field_for(self, path: str) -> str:
        return {"team": "role_0", "governance": "topic_0"}.get(path) or super().field_for(path)


class ChoicesForm(PartForm):
    """The answers to a question, or to all without answers of their own; two empty rows take more.

    One without a label is left out. `order` says in which order the rows were, after `moved` or `removed` ones.
    """

    names = ("choices",)

    def add_fields(self, row: Row) -> None:
        known = row.get("choices", [])
        sent = sum(name.startswith("label_") for name in self.data)
        self.rows = [
            [f"{name}_{n}" for name in ("label", "value", "excluded", "key")]
            for n in range(max(len(known) + (1 if known else 2), sent))
        ]
        for n, (label, value, excluded, key) in enumerate(self.rows):
            choice = known[n] if n < len(known) else {}
            self.fields[label] = LineField(label=_("Answer %d") % (n + 1), required=False)
            self.fields[value] = NumberField(label=_("Worth"), min_value=0, max_value=100)
            self.fields[excluded] = forms.BooleanField(label=_("Leaves the question out of the score"), required=False)
            self.fields[key] = forms.CharField(required=False, widget=forms.HiddenInput, max_length=100)
            self.initial.update(
                {
                    label: choice.get("label"),
                    value: choice.get("value"),
                    excluded: "excluded" in choice,
                    key: choice.get("key", ""),
                }
            )

    @property
    def fields_in_rows(self) -> list[list[forms.BoundField]]:
        return [[self[name] for name in names] for names in self.rows]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        known = {choice["key"] for choice in self.before.get("choices", [])}
        for label, value, excluded, key in self.rows:
            if not values.get(label):
                if values.get(value) is not None:
                    self.add_error(label, _now("Write the answer, or empty its worth too."))
                continue
            if values.get(excluded):
                values[value] = None
            elif values.get(value) is None and value not in self.errors:
                self.add_error(value, _now("Say what the answer is worth, or tick that it leaves the question out."))
            if values.get(key) not in known:
                values[key] = ""
        return values

    def row(self) -> Row:
        values = self.cleaned_data
        choices = [
            {"key": values[key], "label": values[label]}
            | ({"excluded": True} if values[excluded] else {"value": values[value]})
            for label, value, excluded, key in self.rows
            if values.get(label)
        ]
        return {"choices": _rearranged(choices, self.data.get("move", ""))}


class NewForm(forms.Form):
    """The title of what is added: a question, a dimension, a level."""

    title = LineField(max_length=SENTENCE)


class LanguageForm(forms.Form):
    """A language to translate into."""

    locale = forms.RegexField(
        "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        label=_("Language"),
        max_length=35,
        help_text=_("A language tag, such as de or pt-BR."),
        error_messages={"invalid": _("Write a language tag, such as en, de or pt-BR.")},
    )


def _rearranged(choices: list[Row], move: str) -> list[Row]:
    """Return choices after a button beside one was pressed: `2:up`, `2:down`, `2:remove`, positions from 0."""
    position, _colon, where = move.partition(":")
    n = int(position) if position.isdecimal() and len(position) < 4 else len(choices)
    if n >= len(choices):
        return choices
    choice = choices.pop(n)
    if where != "remove":
        choices.insert(max(n - 1, 0) if where == "up" else n + 1, choice)
    return choices


def _inner(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _shown(field: forms.BoundField) -> str:
    """Return what was sent for a field as people read it: of a choice, its words."""
    value = field.value()
    sent = value if isinstance(value, list | tuple) else [value]
    if isinstance(field.field, forms.ChoiceField):
        words: dict[str, str] = {}
        for key, label in field.field.choices:  # type: ignore[union-attr, misc]
            inner = label if isinstance(label, list | tuple) else [(key, label)]
            words |= {str(each): str(text) for each, text in inner}
        sent = [words.get(str(each), each) for each in sent]
    elif isinstance(field.field, forms.BooleanField):
        sent = [_now("yes") if value else _now("no")]
    return "\n".join(str(each) for each in sent if each not in (None, ""))
