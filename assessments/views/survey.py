"""The survey without an account, at `/try/`: one dimension a step, every answer saved as it is given."""

from __future__ import annotations

import uuid
from functools import wraps
from typing import Concatenate, ParamSpec

from collections.abc import Callable
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.definition import Definition, Dimension
from assessments.forms import QuestionForm
from assessments.models import Response
from assessments.selectors.questionnaires import definition_of, version_on_offer
from assessments.selectors.responses import answers_of, choices_of
from assessments.selectors.results import result_page
from assessments.selectors.survey import Progress, progress_of
from assessments.services import responses as service
from mlops_maturity.errors import Link, message
from organizations.models import User

SESSION_KEY = "try"
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Response, P], HttpResponse]


def current_response(request: HttpRequest) -> Response | None:
    """Return the self-assessment this visitor is at, None without one. At most one query."""
    user = account_of(request)
    try:
        public_id = uuid.UUID(request.session.get(SESSION_KEY, ""))
    except ValueError:
        return Response.objects.tried_by(user).first() if user else None
    return Response.objects.filter(public_id=public_id, participant=None, user__in=[user] if user else []).first() or (
        Response.objects.filter(public_id=public_id, participant=None, user=None).first()
    )


def account_of(request: HttpRequest) -> User | None:
    """Return the logged-in user, None for a visitor."""
    return request.user if isinstance(request.user, User) else None
