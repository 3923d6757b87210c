"""The survey without an account, at `/try/`: one dimension a step, every answer saved as it is given."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.definition import Definition, Dimension
from assessments.forms import QuestionForm
from assessments.models import Answer, Response
from assessments.selectors.questionnaires import definition_of, version_on_offer
from assessments.selectors.responses import answers_of, choices_of
from assessments.selectors.survey import Progress, progress_of
from assessments.services import responses as service
from assessments.visits import begin, current_response, remember
from mlops_maturity.errors import Link, message

P = ParamSpec("P")


def with_response(
    view: Callable[Concatenate[HttpRequest, Response, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hand the view the visitor's self-assessment; without one the visitor is told how to start.

    What is sent from a page of another self-assessment than the current one is refused.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = current_response(request)
        if response is None:
            return _nothing_started(request)
        if request.POST.get("response", str(response.public_id)) != str(response.public_id):
            return _another_assessment(request)
        return view(request, response, *args, **kwargs)

    return wrapped


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Say what the survey is and begin it, or offer to go on with the one there is."""
    version = version_on_offer()
    if version is None:
        return message(
            request,
            status=404,
            heading=_("There is no questionnaire yet."),
            text=_("An administrator can load it with “manage.py questionnaire load”."),
        )
    remember(request)
    response = begin(request, version) if request.method == "POST" else current_response(request)
    definition = definition_of(response.version_id if response else version.pk)
    progress = progress_of(definition, choices_of(response)) if response else None
    if request.method == "POST" and progress:
        return redirect("try_questions", progress.next_step.dimension.key)
    return render(
        request,
        "assessments/survey/start.html",
        {"definition": definition, "response": response, "progress": progress},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def questions(request: HttpRequest, response: Response, dimension_key: str) -> HttpResponse:
    """Ask the questions of one dimension; a POST saves the whole step and goes on, with or without script."""
    definition = definition_of(response.version_id)
    dimension = _dimension_or_404(definition, dimension_key)
    if response.is_submitted:
        return _already_submitted(request, response) if request.method == "POST" else redirect(response)
    answers = answers_of(response)
    data = request.POST if request.method == "POST" else None
    forms = [QuestionForm(q, answers.get(q.key), data) for q in dimension.questions]
    if request.method == "POST":
        try:
            service.save_answers(response=response, given=[form.given() for form in forms])
        except service.AlreadySubmitted:
            return _already_submitted(request, response)
        if all(form.is_valid() for form in forms):
            return redirect(_page_after(definition, dimension))
        answers = answers_of(response)
        forms = [QuestionForm(q, answers.get(q.key), data) for q in dimension.questions]
    context = _step_context(response, definition, dimension, progress_of(definition, _chosen(answers)))
    return render(
        request,
        "assessments/survey/questions.html",
        context | {"forms": forms, "invalid": [form for form in forms if form.errors]},
        status=422 if request.method == "POST" else 200,
    )


@require_POST
@with_response
def answer(request: HttpRequest, response: Response) -> HttpResponse:
    """Save one answer as it is given; the reply is a fragment: what is amiss with it, if anything, and the progress."""
    definition = definition_of(response.version_id)
    question = definition.questions.get(request.POST.get("question", ""))
    if question is None:
        return message(
            request,
            status=400,
            heading=_("This question is not part of the questionnaire."),
            text=_("Reload the page and answer again; what was saved before is still there."),
        )
    form = QuestionForm(question, data=request.POST)
    try:
        service.save_answers(response=response, given=[form.given()])
    except service.AlreadySubmitted:
        return _already_submitted(request, response)
    dimension = definition.dimension_of(question.key)
    progress = progress_of(definition, choices_of(response))
    return render(
        request,
        "assessments/survey/questions.html#saved",
        _step_context(response, definition, dimension, progress) | {"form": form},
        status=422 if form.errors else 200,
    )


@never_cache
@require_safe
@with_response
def review(request: HttpRequest, response: Response) -> HttpResponse:
    """List what is open before submission."""
    if response.is_submitted:
        return redirect(response)
    return _review_page(request, response)


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def submit(request: HttpRequest, response: Response) -> HttpResponse:
    """Submit a complete response; a GET, as of a page loaded again, leads to the review."""
    if request.method != "POST":
        return redirect("try_review")
    try:
        service.submit_response(response=response)
    except service.AlreadySubmitted:
        return _already_submitted(request, response)
    except service.StillOpen as error:
        count = len(error.questions)
        messages.error(
            request,
            ngettext(
                "%d question has no answer yet. Answer it, then submit.",
                "%d questions have no answer yet. Answer them, then submit.",
                count,
            )
            % count,
        )
        return _review_page(request, response, status=422)
    return redirect(response)


def _review_page(request: HttpRequest, response: Response, *, status: int = 200) -> HttpResponse:
    definition = definition_of(response.version_id)
    answers = answers_of(response)
    context = {"response": response, "answers": answers, "progress": progress_of(definition, _chosen(answers))}
    return render(request, "assessments/survey/review.html", context, status=status)


def _step_context(
    response: Response, definition: Definition, dimension: Dimension, progress: Progress
) -> dict[str, object]:
    position = definition.dimensions.index(dimension)
    return {
        "response": response,
        "dimension": dimension,
        "progress": progress,
        "number": position + 1,
        "previous": definition.dimensions[position - 1] if position else None,
        "following": next(iter(definition.dimensions[position + 1 :]), None),
    }


def _chosen(answers: dict[str, Answer]) -> set[str]:
    return {key for key, answer in answers.items() if answer.choice_key}


def _dimension_or_404(definition: Definition, key: str) -> Dimension:
    try:
        return definition.dimension(key)
    except KeyError:
        raise Http404 from None


def _page_after(definition: Definition, dimension: Dimension) -> str:
    position = definition.dimensions.index(dimension) + 1
    if position == len(definition.dimensions):
        return reverse("try_review")
    return reverse("try_questions", args=[definition.dimensions[position].key])


def _nothing_started(request: HttpRequest) -> HttpResponse:
    if request.method == "GET" and not request.headers.get("HX-Request"):
        messages.info(request, _("There is no assessment in progress in this browser. Start one here."))
        return redirect("try")
    return message(
        request,
        status=404,
        heading=_("There is no assessment in progress in this browser."),
        text=_("It may have been discarded in another tab. Start a new one, or log in to find those you kept."),
        link=Link(reverse("try"), _("Start an assessment")),
    )


def _another_assessment(request: HttpRequest) -> HttpResponse:
    return message(
        request,
        status=409,
        heading=_("This page belongs to another assessment than the one now in progress in this browser."),
        text=_("Nothing was changed. Go on with the current one."),
        link=Link(reverse("try"), _("Go on")),
    )


def _already_submitted(request: HttpRequest, response: Response) -> HttpResponse:
    return message(
        request,
        status=409,
        heading=_("This assessment has been submitted already."),
        text=_("Nothing was changed. Open its result; from there you can take it up again to change an answer."),
        link=Link(response.get_absolute_url(), _("See the result")),
    )
