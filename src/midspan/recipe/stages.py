"""A training stage: what it starts from, what it learns from, by which objective, for how long."""

from __future__ import annotations

import difflib
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from midspan.recipe.fields import Count, Fraction, Kind, Name, Settings, Shares, Weight

CORPUS = "corpus"  # the token shards of the recipe's own corpus
DATA_KINDS = ("tokens", "conversations", "pairs")
LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")  # of every block


class Fim(Settings):
    """Fill-in-the-middle: the share of texts that are cut, in which layouts and where, each by its weight.

    `parts` are encoded apart, or prefix and middle as one text; a model of the latter is asked with token healing.
    """

    rate: Fraction = 0.5
    layouts: Shares[Literal["psm", "spm", "line-start"]] = {"psm": 1.0, "spm": 1.0}
    cuts: Shares[Literal["characters", "lines", "nodes"]] = {"characters": 1.0}
    parts: Literal["apart", "joined"] = "apart"
    end_weight: Weight = (
        1.0  # of the token that ends a middle, in the loss: one of hundreds, which a short fit overlooks
    )

    @property
    def best_layout(self) -> str:
        """The one that a model learns most of."""
        return max(self.layouts, key=lambda layout: self.layouts[layout])


class Data(Settings):
    """One part of a stage's mixture: token shards, conversations or preference pairs, by name or path."""

    tokens: str | None = None  # "corpus", or a folder that holds the token shard `train`
    conversations: str | None = None  # a source under `alignment`
    pairs: str | None = None  # a source under `alignment`
    weight: Weight = 1.0  # share of the stage's rows, beside the other parts' weights
    sources: list[str] | None = None  # of the shard's documents only those from these sources
    languages: list[str] | None = None  # and in these languages
    fim: Fim | None = None
    repositories: Literal["dependency", "random"] | None = None  # files of a repository joined, in this order

    @model_validator(mode="after")
    def _one_kind(self) -> Data:
        if sum(getattr(self, kind) is not None for kind in DATA_KINDS) != 1:
            raise ValueError("give one of tokens, conversations and pairs")
        if self.tokens is None:
            for field in ("sources", "languages", "fim", "repositories"):
                if getattr(self, field) is not None:
                    raise ValueError(f"{field} is for tokens, not for {self.kind}")
        return self

    @property
    def kind(self) -> str:
        """Which of the three it is."""
        return next(kind for kind in DATA_KINDS if getattr(self, kind) is not None)

    @property
    def label(self) -> str:
        """What it is called in reports and on the command line."""
        return str(getattr(self, self.kind))


class Schedule(Settings):
    """The learning rate over a stage: linear warm-up, then by kind; `final_fraction` of it at the last step.

    warmup-stable-decay stays at the top and falls linearly in the last `decay` of the steps; inverse-square-root falls
    with the square root of the step (Vaswani et al. 2017), and linearly to its end in the last `decay`.
    """

    kind: Literal["cosine", "linear", "warmup-stable-decay", "inverse-square-root"] = "cosine"
    learning_rate: Annotated[float, Field(gt=0)]
    warmup: Fraction = 0.02  # of the steps
    decay: Fraction = 0.1  # of the steps
    final_fraction: Fraction = 0.1


class Optimizer(Settings):
    """AdamW."""

    beta1: Fraction = 0.9
    beta2: Fraction = 0.95
    epsilon: float = 1e-8
    weight_decay: float = 0.1
    gradient_clip: float = 1.0


class Full(Settings):
    """The weights themselves are trained."""

    kind: Literal["full"] = "full"
    frozen_layers: Annotated[int, Field(ge=0)] = 0  # of the lowest blocks; with any, the embedding (and tied head) too


class Lora(Settings):
    """Low-rank updates of the blocks' linear layers are trained, all else is frozen (Hu et al. 2021, "LoRA")."""

    kind: Literal["lora"] = "lora"
    rank: Count = 16
    alpha: Annotated[float, Field(gt=0)] = 32.0
    targets: Annotated[list[str], Field(min_length=1)] | None = None  # by name; None: all linear layers of the blocks

    @field_validator("targets")
    @classmethod
    def _are_linear_layers(cls, targets: list[str] | None) -> list[str] | None:
        for name in targets or []:
            if name not in LINEAR_LAYERS:
                near = difflib.get_close_matches(name, LINEAR_LAYERS, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(LINEAR_LAYERS)}"
                raise ValueError(f"no linear layer of a block is called {name!r}; {hint}")
        return targets

    @property
    def layers(self) -> tuple[str, ...]:
        """The linear layers that are adapted, in the order of a block."""
        return tuple(name for name in LINEAR_LAYERS if self.targets is None or name in self.targets)

    @property
    def scale(self) -> float:
        """How much of the update is added."""
        return self.alpha / self.rank


class Stage(Settings):
    """One stage. `tokens` counts every position of every packed row, `epochs` the passes over the first data part.

    `start` is "previous", "scratch", an earlier stage, a model directory, a GGUF file or a hub id; of several the mean.
    """

    name: Name
    start: str | list[str] = "previous"
    data: Annotated[list[Data], Field(min_length=1)]
    objective: Kind = Kind(kind="causal")
    tokens: Count | None = None
    epochs: Annotated[float, Field(gt=0)] | None = None
    context: Count = 512
    tokens_per_step: Count = 4096
    micro_tokens: Count | Literal["auto"] = "auto"  # positions in one forward and backward pass; auto: as memory allows
    schedule: Schedule
    optimizer: Optimizer = Optimizer()
    weights: Annotated[Full | Lora, Field(discriminator="kind")] = Full()
    rope_base: float | None = None  # None: as before

    @model_validator(mode="after")
    def _lengths_fit(self) -> Stage:
        if (self.tokens is None) == (self.epochs is None):
            raise ValueError("give tokens or epochs")
        if self.tokens_per_step % self.context:
            raise ValueError(f"tokens_per_step {self.tokens_per_step} is not a multiple of context {self.context}")
        if not self.starts or (len(self.starts) > 1 and "scratch" in self.starts):
            raise ValueError('start names one model, or several of which the mean is taken; "scratch" stands alone')
        if len({part.kind == "pairs" for part in self.data}) > 1:
            raise ValueError("pairs cannot be mixed with other data: they have an objective of their own")
        labels = [part.label for part in self.data]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"data names {twice[0]!r} twice")
        return self

    @property
    def starts(self) -> list[str]:
        """What it starts from, one or several."""
        return [self.start] if isinstance(self.start, str) else self.start
