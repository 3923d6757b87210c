"""What a failed attempt to send means: try again, when, or never. Pure."""

from __future__ import annotations

import datetime as dt
import smtplib
from dataclasses import dataclass

FIRST_WAIT = dt.timedelta(minutes=1)
LONGEST_WAIT = dt.timedelta(hours=1)
GIVE_UP_AFTER = dt.timedelta(days=1)
LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to make of an error. `is_final`: trying again is no use. `is_bounce`: the address itself was refused.

    `is_servers`: it would befall every other mail now, so that the rest waits.
    """

    text: str
    is_final: bool = False
    is_bounce: bool = False
    is_servers: bool = False


def wait_before(attempt: int) -> dt.timedelta:
    """Return how long to wait after the n-th attempt (from 1): a minute, twice as long each time, at most an hour."""
    return min(FIRST_WAIT * (1 << min(attempt - 1, 10)), LONGEST_WAIT)


def is_given_up(first_tried_at: dt.datetime, now: dt.datetime) -> bool:
    """Return whether it has been tried for a day."""
    return now - first_tried_at >= GIVE_UP_AFTER


def verdict_on(error: BaseException) -> Verdict:
    """Return what to make of what sending a mail to one address raised.

    By SMTP's own word (RFC 5321, 4.2.1) a reply 4yz is for now and 5yz for good; one about us, as sender or who logs
    in, says nothing about the address, and may be mended, so that is tried again as well.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
        code, reply = next(iter(error.recipients.values()))
        return _by_code(code, reply, is_bounce=True)
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPAuthenticationError):
        return Verdict(_text(error.smtp_code, error.smtp_error), is_servers=True)
    if isinstance(error, smtplib.SMTPDataError):
        return _by_code(error.smtp_code, error.smtp_error, is_bounce=False)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Verdict(_text(None, str(error)), is_final=True)
    return Verdict(_text(None, f"{type(error).__name__}: {error}"), is_servers=isinstance(error, OSError))


def _by_code(code: int, reply: bytes | str, *, is_bounce: bool) -> Verdict:
    is_final = 500 <= code < 600
    # 421: the server ends the connection, whatever else we had for it.
    return Verdict(_text(code, reply), is_final, is_bounce and is_final, is_servers=code == 421)


def _text(code: int | None, reply: bytes | str) -> str:
    words = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
    return " ".join(f"{code or ''} {words}".split())[:LONGEST_ERROR]
