"""The languages of a draft: what is missing in each, and the page on which a section is translated."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessments import drafts
from assessments.authors import Author
from assessments.draft_forms import LanguageForm
from assessments.drafts import Document
from assessments.models import QuestionnaireVersion
from assessments.models.drafts import Act
from assessments.services import drafts as service
from assessments.services.questionnaires import NotADraft
from assessments.translation_forms import SHARED, TranslationForm, texts_in
from assessments.translations import at, missing_translations
from assessments.views.drafts import on_draft, section, seen_by, tell_unseen
from organizations.forms import posted


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
def languages(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """List the languages with what each lacks; add one, or take one out."""
    form = LanguageForm(posted(request) if "locale" in request.POST else None)
    gone = request.POST.get("remove", "")
    document = version.definition
    if gone or form.is_valid():
        locale = gone or form.cleaned_data["locale"]
        if not gone and locale.lower() in {each.lower() for each in (document["locale"], *_locales(document))}:
            form.add_error("locale", _("The texts are in this language already."))
        elif not gone and len(_locales(document)) >= 20:
            form.add_error("locale", _("There may be 20 languages at most."))
        else:
            _change_languages(request, author, version, locale, is_gone=bool(gone))
            return redirect("edit_languages", version.questionnaire_id, version.number)
    rows = [(locale, len(missing_translations(document, locale))) for locale in _locales(document)]
    total = len(missing_translations({**document, "translations": {}}, "und"))
    context = {"form": form, "languages": rows, "total": total}
    return section(request, author, version, "languages", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@on_draft
def translate(request: HttpRequest, author: Author, version: QuestionnaireVersion, locale: str) -> HttpResponse:
    """Translate one section of the questionnaire, original and translation side by side."""
    if locale not in _locales(version.definition):
        raise Http404
    name = request.GET.get("section", SHARED)
    sections = _sections(version.definition, locale)
    if name not in {key for key, _title, _missing in sections}:
        raise Http404
    form = TranslationForm(posted(request), document=version.definition, locale=locale, section=name)
    seen = seen_by(request, version)
    if form.is_valid():
        conflicts: list[str] = []
        try:
            changed = service.change_draft(
                version=version,
                seen=seen,
                user=author.user,
                act=Act.CHANGE,
                label=_("Language %s") % locale,
                change=lambda base, now: _translated(base, now, locale, form.texts(), conflicts),
            )
        except (service.Overtaken, NotADraft, service.TooLarge):
            text = _(
                "Somebody else has translated this meanwhile; look below, and save again to put yours in its place."
            )
            for each in conflicts:
                field = each if each in form.fields else next(n for n in form.fields if n.startswith(f"{each}/"))
                form.add_error(field, text)
            if not conflicts:
                form.add_error(
                    None, _("This could not be saved: the draft is published, or would be larger than 2 MB.")
                )
            version.refresh_from_db()
            seen = version.revision
        else:
            messages.success(request, _("Saved."))
            tell_unseen(request, version, seen, changed.base, changed.before)
            return redirect(f"{request.path}?section={name}")
    context: dict[str, Any] = {
        "form": form,
        "locale": locale,
        "sections": sections,
        "current": name,
        "revision": seen,
    }
    return section(request, author, version, "language", context, status=422 if form.errors else 200)


def _locales(document: Document) -> list[str]:
    return sorted(document.get("translations", {}))


def _sections(document: Document, locale: str) -> list[tuple[str, str, int]]:
    """Return the sections to translate: key, title, and how many texts are missing."""
    missing = set(missing_translations(document, locale))
    titles = [(SHARED, _("Title, answers and levels"))]
    titles += [(dimension["key"], dimension["title"]) for dimension in document["dimensions"]]
    return [(key, title, sum(path in missing for path, _text in texts_in(document, key))) for key, title in titles]


def _translated(
    base: Document | None, now: Document, locale: str, wanted: dict[str, Any], conflicts: list[str]
) -> Document:
    """Return the draft with texts translated. Raises Overtaken, with the paths in `conflicts`."""

    def known(document: Document | None) -> dict[str, Any]:
        texts = (document or {}).get("translations", {}).get(locale, {})
        found = {name: at(texts, tuple(name.split("/"))) for name in wanted}
        return {name: text for name, text in found.items() if text is not None}

    mine = {name: text for name, text in wanted.items() if text is not None}
    merged = drafts.merge(known(base) if base is not None else None, known(now), mine)
    if merged.conflicts:
        conflicts += merged.conflicts
        raise service.Overtaken(base, now)
    return drafts.set_translation(now, locale, {tuple(name.split("/")): merged.row.get(name) for name in wanted})


def _change_languages(
    request: HttpRequest, author: Author, version: QuestionnaireVersion, locale: str, *, is_gone: bool
) -> None:
    def change(base: Document | None, now: Document) -> Document:
        if not is_gone:
            return drafts.set_translation(now, locale, {})
        same = base is not None and base.get("translations", {}).get(locale) == now.get("translations", {}).get(locale)
        if not same:
            raise service.Overtaken(base, now)
        return drafts.remove_translation(now, locale)

    seen = seen_by(request, version)
    label = _("Language %s") % locale
    try:
        changed = service.change_draft(
            version=version,
            seen=seen,
            user=author.user,
            act=Act.REMOVE if is_gone else Act.ADD,
            label=label,
            change=change,
        )
    except drafts.Gone:
        messages.error(request, _("This language is no longer there."))
    except service.Overtaken as error:
        messages.warning(request, _("Nothing was done, as somebody else has translated more meanwhile. Look first."))
        tell_unseen(request, version, seen, error.base, error.now)
    else:
        text = _("The language %s is deleted. “Undo” brings it back.") if is_gone else _("The language %s is added.")
        messages.success(request, text % locale)
        tell_unseen(request, version, seen, changed.base, changed.before)
