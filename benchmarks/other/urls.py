"""The package's pages, and one that shows its answer counts, for which it has functions but no page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import include, path
from survey.models import Survey


@login_required
def counts(request: HttpRequest, survey_id: int) -> HttpResponse:
    """Show how often each choice was made, as `Question.answers_cardinality` counts it."""
    survey = get_object_or_404(Survey, pk=survey_id)
    counted = [(question.text, question.answers_cardinality()) for question in survey.questions.all()]
    return render(request, "counts.html", {"survey": survey, "counts": counted})


urlpatterns = [path("counts/<int:survey_id>/", counts), path("", include("survey.urls"))]
