"""An organization's members. Each sees who else there is, owners above all: pages tell people to ask one.

Facilitators move members between teams; owners change roles, remove members and hand ownership over.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mlops_maturity import errors
from organizations.access import resolve_member
from organizations.forms import MemberForm, posted
from organizations.models import Member, Role
from organizations.selectors import members_of
from organizations.services import members as service

PER_PAGE = 50
LONGEST_SEARCH = 200


@never_cache
@require_safe
@login_required
def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the members, with `?q=` those whose name, address or team has these words."""
    member = resolve_member(request, slug)
    words = request.GET.get("q", "")[:LONGEST_SEARCH]
    context = {
        "organization": member.organization,
        "member": member,
        "words": words,
        "page": Paginator(members_of(member.organization, words), PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "organizations/settings/members.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_member(request: HttpRequest, slug: str, member_id: int) -> HttpResponse:
    """Change a member's team and, for owners, role."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    other = _other(member, member_id)
    form = MemberForm(posted(request), member=other, may_change_role=member.is_owner)
    if form.is_valid():
        try:
            service.update_member(member=other, **form.cleaned_data)
        except service.LastOwner:
            form.add_error("role", _last_owner())
        except service.Outdated:
            return _outdated(request, member)
        else:
            messages.success(request, _("%(person)s is saved.") % {"person": other.user})
            return redirect("members", slug)
    context = {"organization": member.organization, "member": member, "other": other, "form": form}
    return render(request, "organizations/settings/member.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def remove(request: HttpRequest, slug: str, member_id: int) -> HttpResponse:
    """Ask whether to remove a member, and do so."""
    member = resolve_member(request, slug, Role.OWNER)
    other = _other(member, member_id)
    if request.method != "POST":
        context = {"organization": member.organization, "member": member, "other": other}
        return render(request, "organizations/settings/remove_member.html", context)
    try:
        service.remove_member(member=other)
    except service.LastOwner:
        return _keeps_an_owner(request, member)
    messages.success(request, _("%(person)s is no longer a member.") % {"person": other.user})
    return redirect("home" if other == member else reverse("members", args=[slug]))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def transfer(request: HttpRequest, slug: str, member_id: int) -> HttpResponse:
    """Ask whether to hand one's ownership over to a member, and do so."""
    member = resolve_member(request, slug, Role.OWNER)
    other = _other(member, member_id)
    if other == member:
        raise Http404
    if request.method != "POST":
        context = {"organization": member.organization, "member": member, "other": other}
        return render(request, "organizations/settings/transfer.html", context)
    try:
        service.transfer_ownership(owner=member, to=other)
    except service.Outdated:
        return _outdated(request, member)
    messages.success(request, _("%(person)s is an owner now, and you are a facilitator.") % {"person": other.user})
    return redirect("members", slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask whether to leave the organization, and do so."""
    member = resolve_member(request, slug)
    if request.method != "POST":
        context = {"organization": member.organization, "member": member}
        return render(request, "organizations/settings/leave.html", context)
    try:
        service.remove_member(member=member)
    except service.LastOwner:
        return _keeps_an_owner(request, member)
    messages.success(request, _("You have left %(organization)s.") % {"organization": member.organization})
    return redirect("home")


def _other(member: Member, member_id: int) -> Member:
    other = get_object_or_404(members_of(member.organization), pk=member_id)
    other.organization = member.organization
    return other


def _last_owner() -> str:
    return _("An organization keeps at least one owner. Make someone else an owner first.")


def _keeps_an_owner(request: HttpRequest, member: Member) -> HttpResponse:
    return errors.message(
        request,
        status=409,
        heading=_("This is the only owner."),
        text=_last_owner(),
        link=errors.Link(reverse("members", args=[member.organization.slug]), _("See the members")),
    )


def _outdated(request: HttpRequest, member: Member) -> HttpResponse:
    return errors.message(
        request,
        status=409,
        heading=_("This has changed in the meantime."),
        text=_("Someone else has just changed this membership. Nothing was saved; look at it again."),
        link=errors.Link(reverse("members", args=[member.organization.slug]), _("See the members")),
    )
