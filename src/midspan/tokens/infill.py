"""Fill-in-the-middle: how the text around a cursor is laid out, and its ids as each family encodes them."""

from __future__ import annotations

from collections.abc import Callable

from midspan.errors import UserError
from midspan.tokens.tokenizer import Tokenizer

# How much of the prefix stands before the suffix. The rest stands after the middle marker, where the text goes on:
# `<fim_prefix>{first}<fim_suffix>{suffix}<fim_middle>{rest of the prefix}{middle}`.
LAYOUTS: dict[str, Callable[[str], int]] = {
    "psm": len,  # Bavarian et al. 2022, "Efficient Training of Language Models to Fill in the Middle"
    "spm": lambda prefix: 0,  # their appendix D, variant 2
    "line-start": lambda prefix: prefix.rfind("\n") + 1,  # what is typed in a line changes nothing before it
}


def split_prefix(tokenizer: Tokenizer, prefix: str, layout: str) -> tuple[str, str]:
    """The part of the prefix that stands before the suffix, and the part after the middle marker.

    Code Llama has a space before the prefix, wherever it stands; others have none (llama.cpp#3503).
    """
    text = " " + prefix if tokenizer.fim and tokenizer.fim.space_before_prefix else prefix
    turn = LAYOUTS[layout](text)
    return text[:turn], text[turn:]


def encode_infill(
    tokenizer: Tokenizer, prefix: str, suffix: str, layout: str = "psm"
) -> tuple[list[int], list[int], list[int]]:
    """The ids after the prefix marker, after the suffix marker and after the middle marker, which are `tokenizer.fim`.

    Each part is the model's text as it goes on from other text. UserError if the tokenizer has no such markers.
    """
    if tokenizer.fim is None:
        raise UserError("this model's tokenizer has no fill-in-the-middle tokens: send a prompt without suffix")
    first, rest = split_prefix(tokenizer, prefix, layout)
    encode = tokenizer.encode_continuation
    return encode(first), encode(suffix), encode(rest)
