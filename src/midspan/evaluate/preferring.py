"""Preference accuracy: does the model find the answer that passes likelier than the one that fails?"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from midspan.batches import PreferencePair, pack_pairs, pair_segments
from midspan.model import Decoder
from midspan.progress import progress
from midspan.tokens import Tokenizer
from midspan.train import sequence_logprobs

PAIRS = 16  # in one forward pass


@torch.inference_mode()
def preference_logprobs(
    decoder: Decoder,
    tokenizer: Tokenizer,
    pairs: Sequence[PreferencePair],
    context: int,
    dtype: torch.dtype,
    name: str,
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """The log-probabilities of each pair's (chosen, rejected) answer in nats: summed, and per token."""
    device = next(decoder.parameters()).device
    sums: list[tuple[float, float]] = []
    means: list[tuple[float, float]] = []
    with progress(f"{name}: preferences", len(pairs), "pairs") as line:
        for start in range(0, len(pairs), PAIRS):
            segments = [pair_segments(tokenizer, pair) for pair in pairs[start : start + PAIRS]]
            packed = pack_pairs(segments, context).to(device)
            values = sequence_logprobs(decoder, packed, dtype)
            for found, table in ((sums, values), (means, values / packed.answer_tokens)):
                found += [(chosen, rejected) for chosen, rejected in table.view(-1, 2).tolist()]
            line.update(len(sums))
    return sums, means


def likelihood_accuracy(per_token: Sequence[tuple[float, float]]) -> float:
    """The share of pairs whose chosen answer is the likelier one per token: a short answer has no advantage."""
    return sum(chosen > rejected for chosen, rejected in per_token) / max(1, len(per_token))


def reward_accuracy(logprobs: Sequence[tuple[float, float]], reference: Sequence[tuple[float, float]]) -> float:
    """The share of pairs whose chosen answer gained more over the reference model (DPO's implicit reward)."""
    gains = [
        (chosen - reference_chosen) > (rejected - reference_rejected)
        for (chosen, rejected), (reference_chosen, reference_rejected) in zip(logprobs, reference, strict=True)
    ]
    return sum(gains) / max(1, len(gains))
