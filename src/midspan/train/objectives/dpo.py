"""Direct preference optimisation against the model that the stage starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from midspan.batches import PairBatch, PairRows, pack_pairs
from midspan.model import Decoder
from midspan.recipe import Settings as RecipeSettings
from midspan.train.objectives.objective import Feed, micro_batches
from midspan.train.objectives.reference import reference_logprobs, sequence_logprobs
from midspan.train.world import World


class Settings(RecipeSettings):
    """Of DPO's loss."""

    beta: float = 0.1
    nll_weight: float = 0.0  # adds this much of the chosen answer's mean negative log-likelihood


@dataclass
class Preferences:
    """Some packed pairs and what the reference model gives their answers."""

    pairs: PairBatch
    reference: Tensor  # [2 * pairs]

    def to(self, device: torch.device) -> Preferences:
        """The same on `device`."""
        return Preferences(self.pairs.to(device), self.reference.to(device))


class Dpo:
    """Losses against reference log-probabilities, which are computed once, before the first step, and kept.

    Rafailov et al. 2023, "Direct Preference Optimization", equation 7.
    """

    def __init__(self, settings: Settings, feed: Feed, decoder: Decoder, world: World, folder: Path) -> None:
        self.settings, self.sources = settings, [rows for rows in feed.rows.parts if isinstance(rows, PairRows)]
        lengths = [sum(segment.length for segment in pair) for rows in self.sources for pair in rows.segments]
        pairs_of = len(lengths) * feed.context / sum(lengths)  # a row's worth of positions is so many pairs
        pairs_per_step, micro_pairs = round(feed.rows_per_step * pairs_of), int(feed.micro_rows * pairs_of)
        self.feed = replace(feed, rows_per_step=max(1, pairs_per_step), micro_rows=max(1, micro_pairs))
        answers = [segments for rows in self.sources for segments in rows.segments]
        self.reference = reference_logprobs(answers, self.feed, decoder, world, folder)  # [pairs, 2]
        self.facts: dict[str, Any] = {
            "beta": settings.beta,
            "pairs": len(lengths),
            "pairs_per_step": self.feed.rows_per_step,
            "too_long": sum(rows.too_long for rows in self.sources),
            "rejected_by_the_model": sum(pair.origin == "model" for rows in self.sources for pair in rows.pairs),
        }

    def parts(self, step: int, world: World) -> list[Preferences]:
        """Whole pairs."""
        return [self._preferences(numbers) for numbers in micro_batches(step, self.feed, world)]

    def weight(self, part: Preferences) -> float:
        """Pairs."""
        return len(part.reference) / 2

    def loss(self, decoder: Decoder, part: Preferences) -> tuple[Tensor, dict[str, Tensor]]:
        """The summed loss of the pairs, and their reward margins and how many of those are positive."""
        logprobs = sequence_logprobs(decoder, part.pairs, self.feed.dtype)
        loss, margins = dpo_loss(logprobs, part.reference, part.pairs.answer_tokens, self.settings)
        return loss, {"accuracy": (margins > 0).float().sum(), "margin": margins.detach().sum()}

    def _preferences(self, numbers: range) -> Preferences:
        drawn = [self.feed.rows.draw(k) for k in numbers]  # (source, number within it)
        rows = [self.sources[source].row(number) for source, number in drawn]
        places = [self._starts[source] + self.sources[source].pair(number) for source, number in drawn]
        return Preferences(pack_pairs(rows, self.feed.context), self.reference[places].flatten())

    @property
    def _starts(self) -> list[int]:
        """Where each source's pairs begin in `reference`."""
        return [0, *accumulate(len(rows.pairs) for rows in self.sources)]


def dpo_loss(logprobs: Tensor, reference: Tensor, answer_tokens: Tensor, settings: Settings) -> tuple[Tensor, Tensor]:
    """(loss summed over the pairs, reward margins [pairs]) from summed log-probabilities [2 * pairs].

    `nll_weight` adds that much of the chosen answer's mean negative log-likelihood (Pang et al. 2024, "Iterative
    Reasoning Preference Optimization").
    """
    rewards = settings.beta * (logprobs - reference)
    margins = rewards[0::2] - rewards[1::2]
    loss = -F.logsigmoid(margins).sum()
    if settings.nll_weight:
        loss = loss - settings.nll_weight * (logprobs[0::2] / answer_tokens[0::2]).sum()
    return loss, margins
