"""Preference pairs → packed rows in which every answer is a segment of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from midspan.batches.batch import Batch, pack_rows
from midspan.batches.chat import chat_segment
from midspan.batches.packing import best_fit
from midspan.tokens import Message, Tokenizer


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


def fits(pair: PreferencePair, tokenizer: Tokenizer, context: int) -> bool:
    """Whether both answers with their prompt fit into one row of `context` positions."""
    answers = (pair.chosen, pair.rejected)
    return all(chat_segment(tokenizer, pair.conversation(answer)).length <= context for answer in answers)


def pack_pairs(pairs: Sequence[PreferencePair], tokenizer: Tokenizer, context: int) -> PairBatch:
    """Pack both answers of every pair into rows of `context` positions; each pair must fit (see `fits`)."""
    segments = [
        chat_segment(tokenizer, pair.conversation(answer)) for pair in pairs for answer in (pair.chosen, pair.rejected)
    ]
    rows = best_fit([segment.length for segment in segments], context)
    batch = pack_rows([[segments[index] for index in row] for row in rows], context)
    of_row = torch.full((len(rows), max(map(len, rows)) + 1), len(segments))  # the last column stands for padding
    for row, indices in enumerate(rows):
        of_row[row, : len(indices)] = torch.tensor(indices)
    sequences = of_row.gather(1, batch.segments.where(batch.segments >= 0, torch.tensor(of_row.shape[1] - 1)))
    answer_tokens = torch.tensor([sum(segment.loss_weight or []) for segment in segments])
    return PairBatch(batch, sequences, answer_tokens)
