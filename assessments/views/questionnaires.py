"""Questionnaires: all that a user may read, a new one, one with its versions, and what becomes of a version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.authors import Author, logged_in, may_write_for, may_write_for_all, on_questionnaire, on_version
from assessments.differences import Difference
from assessments.draft_parts import part_of
from assessments.drafts import Document
from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaire_forms import CopyForm, NewFileForm, Owner, ScratchForm, free_slug, versions_to_copy
from assessments.questionnaires.blank import blank
from assessments.questionnaires.rules import KeyPath
from assessments.questionnaires.validation import Problem, QuestionnaireError
from assessments.selectors.drafts import can_be_edited, changes_since, last_published, memberships_of, shelves, used_in
from assessments.selectors.questionnaires import OFFERED
from assessments.services import drafts as draft_service
from assessments.services import questionnaires as service
from assessments.views.drafts import frame
from organizations.models import Member, User

KINDS = {
    "added": gettext_lazy("Added"),
    "removed": gettext_lazy("Removed"),
    "rescored": gettext_lazy("Rescored: scores may move"),
    "reworded": gettext_lazy("Reworded"),
    "moved": gettext_lazy("Moved"),
    "changed": gettext_lazy("Changed"),
}


@require_safe
@logged_in
def questionnaires(request: HttpRequest, user: User) -> HttpResponse:
    """List the questionnaires that the user may read, by owner, with their versions and use."""
    members = memberships_of(user)
    writes: dict[int | None, bool] = {member.organization_id: may_write_for(member) for member in members}
    writes[None] = may_write_for_all(user)
    context = {
        "shelves": shelves(members, writes, is_staff=writes[None]),
        "may_write": any(writes.values()),
    }
    return render(request, "assessments/questionnaires/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@logged_in
def new_questionnaire(request: HttpRequest, user: User) -> HttpResponse:
    """Make a questionnaire: from scratch, of another one, of a file."""
    members = memberships_of(user)
    owners = _owners(user, members)
    if not owners:
        raise PermissionDenied
    basis = request.POST.get("basis", "")
    initial = {"owner": request.GET.get("owner", ""), "version": request.GET.get("copy", "")}
    versions = versions_to_copy([member.organization for member in members])
    shared: dict[str, Any] = {"owners": owners, "initial": initial}
    scratch = ScratchForm(request.POST if basis == "scratch" else None, prefix="scratch", **shared)
    copied = CopyForm(
        request.POST if basis == "copy" else None,
        prefix="copy",
        versions=versions.defer("definition", "source") if basis != "copy" else versions,
        **shared,
    )
    file = NewFileForm(*((request.POST, request.FILES) if basis == "file" else (None, None)), prefix="file", **shared)
    if scratch.is_valid():
        values = scratch.cleaned_data
        owner, title = values["owner"], values["title"]
        name = owner.name if owner else _("This site")
        language = get_language() or "en"
        data = blank(slug=free_slug(title, owner), title=title, locale=language, owner=name)
        return _created(request, data, owner)
    if copied.is_valid():
        values = copied.cleaned_data
        owner, title, original = values["owner"], values["title"], values["version"]
        data = {**original.definition, "slug": free_slug(title, owner), "title": title}
        return _created(request, data, owner, original.source)
    if file.is_valid():
        document = file.cleaned_data["file"]
        try:
            return _created(request, document.data, file.cleaned_data["owner"], document.text)
        except service.KeyTaken:
            text = _("There is a questionnaire with the key “%(slug)s”: import the file there, or change its slug.")
            file.add_error("file", text % {"slug": document.data["slug"]})
    context = {"scratch": scratch, "copy": copied, "file": file, "basis": basis}
    is_wrong = bool(scratch.errors or copied.errors or file.errors)
    return render(request, "assessments/questionnaires/new.html", context, status=422 if is_wrong else 200)


@require_safe
@on_questionnaire()
def questionnaire(request: HttpRequest, author: Author, questionnaire: Questionnaire) -> HttpResponse:
    """Show a questionnaire's versions with their use, and what can be done with each."""
    seen = [author.organization.pk] if author.organization else None if author.may_write else _own(author.user)
    versions = list(used_in(questionnaire.versions.order_by("-number"), seen))
    if not author.may_write:
        versions = [version for version in versions if version.status != VersionStatus.DRAFT]
        if not versions:
            raise Http404
    for version in versions:
        version.questionnaire = questionnaire
    context = {
        "questionnaire": questionnaire,
        "versions": versions,
        "draft": next((version for version in versions if version.status == VersionStatus.DRAFT), None),
        "author": author,
        "organization": author.organization,
        "member": author.member,
    }
    return render(request, "assessments/questionnaires/questionnaire.html", context)


@require_POST
@on_questionnaire(to_write=True)
def next_version(request: HttpRequest, author: Author, questionnaire: Questionnaire) -> HttpResponse:
    """Begin the next version, made of the newest; where there is a draft, lead to that."""
    draft = service.draft_next_version(questionnaire=questionnaire)
    return redirect("edit_draft", questionnaire.pk, draft.number)


@require_safe
@on_version()
def version(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Show what a version changed, and what can be done with it."""
    earlier = last_published(version)
    context = frame(author, version) | {
        "earlier": earlier,
        "changes": by_kind(changes_since(version, earlier)),
    }
    return render(request, "assessments/questionnaires/version.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@on_version(VersionStatus.DRAFT, to_write=True)
def publish(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Check a draft whole, show what it changes, and publish it."""
    if request.method == "POST":
        sent = request.POST.get("revision", "")
        try:
            service.publish_version(version=version, seen=int(sent) if sent.isdecimal() and len(sent) < 10 else -1)
        except service.NotADraft:
            return redirect("questionnaire_version", version.questionnaire_id, version.number)
        except service.ChangedMeanwhile:
            text = _("Not published: the draft has changed since you looked at it. Read what it says now.")
            messages.warning(request, text)
        except QuestionnaireError:
            messages.error(request, _("Not published: there is something to mend first."))
        else:
            messages.success(request, _("%(version)s is published. Rounds can use it now.") % {"version": version})
            return redirect(version.questionnaire)
        version.refresh_from_db()
    problems = service.problems_in(version)
    earlier = last_published(version)
    context = frame(author, version) | {
        "problems": [_with_link(version, problem) for problem in problems],
        "earlier": earlier,
        "changes": by_kind(changes_since(version, earlier)),
        "section": "publish",
    }
    return render(
        request, "assessments/questionnaires/publish.html", context, status=409 if request.method == "POST" else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@on_version(VersionStatus.PUBLISHED, to_write=True)
def retire(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Ask whether to hide a version from new rounds, and do so."""
    if request.method == "POST":
        service.retire_version(version=version)
        messages.success(request, _("%(version)s is retired: no new round uses it.") % {"version": version})
        return redirect(version.questionnaire)
    others = version.questionnaire.versions.published().exclude(pk=version.pk)
    is_offered = version.organization_id is None and version.questionnaire.slug == OFFERED
    context = frame(author, version) | {"is_last": not others.exists(), "is_offered": is_offered}
    return render(request, "assessments/questionnaires/retire.html", context)


@require_POST
@on_version(VersionStatus.RETIRED, to_write=True)
def offer(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Offer a retired version to new rounds again."""
    service.offer_again(version=version)
    messages.success(request, _("%(version)s is offered to new rounds again.") % {"version": version})
    return redirect(version.questionnaire)


@require_http_methods(["GET", "HEAD", "POST"])
@on_version(VersionStatus.DRAFT, to_write=True)
def discard(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Ask whether to delete a draft, and delete it."""
    is_only = not version.questionnaire.versions.exclude(pk=version.pk).exists()
    if request.method == "POST":
        draft_service.discard_draft(version=version)
        messages.success(request, _("The draft is deleted."))
        return redirect("questionnaires") if is_only else redirect(version.questionnaire)
    return render(request, "assessments/questionnaires/discard.html", frame(author, version) | {"is_only": is_only})


def _owners(user: User, members: list[Member]) -> list[Owner]:
    owners: list[Owner] = [member.organization for member in members if may_write_for(member)]
    return [*owners, None] if may_write_for_all(user) else owners


def _own(user: User) -> list[int]:
    return [member.organization_id for member in memberships_of(user)]


def _created(request: HttpRequest, data: dict[str, Any], owner: Owner, source: str = "") -> HttpResponse:
    version = service.create_questionnaire(data=data, organization=owner, source=source)
    messages.success(request, _("“%(title)s” is a draft now. Nobody else sees it until you publish it.") % data)
    return redirect("edit_draft", version.questionnaire_id, version.number)


def by_kind(found: tuple[Difference, ...]) -> Iterator[tuple[str, list[Difference]]]:
    order = list(KINDS)
    rows = sorted(found, key=lambda each: order.index(each.kind))
    return ((str(KINDS[kind]), list(group)) for kind, group in groupby(rows, key=lambda each: each.kind))


def _is_empty(document: Document, path: KeyPath) -> bool:
    value: Any = document
    try:
        for step in path:
            value = value[step]
    except (LookupError, TypeError):
        return False
    return bool(value == [])


def _with_link(version: QuestionnaireVersion, problem: Problem) -> tuple[str, str, Problem]:
    """Return where a problem is mended, what people call that place, and the problem."""
    if not can_be_edited(version):
        return reverse("import_questionnaire", args=[version.questionnaire_id]), _("Import a file"), problem
    part, label = part_of(version.definition, problem.path)
    empty = {
        "questions": _("has no question yet. Add one."),
        "dimensions": _("There is no dimension yet. Add one."),
        "levels": _("There is no maturity level yet. Add one."),
    }
    if part.kind in empty and problem.path[-1:] == (part.kind,) and _is_empty(version.definition, problem.path):
        problem = replace(problem, message=empty[part.kind])
    return part.url(version), label, problem
