"""A load of requests from some clients at once, for some seconds; each request on a connection of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from urllib.parse import urlencode, urlsplit

CLIENTS = 4


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; `form` makes it a POST."""

    path: str
    cookies: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None

    def encoded(self, host: str) -> bytes:
        """Return the request as it goes over the wire, with the CSRF token in its header."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [
            f"{'GET' if self.form is None else 'POST'} {self.path} HTTP/1.1",
            f"Host: {host}",
            f"Cookie: {cookies}",
            "Accept-Encoding: identity",
            "Connection: close",
        ]
        body = b""
        if self.form is not None:
            body = urlencode(self.form).encode()
            lines += [
                f"X-CSRFToken: {self.cookies['csrftoken']}",
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Window:
    """What a load came to: the seconds of each request, sorted, and how many a second were answered."""

    seconds: tuple[float, ...]
    rate: float

    def percentile(self, share: float) -> float:
        """Return the seconds within which that share (0 to 1) of the requests was answered."""
        return self.seconds[max(0, ceil(share * len(self.seconds)) - 1)]


class WrongAnswer(Exception):
    """An answer was not what the measurement is of."""


def run_load(origin: str, requests: Iterator[Request], *, seconds: float, expected: int) -> Window:
    """Send requests by `CLIENTS` at once for so long. Raises WrongAnswer for another status than expected."""
    return asyncio.run(_run(origin, requests, seconds, expected))


async def _run(origin: str, requests: Iterator[Request], seconds: float, expected: int) -> Window:
    host = urlsplit(origin).netloc
    taken: list[float] = []
    begin = time.perf_counter()

    async def client() -> None:
        for request in requests:
            start = time.perf_counter()
            if start - begin >= seconds:
                return
            status = await _ask(host, request)
            if status != expected:
                raise WrongAnswer(f"{request.path}: {status}")
            taken.append(time.perf_counter() - start)

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())
    return Window(tuple(sorted(taken)), len(taken) / (time.perf_counter() - begin))


async def _ask(host: str, request: Request) -> int:
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(request.encoded(host))
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])


def repeated(request: Request) -> Iterator[Request]:
    """Yield the same request for ever."""
    return (request for _ in count())
