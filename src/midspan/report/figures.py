"""How a number becomes text, and how sure a measured share is."""

from __future__ import annotations

import math

ABSENT = "–"  # shown wherever a number was not measured
Z_95 = 1.959964  # the standard normal quantile of a two-sided 95% interval


def percent(share: float | None) -> str:
    """A share of 1 as a percentage with one decimal: 0.05 is "5.0%"."""
    return ABSENT if share is None else f"{100 * share:.1f}%"


def decimal(value: float | None, digits: int = 3) -> str:
    """A number with a fixed count of decimals."""
    return ABSENT if value is None else f"{value:.{digits}f}"


def signed(value: float, scale: float = 1) -> str:
    """A difference with its sign: of percentages with one decimal, else with three."""
    return f"{value:+.{1 if scale == 100 else 3}f}".replace("-", "−")


def count(value: float | None) -> str:
    """A whole number with thousands separators."""
    return ABSENT if value is None else f"{value:,.0f}"


def counted(value: float, unit: str) -> str:
    """So many of a unit: "1 file", "1,234 files"."""
    return f"{count(value)} {unit if value == 1 else unit + 's'}"


def amount(value: float | None) -> str:
    """A large count in three digits and a word: 12345678 is "12.3 million"."""
    if value is None:
        return ABSENT
    for limit, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= limit:
            return f"{value / limit:.3g} {word}"
    return count(value)


def byte_size(value: float | None) -> str:
    """A number of bytes in decimal units: 1234567 is "1.23 MB"."""
    if value is None:
        return ABSENT
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= limit:
            return f"{value / limit:.3g} {unit}"
    return f"{value:.0f} bytes"


def duration(seconds: float | None) -> str:
    """A time as people say it: "8.5 s", "12 min 30 s", "1 h 05 min", "3 d 4 h"."""
    if seconds is None:
        return ABSENT
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h"


def wilson(share: float, trials: float) -> tuple[float, float]:
    """The 95% score interval of a share of successes seen in `trials` trials (Wilson 1927)."""
    assert trials > 0
    assert 0 <= share <= 1
    z2 = Z_95 * Z_95
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    # The formula touches 0 and 1 exactly at no and at all successes; rounding must not move it past the share.
    return max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share))
