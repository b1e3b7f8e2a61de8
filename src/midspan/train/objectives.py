"""What training minimises: next-token prediction (pre-training and SFT alike) and direct preference optimisation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from midspan.batches import Batch, PairBatch
from midspan.compute import autocast
from midspan.model import Decoder
from midspan.train.logprobs import token_logprobs


def batch_logprobs(decoder: Decoder, batch: Batch, dtype: torch.dtype) -> Tensor:
    """Log-probability of every target with a loss weight, 0 elsewhere: [batch, sequence], float32."""
    with autocast(dtype, batch.tokens.device):
        hidden = decoder.hidden_states(batch.tokens, batch.positions, batch.segments)  # [batch, sequence, hidden]
    supervised = batch.loss_weight != 0
    logprobs = token_logprobs(hidden[supervised], decoder.head_weight, batch.targets[supervised], dtype)
    return torch.zeros_like(batch.loss_weight).masked_scatter(supervised, logprobs)


def causal_loss(decoder: Decoder, batch: Batch, dtype: torch.dtype) -> Tensor:
    """The summed negative log-likelihood over the batch's supervised tokens, weighted by `loss_weight`."""
    return -(batch_logprobs(decoder, batch, dtype) * batch.loss_weight).sum()


def sequence_logprobs(decoder: Decoder, pairs: PairBatch, dtype: torch.dtype) -> Tensor:
    """Summed log-probability of every answer: [2 * pairs], chosen and rejected in turn."""
    return pairs.sum_by_sequence(batch_logprobs(decoder, pairs.batch, dtype))


def dpo_loss(
    logprobs: Tensor, reference: Tensor, answer_tokens: Tensor, beta: float, nll_weight: float
) -> tuple[Tensor, Tensor]:
    """(loss summed over the pairs, reward margins [pairs]) from summed log-probabilities [2 * pairs].

    Rafailov et al. 2023, "Direct Preference Optimization", equation 7. `nll_weight` adds that much of the chosen
    answer's mean negative log-likelihood (Pang et al. 2024, "Iterative Reasoning Preference Optimization").
    """
    rewards = beta * (logprobs - reference)
    margins = rewards[0::2] - rewards[1::2]
    loss = -F.logsigmoid(margins).sum()
    if nll_weight:
        loss = loss - nll_weight * (logprobs[0::2] / answer_tokens[0::2]).sum()
    return loss, margins
