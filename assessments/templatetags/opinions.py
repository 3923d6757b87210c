"""What people said on a question, which a result tells of each: written without a template for each answer and note."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape  # Django's takes five times as long, to look for what is escaped already

from django import template
from django.template.defaultfilters import linebreaksbr
from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from assessments.definition import Guidance, Level
from assessments.selectors.opinions import Note, Opinion
from assessments.selectors.results import MissingRow, ResultPage
from assessments.templatetags.scores import percent, signed

register = template.Library()

STRENGTHS = {"none": "status-agreed", "low": "status-agreed", "medium": "priority-medium", "high": "priority-high"}
TEXTS_KEPT = 1024
"""Texts of guidance, and of levels, whose HTML a process keeps, about 2 kB each."""


@register.filter
def place(opinion: Opinion) -> str:
    """Write where the question belongs: its dimension and its level."""
    if not opinion.question.level:
        return opinion.dimension.title
    return f"{opinion.dimension.title} · {_('level %(level)s') % {'level': opinion.question.level}}"


@register.filter
def disagreement(opinion: Opinion) -> SafeString:
    """Return a badge with how much people disagree, in a word and as a number; nothing where that is not known."""
    if opinion.disagreement is None:
        return SafeString()
    strength = opinion.strength
    if strength == "none":
        words = _("No disagreement")
    elif strength == "low":
        words = _("Little disagreement, %(share)s %%")
    elif strength == "medium":
        words = _("Some disagreement, %(share)s %%")
    else:
        words = _("People disagree, %(share)s %%")
    words %= {"share": percent(opinion.disagreement)}
    return _badge(STRENGTHS[strength], words)


@register.filter
def said(opinion: Opinion) -> SafeString:
    """Return in a line how often each choice was given, after badges for a consensus and for notes."""
    badges = []
    if opinion.agreements:
        badges.append(_badge("status-agreed", _("Consensus")))
    if notes := opinion.notes.count:
        badges.append(_badge("status-notes", ngettext("%(notes)s note", "%(notes)s notes", notes) % {"notes": notes}))
    counts = [
        f'<span class="text-nowrap">{escape(bar.label)} <span class="score">{localize(bar.count)}</span></span>'
        for bar in opinion.bars
    ]
    return SafeString(f'{" ".join(badges)} <span class="small">{" ".join(counts)}</span>')


@register.filter
def bars(opinion: Opinion) -> SafeString:
    """Return a list with a bar for each choice, and one for those who made none."""
    rows = [("", bar.label, bar.count) for bar in opinion.bars]
    if opinion.unanswered:
        rows.append((" fst-italic", _("No answer"), opinion.unanswered))
    asked = opinion.people
    items = [
        f'<li><span class="answer-label{style}">{escape(label)}</span>'
        f'<progress class="bar" value="{count}" max="{asked}" aria-hidden="true"></progress>'
        f'<span class="score">{localize(count)}</span></li>'
        for style, label, count in rows
    ]
    return SafeString(f'<ul class="answer-bars" aria-label="{escape(_("Answers"))}">{"".join(items)}</ul>')


@register.filter
def people(count: int) -> str:
    """Write how many people."""
    return ngettext("%(people)s person", "%(people)s people", count) % {"people": count}


@register.filter
def note_items(notes: Iterable[Note]) -> SafeString:
    """Return an item of a list for each note, with who wrote it where the round is not anonymous."""
    return SafeString("".join(map(_note, notes)))


@register.filter
def practice_place(row: MissingRow, page: ResultPage) -> str:
    """Write where a practice to adopt belongs, how far it is in place and what it gains."""
    practice = row.practice
    parts = [row.dimension.title]
    if row.next_statement:
        parts.append(_("the next statement"))
    elif practice.level:
        parts.append(_("level %(level)s") % {"level": practice.level})
    if not row.next_statement and page.card.respondents > 1 and practice.mean:
        parts.append(_("%(share)s %% in place") % {"share": percent(practice.mean)})
    if practice.gain:
        parts.append(_("%(gain)s overall") % {"gain": signed(practice.gain)})
    return " · ".join(parts)


@register.filter
def guidance_html(guidance: Guidance) -> SafeString:
    """Return how a practice is adopted; it is made once for everybody."""
    return _guidance(guidance, get_language() or "")


@register.filter
def level_html(level: Level) -> SafeString:
    """Return what fits a level: tools, team and governance; it is made once for everybody."""
    return _level(level, get_language() or "")


def _note(note: Note) -> str:
    text = f'<span class="text-break">{linebreaksbr(note.text)}</span>' if note.text else ""
    address = escape(note.evidence_url)
    link = f'<a class="d-block text-break" href="{address}" rel="noreferrer nofollow">{address}</a>' if address else ""
    who = ""
    if note.name:
        name = f"{note.name}, {note.team}" if note.team else note.name
        said_so = f"{name} · {_('answered “%(choice)s”') % {'choice': note.choice}}"
        who = f'<span class="d-block text-body-secondary text-break">{escape(said_so)}</span>'
    return f'<li class="note small">{text}{link}{who}</li>'


def _badge(style: str, words: str) -> SafeString:
    return SafeString(f'<span class="badge {style}">{escape(words)}</span>')


@lru_cache(maxsize=TEXTS_KEPT)
def _guidance(guidance: Guidance, language: str) -> SafeString:
    return render_to_string("assessments/results/guidance.html", {"guidance": guidance})


@lru_cache(maxsize=TEXTS_KEPT)
def _level(level: Level, language: str) -> SafeString:
    return render_to_string("assessments/results/level.html", {"level": level})
