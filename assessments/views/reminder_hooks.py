"""Webhooks in an organization's settings: addresses that are told of each date beside the mails. For owners."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from assessments.models import ReminderHook, ReminderSchedule
from assessments.reminder_forms import HookForm
from assessments.selectors.reminders import hooks_of
from assessments.services import reminders as service
from assessments.services.hooks import secret_of
from organizations.access import account_of, resolve_member
from organizations.forms import posted
from organizations.limits import TooManyMails
from organizations.models import Member, Role


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def hooks(request: HttpRequest, slug: str) -> HttpResponse:
    """Show which addresses are told, and add one."""
    member = resolve_member(request, slug, Role.OWNER)
    form = HookForm(posted(request))
    if form.is_valid():
        try:
            service.make_hook(organization=member.organization, **form.cleaned_data)
        except service.HookThere:
            form.add_error("url", _("This address is told already."))
        except service.TooManyHooks as error:
            form.add_error(None, _("At most %(most)d addresses. Remove one first.") % {"most": error.MOST})
        else:
            messages.success(request, _("It is added. Send a test to see whether it arrives."))
            return redirect("reminder_hooks", slug)
    context = {
        "member": member,
        "organization": member.organization,
        "hooks": [(hook, secret_of(hook)) for hook in hooks_of(member.organization)],
        "form": form,
        "has_schedule": member.organization.reminder_schedules.exists(),
    }
    return render(request, "assessments/reminders/hooks.html", context, status=422 if form.errors else 200)


@never_cache
@require_POST
@login_required
def test_hook(request: HttpRequest, slug: str, hook_id: int) -> HttpResponse:
    """Send the next date's message to an address."""
    member, hook = _resolve(request, slug, hook_id)
    schedule = ReminderSchedule.objects.filter(organization=member.organization).select_related("organization").first()
    user = account_of(request)
    assert user  # noqa: S101 - login_required
    if schedule is None:
        messages.error(request, _("Plan when to be reminded first: a test tells of the next date."))
        return redirect("reminder_hooks", slug)
    try:
        service.test_hook(hook=hook, schedule=schedule, by=user)
    except TooManyMails as error:
        messages.error(request, error.reason)
    else:
        messages.success(request, _("A test is on its way. What becomes of it is among the last deliveries."))
    return redirect("reminders", slug)


@never_cache
@require_POST
@login_required
def enable_hook(request: HttpRequest, slug: str, hook_id: int) -> HttpResponse:
    """Tell an address again that was switched off."""
    _member, hook = _resolve(request, slug, hook_id)
    service.enable_hook(hook=hook)
    messages.success(request, _("It is told again from now on."))
    return redirect("reminder_hooks", slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def delete_hook(request: HttpRequest, slug: str, hook_id: int) -> HttpResponse:
    """Ask whether to remove an address, and do so."""
    member, hook = _resolve(request, slug, hook_id)
    if request.method != "POST":
        context = {"member": member, "organization": member.organization, "hook": hook}
        return render(request, "assessments/reminders/delete_hook.html", context)
    service.delete_hook(hook=hook)
    messages.success(request, _("It is removed."))
    return redirect("reminder_hooks", slug)


def _resolve(request: HttpRequest, slug: str, hook_id: int) -> tuple[Member, ReminderHook]:
    member = resolve_member(request, slug, Role.OWNER)
    return member, get_object_or_404(ReminderHook, pk=hook_id, organization=member.organization)
