"""Preference accuracy: does the model find the answer that passes likelier than the one that fails?"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from midspan.batches import PreferencePair, pack_pairs
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
) -> list[tuple[float, float]]:
    """The summed log-probabilities of each pair's (chosen, rejected) answer, in nats."""
    device = next(decoder.parameters()).device
    found: list[tuple[float, float]] = []
    with progress(f"{name}: preferences", len(pairs), "pairs") as line:
        for start in range(0, len(pairs), PAIRS):
            packed = pack_pairs(pairs[start : start + PAIRS], tokenizer, context).to(device)
            values = sequence_logprobs(decoder, packed, dtype).view(-1, 2).tolist()
            found += [(chosen, rejected) for chosen, rejected in values]
            line.update(len(found))
    return found


def likelihood_accuracy(logprobs: Sequence[tuple[float, float]]) -> float:
    """The share of pairs whose chosen answer is the likelier one."""
    return sum(chosen > rejected for chosen, rejected in logprobs) / max(1, len(logprobs))


def reward_accuracy(logprobs: Sequence[tuple[float, float]], reference: Sequence[tuple[float, float]]) -> float:
    """The share of pairs whose chosen answer gained more over the reference model (DPO's implicit reward)."""
    gains = [
        (chosen - reference_chosen) > (rejected - reference_rejected)
        for (chosen, rejected), (reference_chosen, reference_rejected) in zip(logprobs, reference, strict=True)
    ]
    return sum(gains) / max(1, len(gains))
