"""Finds email addresses in what people paste or upload, and says what is wrong with the rest. No database."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

# Commas and the like part cells, unless they stand in quotes: "Doe, Jane" <jane@example.org>.
_CELL = re.compile(r'(?:"[^"]*"|[^,;\t])+')
_UNSEEN = "\u200b\u200e\u200f\u2060\ufeff"
_LONGEST = 254


class NotText(Exception):
    """These bytes are no text that we can read."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A piece of the text that is no address, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """The addresses in a text, in lower case and each once, by first appearance; `repeated` came more than once."""

    emails: list[str]
    repeated: list[str]
    broken: list[Broken]


def find_addresses(text: str, *, is_table: bool = False) -> Found:
    """Return the addresses in a text: one or several on a line, parted by commas, semicolons or tabs, bare or named.

    In a line of a table, which one with a tab is too, cells without an "@" are other columns where another cell has
    one, and the first line is a heading where it names a column of mails. Where none has one, the line is handed back
    with tabs, so that it is still one of a table when somebody has mended it.
    """
    emails: dict[str, bool] = {}
    broken: list[Broken] = []
    for number, line in enumerate(text.splitlines()):
        for piece in _pieces(line, is_table=is_table or "\t" in line, is_first=number == 0):
            email = _address_in(piece)
            if why := _what_is_wrong(email):
                broken.append(Broken(piece, why))
            else:
                emails[email] = email in emails
    return Found(list(emails), [email for email, is_repeated in emails.items() if is_repeated], broken)


def read_text(data: bytes) -> str:
    """Return the text of a file as spreadsheets write it: UTF-8, UTF-16 or Windows Latin-1. Raises NotText."""
    is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_utf_16 else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NotText


def _pieces(line: str, *, is_table: bool, is_first: bool) -> Iterator[str]:
    cells = [cell for cell in map(_bare, _CELL.findall(line)) if cell]
    if is_table:
        if is_first and "@" not in line and "mail" in line.lower():
            return
        cells = [cell for cell in cells if "@" in cell] or (["\t".join(cells)] if cells else [])
    for cell in cells:
        words = cell.split()
        yield from words if all("@" in word for word in words) and "<" not in cell else [cell]


def _bare(cell: str) -> str:
    """Return a cell without what surrounds it, unseen characters included."""
    cell = cell.translate(dict.fromkeys(map(ord, _UNSEEN))).strip()
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in cell[1:-1]:
        cell = cell[1:-1].strip()
    return cell


def _address_in(piece: str) -> str:
    """Return what stands in a named address's angle brackets, else the piece itself."""
    if piece.endswith(">") and "<" in piece:
        piece = piece[piece.rindex("<") + 1 : -1]
    return piece.strip().lower().removeprefix("mailto:")


def _what_is_wrong(email: str) -> str:
    """Return what is wrong with an address, nothing where it is one."""
    if "@" not in email:
        return _("There is no @ in it.")
    if email.count("@") > 1:
        return _("There is more than one @ in it. Put each address on a line of its own.")
    if len(email) > _LONGEST:
        return _("It is longer than an address can be.")
    try:
        validate_email(email)
    except ValidationError:
        return _("It is not a complete email address, such as jane@example.org.")
    return ""
