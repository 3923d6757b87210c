"""What the operators of a site see of it, logs and error reports, and what is kept out of that: people's data."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import sentry_sdk
import structlog
from django.http import HttpRequest
from sentry_sdk.integrations.logging import LoggingIntegration

if TYPE_CHECKING:
    from sentry_sdk._types import DataCollectionUserOptions
    from sentry_sdk.types import Event, Hint

# PostgreSQL repeats the offending row, over several lines where the row has them.
ROW = re.compile(r"(DETAIL|CONTEXT): .*?(?=\n\s*(?:The above exception|During handling|Traceback)|\Z)", re.DOTALL)
EMAIL = re.compile(r"[^\s@'\"<>(),;:=]+@[^\s@'\"<>(),;:=]+")
SERVER_TEXT = ("event", "exception", "error", "reason", "stack")


def route_of(request: HttpRequest) -> str:
    """Return the pattern of the address, as `orgs/<slug:slug>/`, in place of the path with its tokens and names."""
    match = getattr(request, "resolver_match", None)
    return f"/{match.route}" if match else "(no such address)"


def scrub(text: str) -> str:
    """Return the text of a message or traceback without rows of the database and email addresses."""
    return EMAIL.sub("[email]", ROW.sub(r"\1: [left out]", text))


class RouteInsteadOfPath(logging.Filter):
    """Replaces the path in what Django logs about a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            record.args = tuple(route_of(request) if arg == request.path else arg for arg in record.args)
        return True


def scrub_event(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Processor of structlog: scrub whatever text may quote what people entered."""
    for key in SERVER_TEXT:
        if isinstance(event.get(key), str):
            event[key] = scrub(event[key])
    return event


SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(*, level: str, plain: bool) -> dict[str, Any]:
    """Return LOGGING: one line of JSON for each event, for people's eyes where `plain`; all of it scrubbed."""
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        scrub_event,
        structlog.dev.ConsoleRenderer(colors=False) if plain else structlog.processors.JSONRenderer(),
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"routes": {"()": RouteInsteadOfPath}},
        "formatters": {
            "events": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": last,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "events", "filters": ["routes"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Said already, by RequestLog, with the traceback.
            "django.request": {"level": "CRITICAL"},
            # Its addresses hold the start of a password's hash.
            "httpx": {"level": "WARNING"},
        },
    }


def configure_structlog() -> None:
    """Send structlog's events to the standard library's logging, whose configuration then holds for all."""
    structlog.configure(
        processors=[
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


NOTHING_OF_PEOPLE: DataCollectionUserOptions = {
    "user_info": False,
    "cookies": {"mode": "off"},
    "http_headers": {"request": {"mode": "off"}},
    "http_bodies": [],
    "url_query_params": {"mode": "off"},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
}


def start_sentry(dsn: str, **options: Any) -> None:
    """Report errors to Sentry, without requests, local variables, users, log lines or what people entered."""
    sentry_sdk.init(
        dsn=dsn,
        data_collection=NOTHING_OF_PEOPLE,
        max_breadcrumbs=0,
        integrations=[LoggingIntegration(level=None, event_level=None)],
        before_send=without_people,
        **options,
    )


def without_people(event: Event, hint: Hint) -> Event:
    """Return an event of Sentry's without request, user and server, its messages scrubbed."""
    for key in ("request", "user", "breadcrumbs", "logentry", "server_name"):
        event.pop(key, None)  # type: ignore[misc]
    for value in event.get("exception", {}).get("values", []):
        value["value"] = scrub(value.get("value") or "")
    return event
