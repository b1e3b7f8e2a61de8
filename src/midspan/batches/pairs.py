"""Preference pairs → packed rows in which every answer is a segment of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from midspan.batches.batch import Batch, Segment, pack_rows
from midspan.batches.chat import chat_segment
from midspan.batches.packing import best_fit_rows
from midspan.batches.randomness import shuffled
from midspan.errors import UserError
from midspan.tokens import Message, Tokenizer

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class PreferencePair:
    """One prompt with the answer that passed its tests and one that was seen to fail."""

    identifier: str
    prompt: list[Message]
    chosen: str
    rejected: str
    origin: str  # of the rejected answer: "model" or "mutation"

    def conversation(self, answer: str) -> list[Message]:
        """The prompt with `answer` as the assistant's turn."""
        return [*self.prompt, Message(role="assistant", content=answer)]


@dataclass
class PairBatch:
    """The packed answers of some pairs. Sequence 2i is pair i's chosen answer, 2i + 1 its rejected one."""

    batch: Batch
    sequences: Tensor  # [batch, sequence] int64: the sequence a position belongs to; 2 * pairs for padding
    answer_tokens: Tensor  # [2 * pairs] float32: supervised tokens of each sequence

    def to(self, device: torch.device) -> PairBatch:
        """The same pairs on `device`."""
        return PairBatch(self.batch.to(device), self.sequences.to(device), self.answer_tokens.to(device))

    def sum_by_sequence(self, values: Tensor) -> Tensor:
        """Sum per-token `values` [batch, sequence], weighted by the loss weight, to [2 * pairs]."""
        sums = values.new_zeros(len(self.answer_tokens) + 1)
        weighted = values * self.batch.loss_weight
        return sums.index_add(0, self.sequences.flatten(), weighted.flatten())[:-1]


def pair_segments(tokenizer: Tokenizer, pair: PreferencePair) -> list[Segment]:
    """The conversations that end in the chosen and in the rejected answer; loss on the answers."""
    return [chat_segment(tokenizer, pair.conversation(answer)) for answer in (pair.chosen, pair.rejected)]


class PairRows:
    """A pair a row, [chosen, rejected], each once an epoch, so that any split of the rows keeps the pairs whole.

    Pairs with an answer that does not fit into `context` are left out and counted in `too_long`; raises UserError if
    none fits.
    """

    def __init__(
        self, pairs: Sequence[PreferencePair], tokenizer: Tokenizer, *, context: int, seed: int, stage: str
    ) -> None:
        made = [(pair, pair_segments(tokenizer, pair)) for pair in pairs]
        fitting = [(pair, both) for pair, both in made if max(segment.length for segment in both) <= context]
        self.pairs = [pair for pair, _ in fitting]
        self.segments = [both for _, both in fitting]  # [pairs][2]
        self.too_long = len(pairs) - len(fitting)
        if not fitting:
            raise UserError(f"none of {len(pairs)} preference pairs fits into a context of {context}: raise it")
        self.seed, self.stage = seed, stage

    def __len__(self) -> int:
        """The pairs, a row each."""
        return len(self.pairs)

    def pair(self, k: int) -> int:
        """Which of `pairs` row `k` holds."""
        return shuffled(k, len(self.pairs), self.seed, self.stage)[1]

    def row(self, k: int) -> list[Segment]:
        """The chosen and the rejected answer of row `k`, each after the prompt."""
        return self.segments[self.pair(k)]


def pack_pairs(rows: Sequence[Sequence[Segment]], context: int) -> PairBatch:
    """Pack both segments of every pair, the rows of `PairRows`, into rows of `context` positions."""
    import torch

    segments = [segment for pair in rows for segment in pair]
    laid = best_fit_rows([segment.length for segment in segments], context)
    batch = pack_rows([[segments[index] for index in row] for row in laid], context)
    of_row = torch.full((len(laid), max(map(len, laid)) + 1), len(segments))  # the last column stands for padding
    for row, indices in enumerate(laid):
        of_row[row, : len(indices)] = torch.tensor(indices)
    sequences = of_row.gather(1, batch.segments.where(batch.segments >= 0, torch.tensor(of_row.shape[1] - 1)))
    answer_tokens = torch.tensor([sum(segment.loss_weight or []) for segment in segments])
    return PairBatch(batch, sequences, answer_tokens)
