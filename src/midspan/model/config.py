"""The shape of a decoder: every field in which Stable LM, Llama, Mistral and Qwen2 differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from midspan.errors import UserError

Family = Literal["stablelm", "llama", "mistral", "qwen2"]


@dataclass(frozen=True)
class RopeScaling:
    """How rotary frequencies are stretched to positions beyond the `original_positions` first trained on.

    `linear` divides every frequency by `factor`. `llama3` (Llama 3.1) divides only the slow ones: those that turn fewer
    than `low_frequency_factor` times in `original_positions`; those that turn more than `high_frequency_factor` times
    stay, and between the two it interpolates. `yarn` (Peng et al. 2023) interpolates between pairs instead, from the
    one that turns `fast_turns` times to the one that turns `slow_turns` times, `whole_pairs` rounding both outwards,
    and multiplies cosine and sine by `amplitude` (None: the paper's 0.1 ln(factor) + 1).
    """

    kind: Literal["linear", "llama3", "yarn"]
    factor: float
    low_frequency_factor: float = 1.0
    high_frequency_factor: float = 4.0
    original_positions: int = 8192
    fast_turns: float = 32.0
    slow_turns: float = 1.0
    whole_pairs: bool = True
    amplitude: float | None = None

    def __post_init__(self) -> None:
        if not (self.factor > 0 and self.original_positions >= 1):
            raise UserError(
                f"decoder: rotary scaling by {self.factor} of {self.original_positions} positions; "
                "both must be positive"
            )


@dataclass(frozen=True)
class DecoderConfig:
    """A decoder's shape. Raises UserError where the fields contradict each other or the family cannot express them.

    `family` names the architecture that other software reads the weights as; the computation follows the other fields.
    """

    family: Family
    vocabulary_size: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_key_value_heads: int
    head_size: int
    max_positions: int
    norm: Literal["layernorm", "rmsnorm"] = "layernorm"
    norm_epsilon: float = 1e-5
    rotary_fraction: float = 0.25
    rope_base: float = 10_000.0
    rope_scaling: RopeScaling | None = None
    qkv_bias: bool = False
    output_bias: bool = False  # of the attention's output projection
    mlp_bias: bool = False
    tied_embeddings: bool = False
    sliding_window: int | None = None  # a token sees itself and the `sliding_window - 1` tokens before it

    @property
    def rotary_size(self) -> int:
        """How many of a head's `head_size` dimensions are rotated."""
        return int(self.head_size * self.rotary_fraction)

    def __post_init__(self) -> None:
        if self.family not in _EXPRESSIBLE:
            raise UserError(f"decoder: family {self.family!r} is not one of {', '.join(_EXPRESSIBLE)}")
        sizes = (
            "vocabulary_size hidden_size intermediate_size num_layers num_heads num_key_value_heads head_size "
            "max_positions"
        )
        for name in sizes.split():
            if getattr(self, name) < 1:
                raise UserError(f"decoder: {name} is {getattr(self, name)}; it must be at least 1")
        if self.num_heads % self.num_key_value_heads:
            raise UserError(
                f"decoder: num_heads ({self.num_heads}) is not a multiple of num_key_value_heads "
                f"({self.num_key_value_heads}); choose a divisor"
            )
        if self.rotary_size < 2 or self.rotary_size % 2 or self.rotary_fraction > 1:
            raise UserError(
                f"decoder: rotary_fraction {self.rotary_fraction} of head_size {self.head_size} is {self.rotary_size} "
                "dimensions; it must be an even number from 2 to head_size"
            )
        if not self.rope_base > 1:
            raise UserError(f"decoder: rope_base is {self.rope_base}; it must be more than 1")
        if self.sliding_window is not None and self.sliding_window < 1:
            raise UserError(
                f"decoder: sliding_window is {self.sliding_window}; it must be at least 1, or null for none"
            )
        for name, allowed in _EXPRESSIBLE[self.family].items():
            if getattr(self, name) not in allowed:
                raise UserError(
                    f"decoder: a {self.family} model cannot have {name} {getattr(self, name)!r}; "
                    f"allowed: {', '.join(map(repr, allowed))} (or choose another family)"
                )
        if self.family == "llama" and self.qkv_bias != self.output_bias:
            raise UserError(
                "decoder: a llama model has biases on all four projections of attention or on none; "
                "set qkv_bias and output_bias alike (or choose another family)"
            )
        if self.family == "stablelm" and self.head_size * self.num_heads != self.hidden_size:
            raise UserError(
                f"decoder: in a stablelm model num_heads x head_size must be hidden_size; "
                f"{self.num_heads} x {self.head_size} is not {self.hidden_size}"
            )


# What the transformers class of each family can express; a config beyond it could not be handed on.
_NO_BIAS: dict[str, tuple[object, ...]] = {"output_bias": (False,), "mlp_bias": (False,)}
_EXPRESSIBLE: dict[Family, dict[str, tuple[object, ...]]] = {
    "stablelm": {"norm": ("layernorm",), "sliding_window": (None,), **_NO_BIAS},
    "llama": {"norm": ("rmsnorm",), "rotary_fraction": (1.0,), "sliding_window": (None,)},
    "mistral": {"norm": ("rmsnorm",), "rotary_fraction": (1.0,), "qkv_bias": (False,), **_NO_BIAS},
    "qwen2": {"norm": ("rmsnorm",), "rotary_fraction": (1.0,), "qkv_bias": (True,), **_NO_BIAS},
}
