"""A load of requests from some clients at once, for some seconds; each request on a connection of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from itertools import count
from math import ceil
from urllib.parse import urlencode, urlsplit

from benchmarks.counting import ASKS, BLOCKS, QUERIES

CLIENTS = 4
COUNTED = 20
SLOW_SECONDS = 1.0
HEAD = 8192


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; `form` makes it a POST."""

    path: str
    cookies: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None

    def encoded(self, host: str, *more: str) -> bytes:
        """Return the request as it goes over the wire, with the CSRF token in its header and `more` headers."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [
            f"{'GET' if self.form is None else 'POST'} {self.path} HTTP/1.1",
            f"Host: {host}",
            f"Cookie: {cookies}",
            "Accept-Encoding: identity",
            "Connection: close",
            *more,
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


def run_load(
    origin: str, requests: Iterator[Request], *, seconds: float, expected: int, clients: int = CLIENTS
) -> Window:
    """Send requests by some clients at once for so long, and wait for the answers: each client gets one at least.

    Ends before where no request is left. Raises WrongAnswer for another status than expected, or where there was none.
    """
    return asyncio.run(_run(origin, requests, seconds, expected, clients))


@dataclass(frozen=True, slots=True)
class Count:
    """What a single request took: its queries, the blocks they read, its seconds, and the bytes of its answer."""

    queries: int
    blocks: int
    seconds: float
    size: int


def count_of(origin: str, requests: Iterator[Request], *, expected: int) -> Count:
    """Send up to `COUNTED` requests, one after the other, and return the least that one took; a slow one stands alone.

    The first of a worker fills its caches, which those after it do not. Raises WrongAnswer.
    """
    counts: list[Count] = []
    while len(counts) < COUNTED and (not counts or counts[-1].seconds < SLOW_SECONDS):
        begin = time.perf_counter()
        answer = asyncio.run(_ask(urlsplit(origin).netloc, next(requests), expected, f"{ASKS}: 1"))
        seconds = time.perf_counter() - begin
        headers = dict(line.split(": ", 1) for line in answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:])
        counts.append(Count(int(headers[QUERIES]), int(headers[BLOCKS]), seconds, len(answer)))
    return Count(*(min(values) for values in zip(*map(astuple, counts), strict=True)))


async def _run(origin: str, requests: Iterator[Request], seconds: float, expected: int, clients: int) -> Window:
    host = urlsplit(origin).netloc
    taken: list[float] = []
    begin = time.perf_counter()

    async def client() -> None:
        start = begin
        while start - begin < seconds and (request := next(requests, None)):
            await _ask(host, request, expected)
            start, before = time.perf_counter(), start
            taken.append(start - before)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    if not taken:
        raise WrongAnswer("no request was left")
    return Window(tuple(sorted(taken)), len(taken) / (time.perf_counter() - begin))


async def _ask(host: str, request: Request, expected: int, *headers: str) -> bytes:
    """Return the whole answer, to its last byte."""
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(request.encoded(host, *headers))
    answer = await reader.read()
    writer.close()
    status = int(answer.split(b" ", 2)[1])
    if status != expected:
        raise WrongAnswer(f"{request.path}: {status}")
    if b"\r\nTransfer-Encoding: chunked\r\n" in answer[:HEAD] and not answer.endswith(b"\r\n0\r\n\r\n"):
        raise WrongAnswer(f"{request.path}: broken off after {len(answer)} bytes")
    return answer


def repeated(request: Request) -> Iterator[Request]:
    """Yield the same request for ever."""
    return (request for _ in count())
