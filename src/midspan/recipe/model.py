"""The tokenizer that is learnt and the shape of a decoder that starts from random weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from midspan.recipe.fields import Count, Settings


class Tokenizer(Settings):
    """The byte-level BPE that is learnt from the corpus, unless the first stage starts from a model that has one.

    A released one gets the special tokens that it lacks for the recipe (of FIM, say), unless that is not wanted.
    """

    vocabulary_size: Annotated[int, Field(ge=300)] = 4096
    of: str | None = None  # a released model whose tokenizer is taken though training starts from scratch
    add_missing: bool = True


class Model(Settings):
    """The decoder's shape where a stage starts from scratch."""

    family: Literal["stablelm", "llama", "mistral", "qwen2"] = "stablelm"
    hidden_size: Count = 256
    intermediate_size: Count = 688
    num_layers: Count = 4
    num_heads: Count = 4
    num_key_value_heads: Count | None = None
    rotary_fraction: Annotated[float, Field(gt=0, le=1)] = 0.25
    rope_base: float = 10_000.0
    qkv_bias: bool = True
    tied_embeddings: bool = False
    embedding_std: Annotated[float, Field(gt=0)] = 0.02  # of the first embeddings; 1 suits a short training

    @model_validator(mode="after")
    def _heads_divide(self) -> Model:
        if self.hidden_size % self.num_heads:
            raise ValueError(f"hidden_size {self.hidden_size} is not a multiple of num_heads {self.num_heads}")
        if self.num_heads % (self.num_key_value_heads or self.num_heads):
            raise ValueError("num_heads is not a multiple of num_key_value_heads")
        return self
