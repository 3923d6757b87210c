"""Questionnaires as files: downloading a version, reading a file in after looking at what it changes, the schema."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from assessments.authors import Author, on_questionnaire, on_version
from assessments.differences import differences
from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaire_forms import FileForm
from assessments.questionnaires.patching import written
from assessments.questionnaires.validation import SCHEMA_FILE
from assessments.selectors.drafts import can_be_edited
from assessments.services import drafts as draft_service
from assessments.services import questionnaires as service
from assessments.views.questionnaires import by_kind
from organizations.audit.downloads import taken
from organizations.audit.trail import Taken
from organizations.forms import posted

YAML = "application/yaml; charset=utf-8"
SECONDS_TO_LOOK = 3600


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Give the JSON Schema of questionnaire files, for editors."""
    return HttpResponse(SCHEMA_FILE.read_bytes(), content_type="application/schema+json")


@require_safe
@on_version()
def download(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Give a version as a file, with the comments and the order of the file that it came from."""
    if version.organization_id:
        taken(request, version, Taken.FILE, "yaml")
    # JSON is YAML too: what is no questionnaire has no form of its own.
    is_one = version.status != VersionStatus.DRAFT or can_be_edited(version)
    text = written(version.definition, version.source) if is_one else json.dumps(version.definition, indent=2) + "\n"
    answer = HttpResponse(text, content_type=YAML)
    name = f"{version.questionnaire.slug}-{version.number}.yaml"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@on_questionnaire(to_write=True)
def import_file(request: HttpRequest, author: Author, questionnaire: Questionnaire) -> HttpResponse:
    """Read a file, show what it changes, and put that into the draft once it is agreed to; which can be undone."""
    token = request.POST.get("token", "")
    if token:
        return _apply(request, author, questionnaire, token)
    form = FileForm(posted(request), request.FILES if request.method == "POST" else None)
    context: dict[str, Any] = {
        "questionnaire": questionnaire,
        "author": author,
        "organization": author.organization,
        "member": author.member,
        "form": form,
    }
    if form.is_valid():
        document = form.cleaned_data["file"]
        if document.data["slug"] == questionnaire.slug:
            current = _current(questionnaire)
            token = get_random_string(32)
            staged = {"data": document.data, "text": document.text, "revision": current.revision, "pk": current.pk}
            cache.set(_key(author, questionnaire, token), staged, SECONDS_TO_LOOK)
            found = differences(current.definition, document.data)
            context |= {"token": token, "changes": by_kind(found), "has_changes": bool(found), "current": current}
            return render(request, "assessments/questionnaires/import_changes.html", context)
        text = _(
            "The file says slug: %(theirs)s, and this questionnaire is %(ours)s. Change it in the file, or make a new"
            " questionnaire of it."
        )
        form.add_error("file", text % {"theirs": document.data["slug"], "ours": questionnaire.slug})
    status = 422 if form.errors else 200
    return render(request, "assessments/questionnaires/import.html", context, status=status)


def _apply(request: HttpRequest, author: Author, questionnaire: Questionnaire, token: str) -> HttpResponse:
    key = _key(author, questionnaire, token)
    staged = cache.get(key)
    if staged is None:
        messages.error(request, _("That was too long ago. Choose the file once more."))
        return redirect("import_questionnaire", questionnaire.pk)
    current = _current(questionnaire)
    if (current.pk, current.revision) != (staged["pk"], staged["revision"]):
        text = _("Nothing was imported: somebody has changed the draft meanwhile. Choose the file once more.")
        messages.warning(request, text)
        return redirect("import_questionnaire", questionnaire.pk)
    draft = service.draft_next_version(questionnaire=questionnaire)
    try:
        draft_service.import_into_draft(
            version=draft, seen=draft.revision, user=author.user, data=staged["data"], source=staged["text"]
        )
    except (draft_service.Overtaken, service.NotADraft):
        text = _("Nothing was imported: somebody has changed the draft at the same moment. Try again.")
        messages.warning(request, text)
        return redirect("import_questionnaire", questionnaire.pk)
    cache.delete(key)
    messages.success(request, _("The file is imported. “Undo” takes it back."))
    return redirect("edit_draft", questionnaire.pk, draft.number)


def _current(questionnaire: Questionnaire) -> QuestionnaireVersion:
    """Return what a file is compared with: the draft, else the newest version."""
    versions = questionnaire.versions.order_by("-number")
    draft = versions.filter(status=VersionStatus.DRAFT).first()
    return draft or versions.published().first() or versions[0]


def _key(author: Author, questionnaire: Questionnaire, token: str) -> str:
    return f"questionnaire-file:{author.user.pk}:{questionnaire.pk}:{token[:32]}"
