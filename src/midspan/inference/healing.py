"""Token healing: the last tokens of a prompt are taken back where they depend on what follows the cursor.

A tokenizer joins across any place, so the tokens of a text up to a cursor are mostly not those with which the tokens
of the whole text begin: "    " and then "return x" is one token more than "    return x". A model that has only seen
whole texts finds such a prompt strange. What stays of it here are the tokens with which the encoding of *every* text
that begins with the prompt begins; the first tokens of the answer must begin with the bytes of the others.

Two facts give that number of tokens:
  1. A tokenizer first cuts a text into pieces (words, numbers, runs of spaces) and merges within them. Where the cuts
     are depends on the next one or two characters by their kind, so one of each kind is tried after the prompt. A cut
     that stays whatever comes is certain, and so are all tokens before it.
  2. The piece after the last certain cut goes on, or ends within the prompt. Where a list of tokens is what merging
     makes of a piece, any beginning of the list is what it makes of that beginning of the piece. So the tokens of a
     piece that goes on begin with those of the prompt's piece up to some place from which a token reaches beyond the
     prompt's end: what they have in common over all such places is certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from midspan.inference.spellings import Spellings
from midspan.tokens import Tokenizer

FIRST_TAIL = 6  # tokens that are looked at first

# What may follow a prompt: one or two characters of every kind that splitting patterns tell apart. Letters (among them
# those of 's, 't, 're, 've, 'm, 'll, 'd, which patterns know), digits, marks, signs and white space.
PROBES = (
    *"strevmldSXx",
    *"1²._'/(é漢か🙂\u0301\u00a0\u2028 \t\r\n",
    *("'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'x", "re", "ve", "ll", "Re", "LL"),
    *("11", "1x", "111", ".\n", "/\n", "./", "..", "\r\n", "\n\n", "\nx", "\n ", "\n  x", "\n\t"),
    *(" x", " 1", " .", " '", " \n", " \t", "  ", " 漢", "  x", "   ", "\tx", "\t\t", "\t "),
)


class Healing:
    """Token healing for the prompts of one tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer

    @cached_property
    def spellings(self) -> Spellings:
        """Made when first needed: a vocabulary of 150,000 takes half a second."""
        return Spellings(self.tokenizer)

    def bytes_of(self, tokens: Sequence[int]) -> bytes:
        """What `tokens` stand for together."""
        return b"".join(map(self.tokenizer.bytes_of, tokens))

    def stable_length(self, ids: Sequence[int]) -> int:
        """How many of the first `ids`, a text's encoding, are the first of whatever text goes on from that one.

        A token without bytes (a special or unknown one) is never taken back, nor what stands before it.
        """
        if not ids:
            return 0
        first = 1 + max((place for place, token in enumerate(ids) if not self.tokenizer.bytes_of(token)), default=-1)
        size = FIRST_TAIL
        while True:
            start = max(first, len(ids) - size)
            tail = list(ids[start:])
            kept = self._stable_in_tail(tail)
            if kept or start == first:
                return start + self._whole_characters(tail, kept)
            size *= 2  # its beginning is not certain: more of the text decides

    def _stable_in_tail(self, tail: list[int]) -> int:
        """The same for the last tokens of a text; 0 where they do not tell."""
        try:
            text = self.bytes_of(tail).decode()
        except UnicodeDecodeError:  # it begins within a character
            return 0
        pieces = self.tokenizer.encode_pieces(text)
        if [token for piece in pieces for token in piece] != tail:
            return 0
        probed = [self.tokenizer.encode_pieces(text + probe) for probe in PROBES]
        certain = min(_in_common(pieces, others) for others in probed)
        cut = sum(map(len, pieces[:certain]))
        return cut + self._stable_in_piece(tail[cut:], [others[certain:] for others in probed])

    def _stable_in_piece(self, rest: list[int], probed: list[list[list[int]]]) -> int:
        """The same for what follows the last certain cut; `probed`: what the pieces from there on have become."""
        data = self.bytes_of(rest)
        firsts = [pieces[0] for pieces in probed if pieces]
        possible = [first for first in firsts if len(self.bytes_of(first)) <= len(data)]
        for end in range(max(0, len(data) - self.spellings.longest), len(data) + 1):
            if end == len(data) or self.spellings.go_on(data[end:]):
                possible.append(self.tokenizer.encode_piece(data[:end]))
        return min(_in_common(rest, tokens) for tokens in possible)

    def _whole_characters(self, tail: list[int], kept: int) -> int:
        """`kept`, or less, so that what is taken back begins with a character."""
        while 0 < kept < len(tail) and b"\x80" <= self.tokenizer.bytes_of(tail[kept])[:1] < b"\xc0":
            kept -= 1
        return kept


def _in_common(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many first elements are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))
