"""The one way into an organization: an outsider learns nothing, a weak role is told so."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from organizations.models import Member, Role, User


def account_of(request: HttpRequest) -> User | None:
    """Return the logged-in user, None for a visitor."""
    return request.user if isinstance(request.user, User) else None


def is_sure(request: HttpRequest) -> bool:
    """Return whether it has just been confirmed who is there, as sensitive steps ask. At most two queries."""
    try:
        return not is_reauthentication_required(request, app="allauth.account")
    except ReauthenticationRequired:
        return False


def resolve_member(request: HttpRequest, slug: str, needed: Role = Role.VIEWER) -> Member:
    """Return the logged-in user's membership (with its organization) of the organization at `slug`. One query.

    Raises Http404 where the user is no member, whether or not there is such an organization, and PermissionDenied
    where the role does not suffice.
    """
    return _member(request, needed, organization__slug=slug)


def resolve_member_of(request: HttpRequest, organization_id: int, needed: Role = Role.VIEWER) -> Member:
    """As `resolve_member`, by the organization's id."""
    return _member(request, needed, organization=organization_id)


def _member(request: HttpRequest, needed: Role, **which: object) -> Member:
    if not isinstance(request.user, User):
        raise Http404
    member = Member.objects.select_related("organization").filter(user=request.user, **which).first()
    if member is None:
        raise Http404
    if not Role(member.role).may_act_as(needed):
        raise PermissionDenied
    return member
