"""The survey, by whichever way somebody came to it: one dimension a step, every answer saved as it is given."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.definition import Definition, Dimension
from assessments.forms import QuestionForm
from assessments.models import Answer, Response
from assessments.selectors.proposals import Proposed
from assessments.selectors.questionnaires import definition_of
from assessments.selectors.responses import answered_questions, answers_of
from assessments.selectors.survey import Progress, minutes_of, progress_of
from assessments.services import responses as service
from assessments.views.ways import already_submitted, with_response, with_way
from assessments.ways import InARound, OnOnesOwn, Way
from mlops_maturity.errors import message


@require_http_methods(["GET", "HEAD", "POST"])
@with_way
def start(request: HttpRequest, way: Way) -> HttpResponse:
    """Say what the survey is and begin it, or offer to go on with the one there is."""
    if isinstance(way, OnOnesOwn) and not way.offered:
        return message(
            request,
            status=404,
            heading=_("There is no questionnaire yet."),
            text=_("An administrator can load it with “manage.py questionnaire load”."),
        )
    way.arrive()
    if isinstance(way, InARound) and way.response and way.response.is_submitted:
        return redirect(way.finished_url)
    response = way.begin() if request.method == "POST" else way.response
    assert way.version_id is not None  # noqa: S101 - there is one on offer
    definition = definition_of(way.version_id)
    is_waiting = response is not None and not response.is_submitted
    progress = _progress(definition, answers_of(response)) if response and is_waiting else None
    if request.method == "POST" and progress:
        return redirect(way.url("questions", progress.next_step.dimension.key))
    context = _context(way) | {
        "definition": definition,
        "progress": progress,
        "minutes": minutes_of(definition),
        "proposed": {} if progress and not progress.open_count else way.proposals(definition),
    }
    if isinstance(way, OnOnesOwn):
        offered = [definition_of(version.pk) for version in way.offered]
        context["offered"] = [(row, minutes_of(row)) for row in offered]
        context["waiting"] = [(row, definition_of(row.version_id)) for row in way.waiting if row != way.response]
    return render(request, way.start_template, context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def questions(request: HttpRequest, way: Way, response: Response, dimension_key: str) -> HttpResponse:
    """Ask the questions of one dimension; a POST saves the whole step and goes on, with or without script."""
    definition = definition_of(response.version_id)
    dimension = _dimension_or_404(definition, dimension_key)
    if way.is_settled:
        return already_submitted(request, way) if request.method == "POST" else redirect(way.finished_url)
    last, answers = way.last_answers(), answers_of(response)
    proposed = way.proposals(definition) if _is_open(dimension, answers) else {}
    if request.method != "POST":
        forms = _forms(dimension, answers, None, last, proposed)
        return _step_page(request, way, definition, dimension, answers, forms)
    sent = _forms(dimension, answers, request.POST, last, proposed)
    try:
        answers = service.save_answers(response=response, given=[_given(form, request.POST) for form in sent])
    except service.AlreadySubmitted:
        return already_submitted(request, way)
    for form in sent:
        if form.replaces_unseen:
            messages.warning(request, f"{form.question.text} {_replaced(form)}")
    forms = _forms(dimension, answers, request.POST, last, proposed)
    for form in forms:
        form.ask_for_reason()
    if any(form.errors for form in forms):
        return _step_page(request, way, definition, dimension, answers, forms, status=422)
    return redirect(_page_after_sending(request, way, definition, dimension))


@require_POST
@with_response
def answer(request: HttpRequest, way: Way, response: Response) -> HttpResponse:
    """Save one answer as it is given.

    The reply is a fragment: what is amiss with it, if anything, the progress, and what is now kept of the whole step.
    """
    definition = definition_of(response.version_id)
    question = definition.questions.get(request.POST.get("question", ""))
    if question is None:
        return message(
            request,
            status=400,
            heading=_("This question is not part of the questionnaire."),
            text=_("Reload the page and answer again; what was saved before is still there."),
        )
    form = QuestionForm(question, answers_of(response).get(question.key), request.POST)
    replaced = _replaced(form) if form.replaces_unseen else ""
    try:
        answers = service.save_answers(response=response, given=[form.given()])
    except service.AlreadySubmitted:
        return already_submitted(request, way)
    form.ask_for_reason()
    dimension = definition.dimension_of(question.key)
    context = _step_context(way, definition, dimension, answers)
    return render(
        request,
        "assessments/survey/questions.html#saved",
        context | {"form": form, "forms": _forms(dimension, answers), "replaced": replaced},
        status=422 if form.errors else 200,
    )


@require_safe
@with_response
def review(request: HttpRequest, way: Way, response: Response) -> HttpResponse:
    """List what is open before submission."""
    if way.is_settled:
        return redirect(way.finished_url)
    return _review_page(request, way, response)


@require_http_methods(["GET", "HEAD", "POST"])
@with_response
def submit(request: HttpRequest, way: Way, response: Response) -> HttpResponse:
    """Submit a complete response; a GET, as of a page loaded again, leads to the review."""
    if request.method != "POST":
        return redirect(way.url("review"))
    try:
        service.submit_response(response=response)
    except service.AlreadySubmitted:
        return already_submitted(request, way) if way.is_settled else redirect(way.finished_url)
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
        return _review_page(request, way, response, status=422)
    return redirect(way.finished_url)


@require_safe
@with_response
def done(request: HttpRequest, way: Way, response: Response) -> HttpResponse:
    """Say thanks, and until when the answers can be changed."""
    if not response.is_submitted:
        return redirect(way.url())
    return render(request, "assessments/survey/done.html", _context(way))


def _review_page(request: HttpRequest, way: Way, response: Response, *, status: int = 200) -> HttpResponse:
    definition = definition_of(response.version_id)
    answers = answers_of(response)
    progress = _progress(definition, answers)
    proposed = way.proposals(definition) if progress.open_count else {}
    context = _context(way) | {"answers": answers, "progress": progress, "proposed": proposed}
    return render(request, "assessments/survey/review.html", context, status=status)


def _step_page(
    request: HttpRequest,
    way: Way,
    definition: Definition,
    dimension: Dimension,
    answers: dict[str, Answer],
    forms: list[QuestionForm],
    *,
    status: int = 200,
) -> HttpResponse:
    context = _step_context(way, definition, dimension, answers) | {
        "forms": forms,
        "invalid": [form for form in forms if form.errors],
        "as_last_time": any(form.last and not form.initial.get("choice") for form in forms),
        "proposed": [form for form in forms if form.proposed],
    }
    return render(request, "assessments/survey/questions.html", context, status=status)


def _context(way: Way) -> dict[str, object]:
    """What every page of the survey knows; in a round also of that."""
    context: dict[str, object] = {"way": way, "response": way.response}
    if isinstance(way, InARound):
        context |= {"participant": way.participant, "round": way.participant.round, "organization": way.organization}
    return context


def _step_context(
    way: Way, definition: Definition, dimension: Dimension, answers: dict[str, Answer]
) -> dict[str, object]:
    position = definition.dimensions.index(dimension)
    return _context(way) | {
        "dimension": dimension,
        "progress": _progress(definition, answers),
        "number": position + 1,
        "previous": definition.dimensions[position - 1] if position else None,
        "following": next(iter(definition.dimensions[position + 1 :]), None),
    }


def _progress(definition: Definition, answers: dict[str, Answer]) -> Progress:
    return progress_of(definition, answered_questions(definition, answers))


def _forms(
    dimension: Dimension,
    answers: dict[str, Answer],
    data: QueryDict | None = None,
    last: Mapping[str, Answer] = {},
    proposed: Mapping[str, Proposed] = {},
) -> list[QuestionForm]:
    return [
        QuestionForm(q, answers.get(q.key), data, last.get(q.key), proposed.get(q.key)) for q in dimension.questions
    ]


def _given(form: QuestionForm, sent: QueryDict) -> service.Given:
    """Return what a step sent whole gives for a question; `confirm` takes what is proposed, for one or for all."""
    if "as_last_time" in sent:
        return form.given_or_last()
    if sent.get("confirm") in ("", form.question.key):
        return form.given_or_proposed()
    return form.given()


def _replaced(form: QuestionForm) -> str:
    """Say that what was given elsewhere meanwhile has made room for what this page sent."""
    assert form.kept is not None  # noqa: S101 - else there was nothing to replace
    when = formats.date_format(timezone.localtime(form.kept.updated_at), "H:i T")
    return _("Changed in another tab or on another device at %(time)s; what you gave here has replaced that.") % {
        "time": when
    }


def _dimension_or_404(definition: Definition, key: str) -> Dimension:
    try:
        return definition.dimension(key)
    except KeyError:
        raise Http404 from None


def _is_open(dimension: Dimension, answers: Mapping[str, Answer]) -> bool:
    return any(not (kept := answers.get(question.key)) or not kept.choice_key for question in dimension.questions)


def _page_after_sending(request: HttpRequest, way: Way, definition: Definition, dimension: Dimension) -> str:
    """Return the same page after earlier or proposed answers were taken over, to see them; else the next one."""
    if "as_last_time" not in request.POST and "confirm" not in request.POST:
        return _page_after(way, definition, dimension)
    key = request.POST.get("confirm", "")
    return way.url("questions", dimension.key) + (f"#{key}" if key in definition.questions else "")


def _page_after(way: Way, definition: Definition, dimension: Dimension) -> str:
    position = definition.dimensions.index(dimension) + 1
    if position == len(definition.dimensions):
        return way.url("review")
    return way.url("questions", definition.dimensions[position].key)
