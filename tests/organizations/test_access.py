"""The one way into an organization."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.test import RequestFactory

from organizations.access import resolve_member
from organizations.models import Role, User
from tests.factories import Cast


def request_of(user: User | AnonymousUser) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("needed", Role)
def test_each_role_may_do_what_those_below_it_may(cast: Cast, role: Role, needed: Role) -> None:
    request = request_of(getattr(cast, role.value))

    if list(Role).index(role) >= list(Role).index(needed):
        assert resolve_member(request, cast.organization.slug, needed).role == role
    else:
        with pytest.raises(PermissionDenied):
            resolve_member(request, cast.organization.slug, needed)


@pytest.mark.parametrize("needed", Role)
def test_outsiders_staff_and_visitors_find_nothing(cast: Cast, needed: Role) -> None:
    for user in (cast.outsider, cast.staff, AnonymousUser()):
        with pytest.raises(Http404):
            resolve_member(request_of(user), cast.organization.slug, needed)
