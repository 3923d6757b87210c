"""Reading roadmaps and following their items up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from organizations.access import for_members
from organizations.audit.downloads import taken
from organizations.audit.trail import Taken
from organizations.models import Member, Role
from roadmaps.exports import FILES
from roadmaps.forms import ItemForm, MoveForm, state_of
from roadmaps.models import Item, ItemStatus
from roadmaps.selectors.roadmaps import BoardCard, RoadmapPage, measured, roadmap_of, roadmap_page, roadmaps_of
from roadmaps.services import roadmaps as service


@require_safe
@for_members()
def roadmaps(request: HttpRequest, member: Member) -> HttpResponse:
    """Show all roadmaps with their progress."""
    context = {"roadmaps": list(roadmaps_of(member.organization))}
    return _render(request, member, "roadmaps.html", context)


@require_safe
@for_members()
def roadmap(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Show a roadmap's plan: timeline, phases, each item with all that helps to do it."""
    page = roadmap_page(roadmap_of(member.organization, roadmap_id))
    return _render(request, member, "plan.html", {"page": page, "roadmap": page.roadmap, "view": page.view})


@require_safe
@for_members()
def board(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Show the items by status."""
    page = roadmap_page(roadmap_of(member.organization, roadmap_id))
    context = {"page": page, "roadmap": page.roadmap, "statuses": ItemStatus.choices, "mine": _movable(member, page)}
    return _render(request, member, "board.html", context)


@require_safe
@for_members()
def progress(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Show what the next round says of what was done, projected beside measured."""
    page = roadmap_page(roadmap_of(member.organization, roadmap_id))
    return _render(
        request, member, "progress.html", {"page": page, "roadmap": page.roadmap, "measured": measured(page)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Role.MEMBER)
def item(request: HttpRequest, member: Member, roadmap_id: int, item_id: int) -> HttpResponse:
    """Follow an item up: facilitators change everything, its owner all but who that is."""
    found = _item_of(member, roadmap_id, item_id)
    form = ItemForm(
        request.POST if request.method == "POST" else None,
        instance=_item_of(member, roadmap_id, item_id) if request.method == "POST" else found,
        organization=member.organization,
    )
    if not member.is_facilitator:
        form.fields["owner"].disabled = True
    seen = state_of(found)
    if request.method == "POST" and request.POST.get("seen", seen) != seen:
        form.add_error(None, _changed_meanwhile(found))
    if form.is_valid():
        saved = form.cleaned_data
        service.update_item(
            item=found,
            status=ItemStatus(saved["status"]),
            dropped_reason=saved["dropped_reason"],
            owner=saved["owner"],
            due_on=saved["due_on"],
            notes=saved["notes"],
            ticket_url=saved["ticket_url"],
        )
        messages.success(request, _("Saved."))
        return redirect("roadmap_board", member.organization.slug, roadmap_id)
    page = roadmap_page(found.roadmap)
    row = None
    if page.view:
        row = next((one for one in (*page.view.rows, *page.view.blocked) if one.item == found), None)
    context = {
        "form": form,
        "seen": seen,
        "item": found,
        "card": BoardCard(found, page.question(found)),
        "row": row,
        "roadmap": found.roadmap,
    }
    return _render(request, member, "item.html", context)


def _changed_meanwhile(item: Item) -> str:
    stands = {
        "status": item.get_status_display(),
        "owner": (item.owner.user.get_full_name() or item.owner.user.email) if item.owner else _("nobody"),
        "due": date_format(item.due_on, "SHORT_DATE_FORMAT") if item.due_on else _("no day"),
    }
    return (
        _("Somebody has changed this item since you opened it: %(status)s, owner %(owner)s, due %(due)s.") % stands
        + " "
        + _("What you entered is below; save it again to put it in the place of that.")
    )


@require_POST
@for_members(Role.MEMBER)
def move(request: HttpRequest, member: Member, roadmap_id: int, item_id: int) -> HttpResponse:
    """Give an item another status, from the board."""
    found = _item_of(member, roadmap_id, item_id)
    form = MoveForm(request.POST, instance=found)
    if form.is_valid():
        service.move_item(
            item=found,
            status=ItemStatus(form.cleaned_data["status"]),
            dropped_reason=form.cleaned_data["dropped_reason"],
        )
        messages.success(request, _("Saved."))
        return redirect("roadmap_board", member.organization.slug, roadmap_id)
    if "dropped_reason" in form.errors:
        messages.warning(request, _("Say why it is dropped."))
        return redirect("roadmap_item", member.organization.slug, roadmap_id, item_id)
    messages.error(request, _("Choose a status."))
    return redirect("roadmap_board", member.organization.slug, roadmap_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_members(Role.FACILITATOR)
def delete_roadmap(request: HttpRequest, member: Member, roadmap_id: int) -> HttpResponse:
    """Ask whether to delete a roadmap, and delete it."""
    found = roadmap_of(member.organization, roadmap_id)
    if request.method == "POST":
        service.delete_roadmap(roadmap=found)
        messages.success(request, _("The roadmap “%(title)s” is deleted.") % {"title": found.title})
        return redirect("roadmaps", member.organization.slug)
    return _render(request, member, "delete.html", {"roadmap": found})


@require_safe
@for_members()
def export(request: HttpRequest, member: Member, roadmap_id: int, kind: str) -> HttpResponse:
    """Give a roadmap as a file: CSV, iCalendar, or Markdown for an issue tracker."""
    page = roadmap_page(roadmap_of(member.organization, roadmap_id))
    file = FILES[kind]
    taken(request, page.roadmap, Taken.ROADMAP, kind)
    name = f"{slugify(page.roadmap.title) or 'roadmap'}.{kind}"
    content = file.render(page, request.build_absolute_uri(page.roadmap.get_absolute_url()))
    return HttpResponse(
        content,
        content_type=file.content_type,
        headers={"Content-Disposition": content_disposition_header(as_attachment=True, filename=name) or ""},
    )


def _item_of(member: Member, roadmap_id: int, item_id: int) -> Item:
    """Return an item that the member may change. Two queries. Raises Http404 and PermissionDenied."""
    roadmap = roadmap_of(member.organization, roadmap_id)
    found = get_object_or_404(roadmap.items.select_related("owner__user"), pk=item_id)
    found.roadmap = roadmap
    if not member.is_facilitator and found.owner_id != member.pk:
        raise PermissionDenied
    return found


def _movable(member: Member, page: RoadmapPage) -> list[int]:
    """Return the keys of the items that the member may move."""
    if member.is_facilitator:
        return [item.pk for item in page.items]
    return [item.pk for item in page.items if item.owner_id == member.pk and Role(member.role).may_act_as(Role.MEMBER)]


def _render(request: HttpRequest, member: Member, page: str, context: dict[str, Any]) -> HttpResponse:
    form = context.get("form")
    context |= {"organization": member.organization, "member": member}
    return render(request, f"roadmaps/{page}", context, status=422 if form is not None and form.errors else 200)
