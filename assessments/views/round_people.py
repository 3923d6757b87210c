"""Who is asked in a round: members picked, addresses typed, pasted or uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Round
from assessments.models.responses import ResponseStatus
from assessments.models.rounds import RoundStatus
from assessments.round_forms import MOST_LISTED, PeopleForm, RemovalForm
from assessments.selectors.organizations import team_progress
from assessments.selectors.rounds import MOST_MEMBERS, members_to_ask, people_of
from assessments.services import participants as service
from assessments.views.round_actions import Question, ask
from assessments.views.rounds import on_round, render_round, team_asked_for
from mlops_maturity import errors
from organizations.forms import posted
from organizations.limits import TooManyMails
from organizations.models import Member

MOST_NAMED = 20


@on_round(RoundStatus.DRAFT, RoundStatus.OPEN)
def participants(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Add people to one of the teams; what is no address comes back to be mended, the others are added."""
    teams = team_progress(round_)
    team = team_asked_for(request, round_) or next(iter(teams), None)
    if team is None:
        return redirect("edit_round", member.organization.slug, round_.pk)
    members = members_to_ask(round_, team)
    ticked = list(members.filter(team=team))
    form = PeopleForm(posted(request), request.FILES or None, members=members, initial={"members": ticked})
    context: dict[str, Any] = {"round": round_, "teams": teams, "team": team, "form": form, "most": MOST_MEMBERS}
    if not form.is_valid():
        return render_round(request, member, "participants.html", context)
    try:
        added = service.add_participants(round_=round_, team=team, emails=form.emails, by=member.user)
    except TooManyMails as error:
        form.add_error(None, error.reason)
        return render_round(request, member, "participants.html", context)
    _tell(request, round_, added.added, added.already, form.repeated)
    if form.left_over:
        again = PeopleForm(None, None, members=members_to_ask(round_, team), initial={"addresses": form.left_over})
        context |= {"broken": form.broken, "form": again, "teams": team_progress(round_)}
        return render_round(request, member, "participants.html", context, status=422)
    url = reverse("round_participants", args=[member.organization.slug, round_.pk])
    return redirect(f"{url}?team={team.pk}")


@on_round(RoundStatus.DRAFT, RoundStatus.OPEN)
def remove_participant(request: HttpRequest, member: Member, round_: Round, participant_id: int) -> HttpResponse:
    """Ask whether to take somebody out of a round, and do so; in an open anonymous one that would tell on them."""
    participant = get_object_or_404(people_of(round_), pk=participant_id)
    if round_.anonymous and round_.status == RoundStatus.OPEN:
        return _stays(request, member, round_, _("In an anonymous round this would tell whether they have answered."))
    if request.method == "POST":
        try:
            service.remove_participant(participant=participant)
        except service.AlreadyResponded:
            return _stays(request, member, round_, _("Their answers count in the result."))
        messages.success(request, _("%(email)s is no longer asked.") % {"email": participant.email})
        return redirect("round", member.organization.slug, round_.pk)
    return ask(
        request,
        member,
        round_,
        Question(
            _("Remove %(email)s from this round?") % {"email": participant.email},
            _("Their personal link stops working. What they have answered so far is deleted."),
            _("Remove them"),
            is_dangerous=True,
        ),
    )


@on_round(RoundStatus.DRAFT, RoundStatus.OPEN)
def remove_participants(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Take several people out of a round at once, those ticked or all, of one team with `?team=`; a GET offers them."""
    if round_.anonymous and round_.status == RoundStatus.OPEN:
        return _stays(request, member, round_, _("In an anonymous round this would tell whether they have answered."))
    team = team_asked_for(request, round_)
    people = people_of(round_, team).exclude(response__status=ResponseStatus.SUBMITTED)
    form = RemovalForm(posted(request), people=people)
    if form.is_valid():
        removed = service.remove_participants(round_=round_, people=form.chosen)
        text = ngettext("%(count)d person is no longer asked.", "%(count)d people are no longer asked.", removed)
        messages.success(request, text % {"count": removed})
        return redirect("round", member.organization.slug, round_.pk)
    context: dict[str, Any] = {
        "round": round_,
        "team": team,
        "form": form,
        "ticked": request.POST.getlist("people"),
        "people": people[:MOST_LISTED],
        "total": people.count(),
    }
    return render_round(request, member, "remove.html", context)


def _tell(request: HttpRequest, round_: Round, added: int, already: Sequence[str], repeated: Sequence[str]) -> None:
    """Say how many were added, and who was in already or came twice."""
    if added:
        text = ngettext("%(count)d person is added.", "%(count)d people are added.", added)
        if round_.status == RoundStatus.OPEN:
            text = ngettext(
                "%(count)d person is added and gets a mail.", "%(count)d people are added and get a mail.", added
            )
        messages.success(request, text % {"count": added})
    if already:
        messages.warning(request, _("Asked in this round already: %(emails)s.") % {"emails": _named(already)})
    if repeated:
        messages.warning(request, _("Given more than once: %(emails)s.") % {"emails": _named(repeated)})


def _named(emails: Sequence[str]) -> str:
    """Return the first addresses, and how many more there are."""
    named = ", ".join(emails[:MOST_NAMED])
    more = len(emails) - MOST_NAMED
    if more <= 0:
        return named
    return ngettext("%(named)s and %(more)d more", "%(named)s and %(more)d more", more) % {
        "named": named,
        "more": more,
    }


def _stays(request: HttpRequest, member: Member, round_: Round, why: str) -> HttpResponse:
    return errors.message(
        request,
        status=409,
        heading=_("This person stays in the round."),
        text=why,
        link=errors.Link(reverse("round", args=[member.organization.slug, round_.pk]), _("See the round")),
    )
