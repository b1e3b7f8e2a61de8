"""How one token is chosen from the logits: greedy, or by temperature, top-k and top-p."""

from __future__ import annotations

import random
from dataclasses import dataclass

import torch
from torch import Tensor

from midspan.errors import UserError


@dataclass(frozen=True)
class Sampling:
    """The settings of one generation; temperature 0 is greedy, `top_k` 0 and `top_p` 1 keep every token.

    `top_p` 0 keeps the likeliest alone; of `max_tokens` 0 the prompt is read at most. Raises `UserError` for a value
    out of range.
    """

    max_tokens: int = 128
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    stop_at_suffix: bool = False  # the answer to a Fill ends where it begins to repeat what follows (endings.py)
    logprobs: int | None = None  # each piece has its token's likelihood, with so many of the likeliest in its place
    prompt_logprobs: bool = False  # and the first one those of the prompt's tokens

    def __post_init__(self) -> None:
        for name, value, allowed, rule in (
            ("max_tokens", self.max_tokens, self.max_tokens >= 0, "of at least 0"),
            ("temperature", self.temperature, 0 <= self.temperature <= 100, "between 0 and 100"),
            ("top_k", self.top_k, self.top_k >= 0, "0 (keep all) or more"),
            ("top_p", self.top_p, 0 <= self.top_p <= 1, "between 0 and 1"),
            ("logprobs", self.logprobs, self.logprobs is None or self.logprobs >= 0, "of at least 0"),
        ):
            if not allowed:
                raise UserError(f"{name} is {value}: give a value {rule}")


class Uniforms:
    """The random numbers of row `row`: they depend on (seed, row) alone, whatever shares the batch."""

    def __init__(self, seed: int, row: int) -> None:
        self._random = random.Random(f"{seed}/{row}")

    def next(self) -> float:
        """A number in [0, 1); of 32 bits, so that its product with a float64 total stays below that total."""
        return self._random.getrandbits(32) / 2**32


def choose(logits: Tensor, sampling: Sampling, uniforms: list[float]) -> list[int]:
    """The next token of each row of `logits` [rows, vocabulary], by one uniform number per row.

    Temperature first, then top-k, then top-p (Holtzman et al. 2020, arXiv 1904.09751), then the inverse of
    the cumulative distribution. Greedy where the temperature is 0; of equal logits the lowest id.
    """
    # So small a temperature leaves nothing but the best token, and the division would overflow.
    if sampling.temperature < 1e-4:
        return logits.argmax(-1).tolist()
    vocabulary = logits.shape[-1]
    probabilities = torch.softmax(logits.double() / sampling.temperature, -1)  # [rows, vocabulary]
    ids: Tensor | None = None
    if 0 < sampling.top_k < vocabulary or sampling.top_p < 1:
        kept = min(sampling.top_k or vocabulary, vocabulary)
        probabilities, ids = probabilities.topk(kept)  # [rows, kept], falling
        probabilities = probabilities / probabilities.sum(-1, keepdim=True)
        mass_before = probabilities.cumsum(-1) - probabilities
        mass_before[:, 0] = -1.0  # the best token stays whatever top_p is
        probabilities = probabilities.masked_fill(mass_before >= sampling.top_p, 0.0)
    cumulative = probabilities.cumsum(-1)
    drawn = torch.tensor(uniforms, dtype=torch.float64, device=logits.device)[:, None] * cumulative[:, -1:]
    chosen = torch.searchsorted(cumulative, drawn, right=True)  # [rows, 1]
    return (chosen if ids is None else ids.gather(-1, chosen))[:, 0].tolist()
