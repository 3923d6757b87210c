"""Who reads and who writes questionnaires (docs/decisions/0031), resolved before a page of one acts.

An organization's own are read by its members and written by its facilitators and owners. Those offered to all are read
by everybody with an account, and written by staff who may change versions. Drafts are for those who write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRefresh

from assessments.models import Questionnaire, QuestionnaireVersion
from assessments.models.questionnaires import VersionStatus
from mlops_maturity import errors
from organizations.access import account_of, resolve_member_of
from organizations.models import Member, Organization, Role, User

View: TypeAlias = Callable[..., HttpResponse]
CHANGES_ALL = "assessments.change_questionnaireversion"


@dataclass(frozen=True, slots=True)
class Author:
    """A logged-in user before a questionnaire; `member` is the membership of its organization, None of one for all."""

    user: User
    member: Member | None
    may_write: bool

    @property
    def organization(self) -> Organization | None:
        return self.member.organization if self.member else None


def may_write_for_all(user: User) -> bool:
    """Return whether a user writes the questionnaires that are offered to all. At most two queries."""
    return user.is_staff and user.has_perm(CHANGES_ALL)


def may_write_for(member: Member) -> bool:
    """Return whether a member writes the organization's own questionnaires."""
    return Role(member.role).may_act_as(Role.FACILITATOR)


def logged_in(view: View) -> View:
    """Hand a view the logged-in user; a visitor is sent to log in."""

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        user = account_of(request)
        if user is None:
            # A part of a page must not get the log-in page in its place.
            is_part = "HX-Request" in request.headers
            return HttpResponseClientRefresh() if is_part else redirect_to_login(request.get_full_path())
        return view(request, user, **kwargs)

    return wrapped


def on_questionnaire(*, to_write: bool = False) -> Callable[[View], View]:
    """Hand a view a questionnaire and its reader, or writer. One or two queries; 404 for outsiders, 403 to others."""

    def decorate(view: View) -> View:
        @logged_in
        @wraps(view)
        def wrapped(request: HttpRequest, user: User, questionnaire_id: int, **kwargs: Any) -> HttpResponse:
            questionnaire = Questionnaire.objects.filter(pk=questionnaire_id).first()
            if questionnaire is None:
                raise Http404
            return view(request, author_of(request, user, questionnaire, to_write=to_write), questionnaire, **kwargs)

        return wrapped

    return decorate


def on_version(*statuses: VersionStatus, to_write: bool = False) -> Callable[[View], View]:
    """Hand a view a version with its questionnaire and its reader, or writer; drafts are for writers only.

    Where its status is none of `statuses`, a page says so: somebody has just published or retired it.
    """

    def decorate(view: View) -> View:
        @on_questionnaire(to_write=to_write)
        @wraps(view)
        def wrapped(
            request: HttpRequest, author: Author, questionnaire: Questionnaire, number: int, **kwargs: Any
        ) -> HttpResponse:
            version = QuestionnaireVersion.objects.filter(questionnaire=questionnaire, number=number).first()
            if version is None or (version.status == VersionStatus.DRAFT and not author.may_write):
                raise Http404
            version.questionnaire = questionnaire
            if statuses and version.status not in statuses:
                return not_now(request, version)
            return view(request, author, version, **kwargs)

        return wrapped

    return decorate


def author_of(request: HttpRequest, user: User, questionnaire: Questionnaire, *, to_write: bool) -> Author:
    """Return a user's part in a questionnaire. Raises Http404 for outsiders, PermissionDenied for too weak a role."""
    if questionnaire.organization_id is None:
        author = Author(user, None, may_write_for_all(user))
    else:
        member = resolve_member_of(request, questionnaire.organization_id)
        author = Author(user, member, may_write_for(member))
    if to_write and not author.may_write:
        raise PermissionDenied
    return author


def not_now(request: HttpRequest, version: QuestionnaireVersion) -> HttpResponse:
    """Say that a version is not in the state that a page is about."""
    heading = {
        VersionStatus.DRAFT: _("This version is a draft."),
        VersionStatus.PUBLISHED: _("This version is published, and does not change any more."),
        VersionStatus.RETIRED: _("This version is retired."),
    }[VersionStatus(version.status)]
    return errors.message(
        request,
        status=409,
        heading=heading,
        text=_("Nothing was changed. What can be done with it now is on the page of the questionnaire."),
        link=errors.Link(version.questionnaire.get_absolute_url(), _("To the questionnaire")),
    )
