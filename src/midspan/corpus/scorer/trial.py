"""How well a scorer tells good from bad: precision and recall on labels that it has not seen, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

NORMAL = 1.959964  # the 97.5 % quantile of the normal distribution: intervals of 95 %
THRESHOLDS = tuple(tenth / 10 for tenth in range(1, 10))
FEW = 30  # labels of a language, below which its figures say little


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 1927); (0, 1) of nothing."""
    if not trials:
        return 0.0, 1.0
    share, square = hits / trials, NORMAL * NORMAL
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = NORMAL / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    return round(max(centre - half, 0.0), 4), round(min(centre + half, 1.0), 4)


def trial_at(trial: Mapping[str, Sequence[Any]], threshold: float) -> dict[str, Any]:
    """Precision and recall of "good from `threshold` on", over all and by language.

    `trial` holds for each label the `scores` of a model that had not seen it, whether it is `good`, and `languages`.
    """
    rows = list(zip(trial["scores"], trial["good"], trial["languages"], strict=True))
    by_language = {name: [row for row in rows if row[2] == name] for name in sorted({row[2] for row in rows})}
    whole = _figures([(score, good) for score, good, _ in rows], threshold)
    parts = {
        name: _figures([(score, good) for score, good, _ in some], threshold) for name, some in by_language.items()
    }
    return {"threshold": threshold, **whole, "by_language": parts}


def _figures(rows: Sequence[tuple[float, bool]], threshold: float) -> dict[str, Any]:
    kept = [good for score, good in rows if score >= threshold]
    found, good = sum(kept), sum(good for _, good in rows)
    return {
        "labels": len(rows),
        "good": good,
        "kept": len(kept),
        "precision": round(found / len(kept), 4) if kept else None,
        "precision_interval": wilson(found, len(kept)),
        "recall": round(found / good, 4) if good else None,
        "recall_interval": wilson(found, good),
    }
