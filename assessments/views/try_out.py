"""A version as respondents see it, which scores what is chosen and saves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from assessments import drafts
from assessments.authors import Author, on_version
from assessments.definition import Definition
from assessments.models import QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from assessments.scoring import score_card
from assessments.selectors.drafts import can_be_edited
from assessments.services.questionnaires import problems_in
from assessments.views.drafts import frame


@require_http_methods(["GET", "HEAD", "POST"])
@on_version()
def try_out(request: HttpRequest, author: Author, version: QuestionnaireVersion) -> HttpResponse:
    """Show all questions; score the answers that were chosen, as a result would. An unfinished draft is shown as it is."""
    is_draft = version.status == VersionStatus.DRAFT
    if is_draft and not can_be_edited(version):
        return render(request, "assessments/questionnaires/not_editable.html", frame(author, version))
    count = len(problems_in(version)) if is_draft else 0
    document = drafts.filled(version.definition) if count else version.definition
    locale = request.GET.get("lang", "")
    definition = Definition.from_mapping(document).in_locale(locale)
    answers = _answers(definition, request.POST)
    context: dict[str, Any] = frame(author, version) | {
        "definition": definition,
        "answers": answers,
        "problem_count": count,
        "locales": [version.definition["locale"], *version.definition.get("translations", {})],
        "locale": locale or version.definition["locale"],
        "is_scored": request.method == "POST" and not count,
    }
    if context["is_scored"]:
        card = score_card(definition, [answers] if answers else [])
        context["card"] = card
        context["rows"] = list(zip(definition.dimensions, card.dimensions, strict=True))
    page = "try_result.html" if "HX-Request" in request.headers else "try.html"
    return render(request, f"assessments/questionnaires/{page}", context)


def _answers(definition: Definition, sent: Mapping[str, str]) -> dict[str, str]:
    """Return the choices that were sent, by question; with `fill`, that choice wherever none was made."""
    fill = sent.get("fill", "")
    found = {}
    for key, question in definition.questions.items():
        choice = sent.get(f"answer-{key}") or fill
        if any(choice == each.key for each in question.choices):
            found[key] = choice
    return found
