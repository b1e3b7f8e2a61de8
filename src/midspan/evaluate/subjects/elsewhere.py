"""Somebody else's engine: the text that asks it, and where its answer ends as Midspan's own would have ended it."""

from __future__ import annotations

from midspan.evaluate.families import Family
from midspan.evaluate.subject import Item
from midspan.inference import Fill, Plain, Sampling
from midspan.inference.endings import SuffixMatcher


def asked(prompt: Plain | Fill, family: Family | None) -> str:
    """The text to go on with; a middle is asked from the left alone where the family learnt none."""
    if isinstance(prompt, Plain):
        return prompt.text
    return family.asks(prompt.prefix, prompt.suffix) if family and family.fill else prompt.prefix


def ended(text: str, item: Item, sampling: Sampling, family: Family | None) -> str:
    """The answer up to the first stop or marker of its family, and up to where it repeats what follows the cursor."""
    stops = (*sampling.stop, *(family.ends if family else ()))
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    text = text[: min(ends, default=None)]
    if isinstance(item.prompt, Fill) and sampling.stop_at_suffix:
        matcher = SuffixMatcher(item.prompt.suffix, item.prompt.prefix.rpartition("\n")[2])
        text = matcher.push(text) + matcher.flush()
    return text
