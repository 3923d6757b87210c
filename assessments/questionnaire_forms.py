"""The forms with which questionnaires are made, and files are read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from assessments.draft_fields import LineField
from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaires.files import MAX_BYTES, Document, read, valid
from assessments.questionnaires.validation import Problem, QuestionnaireError
from organizations.models import Organization

FOR_ALL = "all"
Owner = Organization | None


class QuestionnaireFile(forms.FileField):
    """A questionnaire file: gives back what it says. `problems` are those of the one that was refused last."""

    problems: list[Problem] = []

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if isinstance(file, UploadedFile):
            if file.size is None or file.size > MAX_BYTES:
                raise ValidationError(_("The file is larger than 2 MB. Shorten its texts."), code="large")
            return self.read(file)
        return file

    def read(self, file: UploadedFile) -> Document:
        try:
            document = read(file.read(), file.name or _("the file"))
            valid(document)
        except QuestionnaireError as error:
            self.problems = error.problems
            raise ValidationError(
                _("The file is not a questionnaire yet. Mend what is listed here."), code="invalid"
            ) from error
        return document


class FileForm(forms.Form):
    """A file to be imported."""

    file = QuestionnaireFile(label=_("File"), help_text=_("YAML, up to 2 MB, 50 dimensions and 500 questions."))

    @property
    def problems(self) -> list[Problem]:
        field = self.fields["file"]
        return field.problems if isinstance(field, QuestionnaireFile) else []


class OwnedForm(forms.Form):
    """Something made for one of those for whom the user may write."""

    owner = forms.ChoiceField(label=_("For"), help_text=_("Who can use it in rounds."))

    def __init__(
        self,
        data: QueryDict | None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        *,
        owners: list[Owner],
        **kwargs: Any,
    ) -> None:
        super().__init__(data, files, **kwargs)
        self.owners = {str(owner.pk) if owner else FOR_ALL: owner for owner in owners}
        field = self.fields["owner"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells mypy which field this is
        field.choices = [
            (key, owner.name if owner else _("Everybody on this site")) for key, owner in self.owners.items()
        ]
        if len(self.owners) == 1:
            field.widget = forms.HiddenInput()
            self.initial.setdefault("owner", next(iter(self.owners)))

    def clean_owner(self) -> Owner:
        return self.owners[self.cleaned_data["owner"]]


class ScratchForm(OwnedForm):
    """A questionnaire made from scratch."""

    title = LineField(label=_("Title"))


class CopyForm(OwnedForm):
    """A questionnaire made of another one."""

    version = forms.ModelChoiceField(QuestionnaireVersion.objects.none(), label=_("Copy of"), empty_label=None)
    title = LineField(label=_("Title of the copy"))

    def __init__(self, *args: Any, versions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["version"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells mypy which field this is
        field.queryset = versions


class NewFileForm(OwnedForm, FileForm):
    """A questionnaire made of a file."""


def versions_to_copy(organizations: list[Organization]) -> Any:
    """Return the versions that may be copied: published at any time, offered to all or of these organizations."""
    return (
        QuestionnaireVersion.objects.exclude(status=VersionStatus.DRAFT)
        .filter(Q(organization=None) | Q(organization__in=organizations))
        .select_related("questionnaire")
        .order_by("questionnaire__title", "questionnaire_id", "-number")
    )


def free_slug(title: str, owner: Owner) -> str:
    """Return a key made of a title that the owner has no questionnaire with. One query."""
    stem = slugify(title)[:50].strip("-") or "questionnaire"
    taken = set(Questionnaire.objects.filter(organization=owner).values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := stem if n == 1 else f"{stem}-{n}") not in taken)
