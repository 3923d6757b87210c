"""Founding an organization, and its general settings."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mlops_maturity import errors
from organizations.access import account_of, resolve_member
from organizations.forms import OrganizationForm, OrganizationSettingsForm, posted, slug_taken
from organizations.limits import may_try_address
from organizations.models import Role
from organizations.services import organizations as service


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_organization(request: HttpRequest) -> HttpResponse:
    """Found an organization; whoever does so owns it."""
    founder = account_of(request)
    assert founder  # noqa: S101 - login_required
    if not service.may_found(founder):
        return _confirm_first(request)
    form = OrganizationForm(posted(request))
    if form.is_valid():
        organization = service.create_organization(founder=founder, **form.cleaned_data)
        messages.success(request, _("The organization is there. Add its teams, then invite people."))
        return redirect("teams", organization.slug)
    return render(request, "organizations/new.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def general(request: HttpRequest, slug: str) -> HttpResponse:
    """Change an organization's name, address, time zone and language; for owners."""
    member = resolve_member(request, slug, Role.OWNER)
    organization = member.organization
    form = OrganizationSettingsForm(posted(request), organization)
    if form.is_valid() and form.cleaned_data["slug"] != slug and not may_try_address(member.user):
        form.add_error("slug", _("You have tried many addresses today. Try this one tomorrow."))
    elif form.is_valid():
        try:
            service.update_organization(organization=organization, **form.cleaned_data)
        except service.SlugTaken:
            form.add_error("slug", slug_taken())
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("organization_settings", organization.slug)
    context = {"organization": organization, "member": member, "form": form}
    return render(request, "organizations/settings/general.html", context, status=422 if form.errors else 200)


def _confirm_first(request: HttpRequest) -> HttpResponse:
    return errors.message(
        request,
        status=403,
        heading=_("Confirm your email address first."),
        text=_("An organization sends mail to those it invites. So whoever founds one must be reachable."),
        link=errors.Link(reverse("account_email"), _("Confirm your address")),
    )
