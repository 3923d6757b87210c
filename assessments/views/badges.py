"""Badges: everybody sees one by its link, owners make and revoke them."""

from __future__ import annotations

from hashlib import sha256

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from assessments import charts
from assessments.badge_forms import BadgeForm
from assessments.models import Badge, Result
from assessments.selectors.badges import badge_at, badges_of, result_on, teams_without_badge
from assessments.selectors.questionnaires import OFFERED, definition_of
from assessments.services import badges as service
from organizations.access import resolve_member
from organizations.forms import posted
from organizations.models import Role

SECONDS_KEPT = 300


@require_safe
def image(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the level of a badge to whoever has its link, on any site; it asks for no cookie and sets none."""
    badge = badge_at(token)
    if badge is None:
        raise Http404
    svg = _drawn(result_on(badge)).encode()
    response = HttpResponse(svg, content_type="image/svg+xml; charset=utf-8")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["ETag"] = etag = quote_etag(sha256(svg).hexdigest())
    patch_cache_control(response, public=True, max_age=SECONDS_KEPT)
    return get_conditional_response(request, etag=etag, response=response) or response


def _drawn(result: Result | None) -> str:
    """Draw the level of a result; what is not the usual questionnaire is named, as its levels mean something else."""
    if result is None:
        return charts.badge(_("MLOps maturity"), _("no result yet"), None)
    definition = definition_of(result.round.version_id)
    level = next(level for level in definition.levels if level.number == result.level)
    label = _("MLOps maturity") if definition.slug == OFFERED else definition.title
    return charts.badge(label, _("level %(number)d") % {"number": level.number}, charts.shade_of(level, definition))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def badges(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an organization's badges with what is copied to other sites, and make one; for owners."""
    member = resolve_member(request, slug, Role.OWNER)
    shown = list(badges_of(member.organization))
    form = BadgeForm(
        posted(request),
        teams=teams_without_badge(member.organization),
        organization=None if any(badge.team is None for badge in shown) else member.organization,
    )
    if form.is_valid():
        try:
            service.make_badge(organization=member.organization, team=form.cleaned_data["of"])
        except service.BadgeThere:
            form.add_error("of", _("There is a badge for this already."))
        else:
            messages.success(request, _("The badge is there. Copy it to where it should stand."))
            return redirect("badges", slug)
    links = [(badge, settings.BASE_URL + badge.get_absolute_url()) for badge in shown]
    context = {"organization": member.organization, "member": member, "badges": links, "form": form}
    return render(request, "assessments/badges/badges.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def revoke(request: HttpRequest, slug: str, badge_id: int) -> HttpResponse:
    """Ask whether to revoke a badge, and do so; for owners."""
    member = resolve_member(request, slug, Role.OWNER)
    badge = get_object_or_404(
        Badge.objects.select_related("team", "organization"), pk=badge_id, organization=member.organization
    )
    if request.method != "POST":
        context = {"organization": member.organization, "member": member, "badge": badge}
        return render(request, "assessments/badges/revoke.html", context)
    service.revoke_badge(badge=badge)
    messages.success(request, _("The badge is revoked. Its link leads nowhere now."))
    return redirect("badges", slug)
