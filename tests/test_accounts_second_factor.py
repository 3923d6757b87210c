"""Second factors, with an authenticator app that computes and a passkey that signs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.urls import reverse
from fido2 import cbor
from fido2.cose import ES256

from mlops_maturity.caches import redis_itself
from organizations.models import User
from tests.accounts import code_in_mail, reauthenticate, text_of
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
ORIGIN = "http://testserver"
PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def code_of_app(secret: str, *, later: int = 0) -> str:
    """Return the code of now, or of some periods later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD + later)))


def set_up_app(client: Client) -> str:
    """Switch the authenticator app on, with the code before the present one; return its key."""
    reauthenticate(client)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_of_app(secret, later=-1)})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    return str(secret)


def log_in(client: Client, user: User) -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD, "next": "/try/"})


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Passkey:
    """A security key: makes a credential, and signs what a page asks it to, as a browser hands it on."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    identity: bytes = b"a passkey of sixteen"
    user: bytes = b""

    def create(self, options: Any) -> str:
        """Return the answer to `navigator.credentials.create`."""
        asked = options["publicKey"]
        self.user = base64.urlsafe_b64decode(asked["user"]["id"] + "==")
        cose = ES256.from_cryptography_key(self.key.public_key())  # type: ignore[no-untyped-call]
        public = cbor.encode(dict(cose))
        credential = bytes(16) + len(self.identity).to_bytes(2, "big") + self.identity + public
        authenticator = self._authenticator(asked["rp"]["id"], PRESENT | VERIFIED | HAS_KEY) + credential
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": authenticator})
        return self._answer(
            clientDataJSON=self._client("webauthn.create", asked["challenge"]), attestationObject=attestation
        )

    def get(self, options: Any) -> str:
        """Return the answer to `navigator.credentials.get`."""
        asked = options["publicKey"]
        client = self._client("webauthn.get", asked["challenge"])
        authenticator = self._authenticator(asked["rpId"], PRESENT | VERIFIED)
        signature = self.key.sign(authenticator + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=client, authenticatorData=authenticator, signature=signature, userHandle=self.user
        )

    def _authenticator(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": ORIGIN}).encode()

    def _answer(self, **response: bytes) -> str:
        return json.dumps(
            {
                "type": "public-key",
                "id": encode(self.identity),
                "rawId": encode(self.identity),
                "clientExtensionResults": {"credProps": {"rk": True}},
                "response": {name: encode(value) for name, value in response.items()},
            }
        )


def add_passkey(client: Client) -> Passkey:
    """Add a passkey to the account logged in; return it."""
    reauthenticate(client)
    page = client.get(reverse("mfa_add_webauthn"))
    passkey = Passkey()
    credential = passkey.create(page.context["js_data"]["creation_options"])
    data = {"name": "Phone", "passwordless": "on", "credential": credential}
    assert client.post(reverse("mfa_add_webauthn"), data).status_code == 302
    return passkey


# Authenticator app


def test_the_app_is_set_up_and_asked_for(client_of: ClientOf, client: Client) -> None:
    user = make_user()
    secret = set_up_app(client_of(user))

    answer = log_in(client, user)
    assert answer.headers["Location"].startswith(reverse("mfa_authenticate"))
    assert not get_user(client).is_authenticated
    assert "Incorrect code." in text_of(client.post(reverse("mfa_authenticate"), {"code": "000000"}))
    answer = client.post(reverse("mfa_authenticate"), {"code": code_of_app(secret)})

    assert answer.headers["Location"] == "/try/"
    assert get_user(client) == user


def test_a_code_is_good_once(client_of: ClientOf) -> None:
    user = make_user()
    secret = set_up_app(client_of(user))
    first, second = Client(), Client()
    for client in (first, second):
        log_in(client, user)
        client.post(reverse("mfa_authenticate"), {"code": code_of_app(secret)})
    assert get_user(first).is_authenticated
    assert not get_user(second).is_authenticated


def test_a_used_code_stays_used_as_long_as_clocks_would_take_it(client_of: ClientOf) -> None:
    user, first, second = make_user(), Client(), Client()
    secret = set_up_app(client_of(user))
    for client in (first, second):
        log_in(client, user)
    code = code_of_app(secret, later=1)
    for client in (first, second):
        client.post(reverse("mfa_authenticate"), {"code": code})
    assert [get_user(client).is_authenticated for client in (first, second)] == [True, False]
    app = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    used = TOTP(app)._get_used_cache_key(code)
    redis = redis_itself()
    seconds = redis._cache.get_client(None).ttl(redis.make_key(used))
    assert 2 * 30 < seconds <= 3 * 30  # its own period, and the one before and after it


def test_the_code_that_switched_the_app_on_logs_nobody_in(client_of: ClientOf, client: Client) -> None:
    user = make_user()
    secret = set_up_app(client_of(user))
    log_in(client, user)
    client.post(reverse("mfa_authenticate"), {"code": code_of_app(secret, later=-1)})
    assert not get_user(client).is_authenticated


def test_a_wrong_code_does_not_switch_the_app_on(client_of: ClientOf) -> None:
    user = make_user()
    client = client_of(user)
    reauthenticate(client)
    client.get(reverse("mfa_activate_totp"))
    assert "Incorrect code." in text_of(client.post(reverse("mfa_activate_totp"), {"code": "000000"}))
    assert not Authenticator.objects.exists()


def test_guessing_codes_is_slowed_down(client_of: ClientOf, client: Client) -> None:
    user = make_user()
    secret = set_up_app(client_of(user))
    log_in(client, user)
    for _attempt in range(6):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = client.post(reverse("mfa_authenticate"), {"code": code_of_app(secret)})
    assert "Too many failed login attempts. Try again later." in text_of(answer)
    assert not get_user(client).is_authenticated


def test_the_second_factor_is_asked_for_after_an_emailed_code_too(client_of: ClientOf, client: Client) -> None:
    user = make_user()
    set_up_app(client_of(user))
    client.post(reverse("account_request_login_code"), {"email": user.email})
    answer = client.post(reverse("account_confirm_login_code"), {"code": code_in_mail()})
    assert answer.headers["Location"].startswith(reverse("mfa_authenticate"))
    assert not get_user(client).is_authenticated


def test_the_app_is_switched_off(client_of: ClientOf, client: Client) -> None:
    user = make_user()
    owner = client_of(user)
    set_up_app(owner)
    assert "Switch the authenticator app off?" in text_of(owner.get(reverse("mfa_deactivate_totp")))
    owner.post(reverse("mfa_deactivate_totp"))
    log_in(client, user)
    assert get_user(client) == user
    assert ["Authenticator app deactivated." in str(message.body) for message in mail.outbox][-1]


def test_the_key_is_shown_as_a_picture_and_as_text(client_of: ClientOf) -> None:
    client = client_of(make_user())
    reauthenticate(client)
    page = client.get(reverse("mfa_activate_totp"))
    assert page.context["form"].secret in text_of(page)
    assert 'src="data:image/svg+xml;base64,' in text_of(page)
    assert "issuer=MLOps%20Maturity" in page.context["totp_url"]


@pytest.mark.parametrize("what", ["app", "passkey", "both"])
def test_pages_ask_for_what_there_is(what: str, client_of: ClientOf, client: Client) -> None:
    user = make_user()
    owner = client_of(user)
    if what != "passkey":
        set_up_app(owner)
    if what != "app":
        add_passkey(owner)
    log_in(client, user)

    for page in (client.get(reverse("mfa_authenticate")), client_of(user).get(reverse("mfa_reauthenticate"))):
        assert ("your authenticator app shows" in text_of(page)) == (what != "passkey")
        assert "one of your recovery codes" in text_of(page)
        assert ("passkey or security key" in text_of(page) or "Use a security key" in text_of(page)) == (what != "app")
        assert "Use a recovery code" not in text_of(page)
    methods = [row["description"] for row in get_adapter().get_reauthentication_methods(user)]
    assert (
        methods
        == {
            "app": ["Use your password", "Use authenticator app or code"],
            "passkey": ["Use your password", "Use a security key", "Use a recovery code"],
            "both": ["Use your password", "Use authenticator app or code", "Use a security key"],
        }[what]
    )


def test_without_recovery_codes_a_passkey_alone_is_asked_for(client_of: ClientOf, client: Client) -> None:
    user = make_user()
    add_passkey(client_of(user))
    Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    log_in(client, user)
    page = text_of(client.get(reverse("mfa_authenticate")))
    assert "Use a passkey or security key" in page
    assert 'name="code"' not in page


# Recovery codes


def test_a_recovery_code_lets_in_once(client_of: ClientOf) -> None:
    user = make_user()
    owner = client_of(user)
    set_up_app(owner)
    codes = re.findall(r"<li>(\w+)</li>", text_of(owner.get(reverse("mfa_view_recovery_codes"))))
    assert len(codes) == 10
    assert owner.get(reverse("mfa_download_recovery_codes")).content.decode().split() == codes
    first, second = Client(), Client()
    for client in (first, second):
        log_in(client, user)
        client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert get_user(first) == user
    assert not get_user(second).is_authenticated
    assert "9 are left" in text_of(owner.get(reverse("mfa_index")))


def test_new_recovery_codes_take_the_place_of_the_old(client_of: ClientOf) -> None:
    owner = client_of(make_user())
    set_up_app(owner)
    old = owner.get(reverse("mfa_download_recovery_codes")).content
    assert "Those you have stop working at once." in text_of(owner.get(reverse("mfa_generate_recovery_codes")))
    owner.post(reverse("mfa_generate_recovery_codes"))
    assert owner.get(reverse("mfa_download_recovery_codes")).content != old


# Passkeys


def test_a_passkey_logs_in_alone(client_of: ClientOf, client: Client) -> None:
    user = make_user()
    passkey = add_passkey(client_of(user))
    options = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
    data = {"credential": passkey.get(options["request_options"]), "next": "/try/"}
    answer = client.post(reverse("mfa_login_webauthn"), data)
    assert answer.headers["Location"] == "/try/"
    assert get_user(client) == user


def test_a_passkey_of_somebody_else_does_not(client_of: ClientOf, client: Client) -> None:
    passkey = add_passkey(client_of(make_user()))
    passkey.key = Passkey().key
    options = client.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}).json()
    answer = client.post(
        reverse("mfa_login_webauthn"), {"credential": passkey.get(options["request_options"])}, follow=True
    )
    assert "alert-danger" in text_of(answer)
    assert not get_user(client).is_authenticated


def test_a_key_is_the_second_factor_and_confirms_who_it_is(client_of: ClientOf, client: Client) -> None:
    user = make_user()
    passkey = add_passkey(client_of(user))
    log_in(client, user)
    page = client.get(reverse("mfa_authenticate"))
    assert "Use a passkey or security key" in text_of(page)
    client.post(reverse("mfa_authenticate"), {"credential": passkey.get(page.context["js_data"]["request_options"])})
    assert get_user(client) == user

    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    page = client.get(reverse("mfa_reauthenticate_webauthn"))
    data = {"credential": passkey.get(page.context["js_data"]["request_options"])}
    client.post(reverse("mfa_reauthenticate_webauthn"), data)
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


def test_keys_are_listed_renamed_and_removed(client_of: ClientOf) -> None:
    client = client_of(make_user())
    add_passkey(client)
    key = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    client.post(reverse("mfa_edit_webauthn", args=[key.pk]), {"name": "Old phone"})
    assert "Old phone" in text_of(client.get(reverse("mfa_list_webauthn")))
    assert "“Old phone” no longer lets you in then." in text_of(
        client.get(reverse("mfa_remove_webauthn", args=[key.pk]))
    )
    client.post(reverse("mfa_remove_webauthn", args=[key.pk]))
    assert "There is none yet." in text_of(client.get(reverse("mfa_list_webauthn")))


def test_nobody_touches_the_keys_of_another(client_of: ClientOf) -> None:
    add_passkey(client_of(make_user()))
    key = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    other = client_of(make_user())
    reauthenticate(other)
    for name in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert other.post(reverse(name, args=[key.pk]), {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()
