"""How likely the model finds tokens, before temperature and filters, and which it finds likeliest in their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from midspan.model import Decoder

ROWS_AT_ONCE = 64  # of a prompt's logits: those of a whole chunk would take hundreds of megabytes


@dataclass(frozen=True)
class Likelihood:
    """A token, the log of its probability, and the likeliest tokens in its place with theirs, falling."""

    token: int
    logprob: float | None  # None: a prompt's first token, before which there is nothing
    top: tuple[tuple[int, float], ...] = ()
    said: int = 0  # so many of the first bytes, of it and of the others, are text that the prompt ends with


def likelihoods(logits: Tensor, tokens: Sequence[int], top: int, said: Sequence[int] | None = None) -> list[Likelihood]:
    """The likelihood of each of `tokens` by the `logits` [tokens, vocabulary] in its place, the `top` likeliest too."""
    logprobs = torch.log_softmax(logits.float(), -1)
    own = logprobs.gather(-1, torch.tensor(tokens, device=logits.device)[:, None])[:, 0].tolist()
    values, ids = (found.tolist() for found in logprobs.topk(min(top, logprobs.shape[-1])))
    likeliest = (
        tuple((token, value) for token, value in zip(*row, strict=True) if value > float("-inf"))
        for row in zip(ids, values, strict=True)
    )
    return [Likelihood(*row) for row in zip(tokens, own, likeliest, said or [0] * len(tokens), strict=True)]


def prompt_likelihoods(
    decoder: Decoder, hidden: Tensor, tokens: Sequence[int], top: int, vocabulary: int
) -> list[Likelihood]:
    """The likelihood of each of `tokens` by the `hidden` [tokens, hidden] states before it."""
    found: list[Likelihood] = []
    for start in range(0, len(tokens), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        found += likelihoods(decoder.logits(hidden[rows])[:, :vocabulary], tokens[rows], top)
    return found
