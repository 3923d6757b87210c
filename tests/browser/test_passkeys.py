"""Passkeys, with a key that Chromium plays."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NewContext

PASSWORD = "a red bicycle in the rain"


def _sign_up(context: BrowserContext, site: str, newest_mail: Callable[[str], str]) -> Page:
    """Make an account, which no other test knows, and go to the page that adds a key to it."""
    page, email = context.new_page(), f"{uuid4().hex}@newcomer.example"
    page.goto(f"{site}/accounts/signup/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Enter the code")).to_be_visible()
    [code] = re.findall(r"^ {4}([A-Z]{4}-[A-Z]{4})$", newest_mail(email), re.MULTILINE)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_role("button", name=email)).to_be_visible()
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("What you call it").fill("Phone")
    page.wait_for_load_state()  # allauth's scripts answer the button from then on
    return page


def _plug_in_a_key(page: Page) -> None:
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    key = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = key | {"isUserVerified": True, "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_at_localhost_and_logs_in(
    new_context: NewContext, newest_mail: Callable[[str], str], base_url: str
) -> None:
    site = base_url.replace("127.0.0.1", "localhost")
    page = _sign_up(new_context(), site, newest_mail)
    _plug_in_a_key(page)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Overview")).to_be_visible()


def test_at_an_address_of_numbers_the_page_says_why_not(
    new_context: NewContext, newest_mail: Callable[[str], str], base_url: str
) -> None:
    page = _sign_up(new_context(), base_url.replace("localhost", "127.0.0.1"), newest_mail)
    _plug_in_a_key(page)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_text("open it as localhost in place of 127.0.0.1")).to_be_visible()
    expect(page.get_by_text("the browser gave no passkey")).to_be_hidden()
