"""Pictures as SVG: charts for paper, where no script draws them, and badges for other sites.

The same figures stand in a table beside each chart.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, cos, floor, log10, pi, sin
from xml.sax.saxutils import escape

from assessments.definition import Definition, Level

INK, GREY, LINE, BRAND = "#1c2b2a", "#5b6b69", "#c9d3d1", "#0b6e66"
COLOURS = ("#b45309", "#1d4ed8", "#7e22ce", "#be123c", "#4d7c0f", "#0e7490", "#57534e")
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "10 4")
LEVELS = ("#8a4b2f", "#8f6a12", "#5f7716", "#2c7a4b", "#0b6e66", "#1f5a92")
FONT = "DejaVu Sans, sans-serif"
MOST_TICKS = 10


def shade_of(level: Level, definition: Definition) -> int:
    """Return which of the six shades a level has, 0 to 5, the lowest and the highest of every questionnaire alike."""
    return shade_at(definition.levels.index(level), len(definition.levels))


def shade_at(place: int, count: int) -> int:
    """Return the shade of the level at a place, from 0, among so many."""
    return round((len(LEVELS) - 1) * place / (count - 1)) if count > 1 else len(LEVELS) - 1


@dataclass(frozen=True, slots=True)
class Line:
    """Values over the places of a chart, None where there is none; the one that `stands_out` is drawn strongly."""

    name: str
    values: Sequence[float | None]
    stands_out: bool = False


def radar(names: Sequence[str], lines: Sequence[Line], top: float) -> str:
    """Return a radar of at least three axes, each from 0 to `top`; every line has a value on every axis."""
    middle, reach = (260.0, 170.0), 120.0

    def at(place: int, value: float) -> tuple[float, float]:
        angle = 2 * pi * place / len(names) - pi / 2
        return middle[0] + reach * value / top * cos(angle), middle[1] + reach * value / top * sin(angle)

    def outline(values: Sequence[float]) -> str:
        return " ".join(_pair(at(place, value)) for place, value in enumerate(values))

    def parts() -> Iterator[str]:
        for ring in _ticks(top)[1:]:
            points = outline([ring] * len(names))
            yield f'<polygon points="{points}" fill="none" stroke="{LINE}"/>'
            yield _text((middle[0] + 4, at(0, ring)[1] + 3), f"{ring:g}", size=8, colour=GREY)
        for place, name in enumerate(names):
            yield _stroke([middle, at(place, top)], LINE)
            x, y = at(place, top * 1.13)
            anchor = "middle" if abs(x - middle[0]) < 1 else "start" if x > middle[0] else "end"
            yield _text((x, y + 3), name, anchor=anchor)
        for number, line in enumerate(lines):
            values = [value or 0.0 for value in line.values]
            fill = f'fill="{BRAND}" fill-opacity="0.15"' if line.stands_out else 'fill="none"'
            yield f'<polygon points="{outline(values)}" {fill} {_pen(line, number)}/>'
            yield from (_dot(at(place, value), line, number) for place, value in enumerate(values))
        yield from _legend(lines, 330)

    return _svg(520, 330 + 18 * ((len(lines) + 2) // 3), parts())


def trend(places: Sequence[str], lines: Sequence[Line], top: float) -> str:
    """Return lines over the places, from 0 to `top`; where a value is missing, a line is broken."""
    left, right, upper, lower = 30.0, 640.0, 14.0, 200.0

    def at(place: int, value: float) -> tuple[float, float]:
        share = (place + 0.5) / len(places)
        return left + (right - left) * share, lower - (lower - upper) * value / top

    def parts() -> Iterator[str]:
        for score in _ticks(top):
            y = at(0, score)[1]
            yield _stroke([(left, y), (right, y)], LINE)
            yield _text((left - 6, y + 3), f"{score:g}", size=9, anchor="end", colour=GREY)
        for place, name in enumerate(places):
            yield _text((at(place, 0)[0], lower + 16), name, size=9, anchor="middle", colour=GREY)
        for number, line in enumerate(lines):
            points = [(place, value) for place, value in enumerate(line.values) if value is not None]
            for run in _unbroken(points):
                yield f'<polyline points="{" ".join(_pair(at(*p)) for p in run)}" fill="none" {_pen(line, number)}/>'
            yield from (_dot(at(*point), line, number) for point in points)
        yield from _legend(lines, lower + 40)

    return _svg(660, lower + 40 + 18 * ((len(lines) + 2) // 3), parts())


def curve(lines: Sequence[Line], step: int) -> str:
    """Return lines over 0, 1, 2 … that go above and below zero; every `step`th place is named. Lines have no gaps."""
    left, right, upper, lower = 56.0, 640.0, 14.0, 220.0
    values = [value or 0.0 for line in lines for value in line.values] + [0.0]
    ticks = _round_values(min(values), max(values))
    bottom, height, places = ticks[0], (ticks[-1] - ticks[0]) or 1, len(lines[0].values)

    def at(place: float, value: float) -> tuple[float, float]:
        share = place / max(places - 1, 1)
        return left + (right - left) * share, lower - (lower - upper) * (value - bottom) / height

    def parts() -> Iterator[str]:
        for tick in ticks:
            yield _stroke([at(0, tick), at(places - 1, tick)], INK if tick == 0 else LINE)
            yield _text((left - 6, at(0, tick)[1] + 3), compact(tick), size=9, anchor="end", colour=GREY)
        for place in range(0, places, step):
            yield _text((at(place, 0)[0], lower + 16), str(place), size=9, anchor="middle", colour=GREY)
        for number, line in enumerate(lines):
            points = " ".join(_pair(at(place, value or 0.0)) for place, value in enumerate(line.values))
            yield f'<polyline points="{points}" fill="none" {_pen(line, number)}/>'
        yield from _legend(lines, lower + 40)

    return _svg(660, lower + 40 + 18 * ((len(lines) + 2) // 3), parts())


def log_log(places: Sequence[Sequence[float]], lines: Sequence[Line], titles: tuple[str, str]) -> str:
    """Return lines over places of their own, without gaps, on two logarithmic axes with titles; all is above zero."""
    left, right, upper, lower = 60.0, 900.0, 14.0, 460.0
    across = _powers([place for of_line in places for place in of_line])
    up = _powers([value or 1.0 for line in lines for value in line.values])

    def at(place: float, value: float) -> tuple[float, float]:
        x, y = ((log10(n) - axis[0]) / (axis[-1] - axis[0]) for n, axis in ((place, across), (value, up)))
        return left + (right - left) * x, lower - (lower - upper) * y

    def parts() -> Iterator[str]:
        for power in across:
            x = at(10.0**power, 1)[0]
            yield _stroke([(x, upper), (x, lower)], LINE)
            yield _text((x, lower + 16), compact(10.0**power), size=9, anchor="middle", colour=GREY)
        for power in up:
            y = at(1, 10.0**power)[1]
            yield _stroke([(left, y), (right, y)], LINE)
            yield _text((left - 6, y + 3), compact(10.0**power), size=9, anchor="end", colour=GREY)
        yield _text(((left + right) / 2, lower + 32), titles[0], anchor="middle")
        yield _text((left + 6, upper + 10), titles[1])
        for number, (of_line, line) in enumerate(zip(places, lines, strict=True)):
            points = [at(place, value or 1.0) for place, value in zip(of_line, line.values, strict=True)]
            yield f'<polyline points="{" ".join(map(_pair, points))}" fill="none" {_pen(line, number)}/>'
            yield from (_dot(point, line, number) for point in points)
        yield from _legend(lines, lower + 58, columns=2, width=440)

    return _svg(920, lower + 58 + 18 * ((len(lines) + 1) // 2), parts())


@dataclass(frozen=True, slots=True)
class Bar:
    """How far something lies at its two ends."""

    name: str
    low: float
    high: float


def tornado(bars: Sequence[Bar], middle: float, ends: tuple[str, str]) -> str:
    """Return bars from the value in the middle to those at both ends, which `ends` names: low, then high."""
    left, right, row = 210.0, 640.0, 20.0
    values = [middle, *(value for bar in bars for value in (bar.low, bar.high))]
    ticks = _round_values(min(values), max(values))
    lower = 10 + row * len(bars)

    def at(value: float) -> float:
        return left + (right - left) * (value - ticks[0]) / ((ticks[-1] - ticks[0]) or 1)

    def parts() -> Iterator[str]:
        for tick in ticks:
            yield _stroke([(at(tick), 6), (at(tick), lower)], LINE)
            yield _text((at(tick), lower + 14), compact(tick), size=9, anchor="middle", colour=GREY)
        for number, bar in enumerate(bars):
            y = 10 + row * number
            yield _text((left - 8, y + 11), bar.name, size=9, anchor="end")
            for value, colour in ((bar.low, LEVELS[0]), (bar.high, LEVELS[5])):
                x, width = min(at(value), at(middle)), abs(at(value) - at(middle))
                yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="14" fill="{colour}"/>'
        yield _stroke([(at(middle), 6), (at(middle), lower)], INK)
        for number, (name, colour) in enumerate(zip(ends, (LEVELS[0], LEVELS[5]), strict=True)):
            x = left + 150 * number
            yield f'<rect x="{x:.1f}" y="{lower + 24:.1f}" width="10" height="10" fill="{colour}"/>'
            yield _text((x + 16, lower + 33), name, size=9)

    return _svg(660, lower + 42, parts())


def as_address(svg: str) -> str:
    """Return the address at which a picture is itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


A_HAIR = 0.01
"""Of a power of ten; a line may go on so far beyond the last one rather than have a whole power to itself."""


def _powers(values: Sequence[float]) -> list[int]:
    """Return the exponents of powers of ten from below the least to the most or just below it, two at least."""
    least = floor(log10(min(values)))
    return list(range(least, max(ceil(log10(max(values)) - A_HAIR), least + 1) + 1))


def compact(value: float) -> str:
    """Write an amount shortly: 950, 1.5k, −20k, 3M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


def _round_values(least: float, most: float) -> list[float]:
    """Return round values, evenly apart, from below the least to above the most; at most nine."""
    rough = (most - least) / 6 or 1.0
    size = 10.0 ** floor(log10(rough))
    step = next(size * times for times in (1, 2, 5, 10) if size * times >= rough)
    return [step * n for n in range(floor(least / step), ceil(most / step) + 1)]


def badge(label: str, value: str, shade: int | None) -> str:
    """Return a badge that says two things, in the shade of a level, grey without one."""
    left, right = (12 + sum(map(_width, text)) for text in (label, value))
    colour = GREY if shade is None else LEVELS[shade]
    title = escape(f"{label}: {value}", {'"': "&quot;"})

    def text(x: float, width: float, words: str) -> str:
        return (
            f'<text x="{x + width / 2:.1f}" y="14" text-anchor="middle" textLength="{width - 12:.1f}"'
            f' font-family="Verdana, {FONT}" font-size="11" fill="#fff">{escape(words)}</text>'
        )

    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right:.0f}" height="20"'
        f' role="img" aria-label="{title}"><title>{title}</title>'
        f'<clipPath id="c"><rect width="{left + right:.0f}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#c)"><rect width="{left:.1f}" height="20" fill="#3d4a48"/>'
        f'<rect x="{left:.1f}" width="{right:.1f}" height="20" fill="{colour}"/></g>'
        f"{text(0, left, label)}{text(left, right, value)}</svg>"
    )


def _ticks(top: float) -> list[float]:
    """Return what is marked on an axis from 0 to `top`: whole numbers, or five steps where those would be too many."""
    step = 1.0 if top <= MOST_TICKS else top / 5
    ticks = [step * n for n in range(int(top / step) + 1)]
    return ticks if ticks[-1] == top else [*ticks, top]


def _width(letter: str) -> float:
    """Return about how wide a letter of a badge is; its text is fitted to the sum."""
    return 3.8 if letter in "fijlrt1.,:' " else 9.4 if letter in "MWmw" else 6.8


def _unbroken(points: Sequence[tuple[int, float]]) -> Iterator[list[tuple[int, float]]]:
    """Yield the runs of points whose places follow each other."""
    for _, run in groupby(enumerate(points), key=lambda pair: pair[1][0] - pair[0]):
        yield [point for _, point in run]


def _legend(lines: Sequence[Line], y: float, *, columns: int = 3, width: float = 208) -> Iterator[str]:
    for number, line in enumerate(lines):
        left, height = 24 + width * (number % columns), y + 18 * (number // columns)
        yield f'<polyline points="{_pair((left, height))} {_pair((left + 28, height))}" {_pen(line, number)}/>'
        yield _dot((left + 14, height), line, number)
        yield _text((left + 34, height + 3), line.name, size=9)


def _pen(line: Line, number: int) -> str:
    """Lines are told apart by their dashes too, as some people see no colours, and some printers print none."""
    if line.stands_out:
        return f'stroke="{BRAND}" stroke-width="3"'
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    return f'stroke="{colour}" stroke-width="1.4"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _dot(point: tuple[float, float], line: Line, number: int) -> str:
    colour = BRAND if line.stands_out else COLOURS[number % len(COLOURS)]
    return f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="{3.5 if line.stands_out else 2.2}" fill="{colour}"/>'


def _stroke(points: Sequence[tuple[float, float]], colour: str) -> str:
    return f'<polyline points="{" ".join(map(_pair, points))}" fill="none" stroke="{colour}"/>'


def _text(point: tuple[float, float], text: str, *, size: float = 10, anchor: str = "start", colour: str = INK) -> str:
    return (
        f'<text x="{point[0]:.1f}" y="{point[1]:.1f}" font-family="{FONT}" font-size="{size}" text-anchor="{anchor}"'
        f' fill="{colour}">{escape(text)}</text>'
    )


def _pair(point: tuple[float, float]) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"


def _svg(width: float, height: float, parts: Iterator[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}">{"".join(parts)}</svg>'
    )
