"""Reminders in an organization's settings: schedules with their next dates, nudges, and how the last mails went."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from assessments.models import ReminderSchedule
from assessments.reminder_forms import NudgeForm, ScheduleForm
from assessments.schedules import next_dates, next_notice
from assessments.selectors.reminders import (
    DATES_SHOWN,
    last_deliveries,
    last_nudges,
    planned_for,
    teams_without_schedule,
    today_in,
)
from assessments.services import reminders as service
from organizations.access import account_of, resolve_member
from organizations.forms import posted
from organizations.limits import TooManyMails
from organizations.models import Member, Role


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reminders(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the schedules, nudges and last deliveries; change when people are nudged."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    form = NudgeForm(posted(request), organization=member.organization)
    if form.is_valid():
        values = form.cleaned_data
        service.change_nudges(organization=member.organization, days=values["nudge_days"], hour=values["nudge_hour"])
        messages.success(request, _("It is saved when people are reminded to answer."))
        return redirect("reminders", slug)
    planned = planned_for(member.organization)
    context = {
        "planned": planned,
        "deliveries": last_deliveries(member.organization),
        "nudges": last_nudges(member.organization),
        "form": form,
        "is_demo": settings.DEBUG and bool(settings.EMAIL_FILE_PATH),
        "has_more": all(one.schedule.team for one in planned) or teams_without_schedule(member.organization).exists(),
    }
    return _render(request, member, "reminders.html", context, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_schedule(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan when the organization or a team is re-assessed; sent with `preview`, show the dates only."""
    member = resolve_member(request, slug, Role.FACILITATOR)
    organization = member.organization
    form = ScheduleForm(
        posted(request),
        organization=organization,
        teams=teams_without_schedule(organization),
        has_own=organization.reminder_schedules.filter(team=None).exists(),
    )
    if "preview" not in request.POST and form.is_valid():
        try:
            schedule = service.make_schedule(organization=organization, **form.cleaned_data)
        except service.ScheduleThere:
            form.add_error("team", _("There is a schedule for this already."))
        else:
            messages.success(request, _("The reminders are planned.") + " " + _first_mail(schedule))
            return redirect("reminders", slug)
    return _form_page(request, member, form, None)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_schedule(request: HttpRequest, slug: str, schedule_id: int) -> HttpResponse:
    """Change a schedule; sent with `preview`, show the dates only."""
    member, schedule = _resolve(request, slug, schedule_id)
    form = ScheduleForm(posted(request), organization=member.organization, schedule=schedule)
    if "preview" not in request.POST and form.is_valid():
        service.change_schedule(schedule=schedule, **form.cleaned_data)
        messages.success(request, _("The schedule is changed.") + " " + _first_mail(schedule))
        return redirect("reminders", slug)
    return _form_page(request, member, form, schedule)


@never_cache
@require_POST
@login_required
def pause_schedule(request: HttpRequest, slug: str, schedule_id: int) -> HttpResponse:
    """Pause a schedule."""
    _member, schedule = _resolve(request, slug, schedule_id)
    service.pause_schedule(schedule=schedule)
    messages.success(request, _("Paused: nobody is reminded until you take it up again."))
    return redirect("reminders", slug)


@never_cache
@require_POST
@login_required
def resume_schedule(request: HttpRequest, slug: str, schedule_id: int) -> HttpResponse:
    """Take up a paused schedule again."""
    _member, schedule = _resolve(request, slug, schedule_id)
    service.resume_schedule(schedule=schedule)
    messages.success(request, _("People are reminded again, of what comes from now on."))
    return redirect("reminders", slug)


@never_cache
@require_POST
@login_required
def skip_date(request: HttpRequest, slug: str, schedule_id: int) -> HttpResponse:
    """Skip one of the dates to come, or take it up again."""
    _member, schedule = _resolve(request, slug, schedule_id)
    on = _day(request.POST.get("on", ""))
    try:
        if on is None:
            raise service.NotADate
        if "keep" in request.POST:
            service.keep_date(schedule=schedule, on=on)
        else:
            service.skip_date(schedule=schedule, on=on)
    except service.NotADate:
        messages.error(request, _("This is none of the dates to come. Pick one of those shown."))
    else:
        messages.success(request, _("The dates are changed."))
    return redirect("reminders", slug)


@never_cache
@require_POST
@login_required
def test_schedule(request: HttpRequest, slug: str, schedule_id: int) -> HttpResponse:
    """Send the next date's mail to whoever asks."""
    _member, schedule = _resolve(request, slug, schedule_id)
    user = account_of(request)
    assert user  # noqa: S101 - login_required
    try:
        service.send_test(schedule=schedule, user=user)
    except TooManyMails as error:
        messages.error(request, error.reason)
    else:
        text = _("A test is on its way to %(email)s. What becomes of it is among the last deliveries.")
        messages.success(request, text % {"email": user.email})
    return redirect("reminders", slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete_schedule(request: HttpRequest, slug: str, schedule_id: int) -> HttpResponse:
    """Ask whether to delete a schedule, and do so."""
    member, schedule = _resolve(request, slug, schedule_id)
    if request.method != "POST":
        return _render(request, member, "delete_schedule.html", {"schedule": schedule})
    service.delete_schedule(schedule=schedule)
    messages.success(request, _("The schedule is deleted."))
    return redirect("reminders", slug)


def _resolve(request: HttpRequest, slug: str, schedule_id: int) -> tuple[Member, ReminderSchedule]:
    member = resolve_member(request, slug, Role.FACILITATOR)
    schedules = ReminderSchedule.objects.select_related("organization", "team")
    return member, get_object_or_404(schedules, pk=schedule_id, organization=member.organization)


def _form_page(
    request: HttpRequest, member: Member, form: ScheduleForm, schedule: ReminderSchedule | None
) -> HttpResponse:
    is_preview = "preview" in request.POST
    has_errors = bool(form.errors)  # asked first, as it is what cleans the form
    rhythm = form.rhythm
    today = today_in(member.organization)
    dates = next_dates(rhythm, today, DATES_SHOWN, schedule.skipped if schedule else ()) if rhythm else []
    amiss = [form[name] for name in ("every", "weeks", "anchor", "hour") if name in form.errors]
    context = {"form": form, "schedule": schedule, "dates": dates, "amiss": amiss}
    name = "schedule.html#dates" if is_preview and request.headers.get("HX-Request") else "schedule.html"
    return _render(request, member, name, context, status=422 if has_errors and not is_preview else 200)


def _render(
    request: HttpRequest, member: Member, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    context |= {"member": member, "organization": member.organization}
    return render(request, f"assessments/reminders/{name}", context, status=status)


def _first_mail(schedule: ReminderSchedule) -> str:
    """Return a sentence on when the next mail goes out: an hour that has passed today is not made up for."""
    if schedule.paused_at:
        return _("It is paused: nobody is reminded.")
    notice = next_notice(schedule.rhythm, schedule.days_before, after=timezone.now(), skipped=schedule.skipped)
    if notice is None:
        return ""
    at = timezone.localtime(notice.at, ZoneInfo(schedule.organization.time_zone))
    return _("The next mail goes out on %(at)s.") % {"at": formats.date_format(at, "DATETIME_FORMAT")}


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
