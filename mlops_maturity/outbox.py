"""The demo's outbox: the mails that it has sent lie in files, and are read here. Nothing of it where DEBUG is off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import wraps
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

SHOWN = 100
# What Django's backend writes after each message.
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, and where it lies: the name of its file, and its number in that."""

    file: str
    number: int
    message: EmailMessage
    at: dt.datetime

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.message.items()]

    def _body(self, kind: str) -> str:
        part = self.message.get_body([kind])
        return str(part.get_content()) if part else ""


def in_demo(view: View) -> View:
    """Let a view be found in the demo only: where DEBUG is on and mail is written to files."""

    @never_cache
    @require_safe
    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEBUG or not settings.EMAIL_FILE_PATH:
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


@in_demo
def outbox(request: HttpRequest) -> HttpResponse:
    """List the mails that were sent, the newest first."""
    return render(request, "outbox.html", {"letters": letters()})


@csp_update({"frame-src": [SELF]})
@in_demo
def letter(request: HttpRequest, file: str, number: int) -> HttpResponse:
    """Show a mail as it is read, as plain text and as HTML."""
    return render(request, "letter.html", {"letter": _find(file, number)})


# As mail programs do: styles and nothing else, no script, nothing from elsewhere.
@csp({"default-src": [NONE], "style-src": [UNSAFE_INLINE], "frame-ancestors": [SELF]})
@xframe_options_sameorigin
@in_demo
def letter_html(request: HttpRequest, file: str, number: int) -> HttpResponse:
    """Show the HTML of a mail."""
    return HttpResponse(_find(file, number).html)


def letters() -> list[Letter]:
    """Return the newest mails, the newest first."""
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    found: list[Letter] = []
    for path in files[:SHOWN]:
        found += reversed(_read(path))
    return found[:SHOWN]


def _find(file: str, number: int) -> Letter:
    # Never a path of the visitor's: only what lies in the folder.
    path = next((path for path in Path(settings.EMAIL_FILE_PATH).glob("*.log") if path.name == file), None)
    found = _read(path)[number : number + 1] if path else []
    if not found:
        raise Http404
    return found[0]


def _read(path: Path) -> list[Letter]:
    at = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    parts = [part for part in path.read_bytes().split(SEPARATOR) if part.strip()]
    return [
        Letter(path.name, number, message_from_bytes(part, policy=policy.default), at)
        for number, part in enumerate(parts)
    ]
