"""What every test may ask for: a published questionnaire, the cast of people, a browser logged in as one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client, override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django.fixtures import Settings

from assessments.models import QuestionnaireVersion
from assessments.services import rounds
from mlops_maturity.sessions import note_seen
from organizations.models import User
from tests.factories import Cast, make_cast, make_version

# A busy machine is slow, not wrong.
hypothesis_settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def settings_of_tests() -> Iterator[None]:
    """Cheap passwords, and static files as they lie in the source, without collecting them first."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES=django_settings.STORAGES | {"staticfiles": plain},
        WHITENOISE_AUTOREFRESH=True,
        WHITENOISE_USE_FINDERS=True,
    ):
        yield


@pytest.fixture(autouse=True)
def cache_of_its_own(settings: Settings) -> None:
    """Keep what one test leaves in Redis, such as counts of failed log-ins, from the next one."""
    settings.CACHES = {"default": django_settings.CACHES["default"] | {"KEY_PREFIX": uuid4().hex}}


@pytest.fixture
def version(db: None) -> QuestionnaireVersion:
    """The shipped questionnaire, published."""
    return make_version()


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[Any]]]:
    """What rounds put into the queue, in place of the queue."""
    queue: list[tuple[str, list[Any]]] = []
    monkeypatch.setattr(rounds, "current_app", SimpleNamespace(send_task=lambda name, args: queue.append((name, args))))
    return queue


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """Return a function that gives a test client logged in as a user."""

    def log_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        note_seen(str(client.session.session_key))  # once in minutes it costs queries, which the counts leave out
        return client

    return log_in
