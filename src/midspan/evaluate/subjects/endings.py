"""Where an answer ends that was made by somebody else's engine, as Midspan's own would have ended it."""

from __future__ import annotations

from midspan.evaluate.subject import Item
from midspan.inference import Fill, Sampling
from midspan.inference.endings import SuffixMatcher


def ended(text: str, item: Item, sampling: Sampling) -> str:
    """The answer up to the first stop, and up to where it begins to repeat what follows the cursor."""
    ends = [place for stop in sampling.stop if (place := text.find(stop)) >= 0]
    text = text[: min(ends, default=None)]
    if isinstance(item.prompt, Fill) and sampling.stop_at_suffix:
        matcher = SuffixMatcher(item.prompt.suffix, item.prompt.prefix.rpartition("\n")[2])
        text = matcher.push(text) + matcher.flush()
    return text
