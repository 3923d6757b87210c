"""What facilitators do to a round; each asks first and says what follows."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from assessments.models import Participant, Round
from assessments.models.rounds import RoundStatus
from assessments.round_forms import ClosingForm
from assessments.selectors.rounds import waiting_in
from assessments.services import rounds as service
from assessments.views.rounds import on_round, render_round, team_asked_for
from organizations.forms import posted
from organizations.models import Member


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks before something happens: the question, what follows, and the button that says yes."""

    text: str
    consequence: str
    yes: str
    is_dangerous: bool = False


def ask(
    request: HttpRequest, member: Member, round_: Round, question: Question, form: Form | None = None
) -> HttpResponse:
    """Return the page that asks, with the form, if any, that the answer takes."""
    return render_round(request, member, "ask.html", {"round": round_, "question": question, "form": form})


@on_round(RoundStatus.DRAFT)
def open_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Ask whether to open a draft now, and do so; one whose closing moment has passed would close at once."""
    if round_.closes_at and round_.closes_at <= timezone.now():
        messages.error(request, _("The time at which this round closes has passed. Choose another one first."))
        return redirect("edit_round", member.organization.slug, round_.pk)
    if request.method == "POST":
        service.open_round(round_=round_)
        messages.success(request, _("The round is open."))
        return redirect("round", member.organization.slug, round_.pk)
    asked = round_.participants.count()
    mails = ngettext(
        "%(count)d person gets a mail with a personal link.",
        "%(count)d people get a mail with a personal link each.",
        asked,
    ) % {"count": asked}
    stays = _("Questionnaire, teams' scoring and anonymity stay as they are from then on.")
    return ask(request, member, round_, Question(_("Open the round now?"), f"{mails} {stays}", _("Open it")))


@on_round(RoundStatus.OPEN)
def close_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Ask whether to close a round now, and do so."""
    if request.method == "POST":
        service.close_round(round_=round_)
        messages.success(request, _("The round is closed. Here is its result."))
        return redirect("round_result", member.organization.slug, round_.pk)
    waiting = waiting_in(round_)
    missing = (
        ngettext(
            "%(count)d person has not submitted answers; what they have begun does not count.",
            "%(count)d people have not submitted answers; what they have begun does not count.",
            waiting,
        )
        % {"count": waiting}
        if waiting
        else _("Everybody has answered.")
    )
    then = _("The results are computed and kept, and personal links stop working.")
    return ask(
        request,
        member,
        round_,
        Question(_("Close the round now?"), f"{missing} {then}", _("Close it"), is_dangerous=bool(waiting)),
    )


@on_round(RoundStatus.CLOSED)
def reopen_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Ask until when to open a closed round again, and do so."""
    form = ClosingForm(posted(request), round_=round_)
    form.initial = {}
    if form.is_valid():
        service.reopen_round(round_=round_, **form.cleaned_data)
        messages.success(request, _("The round is open again."))
        return redirect("round", member.organization.slug, round_.pk)
    question = Question(
        _("Open the round again?"),
        _(
            "People can answer and change their answers, and their links work again. When it closes, a new revision of "
            "the results is made; today's is kept."
        ),
        _("Open it again"),
    )
    return ask(request, member, round_, question, form)


@on_round(RoundStatus.OPEN)
def extend_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Change until when a round is open."""
    form = ClosingForm(posted(request), round_=round_)
    if form.is_valid():
        service.extend_round(round_=round_, **form.cleaned_data)
        messages.success(request, _("The closing time is changed."))
        return redirect("round", member.organization.slug, round_.pk)
    question = Question(
        _("When does the round close?"), _("People see the new time when they open their link."), _("Save it")
    )
    return ask(request, member, round_, question, form)


@on_round(RoundStatus.OPEN)
def nudge_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Ask whether to remind those who have not submitted, of all teams or with `?team=` of one, and do so."""
    team = team_asked_for(request, round_)
    if request.method == "POST":
        count = service.nudge(round_=round_, team=team)
        text = ngettext("%(count)d person gets a reminder.", "%(count)d people get a reminder.", count)
        messages.success(request, text % {"count": count})
        return redirect("round", member.organization.slug, round_.pk)
    people = Participant.objects.to_nudge().filter(round=round_)
    waiting = (people.filter(team=team) if team else people).count()
    text = ngettext(
        "%(count)d person was invited and has not submitted answers; they get a mail with their link.",
        "%(count)d people were invited and have not submitted answers; they get a mail with their link.",
        waiting,
    ) % {"count": waiting}
    rest = _("Whoever was reminded less than a day ago is left out.")
    title = _("Remind team %(name)s?") % {"name": team.name} if team else _("Remind all teams?")
    return ask(request, member, round_, Question(title, f"{text} {rest}", _("Send the reminders")))


@on_round(RoundStatus.DRAFT)
def discard_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Ask whether to discard a draft, and do so."""
    if request.method == "POST":
        service.discard_round(round_=round_)
        messages.success(request, _("The draft is discarded."))
        return redirect("rounds", member.organization.slug)
    question = Question(
        _("Discard this draft?"),
        _("Its teams and people are no longer planned. Nobody has been asked yet. This cannot be undone."),
        _("Discard it"),
        is_dangerous=True,
    )
    return ask(request, member, round_, question)
