"""Reading what a closed round found, for the organization or one team, and recording what a team agreed on."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assessments.consensus_forms import agreed_in, agreement_forms
from assessments.models import Round
from assessments.models.rounds import RoundStatus
from assessments.selectors.heat import heat_map, team_scores_in
from assessments.selectors.opinions import (
    coverage_of,
    most_disputed_first,
    note_in,
    notes_beside,
    notes_of,
    opinions_on,
)
from assessments.selectors.organizations import team_progress
from assessments.selectors.results import Agreed, KeptResult, kept_results, result_page, revisions_of
from assessments.services import rounds as service
from assessments.templatetags.scores import score
from organizations.access import resolve_member
from organizations.forms import posted
from organizations.models import Member, Role

NOTES_ON_A_PAGE = 50


@never_cache
@require_safe
@login_required
def round_result(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Show what a closed round found: `?team=`, an earlier `?revision=`, the questions' `?order=`."""
    member, round_ = _round_of(request, slug, round_id)
    context: dict[str, object] = {"organization": member.organization, "round": round_, "member": member}
    if not round_.revision:
        context |= {"round": Round.objects.with_progress().get(pk=round_.pk), "teams": team_progress(round_)}
        return render(request, "assessments/results/not_closed.html", context)
    results, kept = _kept_of(request, round_)
    opinions = opinions_on(kept, results, notes_beside(kept))
    by_dimension = request.GET.get("order") == "dimension"
    context |= {
        "results": results,
        "heat": heat_map(team_scores_in(results), kept.definition, request.GET),
        "kept": kept,
        "page": result_page(kept.definition, kept.card) if kept.card else None,
        "opinions": opinions if by_dimension else most_disputed_first(opinions),
        "by_dimension": by_dimension,
        "coverage": coverage_of(kept),
        "revisions": revisions_of(kept),
        "may_agree": member.is_facilitator and _takes_consensus(kept),
    }
    return render(request, "assessments/results/round.html", context)


@never_cache
@require_safe
@login_required
def notes(request: HttpRequest, slug: str, round_id: int, question_key: str) -> HttpResponse:
    """Show all notes on a question, a page at a time."""
    member, round_ = _round_of(request, slug, round_id)
    _results, kept = _kept_of(request, round_)
    question = kept.definition.questions.get(question_key)
    if question is None:
        raise Http404
    page = Paginator(notes_of(kept).filter(question_key=question_key), NOTES_ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "organization": member.organization,
        "member": member,
        "round": round_,
        "kept": kept,
        "question": question,
        "page": page,
        "notes": [note_in(kept, answer) for answer in page],
    }
    return render(request, "assessments/results/notes.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def consensus(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Record what the team of `?team=` agreed on after the answers were in; the result gets a new revision."""
    member, round_ = _round_of(request, slug, round_id, Role.FACILITATOR)
    results, kept = _kept_of(request, round_)
    if kept.team_id is None or not _takes_consensus(kept):
        raise Http404
    forms = agreement_forms(kept.definition, kept.consensus, posted(request))
    is_outdated = request.method == "POST" and request.POST.get("revision") != str(round_.revision)
    is_valid = request.method == "POST" and not [form for form in forms.values() if not form.is_valid()]
    if is_valid and not is_outdated:
        messages.success(request, _record(member, kept, agreed_in(forms)))
        return redirect(f"{reverse('round_result', args=[slug, round_id])}?team={kept.team_id}")
    context = {
        "organization": member.organization,
        "member": member,
        "round": round_,
        "kept": kept,
        "rows": [
            (opinion, forms[opinion.question.key])
            for opinion in most_disputed_first(opinions_on(kept, results, notes_beside(kept)))
        ],
        "to_mend": [form for form in forms.values() if form.errors],
        "is_outdated": is_outdated,
    }
    status = 409 if is_outdated else 422 if request.method == "POST" else 200
    return render(request, "assessments/results/consensus.html", context, status=status)


def _round_of(request: HttpRequest, slug: str, round_id: int, needed: Role = Role.VIEWER) -> tuple[Member, Round]:
    """Return the membership and the organization's round. Two queries. Raises Http404 and PermissionDenied."""
    member = resolve_member(request, slug, needed)
    rounds = Round.objects.select_related("version").defer("version__definition", "version__source")
    return member, get_object_or_404(rounds, pk=round_id, organization=member.organization)


def _kept_of(request: HttpRequest, round_: Round) -> tuple[list[KeptResult], KeptResult]:
    """Return the results of `?revision=`, by default the newest, and among them that of `?team=`. One query.

    Raises Http404 where there is none.
    """
    revision = _number(request.GET.get("revision", str(round_.revision)), digits=5)
    team = _number(given, digits=18) if (given := request.GET.get("team", "")) else None
    results = kept_results([round_], revision=revision, questions=Q(team=team))
    kept = next((row for row in results if row.team_id == team), None)
    if kept is None:
        raise Http404
    return results, kept


def _number(text: str, *, digits: int) -> int:
    """Return a number that Python and PostgreSQL both take: no signs, no digits of other scripts, not too many.

    Raises Http404 for other texts.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= digits):
        raise Http404
    return int(text)


def _takes_consensus(kept: KeptResult) -> bool:
    """Whether the result is a team's that answered and is shown, the newest of a round that is closed."""
    return (
        kept.team_id is not None
        and kept.card is not None
        and kept.respondents > 0
        and kept.round.status == RoundStatus.CLOSED
        and kept.revision == kept.round.revision
    )


def _record(member: Member, kept: KeptResult, agreed: Mapping[str, Agreed]) -> str:
    """Record what a team agreed on; return in words what became of its level. Raises service.NotClosed."""
    team = get_object_or_404(member.organization.teams, pk=kept.team_id)
    service.record_consensus(
        round_=kept.round,
        team=team,
        agreed={key: (row.choice, row.rationale) for key, row in agreed.items()},
        user=member.user,
    )
    [now] = [row for row in kept_results([kept.round]) if row.team_id == kept.team_id]
    if now.revision == kept.revision:
        return _("Nothing was changed.")
    return _("The consensus is saved. Before: %(before)s. Now: %(now)s.") % {
        "before": _level_in_words(kept),
        "now": _level_in_words(now),
    }


def _level_in_words(kept: KeptResult) -> str:
    if kept.card is None or kept.card.level is None:
        return _("no level")
    return _("level %(number)d (%(score)s)") % {"number": kept.card.level.number, "score": score(kept.card.overall)}
