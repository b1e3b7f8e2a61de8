"""Fill-in-the-middle: a text is cut in three and its middle moved to the end, in one of several layouts."""

from __future__ import annotations

from itertools import accumulate

from midspan.tokens import Tokenizer, split_prefix


def fim_tokens(
    tokenizer: Tokenizer, prefix: str, middle: str, suffix: str, layout: str = "psm", joined: bool = False
) -> list[int]:
    """The ids of a cut text, markers and what closes a middle (`<|endoftext|>`, Code Llama's EOT) included.

    Apart, a token boundary falls on the cursor, in mid-word too. `joined`, the text around the cursor has the tokens
    that it has in whole texts, which is what a model that knew those expects: it is then to be asked with healing.
    """
    marks, encode = tokenizer.fim, tokenizer.encode_continuation
    assert marks is not None, "the tokenizer has no fill-in-the-middle tokens"
    first, rest = split_prefix(tokenizer, prefix, layout)
    if joined:
        before, span = _joined(tokenizer, first, rest, middle, turns_at_cursor=layout == "psm")
    else:
        before, span = encode(first), [*encode(rest), *encode(middle)]
    return [marks.prefix, *before, marks.suffix, *encode(suffix), marks.middle, *span, marks.end]


def _joined(
    tokenizer: Tokenizer, first: str, rest: str, middle: str, turns_at_cursor: bool
) -> tuple[list[int], list[int]]:
    """What stands before the suffix and after the middle marker, with the tokens of one text around the cursor.

    Where the cursor itself is at the turn, the last token that ends before it goes with the middle: a healed prompt
    lacks one or two, as they may depend on what follows.
    """
    encode = tokenizer.encode_continuation
    if not turns_at_cursor:
        return encode(first), encode(rest + middle)
    ids = encode(first + middle)
    ends = accumulate(len(tokenizer.bytes_of(token)) for token in ids)
    kept = max(0, sum(end <= len(first.encode()) for end in ends) - 1)
    return ids[:kept], ids[kept:]
