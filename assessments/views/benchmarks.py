"""Where an organization stands: its teams' tools, percentiles among others here, published benchmarks."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assessments.benchmark_forms import SharingForm, ToolsForm
from assessments.benchmarks import FEWEST_ORGANIZATIONS
from assessments.models import BenchmarkSharing
from assessments.selectors.benchmarks import benchmarks_page, teams_in_use, technology_of
from assessments.services.benchmarks import save_tools, share_scores, stop_sharing
from organizations.access import resolve_member
from organizations.forms import posted
from organizations.models import Member, Role, Team


@never_cache
@require_safe
@login_required
def benchmarks(request: HttpRequest, slug: str) -> HttpResponse:
    """Show where the organization stands among those here that share, and in published benchmarks."""
    member = resolve_member(request, slug)
    context = {
        "organization": member.organization,
        "member": member,
        "page": benchmarks_page(member.organization, timezone.now().date()),
        "fewest": FEWEST_ORGANIZATIONS,
    }
    return render(request, "assessments/benchmarks/page.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def technology(request: HttpRequest, slug: str) -> HttpResponse:
    """Show, or keep, which tools a team uses; that of `?team=`, else the member's own, else the first."""
    member = resolve_member(request, slug)
    teams = teams_in_use(member.organization)
    team = _team(request, member, teams)
    may_tick = _may_tick(member, team)
    if request.method == "POST" and not may_tick:
        raise PermissionDenied
    rows = technology_of([team]) if team else []
    context = {"organization": member.organization, "member": member, "teams": teams, "team": team}
    if team is None or not rows:
        return render(request, "assessments/benchmarks/no_tools.html", context)
    form = ToolsForm(posted(request), rows[0])
    if form.is_valid():
        save_tools(team=team, names=form.names)
        messages.success(request, _("The tools of %(team)s are saved.") % {"team": team.name})
        return redirect(f"{reverse('technology', args=[slug])}?team={team.pk}")
    context |= {"technology": rows[0], "form": form, "may_tick": may_tick}
    return render(request, "assessments/benchmarks/technology.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def sharing(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the organization's scores count in the benchmark, or no longer; for owners."""
    member = resolve_member(request, slug, Role.OWNER)
    organization = member.organization
    if request.method == "POST" and "stop" in request.POST:
        stop_sharing(organization=organization)
        messages.success(request, _("Your scores are no longer shared."))
        return redirect("sharing", organization.slug)
    kept = BenchmarkSharing.objects.filter(organization=organization).first()
    form = SharingForm(posted(request), kept)
    if form.is_valid():
        share_scores(organization=organization, size=form.cleaned_data["size"], user=member.user)
        messages.success(request, _("Your scores are shared. Thank you."))
        return redirect("sharing", organization.slug)
    context = {
        "organization": organization,
        "member": member,
        "form": form,
        "kept": kept,
        "fewest": FEWEST_ORGANIZATIONS,
    }
    return render(request, "assessments/benchmarks/sharing.html", context, status=422 if form.errors else 200)


def _team(request: HttpRequest, member: Member, teams: list[Team]) -> Team | None:
    """Return the team that is asked for. Raises Http404 where the organization does not have it in use."""
    by_key = {str(team.pk): team for team in teams}
    if "team" in request.GET:
        if request.GET["team"] not in by_key:
            raise Http404
        return by_key[request.GET["team"]]
    return by_key.get(str(member.team_id)) or next(iter(teams), None)


def _may_tick(member: Member, team: Team | None) -> bool:
    """Return whether the member may say what the team uses: a facilitator for all, a member for their own."""
    is_own = team is not None and team.pk == member.team_id
    return member.is_facilitator or (is_own and Role(member.role).may_act_as(Role.MEMBER))
