"""Planning a roadmap from a result, and a kept one anew: consequences at once, the cheapest plan beside."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessments.models import Result
from assessments.selectors.results import KeptResult
from mlops_maturity import errors
from organizations.access import for_members, is_live
from organizations.models import Member, Role
from roadmaps.forms import PlannerForm, first_values, read_efforts, values_of
from roadmaps.models import ItemStatus, Roadmap
from roadmaps.planner import Choice, Planned, efforts_of, plan_with, read_choice
from roadmaps.selectors.outlooks import CannotPlan, kept_result, outlook_of, sources_of
from roadmaps.selectors.roadmaps import PlanView, exact, month_after, roadmaps_of, text_key
from roadmaps.services import roadmaps as service

LONGEST_KEY = 19


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Role.FACILITATOR)
def new_roadmap(request: HttpRequest, member: Member) -> HttpResponse:
    """Plan from the result of `?result=`, by default the newest of the organization; `?previous=` is continued."""
    organization = member.organization
    sources = sources_of(organization)
    asked = request.GET.get("result", "")
    kept = kept_result(organization, _key(asked)) if asked else next(iter(sources), None)
    if kept is None:
        if asked:
            raise Http404
        return _nothing_to_plan(request, member)
    previous = None
    if request.GET.get("previous"):
        previous = get_object_or_404(roadmaps_of(organization), pk=_key(request.GET["previous"]))
    context = {"sources": sources, "previous": previous}
    return _plan(request, member, kept, context, roadmap=None)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Role.FACILITATOR)
def edit_roadmap(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Plan a kept roadmap anew."""
    roadmap = get_object_or_404(roadmaps_of(member.organization), pk=roadmap_id)
    roadmap.organization = member.organization
    kept = kept_result(member.organization, roadmap.result_id)
    if kept is None:
        raise Http404
    return _plan(request, member, kept, {"roadmap": roadmap}, roadmap=roadmap)


def _plan(
    request: HttpRequest, member: Member, kept: KeptResult, context: dict[str, Any], *, roadmap: Roadmap | None
) -> HttpResponse:
    items = {item.key: item for item in roadmap.items.select_related("owner__user")} if roadmap else {}
    try:
        outlook = outlook_of(kept)
    except CannotPlan:
        return _cannot_plan(request, kept)
    data = request.POST
    values = values_of(roadmap, outlook) if roadmap else first_values(outlook, _title(kept))
    target = roadmap.target_level if roadmap else None
    wrong_efforts: list[str] = []
    if request.method == "POST":
        efforts, wrong_efforts = read_efforts(data, outlook)
        form = PlannerForm(data, outlook=outlook, kept_target=target)
    else:
        efforts = {key: exact(item.effort_weeks) for key, item in items.items()}
        form = PlannerForm(values, outlook=outlook, kept_target=target)
    outlook = outlook_of(kept, efforts) if efforts else outlook
    form.outlook = outlook
    context |= {"organization": member.organization, "member": member, "kept": kept, "form": form, "items": items}
    # With wrong inputs the steps that were chosen are shown by the first ones, so that none of them is lost.
    sound = form if form.is_valid() else PlannerForm(form.mended_with(values), outlook=outlook, kept_target=target)
    if not sound.is_valid():
        return _render(request, context | {"wrong_efforts": wrong_efforts}, status=422)
    choice = _choice(request, outlook, roadmap, items)
    planned = plan_with(outlook, sound, choice, data.get("act", ""))
    is_wrong = bool(wrong_efforts or form.errors)
    if data.get("act") == "keep" and not is_wrong:
        return _keep(request, member, kept, form, planned, roadmap, context.get("previous"))
    view = PlanView(outlook, planned.plan, sound.cleaned_data["starts_on"], items)
    context |= {"planned": planned, "view": view, "wrong_efforts": wrong_efforts}
    return _render(request, context, status=422 if is_wrong else 200)


def _choice(request: HttpRequest, outlook: Any, roadmap: Roadmap | None, items: Any) -> Choice | None:
    """Return what was chosen: as posted, else as kept; None for a new roadmap."""
    if request.method == "POST":
        choice = read_choice(request.POST, outlook)
        done = [key for key, item in items.items() if item.status == ItemStatus.DONE and key not in choice.steps]
        return Choice([*done, *choice.steps], choice.pinned, choice.dropped, choice.based_on, choice.arranged)
    if roadmap is None:
        return None
    steps = [key for key, item in items.items() if item.status != ItemStatus.DROPPED and key in outlook.steps]
    known = [[key for key in map(text_key, keys) if key in outlook.steps] for keys in (roadmap.pinned, roadmap.dropped)]
    pinned = [key for key in known[0] if key in steps]
    dropped = [key for key in known[1] if key not in steps]
    # The kept steps count as chosen, so that nothing else is proposed in their place before it is asked for.
    return Choice(steps, pinned, dropped, frozenset(), arranged=roadmap.arranged)


def _keep(
    request: HttpRequest,
    member: Member,
    kept: KeptResult,
    form: PlannerForm,
    planned: Planned,
    roadmap: Roadmap | None,
    previous: Roadmap | None,
) -> HttpResponse:
    starts_on: dt.date = form.cleaned_data["starts_on"]
    efforts = efforts_of(planned.plan)
    draft = service.Draft(
        title=form.cleaned_data["title"],
        target_level=form.cleaned_data["target"],
        dimension_targets=form.dimension_targets,
        starts_on=starts_on,
        months=form.cleaned_data["months"],
        capacity=form.cleaned_data["capacity"],
        steps=[(key, efforts[key]) for key in planned.choice.steps],
        due={one.step.key: month_after(starts_on, one.end) - dt.timedelta(days=1) for one in planned.plan.steps},
        pinned=planned.choice.pinned,
        dropped=planned.choice.dropped,
        arranged=planned.choice.arranged,
    )
    if roadmap is None:
        result = get_object_or_404(Result, organization=member.organization, pk=kept.pk)
        roadmap = service.keep_roadmap(
            organization=member.organization, result=result, draft=draft, user=member.user, previous=previous
        )
        messages.success(request, _("The roadmap is kept. Give its items owners next."))
    else:
        service.change_roadmap(roadmap=roadmap, draft=draft)
        messages.success(request, _("The roadmap is changed."))
    return redirect("roadmap", member.organization.slug, roadmap.pk)


def _render(request: HttpRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
    page = "roadmaps/planner.html#planner" if is_live(request) else "roadmaps/planner.html"
    return render(request, page, context, status=status)


def _title(kept: KeptResult) -> str:
    whose = kept.team or kept.round.organization.name
    return _("%(whose)s from %(period)s")[:120] % {"whose": whose[:80], "period": kept.round.period}


def _key(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < LONGEST_KEY):
        raise Http404
    return int(text)


def _nothing_to_plan(request: HttpRequest, member: Member) -> HttpResponse:
    context = {"organization": member.organization, "member": member}
    return render(request, "roadmaps/nothing.html", context)


def _cannot_plan(request: HttpRequest, kept: KeptResult) -> HttpResponse:
    if kept.card is None:
        text = _("This result is not shown, as it would give away what fewer than three people answered.")
    elif kept.card.overall is None:
        text = _("Nobody answered, so there is no result to plan from.")
    else:
        text = _("Its answers have changed since. Plan from the newest result instead.")
    return errors.message(request, status=409, heading=_("Nothing can be planned from this result."), text=text)
