"""The linear model: a weight for each bucket, and the sum over a text's buckets as a score between 0 and 1.

The weights are whole numbers, so that a text has the same score on every machine: their sum has no order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from midspan.corpus.scorer.features import BUCKETS, Buckets, buckets_of
from midspan.errors import UserError
from midspan.files import atomic_directory, read_json, write_json

WHOLE = 1 << 20  # of a weight of one
WEIGHTS, FACTS = "weights.npy", "scorer.json"
FORMAT = 1


@dataclass(frozen=True)
class Scorer:
    """A model as it was learnt, and what is known of it: labels, and how it did on those that it had not seen."""

    weights: npt.NDArray[np.int32]  # [BUCKETS], in parts of WHOLE
    bias: float
    facts: dict[str, Any]

    def score(self, text: str) -> float:
        """How likely the text is a good one, in [0, 1], to four digits."""
        return self.score_buckets(buckets_of(text))

    def score_buckets(self, buckets: Buckets) -> float:
        """The same, of a text's buckets."""
        weight = int(self.weights[buckets].sum(dtype=np.int64)) / WHOLE
        logit = weight / math.sqrt(max(len(buckets), 1)) + self.bias
        return round(1 / (1 + math.exp(-max(min(logit, 500), -500))), 4)

    def save(self, folder: Path) -> None:
        """Write weights.npy and scorer.json, whole or not at all."""
        with atomic_directory(folder) as aside:
            np.save(aside / WEIGHTS, self.weights)
            write_json(aside / FACTS, {"format": FORMAT, "bias": self.bias, **self.facts})

    @classmethod
    def load(cls, folder: Path) -> Scorer:
        """Read what `save` wrote; UserError where there is no scorer, or one of another version."""
        try:
            facts = read_json(folder / FACTS)
            weights = np.load(folder / WEIGHTS)
            if facts["format"] != FORMAT or weights.shape != (BUCKETS,) or weights.dtype != np.int32:
                raise ValueError("of another version")
            return cls(weights, float(facts["bias"]), facts)
        except FileNotFoundError:
            raise UserError(
                f"no scorer in {folder}; learn one: midspan corpus learn-scorer LABELS --output {folder}"
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{folder} holds no scorer that can be read ({error}): learn it anew") from None


@lru_cache(maxsize=2)
def load_scorer(folder: Path) -> Scorer:
    """A scorer, once for all tasks of a process."""
    return Scorer.load(folder)
