"""The end of an organization: owners ask for it, and call it off."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mlops_maturity import errors
from organizations.access import resolve_member
from organizations.forms import DeletionForm, posted
from organizations.models import Member, Role
from organizations.services import deletion as service


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete_organization(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the organization's name and a sign that it is oneself, then have it deleted in two weeks."""
    response: HttpResponse = _delete(request, resolve_member(request, slug, Role.OWNER))
    return response


@reauthentication_required  # type: ignore[untyped-decorator]
def _delete(request: HttpRequest, member: Member) -> HttpResponse:
    form = DeletionForm(posted(request), organization=member.organization)
    if form.is_valid():
        service.request_deletion(organization=member.organization, by=member.user)
        messages.warning(request, _("The organization will be deleted. Its owners are told by email."))
        return redirect("organization_data", member.organization.slug)
    context = {
        "organization": member.organization,
        "member": member,
        "form": form,
        "days": member.organization.TIME_UNTIL_DELETION.days,
    }
    return render(request, "organizations/settings/delete.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def keep_organization(request: HttpRequest, slug: str) -> HttpResponse:
    """Call a deletion off."""
    member = resolve_member(request, slug, Role.OWNER)
    try:
        service.call_off_deletion(organization=member.organization, by=member.user)
    except service.TooLate:
        return errors.message(
            request,
            status=409,
            heading=_("It is too late."),
            text=_("The time in which this could be called off is over: the organization is being deleted."),
            link=errors.Link(reverse("home"), _("Back to the start")),
        )
    messages.success(request, _("The organization stays. Its owners are told by email."))
    return redirect("organization_data", slug)
