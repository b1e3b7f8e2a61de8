"""The two sides of a cursor to ids, as each family encodes the parts of a fill-in-the-middle prompt."""

from __future__ import annotations

from midspan.errors import UserError
from midspan.tokens.tokenizer import Tokenizer


def encode_infill(tokenizer: Tokenizer, prefix: str, suffix: str) -> tuple[list[int], list[int]]:
    """The ids that stand after the prefix marker and after the suffix marker; the markers are `tokenizer.fim`'s.

    No space is put before the suffix, nor before the prefix but in Code Llama (llama.cpp#3503), so that the text
    around the cursor is the model's text. UserError if the tokenizer has no fill-in-the-middle tokens.
    """
    if tokenizer.fim is None:
        raise UserError("this model's tokenizer has no fill-in-the-middle tokens: send a prompt without suffix")
    before = " " + prefix if tokenizer.fim.space_before_prefix else prefix
    return tokenizer.encode_continuation(before), tokenizer.encode_continuation(suffix)
