"""What tests of accounts share: reading codes and links in mails, and confirming that it is oneself."""

from __future__ import annotations

import re
from typing import Any

from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD


def code_in_mail() -> str:
    """Return the code in the newest email."""
    [code] = re.findall(r"^ {4}([A-Z]{4}-[A-Z]{4})$", str(mail.outbox[-1].body), re.MULTILINE)
    return str(code)


def link_in_mail() -> str:
    """Return the path of the one link to this site in the newest email."""
    [path] = re.findall(r"https?://testserver(/\S+)", str(mail.outbox[-1].body))
    return str(path)


def text_of(answer: Any) -> str:
    """Return what stands in the main part of a page, its tags included."""
    return str(answer.content.decode().split("<main")[1])


def reauthenticate(client: Client) -> None:
    """Confirm with the password that it is oneself, as sensitive steps demand."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def confirm_by_code(client: Client, **fields: str) -> Any:
    """Confirm with an emailed code, as accounts do that have neither password nor second factor; return the answer."""
    client.post(reverse("confirm_by_code"), {"send": ""})
    return client.post(reverse("confirm_by_code"), {"code": code_in_mail(), **fields})
