"""Fill-in-the-middle: a document is cut at two random characters and its middle is moved to the end."""

from __future__ import annotations

import numpy as np

from midspan.tokens import Tokenizer, encode_infill


def cut(text: str, generator: np.random.Generator) -> tuple[str, str, str]:
    """Split `text` at two uniformly drawn character positions into (prefix, middle, suffix).

    Bavarian et al. 2022, "Efficient Training of Language Models to Fill in the Middle", section 3.
    """
    first, second = sorted(generator.integers(0, len(text) + 1, size=2).tolist())
    return text[:first], text[first:second], text[second:]


def fim_tokens(tokenizer: Tokenizer, prefix: str, middle: str, suffix: str, spm: bool) -> list[int]:
    """The ids of a cut document, sentinels and what closes a middle (`<|endoftext|>`, Code Llama's EOT) included.

    PSM is `<fim_prefix>P<fim_suffix>S<fim_middle>M`; SPM is `<fim_prefix><fim_suffix>S<fim_middle>PM`
    (Bavarian et al., appendix D, the joint variant), where the text goes on from the cursor's own line. The parts are
    encoded apart: a token boundary falls on the cursor, in mid-word too, as it does in an editor.
    """
    marks = tokenizer.fim
    assert marks is not None, "the tokenizer has no fill-in-the-middle tokens"
    head, tail = encode_infill(tokenizer, prefix, suffix)
    span = tokenizer.encode_continuation(middle)
    if spm:
        return [marks.prefix, marks.suffix, *tail, marks.middle, *head, *span, marks.end]
    return [marks.prefix, *head, marks.suffix, *tail, marks.middle, *span, marks.end]
