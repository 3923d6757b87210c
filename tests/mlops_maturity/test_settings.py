"""What the environment must say, and the one line that tells which part of it is missing or malformed."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from mlops_maturity.env import CHECKOUT

PRODUCTION = {
    "SECRET_KEY": "k7Qe-2vXw9ZsLr4TnYb8HcJd5Fg6Mp1Ua3Ri0Oq7Wt_EyKxCzVbNsD",
    "BASE_URL": "https://mlops.example",
    "DATABASE_URL": "postgres://mlops:secret@db:5432/mlops",
    "REDIS_URL": "redis://redis:6379/0",
    "EMAIL_URL": "submission://user:secret@mail.example:587",
}
SHOW = "from mlops_maturity import settings as s; print(s.{})"


def load(show: str = "DEBUG", /, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of its own, with changes to a production environment; None unsets a variable."""
    outer = {name: value for name, value in os.environ.items() if name not in DOCUMENTED}
    environ = outer | {name: value for name, value in (PRODUCTION | changes).items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", SHOW.format(show)],
        cwd=CHECKOUT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def read_variables() -> set[str]:
    return set(re.findall(r'env\.\w+\(\s*"(\w+)"', (CHECKOUT / "mlops_maturity" / "settings.py").read_text()))


DOCUMENTED = set(re.findall(r"^\| `([A-Z_]+)`", (CHECKOUT / "docs" / "operations.md").read_text(), re.MULTILINE))


def test_every_variable_is_in_the_table_of_settings() -> None:
    assert set(PRODUCTION) < read_variables()
    assert read_variables() == DOCUMENTED


def test_production_needs_nothing_else() -> None:
    ran = load("ALLOWED_HOSTS, s.SECURE_SSL_REDIRECT, s.EMAIL_HOST, s.EMAIL_USE_TLS")
    assert (ran.stdout, ran.stderr) == ("['mlops.example'] True mail.example True\n", "")


@pytest.mark.parametrize("name", PRODUCTION)
def test_missing(name: str) -> None:
    ran = load(**{name: None})
    assert ran.returncode == 1
    assert ran.stderr.startswith(f'Settings: Environment variable "{name}" not set (')
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("DEBUG", "maybe"),
        ("BASE_URL", "mlops.example"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "ftp://mlops.example"),
        ("BASE_URL", "https://mlops.example/maturity"),
        ("DATABASE_URL", "garbage"),
        ("DATABASE_URL", "mysql://mlops@db/mlops"),
        ("DATABASE_URL", "postgres://mlops@db"),
        ("DATABASE_URL", "postgres://mlops@db:many/mlops"),
        ("DATABASE_URL", "postgres://[::1/mlops"),
        ("REDIS_URL", "http://redis:6379"),
        ("REDIS_URL", "redis://"),
        ("EMAIL_URL", "nonsense://"),
        ("EMAIL_URL", "smtp://mail.example:many"),
        ("LOG_LEVEL", "LOUD"),
        ("BOUNCES_TO", "nobody"),
        ("TRUST_PROXY", "perhaps"),
        ("METRICS_TOKEN", "short"),
        ("SENTRY_DSN", "https://sentry.example/1"),
        ("SENTRY_DSN", "nonsense"),
    ],
)
def test_malformed(name: str, value: str) -> None:
    ran = load(**{name: value})
    assert ran.returncode == 1
    assert ran.stderr.startswith(f'Settings: Environment variable "{name}" invalid: ')
    assert ran.stderr.count("\n") == 1


def test_with_https_cookies_and_redirects_insist_on_it() -> None:
    cookies = "SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE"
    assert load(cookies).stdout == "True True True Lax\n"
    assert load("SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME").stdout == "__Host-sessionid __Host-csrftoken\n"
    assert load("SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS").stdout == "True 31536000\n"
    assert load("SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS", BASE_URL="http://localhost").stdout == "False 0\n"


def test_passwords_are_hashed_with_argon2() -> None:
    assert load("PASSWORD_HASHERS[0]").stdout == "django.contrib.auth.hashers.Argon2PasswordHasher\n"


def test_any_key_will_do_for_development() -> None:
    assert load(SECRET_KEY="short", DEBUG="true").stdout == "True\n"


def test_celery_finds_redis_at_a_unix_socket() -> None:
    assert load("CELERY_BROKER_URL", REDIS_URL="unix:///run/redis").stdout == "redis+socket:///run/redis\n"


SIGN_ON = {
    "OIDC_NAME": "Acme",
    "OIDC_ISSUER_URL": "https://login.acme.example/realms/main",
    "OIDC_CLIENT_ID": "client",
    "OIDC_CLIENT_SECRET": "secret",
}


def test_sign_on_needs_all_its_variables() -> None:
    ran = load("SOCIALACCOUNT_PROVIDERS, s.CONTENT_SECURITY_POLICY", **SIGN_ON)
    assert "'server_url': 'https://login.acme.example/realms/main'" in ran.stdout
    assert "'https://login.acme.example']" in ran.stdout
    assert "'APPS': []" in load("SOCIALACCOUNT_PROVIDERS").stdout


@pytest.mark.parametrize("name", SIGN_ON)
def test_sign_on_is_set_up_whole_or_not_at_all(name: str) -> None:
    ran = load(**SIGN_ON | {name: None})
    assert ran.returncode == 1
    assert f"not set: {name}" in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("issuer", ["acme", "https://", "http://login.acme.example", "http://localhost.acme.example"])
def test_an_issuer_is_an_address_that_nobody_can_listen_to(issuer: str) -> None:
    ran = load(**SIGN_ON | {"OIDC_ISSUER_URL": issuer})
    assert ran.stderr.startswith('Settings: Environment variable "OIDC_ISSUER_URL" invalid: ')


def test_an_issuer_on_this_machine_may_do_without_tls() -> None:
    assert load(**SIGN_ON | {"OIDC_ISSUER_URL": "http://localhost:8080/realms/main"}).stdout == "False\n"


def test_stolen_passwords_are_looked_up_in_production() -> None:
    names = "DEBUG, [row['NAME'] for row in s.AUTH_PASSWORD_VALIDATORS]"
    assert "Pwned" in load(names).stdout
    assert "Pwned" not in load(names, CHECK_BREACHED_PASSWORDS="false").stdout
