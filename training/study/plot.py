"""Line charts as SVG, without a library: a few curves, averaged over windows, one axis each way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 380, 64, 52, 20, 24
COLOURS = ("#2f6fde", "#d1662b", "#3a8f4d", "#8a56c2", "#b03a56", "#6b7280")
STYLE = "text:not([fill]){fill:#555}.grid{stroke:#8884}@media (prefers-color-scheme:dark){text:not([fill]){fill:#bbb}}"


@dataclass(frozen=True)
class Curve:
    """A name and points (x, y), x ascending."""

    name: str
    points: list[tuple[float, float]]


def smoothed(points: list[tuple[float, float]], windows: int = 60) -> list[tuple[float, float]]:
    """Means over so many stretches of equal numbers of points."""
    size = max(1, math.ceil(len(points) / windows))
    groups = [points[first : first + size] for first in range(0, len(points), size)]
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]


def round_ticks(least: float, most: float, wanted: int = 6) -> list[float]:
    """Round numbers between two values, about as many as wanted."""
    rough = ((most - least) or 1) / wanted
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    return [round(number * step, 9) for number in range(math.ceil(least / step), math.floor(most / step) + 1)]


def line_chart(title: str, x_title: str, y_title: str, curves: list[Curve], from_zero: bool = False) -> str:
    """The chart as SVG; y from the smallest value, or from 0."""
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [y for curve in curves for _, y in curve.points]
    x_least, x_most = min(xs), max(xs)
    y_least, y_most = (0.0 if from_zero else min(ys)), max(ys)
    x_scale = (WIDTH - LEFT - RIGHT) / ((x_most - x_least) or 1)
    y_scale = (HEIGHT - BOTTOM - TOP) / ((y_most - y_least) or 1)

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + (x - x_least) * x_scale, HEIGHT - BOTTOM - (y - y_least) * y_scale

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="11">',
        f"<style>{STYLE}</style>",
        f"<title>{escape(title)}</title>",
    ]
    for value in round_ticks(y_least, y_most):
        y = place(x_least, value)[1]
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{value:.6g}", 'text-anchor="end"'))
    for value in round_ticks(x_least, x_most):
        parts.append(_text(place(value, y_least)[0], HEIGHT - BOTTOM + 18, f"{value:.6g}", 'text-anchor="middle"'))
    for number, curve in enumerate(curves):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in curve.points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        more = f'text-anchor="end" fill="{colour}" font-weight="600"'
        parts.append(_text(WIDTH - RIGHT - 4, TOP + 14 + 16 * number, curve.name, more))
    middle = (HEIGHT - BOTTOM + TOP) / 2
    parts += [
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_title, 'text-anchor="middle"'),
        _text(16, middle, y_title, f'text-anchor="middle" transform="rotate(-90 16 {middle})"'),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _text(x: float, y: float, content: str, more: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(content)}</text>'
