"""The one routine that turns hidden states into per-token log-probabilities, for every objective and for evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

# Logits held at once. On a CPU so few that they stay in its cache: docs/results/training.md has the figures.
CHUNK_ELEMENTS = {"cpu": 2**21, "cuda": 2**27}
# Tokens are filled up to a multiple: on a CPU oneDNN compiles and keeps a kernel for each number of them that it meets.
# 300 losses of random numbers of tokens took 1.4 GB and 13.6 s without, 0.1 GB and 5.3 s with it (4,096 words, AMX).
TOKEN_STEP = {"cpu": 128, "cuda": 1}


def token_logprobs(hidden: Tensor, head: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
    """Log-probability of each target: hidden [tokens, hidden], head [vocabulary, hidden], targets [tokens] → [tokens].

    A part of the vocabulary at a time, so that the [tokens, vocabulary] logits never exist; the backward pass makes
    them again (Wijmans et al. 2024, "Cut Your Losses in Large-Vocabulary Language Models"). So each row of the head's
    gradient is written once, where parts of the tokens would each add a gradient of the whole head. Matrix products run
    in `dtype`, sums in float32.
    """
    tokens = len(targets)
    lacking = -tokens % TOKEN_STEP[hidden.device.type]
    if lacking:
        hidden, targets = F.pad(hidden, (0, 0, 0, lacking)), F.pad(targets, (0, lacking))
    logprobs: Tensor = _TokenLogprobs.apply(hidden, head, targets, dtype)  # type: ignore[no-untyped-call]
    return logprobs[:tokens]


class _TokenLogprobs(torch.autograd.Function):
    """Log-softmax and gather over parts of the vocabulary, with a hand-written backward pass."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
        cast_hidden, cast_head = hidden.to(dtype), head.to(dtype)
        chosen = torch.zeros(len(hidden), device=hidden.device)  # [tokens], logits of the targets
        total = torch.full_like(chosen, -torch.inf)  # [tokens], log of the sum of all exponentials so far
        for part, logits, _ in _logits(cast_hidden, cast_head):
            inside, column = _columns(targets, part)
            chosen = torch.where(inside, logits.gather(1, column[:, None])[:, 0], chosen)
            most = logits.amax(1)
            total = torch.logaddexp(total, logits.sub_(most[:, None]).exp_().sum(1).log_().add_(most))
        ctx.save_for_backward(cast_hidden, cast_head, targets, total)
        ctx.dtypes = hidden.dtype, head.dtype
        return chosen - total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        hidden, head, targets, total = ctx.saved_tensors
        scale = gradient.float()[:, None]  # [tokens, 1]
        hidden_gradient = torch.zeros(hidden.shape, device=hidden.device)
        learns = ctx.needs_input_grad[1]  # a head may be frozen
        head_gradient = torch.empty(head.shape, dtype=ctx.dtypes[1], device=head.device) if learns else None
        for part, logits, product in _logits(hidden, head):
            # d logprob / d logits = one-hot(target) - softmax
            slope = logits.sub_(total[:, None]).exp_().mul_(-scale)
            inside, column = _columns(targets, part)
            slope.scatter_add_(1, column[:, None], torch.where(inside[:, None], scale, 0.0))
            product.copy_(slope)
            hidden_gradient += product @ head[part]
            if head_gradient is not None:
                head_gradient[part] = product.T @ hidden
        return hidden_gradient.to(ctx.dtypes[0]), head_gradient, None, None


def _logits(hidden: Tensor, head: Tensor) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """The vocabulary in parts: which, its logits `[tokens, part]` in float32, and the same as they were multiplied.

    All parts use the same memory, so what the last one left there is overwritten, and lies in the processor's cache.
    """
    tokens = len(hidden)
    size = min(len(head), max(1, CHUNK_ELEMENTS[hidden.device.type] // max(1, tokens)))
    products = hidden.new_empty(tokens * size)
    floats = torch.empty_like(products, dtype=torch.float32) if products.dtype != torch.float32 else products
    for start in range(0, len(head), size):
        part = slice(start, min(start + size, len(head)))
        product, logits = (
            room[: tokens * (part.stop - start)].view(tokens, part.stop - part.start) for room in (products, floats)
        )
        torch.mm(hidden, head[part].T, out=product)
        if logits.dtype != product.dtype:
            logits.copy_(product)
        yield part, logits, product


def _columns(targets: Tensor, part: slice) -> tuple[Tensor, Tensor]:
    """Which targets lie in a part, and where in it (anywhere, for those that do not): both [tokens]."""
    inside = (targets >= part.start) & (targets < part.stop)
    return inside, torch.where(inside, targets - part.start, 0)
