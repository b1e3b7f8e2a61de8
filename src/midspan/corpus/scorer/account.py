"""What is known of a scorer when it has been learnt, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from midspan.corpus.scorer.learn import LEAN
from midspan.corpus.scorer.model import Scorer
from midspan.corpus.scorer.trial import FEW, THRESHOLDS, trial_at


def account_of_scorer(scorer: Scorer, folder: Path, speed: float) -> Iterator[str]:
    """Labels, precision and recall by threshold and by language, what to beware of, and the speed in MB/s."""
    facts = scorer.facts
    yield f"{folder}: learnt from {facts['labels']:,} labels, {facts['good']:,} of them good"
    yield f"scores {speed:.0f} MB/s of text on one core"
    if facts["left_out"]:
        yield f"left out: {', '.join(f'{count:,} {reason}' for reason, count in facts['left_out'].items())}"
    yield "On labels that the scorer had not seen (95 % intervals):"
    yield f"  {'threshold':>10} {'kept':>6}  {'precision':24} recall"
    for threshold in THRESHOLDS:
        yield f"  {threshold:>10g} {_figures(trial_at(facts['trial'], threshold))}"
    yield "By language, at 0.5:"
    for name, one in trial_at(facts["trial"], 0.5)["by_language"].items():
        remark = "   (few labels: these figures say little)" if one["labels"] < FEW else ""
        yield f"  {name:>10} {_figures(one)}{remark}"
    if facts["comments"] is not None and abs(facts["comments"]) >= LEAN:
        way = "more" if facts["comments"] > 0 else "fewer"
        yield f"Beware: scores go with {way} comments (correlation {facts['comments']:+.2f}), not only with the code"


def _figures(one: dict[str, Any]) -> str:
    shown = []
    for name in ("precision", "recall"):
        low, high = one[f"{name}_interval"]
        value = one[name]
        shown.append("-" if value is None else f"{value:.1%} ({low:.1%} to {high:.1%})")
    return f"{one['kept'] / max(one['labels'], 1):6.0%}  {shown[0]:24} {shown[1]}"
