"""Line charts and bars as inline SVG: themed by the page's CSS, read without JavaScript."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

WIDTH = 460  # of every chart's own coordinates; the page scales it
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 24, 26  # margins around the plotted area
LINE_POINTS = 300  # points kept of a long series: more than a screen shows
HOVER_POINTS = 60


@dataclass(frozen=True)
class Series:
    """One line of a chart; `style` is its CSS class: "raw", "smooth" or "plain"."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    style: str = "plain"


@dataclass(frozen=True)
class Axes:
    """Maps values to a chart's coordinates."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    height: float

    def x(self, value: float) -> float:
        low, high = self.x_range
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high = self.y_range
        return self.height - BOTTOM - (value - low) / (high - low) * (self.height - BOTTOM - TOP)


def ticks(low: float, high: float, wanted: int = 5, whole: bool = False) -> list[float]:
    """Round values (1, 2 or 5 times a power of ten apart) within [low, high]: about `wanted`, at least two.

    `whole` values are at least 1 apart, even where that makes them fewer. Where the ends are too close to tell apart
    (or too far for a float), the ends themselves.
    """
    assert low <= high
    assert wanted >= 2
    if low == high:
        return [low]
    span = high - low
    if not math.isfinite(span) or span < 1e-9 * max(abs(low), abs(high)) or span < 1e-290:
        return [low, high]
    power = math.floor(math.log10(span / wanted)) + 1
    values: list[float] = []
    # From coarse to fine: the first spacing that gives enough ticks.
    for exponent in (power, power - 1, power - 2):
        for factor in (5, 2, 1):
            step = float(f"{factor}e{exponent}")
            if whole and step < 1:
                return values or [low, high]
            indices = range(math.ceil(low / step), math.floor(high / step) + 1)
            values = [float(f"{index * step:.12g}") for index in indices]
            values = [value for value in values if low <= value <= high]
            if len(values) >= max(2, wanted - 1):
                return values
    raise AssertionError(f"no ticks for [{low}, {high}]")


def tick_labels(values: Sequence[float]) -> tuple[list[str], str]:
    """The ticks' texts and what the axis must say about them: very small values share a power of ten."""
    largest = max(abs(value) for value in values)
    if 1e-300 < largest < 0.01:  # below that, a power of ten is no float
        exponent = math.floor(math.log10(largest))
        superscript = str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return _same_decimals([value / 10.0**exponent for value in values]), f" ×10{superscript}"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if largest >= limit:
            divisor = 1e3 if unit == "k" else limit
            return [f"{value / divisor:.6g}{unit if value else ''}" for value in values], ""
    return _same_decimals(values), ""


def _same_decimals(values: Sequence[float]) -> list[str]:
    decimals = max(len(f"{value:.6g}".partition(".")[2]) for value in values)
    return [f"{value:.{min(decimals, 6)}f}" for value in values]


def padded(values: Sequence[float], padding: float = 0.0) -> tuple[float, float]:
    """The range of the values with a share of it added at both ends; never empty."""
    low, high = min(values), max(values)
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # one value: make room around it
        room = abs(high) * 0.1 or 1.0
        return low - room, high + room
    room = padding * (high - low)
    return low - room, high + room


def smooth(values: Sequence[float], half_window: int) -> list[float]:
    """The mean of up to `half_window` neighbours on each side.

    Near the start the window shrinks on both sides alike, so that a steep fall is not flattened.
    """
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    result = []
    for index in range(len(values)):
        reach = min(half_window, index)
        start, end = index - reach, min(index + reach + 1, len(values))
        result.append((sums[end] - sums[start]) / (end - start))
    return result


def thin(x: Sequence[float], y: Sequence[float], limit: int = LINE_POINTS) -> list[tuple[float, float]]:
    """At most about `limit` points of the series; of every bucket the lowest and the highest, so no spike is lost."""
    points = list(zip(x, y, strict=True))
    if len(points) <= limit:
        return points
    buckets = max(1, (limit - 2) // 2)
    kept = {0, len(points) - 1}
    for bucket in range(buckets):
        indices = range(bucket * len(points) // buckets, (bucket + 1) * len(points) // buckets)
        kept |= {min(indices, key=lambda i: points[i][1]), max(indices, key=lambda i: points[i][1])}
    return [points[index] for index in sorted(kept)]


def _line(series: Series, axes: Axes) -> str:
    points = [(axes.x(x), axes.y(y)) for x, y in thin(series.x, series.y)]
    if len(points) == 1:
        return f'<circle class="dot {series.style}" cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3"/>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="line {series.style}" points="{path}"/>'


def _frame(axes: Axes, x_label: str, y_label: str) -> str:
    bottom, right = axes.height - BOTTOM, WIDTH - RIGHT
    y_ticks = ticks(*axes.y_range, 4 if axes.height > 160 else 2)
    x_ticks = ticks(*axes.x_range, whole=True)
    y_texts, y_power = tick_labels(y_ticks)
    x_texts, x_power = tick_labels(x_ticks)
    parts = []
    for value, text in zip(y_ticks, y_texts, strict=True):
        y = axes.y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick end" x="{LEFT - 7}" y="{y + 4:.1f}">{escape(text)}</text>')
    for value, text in zip(x_ticks, x_texts, strict=True):
        x = axes.x(value)
        parts.append(f'<line class="axis" x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 4}"/>')
        parts.append(f'<text class="tick middle" x="{x:.1f}" y="{bottom + 18}">{escape(text)}</text>')
    parts.append(f'<line class="axis" x1="{LEFT}" y1="{bottom}" x2="{right}" y2="{bottom}"/>')
    parts.append(f'<text class="label" x="2" y="12">{escape(y_label + y_power)}</text>')
    parts.append(f'<text class="label" x="2" y="{bottom + 18}">{escape(x_label + x_power)}</text>')
    return "".join(parts)


def _hover(series: Series, axes: Axes, x_label: str) -> str:
    """Strips over the plot, each with the point and its numbers, which CSS shows while the pointer is on it."""
    stride = max(1, math.ceil(len(series.x) / HOVER_POINTS))
    chosen = sorted({*range(0, len(series.x), stride), len(series.x) - 1})
    centres = [axes.x(series.x[index]) for index in chosen]
    edges = [LEFT, *((a + b) / 2 for a, b in pairwise(centres)), WIDTH - RIGHT]
    parts = []
    for position, index in enumerate(chosen):
        left, right = edges[position], edges[position + 1]
        text = f"{x_label} {series.x[index]:,.6g}: {series.y[index]:.4g}"
        parts.append(
            f'<g class="hover"><rect x="{left:.1f}" y="{TOP}" width="{max(right - left, 0):.1f}" '
            f'height="{axes.height - TOP - BOTTOM}"/>'
            f'<circle cx="{centres[position]:.1f}" cy="{axes.y(series.y[index]):.1f}" r="4"/>'
            f'<text class="end" x="{WIDTH - RIGHT}" y="12">{escape(text)}</text></g>'
        )
    return "".join(parts)


def _x_range(values: Sequence[float]) -> tuple[float, float]:
    """From zero, where all training begins."""
    return (0.0, max(values)) if min(values) >= 0 and max(values) > 0 else padded(values)


def line_chart(
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    height: float = 230,
    y_range: tuple[float, float] | None = None,
) -> Markup:
    """A chart of the series over steps, drawn in order; the last one answers the pointer.

    Steps are whole numbers; values and their span must be finite. `y_range` fixes the vertical range; else the values
    decide. Without a point, the chart says so.
    """
    drawn = [line for line in series if line.x]
    name = escape(f"{y_label} by {x_label}")
    opening = f'<svg class="chart" viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{name}">'
    if not drawn:
        empty = f'<text class="label middle" x="{WIDTH / 2}" y="{height / 2}">{name}: nothing logged yet</text>'
        return Markup(f"{opening}{empty}</svg>")
    xs = [value for line in drawn for value in line.x]
    ys = [value for line in drawn for value in line.y]
    axes = Axes(_x_range(xs), y_range or padded(ys, 0.05), height)
    lines = "".join(_line(line, axes) for line in drawn)
    return Markup(f"{opening}{_frame(axes, x_label, y_label)}{lines}{_hover(drawn[-1], axes, x_label)}</svg>")


def bar(share: float) -> Markup:
    """A horizontal bar, `share` (0 to 1) of the room it is given."""
    width = 100 * min(max(0.0, share), 1.0)
    return Markup(
        '<svg class="bar" aria-hidden="true"><rect class="room" width="100%" height="100%" rx="3"/>'
        f'<rect class="fill" width="{width:.2f}%" height="100%" rx="3"/></svg>'
    )


def interval_bar(low: float, value: float, high: float) -> Markup:
    """A share with its interval on the scale from 0 to 1."""
    return Markup(
        '<svg class="interval" aria-hidden="true"><line class="grid" x1="0" y1="50%" x2="100%" y2="50%"/>'
        f'<line class="whisker" x1="{100 * low:.2f}%" y1="50%" x2="{100 * high:.2f}%" y2="50%"/>'
        f'<circle cx="{100 * value:.2f}%" cy="50%" r="3.5"/></svg>'
    )


def difference_bar(low: float, value: float, high: float, reach: float, kind: str) -> Markup:
    """A difference with its interval, from `-reach` to `reach`, cut there; a line is where it is nothing."""
    left, middle, right = (50 + 50 * side / reach for side in (low, value, high))
    return Markup(
        f'<svg class="differs {escape(kind)}" aria-hidden="true">'
        '<line class="grid" x1="0" y1="50%" x2="100%" y2="50%"/><line class="axis" x1="50%" y1="0" x2="50%" y2="100%"/>'
        f'<line class="whisker" x1="{left:.2f}%" y1="50%" x2="{right:.2f}%" y2="50%"/>'
        f'<circle cx="{middle:.2f}%" cy="50%" r="3.5"/></svg>'
    )


def stacked_bar(parts: Sequence[tuple[str, float]]) -> Markup:
    """One bar in parts of about their sizes, with a legend; what is there is never too thin to be seen."""
    whole = sum(value for _, value in parts)
    if not whole:
        return Markup('<p class="empty">Nothing was counted.</p>')
    least = 0.004
    shares = [max(value / whole, least) for _, value in parts]
    room, left, drawn, legend = WIDTH * 2, 0.0, [], []
    for position, ((label, _), share) in enumerate(zip(parts, shares, strict=True)):
        width = room * share / sum(shares)
        drawn.append(
            f'<rect class="part{position}" x="{left:.2f}" width="{max(width - 1.5, 1):.2f}" height="26">'
            f"<title>{escape(label)}</title></rect>"
        )
        legend.append(f'<li><span class="part{position}"></span>{escape(label)}</li>')
        left += width
    opening = f'<svg class="stacked" viewBox="0 0 {room} 26" preserveAspectRatio="none" role="img" aria-label="shares">'
    return Markup(f'{opening}{"".join(drawn)}</svg><ul class="legend">{"".join(legend)}</ul>')
