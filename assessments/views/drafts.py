"""The editor of a draft: its sections, the parts edited in them, and one-step changes such as moving a question."""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from assessments import drafts
from assessments.authors import Author, View, on_version
from assessments.definition import Definition, Question
from assessments.differences import differences
from assessments.draft_acts import Asked, perform
from assessments.draft_forms import NewForm, PartForm
from assessments.draft_parts import Conflict, Part
from assessments.drafts import Document, Gone, TooMany
from assessments.models import QuestionnaireVersion
from assessments.models.drafts import Act
from assessments.models.questionnaires import VersionStatus
from assessments.questionnaires.wording import in_words
from assessments.selectors.drafts import can_be_edited, document_seen, history_of, others_since, question_published_as
from assessments.services import drafts as service
from assessments.services.questionnaires import NotADraft, problems_in
from organizations.forms import posted
from organizations.models import User

MOST_TOLD = 8


def on_draft(view: View) -> View:
    """Hand a view a draft and its writer. One that is no questionnaire at all is not edited, which a page says."""

    @on_version(VersionStatus.DRAFT, to_write=True)
    @wraps(view)
    def wrapped(request: HttpRequest, author: Author, version: QuestionnaireVersion, **kwargs: Any) -> HttpResponse:
        if can_be_edited(version):
            return view(request, author, version, **kwargs)
        status = 409 if request.method == "POST" else 200
        return render(request, "assessments/questionnaires/not_editable.html", frame(author, version), status=status)

    return wrapped


@require_safe
@on_draft
def overview(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Show the dimensions, to be ordered, and a way to each part."""
    return section(request, author, version, "overview")


@require_safe
@on_draft
def levels(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Show the maturity levels."""
    return section(request, author, version, "levels")


@require_safe
@on_draft
def dimension(request: HttpRequest, author: Author, version: QuestionnaireVersion, key: str) -> HttpResponse:
    """Show a dimension and its questions, to be edited and ordered."""
    row = _find(version, ("dimension", key))
    others = [each for each in version.definition["dimensions"] if each is not row]
    return section(request, author, version, "dimension", {"dimension": row, "others": others})


@on_draft
def edit_part(
    request: HttpRequest, author: Author, version: QuestionnaireVersion, kind: str, key: str | int = ""
) -> HttpResponse:
    """Show the form of a part, and save it: beside what others changed meanwhile, never unseen over it."""
    part = Part(kind, key)
    published = question_published_as(version, str(key)) if kind == "question" else None
    seen = seen_by(request, version)
    try:
        form = part.form(posted(request), version.definition, published)
    except Gone:
        return _gone(request, author, version, part, seen)
    if not form.is_valid():
        return _part(request, author, version, part, form, seen)
    try:
        changed = service.change_draft(
            version=version,
            seen=seen,
            user=author.user,
            act=Act.CHANGE,
            label=part.label(version.definition),
            change=lambda base, now: part.apply(base, now, form),
        )
    except Conflict as conflict:
        version.refresh_from_db()
        mended = part.form(None, version.definition, published)
        mended.initial.update(mended.initial_of(conflict.merged))
        mended = _bound(mended, part, version, published)
        mended.show_conflicts(conflict.now, conflict.fields, people_since(version, seen, author.user), form.row())
        return _part(request, author, version, part, mended, version.revision, status=409)
    except Gone:
        return _gone(request, author, version, part, seen)
    except (service.TooLarge, NotADraft) as error:
        form.add_error(None, _too_large() if isinstance(error, service.TooLarge) else _not_a_draft())
        return _part(request, author, version, part, form, seen)
    if changed.has_changed:
        messages.success(request, _("Saved."))
    tell_unseen(request, author.user, version, seen, changed.base, changed.before)
    return redirect(_after(changed.version, part))


@require_POST
@on_draft
def act(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Make a one-step change: add, move, duplicate, delete, undo or redo; then show the section it was asked from."""
    asked = Asked.of(request.POST)
    if asked is None:
        raise SuspiciousOperation
    seen = seen_by(request, version)
    try:
        done = perform(asked, version=version, seen=seen, user=author.user)
    except Gone:
        messages.error(request, _("That is no longer there: somebody has just deleted or renamed it."))
    except TooMany as error:
        messages.error(request, _("There may be %d of these at most.") % error.limit)
    except service.TooLarge:
        messages.error(request, _too_large())
    except service.NothingToUndo:
        messages.info(request, _("There is nothing to undo or to do again."))
    except service.Overtaken as error:
        text = _("Nothing was done, as somebody else has changed this meanwhile. Look, then do it again.")
        messages.warning(request, text)
        tell_unseen(request, author.user, version, seen, error.base, error.now)
    else:
        messages.success(request, done.message)
        tell_unseen(request, author.user, version, seen, done.base, done.before)
        return redirect(done.url)
    return redirect(asked.url(version))


@require_POST
@on_draft
def preview(request: HttpRequest, author: Author, version: QuestionnaireVersion, key: str) -> HttpResponse:
    """Show a question as it is typed, as respondents will see it; nothing is saved."""
    try:
        form = Part("question", key).form(request.POST, version.definition)
    except Gone:
        raise Http404 from None
    context = {"question": _as_typed(version.definition, form, key)}
    return render(request, "assessments/questionnaires/asked.html", context)


@require_safe
@on_draft
def problems(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Say how much is to be mended before the draft can be published; the page asks for it after it is shown."""
    return render(request, "assessments/questionnaires/problem_count.html", {"count": len(problems_in(version))})


def section(
    request: HttpRequest,
    author: Author,
    version: QuestionnaireVersion,
    name: str,
    context: Mapping[str, Any] = {},
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a section of the editor in its frame; in place of the one shown, where a script asks for it."""
    shared = frame(author, version) | {"section": name, "history": history_of(version), "new_form": NewForm()}
    page = f"assessments/questionnaires/edit_{name}.html"
    answer = render(request, page, {**shared, **context}, status=status)
    if "HX-Request" in request.headers and status == 200 and name != "part":
        answer["HX-Replace-Url"] = request.get_full_path()
    return answer


def frame(author: Author, version: QuestionnaireVersion) -> dict[str, Any]:
    """Return what every page of a questionnaire knows."""
    return {
        "questionnaire": version.questionnaire,
        "version": version,
        "document": version.definition,
        "author": author,
        "organization": author.organization,
        "member": author.member,
    }


def seen_by(request: HttpRequest, version: QuestionnaireVersion) -> int:
    """Return the number of the revision that a form was made for; an unknown one is taken as long gone."""
    sent = request.POST.get("revision", "")
    if request.method != "POST":
        return version.revision
    return min(int(sent), version.revision) if sent.isdecimal() and len(sent) < 10 else -1


def tell_unseen(
    request: HttpRequest,
    user: User,
    version: QuestionnaireVersion,
    seen: int,
    base: Document | None,
    now: Document | None,
) -> None:
    """Say what was changed in the draft since its author saw it, if anything. One query then."""
    if base == now or now is None:
        return
    people = people_since(version, seen, user)
    found = [in_words(each) for each in differences(base, now)] if base else []
    more = len(found) - MOST_TOLD
    told = " ".join(found[:MOST_TOLD])
    if more > 0:
        told += " " + _("And %d more.") % more
    messages.warning(
        request, _("Changed by %(people)s while you were here: %(changes)s") % {"people": people, "changes": told}
    )


def people_since(version: QuestionnaireVersion, seen: int, user: User) -> str:
    """Return who has changed a draft since it was seen, as words in a sentence. One query."""
    return ", ".join(others_since(version, seen, user)) or _("you in another window")


def _part(
    request: HttpRequest,
    author: Author,
    version: QuestionnaireVersion,
    part: Part,
    form: PartForm,
    revision: int,
    *,
    status: int = 0,
) -> HttpResponse:
    context = {
        "part": part,
        "form": form,
        "revision": revision,
        "heading": part.label(version.definition),
        "is_published": bool(getattr(form, "published", None)),
        "cancel_url": _after(version, part),
    }
    if part.kind in ("question", "own_choices"):
        context["question"] = drafts.find(version.definition, part.place)
        context["dimension"] = drafts.dimension_with(version.definition, str(part.key))
    if part.kind == "question":
        context["shown"] = _as_typed(version.definition, form, str(part.key))
    answer = section(
        request, author, version, "part", context, status=status or (422 if form.errors and form.is_bound else 200)
    )
    if "HX-Request" in request.headers and answer.status_code != 200:
        answer["HX-Retarget"], answer["HX-Reselect"] = "closest .edit-panel", ".edit-panel"
        answer["HX-Reswap"] = "outerHTML show:top"
    return answer


def _as_typed(document: Document, form: PartForm, key: str) -> Question:
    """Return a question as a form has it, as far as that is valid; as the draft has it for a form not sent."""
    if form.is_bound:
        wrong = set(form.errors)
        fields = form.merged or {name: value for name, value in form.row().items() if name not in wrong}
        fields = {**fields, "text": fields.get("text") or "…", "guidance": None}
        document = drafts.replace(document, ("question", key), fields)
    return Definition.from_mapping(drafts.filled(document)).questions[key]


def _bound(form: PartForm, part: Part, version: QuestionnaireVersion, published: Any) -> PartForm:
    """Return a form as if it had been sent with its initial values, so that errors can stand beside them."""
    data = QueryDict(mutable=True)
    for field in form:
        value = field.value()
        if isinstance(value, list | tuple):
            data.setlist(field.html_name, [str(each) for each in value])
        elif value is True:
            data[field.html_name] = "on"
        elif value is not None and value is not False:
            data[field.html_name] = str(value)
    if part.kind == "question" and published:
        data["meaning"] = "same"
    bound = part.form(data, version.definition, published)
    bound.full_clean()
    return bound


def _gone(request: HttpRequest, author: Author, version: QuestionnaireVersion, part: Part, seen: int) -> HttpResponse:
    """Say that what was edited is no longer there; what was typed is shown, to be copied."""
    if request.method != "POST":
        raise Http404
    version.refresh_from_db()
    try:
        typed = part.form(request.POST, document_seen(version, seen) or {"dimensions": [], "levels": []}).typed()
    except Gone:
        # So long ago that nobody knows what the fields were called.
        hidden = {"csrfmiddlewaretoken", "revision"}
        lists = ((name, [text for text in texts if text.strip()]) for name, texts in request.POST.lists())
        typed = [(name, "\n".join(texts)) for name, texts in lists if texts and name not in hidden]
    context = {"typed": typed, "part": part, "people": people_since(version, seen, author.user)}
    return section(request, author, version, "gone", context, status=409)


def _after(version: QuestionnaireVersion, part: Part) -> str:
    """Return where a part that was saved, or left, is shown."""
    args = [version.questionnaire_id, version.number]
    if part.kind in ("settings", "choices"):
        return part.url(version)
    if part.kind == "level":
        return reverse("edit_levels", args=args)
    if part.kind == "dimension":
        return reverse("edit_dimension", args=[*args, part.key])
    try:
        home = drafts.dimension_with(version.definition, str(part.key))
    except Gone:
        # It has a new key: it stands where it stood.
        return reverse("edit_draft", args=args)
    return f"{reverse('edit_dimension', args=[*args, home['key']])}#question-{part.key}"


def _find(version: QuestionnaireVersion, place: drafts.Place) -> drafts.Row:
    try:
        return drafts.find(version.definition, place)
    except Gone:
        raise Http404 from None


def _too_large() -> str:
    return _("The questionnaire would be larger than 2 MB. Shorten its texts, or leave some out.")


def _not_a_draft() -> str:
    return _("This version has just been published, and does not change any more. Copy what you typed.")
