"""The one way into an organization: an outsider learns nothing, a weak role is told so."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRefresh

from organizations.models import SWITCHER_LENGTH, Member, Role, User

View: TypeAlias = Callable[..., HttpResponse]


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
    return _member(request, needed, slug=slug)


def resolve_member_of(request: HttpRequest, organization_id: int, needed: Role = Role.VIEWER) -> Member:
    """As `resolve_member`, by the organization's id."""
    return _member(request, needed, pk=organization_id)


def _member(request: HttpRequest, needed: Role, **which: object) -> Member:
    """One query at most, which the header needs as well; one more for who is in more organizations than that shows."""
    user = account_of(request)
    if user is None:
        raise Http404
    [(name, value)] = which.items()
    mine = user.first_memberships
    member = next((each for each in mine if getattr(each.organization, name) == value), None)
    if member is None and len(mine) == SWITCHER_LENGTH:
        member = user.memberships.select_related("organization").filter(**{f"organization__{name}": value}).first()
    if member is None:
        raise Http404
    if not Role(member.role).may_act_as(needed):
        raise PermissionDenied
    return member


def for_members(needed: Role = Role.VIEWER) -> Callable[[View], View]:
    """Hand a view the member who asks, if the role suffices; moments are those of the organization's time zone."""

    def decorate(view: View) -> View:
        @never_cache
        @wraps(view)
        def wrapped(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
            if account_of(request) is None:
                # A live part of a page must not get the log-in page in its place.
                return HttpResponseClientRefresh() if is_live(request) else redirect_to_login(request.get_full_path())
            member = resolve_member(request, slug, needed)
            with timezone.override(member.organization.time_zone):
                return view(request, member, **kwargs)

        return wrapped

    return decorate


def is_live(request: HttpRequest) -> bool:
    """Return whether only the live part of a page is asked for."""
    return "HX-Request" in request.headers
