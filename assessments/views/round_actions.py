"""What facilitators do to a round; each asks first and says what follows."""

from __future__ import annotations

from collections.abc import Sequence
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
from assessments.selectors.rounds import too_few_to_show
from assessments.services import rounds as service
from assessments.views.rounds import on_round, render_round, team_asked_for
from organizations.forms import posted
from organizations.models import Member, Team


@dataclass(frozen=True, slots=True)
class Question:
    """What a page asks before something happens: the question, what follows, and the button that says yes, if any."""

    text: str
    consequence: str
    yes: str
    is_dangerous: bool = False
    warning: str = ""


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
    mails = (
        ngettext(
            "%(count)d person gets a mail with a personal link.",
            "%(count)d people get a mail with a personal link each.",
            asked,
        )
        % {"count": asked}
        if asked
        else _("Nobody is asked yet, so no mail goes out; an open round cannot become a draft again.")
    )
    stays = _("Questionnaire, teams' scoring and anonymity stay as they are from then on.")
    return ask(
        request,
        member,
        round_,
        Question(_("Open the round now?"), f"{mails} {stays}", _("Open it"), is_dangerous=not asked),
    )


@on_round(RoundStatus.OPEN)
def close_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Ask whether to close a round now, and do so."""
    if request.method == "POST":
        service.close_round(round_=round_)
        messages.success(request, _("The round is closed. Here is its result."))
        return redirect("round_result", member.organization.slug, round_.pk)
    then = _("The results are computed and kept, and personal links stop working.")
    withheld = too_few_to_show(round_)
    question = Question(
        _("Close the round now?"),
        f"{_who_is_missing(round_)} {then}",
        _("Close it"),
        is_dangerous=round_.submitted != round_.asked or bool(withheld),
        warning=_stay_hidden(withheld),
    )
    return ask(request, member, round_, question)


@on_round(RoundStatus.CLOSED)
def reopen_round(request: HttpRequest, member: Member, round_: Round) -> HttpResponse:
    """Ask until when to open a closed round again, and do so."""
    form = ClosingForm(posted(request), round_=round_)
    form.initial = {}
    if form.is_valid():
        service.reopen_round(round_=round_, **form.cleaned_data)
        messages.success(request, _("The round is open again."))
        return redirect("round", member.organization.slug, round_.pk)
    if round_.anonymous:
        consequence = _(
            "Links work again, so that people who have not answered can. Answers that are part of a result stay as "
            "they are, and late ones count once three have come at once: in an anonymous round each would stand out. "
            "A team that is not shown stays hidden. When the round closes, a new revision of the results is made; "
            "today's is kept."
        )
    else:
        consequence = _(
            "People can answer and change their answers, and their links work again. When it closes, a new revision of "
            "the results is made; today's is kept."
        )
    question = Question(_("Open the round again?"), consequence, _("Open it again"))
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
        messages.success(request, _reminded(round_, count))
        return redirect("round", member.organization.slug, round_.pk)
    title = _("Remind team %(name)s?") % {"name": team.name} if team else _("Remind all teams?")
    text, is_of_use = _who_is_reminded(round_, team)
    return ask(request, member, round_, Question(title, text, _("Send the reminders") if is_of_use else ""))


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


def _who_is_missing(round_: Round) -> str:
    """Say how many people have not submitted answers, where that may be told."""
    if round_.submitted is None:
        return _("What people have begun and not submitted does not count.")
    waiting = round_.asked - round_.submitted
    if not waiting:
        return _("Everybody has answered.") if round_.asked else _("Nobody was asked.")
    text = ngettext(
        "%(count)d person has not submitted answers; what they have begun does not count.",
        "%(count)d people have not submitted answers; what they have begun does not count.",
        waiting,
    )
    return text % {"count": waiting}


def _stay_hidden(withheld: Sequence[Team]) -> str:
    """Warn of teams whose results an anonymous round withholds for good."""
    if not withheld:
        return ""
    text = ngettext(
        "Fewer than three people of this team have answered or are asked: %(teams)s. The round is anonymous, so its "
        "result will not be shown, and stays hidden in this round even when more people answer after you open it "
        "again. Wait for them, or extend the round.",
        "Fewer than three people of each of these teams have answered or are asked: %(teams)s. The round is anonymous, "
        "so their results will not be shown, and stay hidden in this round even when more people answer after you open "
        "it again. Wait for them, or extend the round.",
        len(withheld),
    )
    return text % {"teams": ", ".join(team.name for team in withheld)}


def _reminded(round_: Round, count: int) -> str:
    if round_.anonymous:
        return _("Whoever has not submitted answers gets a reminder.")
    return ngettext("%(count)d person gets a reminder.", "%(count)d people get a reminder.", count) % {"count": count}


def _who_is_reminded(round_: Round, team: Team | None) -> tuple[str, bool]:
    """Say who gets a reminder, in an anonymous round without telling how many; and whether it is of any use."""
    rest = _("Whoever was invited or reminded less than a day ago is left out.")
    if round_.anonymous:
        return f"{_('Whoever was invited and has not submitted answers gets a mail with their link.')} {rest}", True
    waiting = Participant.objects.waiting().filter(round=round_)
    waiting = waiting.filter(team=team) if team else waiting
    reminded = Participant.objects.to_nudge().filter(pk__in=waiting).count()
    if reminded:
        text = ngettext(
            "%(count)d person was invited and has not submitted answers; they get a mail with their link.",
            "%(count)d people were invited and have not submitted answers; they get a mail with their link.",
            reminded,
        )
        return f"{text % {'count': reminded}} {rest}", True
    count = waiting.count()
    if not count:
        return _("Nobody who was invited has still to answer."), False
    text = ngettext(
        "%(count)d person has not submitted answers and was invited or reminded less than a day ago. Come back "
        "tomorrow.",
        "%(count)d people have not submitted answers, and all of them were invited or reminded less than a day ago. "
        "Come back tomorrow.",
        count,
    )
    return text % {"count": count}, False
