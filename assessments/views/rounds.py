"""Rounds: all of an organization, a new one, and one's cockpit. Facilitators run them, others look on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from assessments.models import Round
from assessments.models.rounds import RoundStatus
from assessments.round_forms import RoundForm, TeamToAddForm
from assessments.selectors.organizations import dashboard_of, team_progress
from assessments.selectors.rounds import (
    own_participation,
    people_of,
    rounds_in,
    rounds_in_the_same_days,
    teams_to_add,
)
from assessments.services import participants as people_service
from assessments.services import rounds as service
from mlops_maturity import errors
from organizations.access import View, for_members, is_live
from organizations.forms import posted
from organizations.models import Member, Role, Team

PER_PAGE = 50
CHANGED_MEANWHILE = (service.NotADraft, service.NotOpen, service.NotClosed, people_service.TeamNotInRound)


def on_round(*statuses: RoundStatus) -> Callable[[View], View]:
    """Hand a view the facilitator who asks and the round; a page says so where its status is none of these."""

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @for_members(Role.FACILITATOR)
        @wraps(view)
        def wrapped(request: HttpRequest, member: Member, round_id: int, **kwargs: Any) -> HttpResponse:
            round_ = round_of(member, round_id)
            if round_.status in statuses:
                with suppress(*CHANGED_MEANWHILE):
                    return view(request, member, round_, **kwargs)
                round_.refresh_from_db(fields=["status"])
            return _not_now(request, member, round_)

        return wrapped

    return decorate


def round_of(member: Member, round_id: int) -> Round:
    """Return a round of the member's organization. Raises Http404."""
    round_ = get_object_or_404(rounds_in(member.organization), pk=round_id)
    round_.organization = member.organization
    return round_


@require_safe
@for_members()
def rounds(request: HttpRequest, member: Member) -> HttpResponse:
    """Show all rounds with their progress or level, and which of them ask for the member's answers."""
    dashboard = dashboard_of(member.organization)
    context = {"dashboard": dashboard, "mine": own_participation(member.user, dashboard.open_rounds)}
    return render_round(request, member, "rounds.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Role.FACILITATOR)
def new_round(request: HttpRequest, member: Member) -> HttpResponse:
    """Plan a round; with `?from=` teams and people are those of an earlier one, with `?team=` only this team's."""
    previous = _previous(member, request.GET.get("from"))
    form = RoundForm(posted(request), organization=member.organization, previous=previous)
    key = request.GET.get("team", "")
    if key.isdecimal() and len(key) < 19:
        # One that is archived meanwhile is none to choose.
        form.initial["teams"] = member.organization.teams.filter(pk=int(key), archived_at=None)
    if form.is_valid():
        draft = service.plan_round(organization=member.organization, previous=previous, **form.cleaned_data)
        if previous:
            people_service.copy_participants(round_=draft, previous=previous)
        messages.success(request, _("Round %(period)s is planned.") % {"period": draft.period})
        _warn_of_others(request, draft)
        return redirect("round", member.organization.slug, draft.pk)
    return render_round(request, member, "plan.html", {"form": form, "previous": previous})


@on_round(RoundStatus.DRAFT)
def edit_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Change a draft."""
    form = RoundForm(posted(request), organization=member.organization, round_=round_, previous=round_.previous)
    if form.is_valid():
        service.change_round(round_=round_, **form.cleaned_data)
        messages.success(request, _("The round is changed."))
        _warn_of_others(request, round_)
        return redirect("round", member.organization.slug, round_.pk)
    return render_round(request, member, "plan.html", {"form": form, "round": round_})


@require_safe
@for_members()
def round_(request: HttpRequest, member: Member, round_id: int) -> HttpResponse:
    """Show a round's state and progress, live while it is open; facilitators see who is asked, and run it from here."""
    shown = round_of(member, round_id)
    context: dict[str, Any] = {"round": shown, "teams": team_progress(shown)}
    if is_live(request):
        if shown.status != RoundStatus.OPEN:
            return HttpResponseClientRefresh()
        if member.is_facilitator and not shown.anonymous:
            context |= _people(request, shown) | {"is_update": True}
        return render_round(request, member, "round.html#live", context)
    context["mine"] = own_participation(member.user, [shown]).get(shown.pk)
    if member.is_facilitator:
        context |= _people(request, shown) | {"team_form": TeamToAddForm(None, teams=teams_to_add(shown))}
    return render_round(request, member, "round.html", context)


def _people(request: HttpRequest, round_: Round) -> dict[str, Any]:
    """Return the page that is asked for of who is asked, of all teams or one."""
    chosen = team_asked_for(request, round_)
    page = Paginator(people_of(round_, chosen), PER_PAGE).get_page(request.GET.get("page"))
    return {"chosen": chosen, "page": page}


@on_round(RoundStatus.DRAFT, RoundStatus.OPEN)
def add_team(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Take one more team into a round; a GET leads to the round."""
    form = TeamToAddForm(posted(request), teams=teams_to_add(round_))
    if form.is_valid():
        team = form.cleaned_data["team"]
        service.add_team(round_=round_, team=team)
        messages.success(request, _("Team %(name)s takes part now. Add its people.") % {"name": team.name})
        url = reverse("round_participants", args=[member.organization.slug, round_.pk])
        return redirect(f"{url}?team={team.pk}")
    for error in form["team"].errors:
        messages.error(request, str(error))
    return redirect("round", member.organization.slug, round_.pk)


def render_round(
    request: HttpRequest, member: Member, page: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page of rounds; one with a form to mend says so by its status."""
    form = context.get("form")
    context |= {"organization": member.organization, "member": member}
    return render(
        request, f"assessments/rounds/{page}", context, status=422 if form is not None and form.errors else status
    )


def team_asked_for(request: HttpRequest, round_: Round) -> Team | None:
    """Return the round's team that `?team=` names, None without one. Raises Http404 for any other."""
    key = request.GET.get("team", "")
    if not key:
        return None
    team = round_.teams.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 19 else None
    if team is None:
        raise Http404
    return team


def _previous(member: Member, key: str | None) -> Round | None:
    """Return the round that `?from=` names, None without one. Raises Http404 for any other."""
    if key is None:
        return None
    if not key.isdecimal() or len(key) > 18:
        raise Http404
    return round_of(member, int(key))


def _warn_of_others(request: HttpRequest, draft: Round) -> None:
    """Say which rounds there are for the same days: they may be meant, and they may be a slip."""
    if others := rounds_in_the_same_days(draft):
        text = _("There is a round for the same days already: %(rounds)s. Change the period if this is a slip.")
        named = ", ".join(f"{other.period} ({other.get_status_display().lower()})" for other in others)
        messages.warning(request, text % {"rounds": named})


def _not_now(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    return errors.message(
        request,
        status=409,
        heading={
            RoundStatus.DRAFT: _("This round is not open yet."),
            RoundStatus.OPEN: _("This round is open."),
            RoundStatus.CLOSED: _("This round is closed."),
        }[RoundStatus(round_.status)],
        text=_("So this cannot be done with it now. Somebody may have changed it in the meantime; look at it again."),
        link=errors.Link(reverse("round", args=[member.organization.slug, round_.pk]), _("See the round")),
    )
