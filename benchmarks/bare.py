"""Bare views of the same work: somebody who is logged in gets 25 questions, or has 25 rows inserted, and no more."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from assessments.selectors.questionnaires import definition_of, version_on_offer
from benchmarks.models import BareAnswer


@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Greet the user."""
    return render(request, "benchmarks/page.html")


@login_required
def form(request: HttpRequest) -> HttpResponse:
    """Ask the questions of the questionnaire on offer. One query beside those for the user."""
    version = version_on_offer()
    assert version is not None  # noqa: S101 - the data set has one
    return render(request, "benchmarks/form.html", {"questions": definition_of(version.pk).questions.values()})


@login_required
def save(request: HttpRequest) -> HttpResponse:
    """Insert a row for each answer that was sent."""
    response = uuid4()
    rows = [
        BareAnswer(response=response, question_key=key, choice_key=choice)
        for key, choice in request.POST.items()
        if key != "csrfmiddlewaretoken"
    ]
    with transaction.atomic():
        BareAnswer.objects.bulk_create(rows)
    return HttpResponse(status=204)


urlpatterns = [path("bare/", page), path("bare/form/", form), path("bare/save/", save)]
