"""What mail somebody gets: chosen by whoever is logged in, or ended by the link in a mail, logged in or not."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from assessments.reminder_forms import WantedForm
from assessments.selectors.reminders import wanted_by
from assessments.services import subscriptions as service
from mlops_maturity import errors
from organizations.access import account_of
from organizations.forms import posted


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Show what the user gets from each organization, and change it."""
    user = account_of(request)
    assert user  # noqa: S101 - login_required
    forms = [WantedForm(posted(request), wanted=wanted) for wanted in wanted_by(user)]
    if request.method == "POST" and all(form.is_valid() for form in forms):
        for form in forms:
            changes = dict(form.cleaned_data)
            # Whoever wants mail again says that the address works.
            if changes.get("reminders") or changes["nudges"]:
                changes["bounces"] = 0
            service.change_subscription(organization=form.organization, recipient=service.Recipient(user.pk), **changes)
        messages.success(request, _("Your choice is saved."))
        return redirect("mail_preferences")
    status = 422 if any(form.errors for form in forms) else 200
    return render(request, "assessments/reminders/preferences.html", {"forms": forms}, status=status)


# A mail program sends the form of RFC 8058 without a cookie, and so without the other token; this one suffices, as it
# does nothing else. Opening the address changes nothing, as programs that look for viruses open every link.
@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to end some mail, and do so, or take it back, by the link that the mail has."""
    try:
        link = service.read_token(token)
        organizations = service.organizations_of(link)
        if not organizations:  # deleted since: nothing is left to end
            raise service.NoSuchLink
    except service.NoSuchLink:
        return errors.message(
            request,
            status=410,
            heading=_("This link does not work any more."),
            text=_("Links in mails end after three months. Take that of a newer mail, or log in and choose there."),
            link=errors.Link(reverse("mail_preferences"), _("Choose what mail you get")),
        )
    if request.method == "POST":
        service.set_wanted(link=link, wanted="again" in request.POST)
        if "List-Unsubscribe" not in request.POST:  # RFC 8058: a mail program is redirected nowhere, a person is
            return redirect(f"{request.path}?{'again' if 'again' in request.POST else 'done'}")
    context = {
        "token": token,
        "names": [organization.name for organization in organizations],
        "kinds": link.kinds,
        "is_done": request.method == "POST" or "done" in request.GET or "again" in request.GET,
        "is_again": "again" in request.GET,
        "has_account": link.recipient.user_id is not None,
    }
    return render(request, "assessments/reminders/unsubscribe.html", context)
