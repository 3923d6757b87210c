"""Inviting people, and joining by the link that they get."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mlops_maturity import errors
from organizations.access import account_of, resolve_member
from organizations.forms import InviteForm, posted
from organizations.limits import TooManyMails
from organizations.models import Invitation, Member, Role
from organizations.selectors import find_invitation, is_for
from organizations.services import invitations as service

PER_PAGE = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def invitations(request: HttpRequest, slug: str) -> HttpResponse:
    """Show who is invited and has not joined yet, and invite people."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    form = InviteForm(posted(request), by=member)
    if form.is_valid():
        try:
            invited = service.invite(organization=member.organization, invited_by=member.user, **form.cleaned_data)
        except service.AlreadyThere as error:
            form.add_error("emails", _already_there(error.emails))
        except TooManyMails as error:
            form.add_error("emails", error.reason)
        else:
            count = len(invited)
            text = ngettext("%(count)d person is invited.", "%(count)d people are invited.", count)
            messages.success(request, text % {"count": count})
            return redirect("invitations", slug)
    waiting = member.organization.invitations.select_related("team", "invited_by").order_by("email")
    context = {
        "organization": member.organization,
        "member": member,
        "form": form,
        "page": Paginator(waiting, PER_PAGE).get_page(request.GET.get("page")),
        "may_invite": Role(member.role).may_invite,
    }
    return render(request, "organizations/settings/invitations.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def resend(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    """Send an invitation again."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    found = _invitation(member, invitation_id)
    try:
        service.resend_invitation(invitation=found, by=member.user)
    except TooManyMails as error:
        return _too_many(request, slug, error)
    messages.success(request, _("%(email)s gets a new invitation; the earlier link stops working.") % {"email": found})
    return redirect("invitations", slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def revoke(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    """Ask whether to take an invitation back, and do so."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    found = _invitation(member, invitation_id)
    if request.method != "POST":
        context = {"organization": member.organization, "member": member, "invitation": found}
        return render(request, "organizations/settings/revoke_invitation.html", context)
    service.revoke_invitation(invitation=found)
    messages.success(request, _("The invitation of %(email)s is taken back.") % {"email": found})
    return redirect("invitations", slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Show to what someone is invited, and let them join with an account that has confirmed the invited address."""
    invitation = find_invitation(token)
    if invitation is None:
        return _gone(request)
    user = account_of(request)
    if user is None and request.method == "POST":
        return redirect_to_login(request.get_full_path())
    if user and request.method == "POST":
        try:
            member = service.accept_invitation(token=token, user=user)
        except service.InvitationGone:
            return _gone(request)
        except service.ForAnotherAddress:
            return render(request, "organizations/invitation.html", {"invitation": invitation}, status=403)
        messages.success(request, _("Welcome to %(organization)s.") % {"organization": member.organization})
        return redirect("organization", member.organization.slug)
    context = {
        "invitation": invitation,
        "may_join": user and is_for(invitation, user),
        # As allauth's pages call it: the header's links lead back here.
        "redirect_field_value": request.path,
    }
    return render(request, "organizations/invitation.html", context)


def _invitation(member: Member, invitation_id: int) -> Invitation:
    """Return an invitation of the member's organization. Raises Http404, and PermissionDenied for a role too high."""
    found = get_object_or_404(member.organization.invitations, pk=invitation_id)
    if found.role not in Role(member.role).may_invite:
        raise PermissionDenied
    return found


def _too_many(request: HttpRequest, slug: str, error: TooManyMails) -> HttpResponse:
    return errors.message(
        request,
        status=429,
        heading=_("This invitation is not sent again today."),
        text=error.reason,
        link=errors.Link(reverse("invitations", args=[slug]), _("Back to the invitations")),
    )


def _already_there(emails: Sequence[str]) -> str:
    return _("Already a member or invited: %(emails)s. Take these out, and send an invitation again from the list.") % {
        "emails": ", ".join(emails)
    }


def _gone(request: HttpRequest) -> HttpResponse:
    """The same words for unknown, used, revoked and expired links."""
    return errors.message(
        request,
        status=404,
        heading=_("This invitation does not work."),
        text=_("Each works once, for seven days. Ask whoever invited you to send a new one."),
    )
