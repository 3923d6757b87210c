"""Who a roadmap's target level takes, and which governance; what the organization says of both."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from organizations.access import for_members
from organizations.forms import posted
from organizations.models import Member
from roadmaps.selectors.roadmaps import roadmap_of
from roadmaps.selectors.structure import governance_page, structure_page
from roadmaps.services.structure import record_roles, save_controls
from roadmaps.structure_forms import ControlsForm, RolesForm


@require_http_methods(["GET", "HEAD", "POST"])
@for_members()
def structure(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Show the roles of the current and the target level side by side; facilitators record who is there."""
    roadmap = roadmap_of(member.organization, roadmap_id)
    if request.method == "POST" and not member.is_facilitator:
        raise PermissionDenied
    page = structure_page(roadmap)
    form = RolesForm(posted(request), page=page)
    if form.is_valid():
        record_roles(organization=member.organization, roles=form.roles)
        messages.success(request, _("Who is there is recorded, for every roadmap of the organization."))
        return redirect("roadmap_structure", member.organization.slug, roadmap.pk)
    context = {"organization": member.organization, "member": member, "roadmap": roadmap, "page": page, "form": form}
    return render(request, "roadmaps/structure.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members()
def governance(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Show the controls that the target level and the practices bring; facilitators and owners say how far they are."""
    roadmap = roadmap_of(member.organization, roadmap_id)
    page = governance_page(roadmap)
    form = ControlsForm(posted(request), rows=page.rows, member=member)
    if request.method == "POST" and not form.may_change_any:
        raise PermissionDenied
    if form.is_valid():
        save_controls(roadmap=roadmap, states=form.states)
        messages.success(request, _("The controls are saved."))
        return redirect("roadmap_governance", member.organization.slug, roadmap.pk)
    context = {"organization": member.organization, "member": member, "roadmap": roadmap, "page": page, "form": form}
    return render(request, "roadmaps/governance.html", context, status=422 if form.errors else 200)
