"""Roadmaps as files: CSV for tables, iCalendar for calendars (RFC 5545), Markdown for issue trackers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from assessments.exports import EXPORTERS, Cell, Document, Table
from assessments.templatetags.scores import score, signed
from roadmaps import wording
from roadmaps.models import Item, ItemStatus
from roadmaps.selectors.roadmaps import BoardCard, RoadmapPage, StepRow

COLUMNS = (
    *("position", "practice", "statement", "dimension", "level", "title", "status", "owner", "starts_on", "ends_on"),
    *("due_on", "done_on", "effort_weeks", "phase", "gain", "overall_after", "requires", "action", "success_metric"),
    *("roles", "tools", "governance", "ticket_url", "notes", "dropped_reason"),
)
OCTETS = 75
MARKUP = re.compile(r"([\\`*_\[\]<>#|])")


@dataclass(frozen=True, slots=True)
class File:
    """A kind of file; `render` takes the page and the web address of the roadmap."""

    content_type: str
    render: Callable[[RoadmapPage, str], bytes]


def _csv(page: RoadmapPage, url: str) -> bytes:
    rows = (_cells(page, item, row) for item, row in _rows(page))
    document = Document(slugify(page.roadmap.title), [Table("items", COLUMNS, rows)])
    return b"".join(EXPORTERS["csv"].render(document))


def _rows(page: RoadmapPage) -> Iterator[tuple[Item, StepRow | None]]:
    """Yield the items in their order, with what is planned of those that are in the plan."""
    known = {} if page.view is None else {row.step.key: row for row in (*page.view.rows, *page.view.blocked)}
    for item in page.items:
        yield item, known.get(item.key)


def _cells(page: RoadmapPage, item: Item, row: StepRow | None) -> list[Cell]:
    question = page.question(item)
    guidance = question.guidance
    planned = row.planned if row else None
    return [
        item.position,
        item.question_key,
        item.choice_key,
        page.shown.dimension_of(item.question_key).key,
        row.step.level if row else question.level,
        wording.title_of(question, item.choice_key),
        item.status,
        _owner(item),
        _day(row.starts_on if row else None),
        _day(row.ends_on if row else None),
        _day(item.due_on),
        _day(item.done_on),
        float(item.effort_weeks),
        planned.phase if planned else None,
        round(float(planned.gain), 4) if planned else None,
        round(float(planned.after.overall), 4) if planned and planned.after.overall is not None else None,
        " ".join(key for key, _rung in planned.requires) if planned else None,
        guidance.action if guidance else "",
        guidance.success_metric if guidance else "",
        ", ".join(guidance.roles) if guidance else "",
        ", ".join(guidance.tools) if guidance else "",
        guidance.governance if guidance else "",
        item.ticket_url,
        item.notes,
        item.dropped_reason,
    ]


def _calendar(page: RoadmapPage, url: str) -> bytes:
    """Return a calendar in which each item that is not dropped is due on a day of its own."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//MLOps Maturity//Roadmap//EN", "CALSCALE:GREGORIAN"]
    lines.append(f"X-WR-CALNAME:{_escaped(page.roadmap.title)}")
    stamp = timezone.now().astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    host = re.sub(r"[^A-Za-z0-9.-]", "", url.partition("://")[2].partition("/")[0])
    for item in page.items:
        if item.due_on is None or item.status == ItemStatus.DROPPED:
            continue
        card = BoardCard(item, page.question(item))
        lines += [
            "BEGIN:VEVENT",
            f"UID:roadmap-item-{item.pk}@{host}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{item.due_on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{item.due_on + dt.timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(_('Due: %s') % card.name)}",
            f"DESCRIPTION:{_escaped(_description(item, card))}",
            f"URL:{url}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line)).encode()


def _description(item: Item, card: BoardCard) -> str:
    guidance = card.question.guidance
    parts = [
        card.title,
        item.get_status_display(),
        _("Owner: %s") % _owner(item) if item.owner else "",
        guidance.success_metric if guidance else "",
        item.ticket_url,
    ]
    return "\n".join(filter(None, parts))


def _escaped(text: str) -> str:
    """Return a text as a value of iCalendar."""
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    shown = (character for character in text if character >= " " or character == "\n")
    return "".join("\\n" if character == "\n" else character for character in shown)


def _folded(line: str) -> Iterator[str]:
    """Yield a line in pieces of at most 75 octets, of which all but the first begin with a space."""
    piece, size = "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > OCTETS:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + octets
    yield piece


def _markdown(page: RoadmapPage, url: str) -> bytes:
    """Return an issue for each item under the heading of its phase, ticked where it is done."""
    return ("\n".join(_markdown_lines(page, url)) + "\n").encode()


def _markdown_lines(page: RoadmapPage, url: str) -> Iterator[str]:
    yield f"# {_plain(page.roadmap.title)}"
    yield ""
    if page.view is None:
        yield from (_issue_head(item, page) for item in page.items if item.status != ItemStatus.DROPPED)
        return
    yield (
        _("From level %(now)s (%(score)s) to %(target)s.")
        % {
            "now": page.view.plan.current.level,
            "score": score(page.view.plan.current.overall),
            "target": _plain(page.view.target_in_words),
        }
        + f" <{url}>"
    )
    for phase in page.view.phases:
        if not phase.rows:
            continue
        yield ""
        yield "## " + _("Phase %(number)d: %(first)s to %(last)s") % {
            "number": phase.phase.number,
            "first": phase.starts_on.isoformat(),
            "last": phase.ends_on.isoformat(),
        }
        for row in phase.rows:
            yield ""
            yield from _issue(row, page)


def _issue(row: StepRow, page: RoadmapPage) -> Iterator[str]:
    if row.item is None or row.planned is None:
        return
    guidance = row.guidance
    yield _issue_head(row.item, page)
    facts: Mapping[str, str] = {
        _("Why"): _plain(row.why),
        _("What to do"): _plain(guidance.action) if guidance else "",
        _("Done when"): _plain(guidance.success_metric) if guidance else "",
        _("Effort"): wording.weeks(row.step.effort),
        _("Roles"): _plain(", ".join(guidance.roles)) if guidance else "",
        _("Tools"): _plain(", ".join(guidance.tools)) if guidance else "",
        _("Governance"): _plain(guidance.governance) if guidance else "",
        _("Overall score"): f"{signed(row.planned.gain)} → {score(row.planned.after.overall)}",
        _("Status"): str(row.item.get_status_display()) + (f", {_('overdue')}" if row.is_overdue else ""),
        _("Owner"): _plain(_owner(row.item)),
        _("Due"): _day(row.item.due_on) or "",
        _("Ticket"): f"<{row.item.ticket_url}>" if row.item.ticket_url else "",
    }
    yield from (f"  - **{name}**: {value}" for name, value in facts.items() if value)


def _issue_head(item: Item, page: RoadmapPage) -> str:
    tick = "x" if item.status == ItemStatus.DONE else " "
    card = BoardCard(item, page.question(item))
    return f"- [{tick}] **{_plain(card.name)}**: {_plain(card.title)}"


def _plain(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def _owner(item: Item) -> str:
    return (item.owner.user.get_full_name() or item.owner.user.email) if item.owner else ""


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


FILES: Mapping[str, File] = {
    "csv": File("text/csv; charset=utf-8", _csv),
    "ics": File("text/calendar; charset=utf-8", _calendar),
    "md": File("text/markdown; charset=utf-8", _markdown),
}
