"""What a mail that came back says: a delivery status notification (RFC 3464). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message

MESSAGE_ID = re.compile(r"<[^<>\s]+@[^<>\s]+>")


def failed_messages(source: bytes) -> set[str]:
    """Return the Message-IDs of the mails that a notification says failed for good; none where it is no notification.

    Of a delay, a success, and a failure that is for now (status 4.x.x) nothing is returned.
    """
    message = message_from_bytes(source, policy=policy.compat32)
    if message.get_content_type() != "multipart/report":
        return set()
    parts = list(message.walk())
    if not any(_has_failed(block) for part in parts for block in _recipients(part)):
        return set()
    return set(_original_ids(parts))


def _recipients(part: Message) -> Iterator[Message]:
    """Yield the fields about each recipient."""
    if part.get_content_type() == "message/delivery-status" and isinstance(part.get_payload(), list):
        yield from (block for block in part.get_payload() if isinstance(block, Message))


def _has_failed(block: Message) -> bool:
    action, status = str(block.get("Action", "")).strip().lower(), str(block.get("Status", "")).strip()
    return action == "failed" and status.startswith("5")


def _original_ids(parts: list[Message]) -> Iterator[str]:
    """Yield the Message-IDs of what came back, whole or as its headers only."""
    for part in parts:
        if part.get_content_type() == "message/rfc822" and isinstance(part.get_payload(), list):
            originals = [original for original in part.get_payload() if isinstance(original, Message)]
            yield from (found for one in originals for found in MESSAGE_ID.findall(str(one.get("Message-ID", ""))))
        elif part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            headers = message_from_bytes(payload if isinstance(payload, bytes) else b"")
            yield from MESSAGE_ID.findall(str(headers.get("Message-ID", "")))
