"""Fill-in-the-middle: a document is cut at two random characters and its middle is moved to the end."""

from __future__ import annotations

import numpy as np

from midspan.tokens import Tokenizer


def cut(text: str, generator: np.random.Generator) -> tuple[str, str, str]:
    """Split `text` at two uniformly drawn character positions into (prefix, middle, suffix).

    Bavarian et al. 2022, "Efficient Training of Language Models to Fill in the Middle", section 3.
    """
    first, second = sorted(generator.integers(0, len(text) + 1, size=2).tolist())
    return text[:first], text[first:second], text[second:]


def fim_tokens(tokenizer: Tokenizer, prefix: str, middle: str, suffix: str, spm: bool) -> list[int]:
    """The ids of a cut document, sentinels and the closing `<|endoftext|>` included.

    PSM is `<fim_prefix>P<fim_suffix>S<fim_middle>M`; SPM is the joint variant,
    `<fim_prefix><fim_suffix>S<fim_middle>PM` (Bavarian et al., appendix D), in which prefix and middle are one text:
    no token boundary falls on the cursor.
    """
    marks = tokenizer.fim
    assert marks is not None, "the tokenizer has no fill-in-the-middle tokens"
    if spm:
        tail, whole = tokenizer.encode_batch([suffix, prefix + middle])
        return [marks.prefix, marks.suffix, *tail, marks.middle, *whole, tokenizer.end_of_text]
    head, tail, span = tokenizer.encode_batch([prefix, suffix, middle])
    return [marks.prefix, *head, marks.suffix, *tail, marks.middle, *span, tokenizer.end_of_text]
