"""The survey, by whichever way somebody came to it: one dimension a step, every answer saved as it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assessments.asked import Asked, asked_of, known_html, page_html
from assessments.definition import Definition, Dimension, Question
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
    if request.method != "POST":
        return _step_page(request, way, response, dimension, answers_of(response))
    try:
        asked, answers = _save_step(request, way, response, dimension)
    except service.AlreadySubmitted:
        return already_submitted(request, way)
    for each in asked:
        if each.replaces_unseen:
            messages.warning(request, f"{each.question.text} {_replaced(each)}")
    if any(each.is_amiss for each in asked):
        return _step_page(request, way, response, dimension, answers, request.POST)
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
    dimension = definition.dimension_of(question.key)
    try:
        [asked], answers = _save(response, [question], request.POST)
    except service.AlreadySubmitted:
        return already_submitted(request, way)
    context = _step_context(way, definition, dimension, answers) | {
        "known": known_html(asked_of(response.version_id, dimension.questions, answers)),
        "form": asked.form if asked.is_amiss else None,
        "replaced": _replaced(asked) if asked.replaces_unseen else "",
    }
    return render(request, "assessments/survey/questions.html#saved", context, status=422 if asked.is_amiss else 200)


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


def _save_step(
    request: HttpRequest, way: Way, response: Response, dimension: Dimension
) -> tuple[list[Asked], dict[str, Answer]]:
    """Save a step sent whole; where it asks for that, with what was answered last time or is proposed."""
    last = way.last_answers() if "as_last_time" in request.POST else {}
    proposed = way.proposals(definition_of(response.version_id)) if "confirm" in request.POST else {}
    return _save(response, dimension.questions, request.POST, last, proposed)


def _save(
    response: Response,
    questions: Sequence[Question],
    data: QueryDict,
    last: Mapping[str, Answer] = {},
    proposed: Mapping[str, Proposed] = {},
) -> tuple[list[Asked], dict[str, Answer]]:
    """Return the questions as they were sent, and all answers that are kept now."""
    asked: list[Asked] = []

    def give(kept: dict[str, Answer]) -> list[service.Given]:
        asked.extend(asked_of(response.version_id, questions, kept, data, last, proposed))
        return [_given(each, data) for each in asked]

    return asked, service.change_answers(response=response, give=give)


def _step_page(
    request: HttpRequest,
    way: Way,
    response: Response,
    dimension: Dimension,
    answers: dict[str, Answer],
    data: QueryDict | None = None,
) -> HttpResponse:
    """Show a step; with what was sent where something is amiss with that."""
    definition = definition_of(response.version_id)
    last = way.last_answers()
    proposed = way.proposals(definition) if _is_open(dimension, answers) else {}
    asking = asked_of(response.version_id, dimension.questions, answers, data, last, proposed)
    context = _step_context(way, definition, dimension, answers) | {
        "asking": page_html(asking),
        "known": known_html(asking),
        "invalid": [asked for asked in asking if data is not None and asked.is_amiss],
        "as_last_time": any(asked.last and asked.is_open for asked in asking),
        "proposed": any(asked.proposed for asked in asking),
    }
    return render(request, "assessments/survey/questions.html", context, status=200 if data is None else 422)


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


def _given(asked: Asked, sent: QueryDict) -> service.Given:
    """Return what a step sent whole gives for a question; `confirm` takes what is proposed, for one or for all."""
    if "as_last_time" in sent:
        return asked.given_or_last
    if sent.get("confirm") in ("", asked.question.key):
        return asked.given_or_proposed
    return asked.given


def _replaced(asked: Asked) -> str:
    """Say that what was given elsewhere meanwhile has made room for what this page sent."""
    return _("Changed in another tab or on another device at %(time)s; what you gave here has replaced that.") % {
        "time": asked.kept_at
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
