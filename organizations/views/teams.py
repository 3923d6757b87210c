"""An organization's teams. Every member sees them, with who is in them; facilitators change them."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from organizations.access import resolve_member
from organizations.forms import TeamForm, posted
from organizations.models import Role
from organizations.selectors import members_of, teams_of
from organizations.services import teams as service


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def teams(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the teams, and add one."""
    member = resolve_member(request, slug, Role.FACILITATOR if request.method == "POST" else Role.VIEWER)
    form = TeamForm(posted(request))
    if form.is_valid():
        try:
            team = service.create_team(organization=member.organization, **form.cleaned_data)
        except service.NameTaken:
            form.add_error("name", _name_taken())
        else:
            messages.success(request, _("Team %(name)s is added.") % {"name": team.name})
            return redirect("teams", slug)
    context = {
        "organization": member.organization,
        "member": member,
        "teams": teams_of(member.organization),
        "form": form,
    }
    return render(request, "organizations/settings/teams.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def team(request: HttpRequest, slug: str, team_id: int) -> HttpResponse:
    """Rename a team, and show who is in it."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    shown = get_object_or_404(member.organization.teams, pk=team_id)
    form = TeamForm(posted(request), initial={"name": shown.name})
    if form.is_valid():
        try:
            service.rename_team(team=shown, **form.cleaned_data)
        except service.NameTaken:
            form.add_error("name", _name_taken())
        else:
            messages.success(request, _("The team is called %(name)s now.") % {"name": shown.name})
            return redirect("team", slug, team_id)
    context = {
        "organization": member.organization,
        "member": member,
        "team": shown,
        "people": members_of(member.organization).filter(team=shown),
        "form": form,
    }
    return render(request, "organizations/settings/team.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def archive(request: HttpRequest, slug: str, team_id: int) -> HttpResponse:
    """Ask whether to take a team out of use, and do so."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    shown = get_object_or_404(member.organization.teams, pk=team_id)
    if request.method != "POST":
        context = {"organization": member.organization, "member": member, "team": shown}
        return render(request, "organizations/settings/archive_team.html", context)
    service.archive_team(team=shown)
    messages.success(request, _("Team %(name)s is archived.") % {"name": shown.name})
    return redirect("teams", slug)


@require_POST
@login_required
def restore(request: HttpRequest, slug: str, team_id: int) -> HttpResponse:
    """Take an archived team into use again."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    shown = get_object_or_404(member.organization.teams, pk=team_id)
    service.restore_team(team=shown)
    messages.success(request, _("Team %(name)s is in use again.") % {"name": shown.name})
    return redirect("teams", slug)


def _name_taken() -> str:
    return _("There is a team of this name already; look among the archived ones too. Choose another name.")
