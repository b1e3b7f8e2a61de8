"""The decoder: one class for Stable LM, Llama, Mistral and Qwen2, which differ only in their `DecoderConfig`.

Pre-norm transformer with rotary positions and SwiGLU. Module names are those of the Hugging Face checkpoints
(https://github.com/huggingface/transformers, models/stablelm, llama, mistral, qwen2), less the leading `model.`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from midspan.model.attention import attend, query_block
from midspan.model.cache import KeyValueCache, Slots
from midspan.model.config import DecoderConfig
from midspan.model.masks import attention_mask, cached_attention_mask, first_keys, restarting_positions, score_mask
from midspan.model.norm import RmsNorm
from midspan.model.rotary import inverse_frequencies, rotary_amplitude, rotate, rotation

EMBEDDING_STD = 0.02  # of the embedding and the head


@dataclass(frozen=True)
class Context:
    """What every layer of one forward pass shares, computed once."""

    cosine: Tensor  # [batch | 1, 1, sequence, head_size]
    sine: Tensor  # [batch | 1, 1, sequence, rotary / 2]
    mask: Tensor | None  # 0 or -inf, [batch | 1, 1, sequence, keys]; None: nothing beyond `causal`
    causal: bool  # each query sees at most the keys up to its own, of as many keys as queries
    reach: Sequence[int] = ()  # for each block of queries the first key that any of them sees
    cache: KeyValueCache | None = None
    slots: Slots | None = None  # where in the cache this pass's keys go


class Attention(nn.Module):
    """Multi-head attention with rotary positions, where several query heads may share a key/value head."""

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.head_size = config.head_size
        queries, keys = config.num_heads * config.head_size, config.num_key_value_heads * config.head_size
        self.q_proj = nn.Linear(config.hidden_size, queries, bias=config.qkv_bias)
        self.k_proj = nn.Linear(config.hidden_size, keys, bias=config.qkv_bias)
        self.v_proj = nn.Linear(config.hidden_size, keys, bias=config.qkv_bias)
        self.o_proj = nn.Linear(queries, config.hidden_size, bias=config.output_bias)

    def forward(self, hidden: Tensor, context: Context) -> Tensor:
        """`[batch, sequence, hidden]` to the same."""
        split = (*hidden.shape[:2], -1, self.head_size)
        queries = rotate(self.q_proj(hidden).view(split).transpose(1, 2), context.cosine, context.sine)
        keys = rotate(self.k_proj(hidden).view(split).transpose(1, 2), context.cosine, context.sine)
        values = self.v_proj(hidden).view(split).transpose(1, 2)  # [batch, kv_heads, sequence, head_size]
        if context.cache is not None:
            assert context.slots is not None
            keys, values = context.cache.write(self.layer, context.slots, keys, values)
            keys, values = keys.to(queries.dtype), values.to(queries.dtype)
        mixed = attend(queries, keys, values, context.mask, context.causal, context.reach)
        output: Tensor = self.o_proj(mixed.transpose(1, 2).flatten(2))
        return output


class FeedForward(nn.Module):
    """SwiGLU: `down(silu(gate(x)) * up(x))` (Shazeer 2020)."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=config.mlp_bias)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=config.mlp_bias)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=config.mlp_bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """`[batch, sequence, hidden]` to the same."""
        output: Tensor = self.down_proj(F.silu(self.gate_proj(hidden)) * self.up_proj(hidden))
        return output


class Block(nn.Module):
    """One layer: attention, then feed-forward, each on the normalised stream and added to it."""

    def __init__(self, config: DecoderConfig, layer: int) -> None:
        super().__init__()
        self.input_layernorm = _norm(config)
        self.self_attn = Attention(config, layer)
        self.post_attention_layernorm = _norm(config)
        self.mlp = FeedForward(config)

    def forward(self, hidden: Tensor, context: Context) -> Tensor:
        """`[batch, sequence, hidden]` to the same."""
        # Under autocast, cast once what several matrix products read: each would cast it again.
        dtype = _matmul_dtype(hidden)
        hidden = hidden + self.self_attn(self.input_layernorm(hidden).to(dtype), context)
        mixed: Tensor = hidden + self.mlp(self.post_attention_layernorm(hidden).to(dtype))
        return mixed


class Decoder(nn.Module):
    """Tokens to logits. Weights are drawn from torch's global generator: `torch.manual_seed` decides them."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = _embedding(config)
        self.layers = nn.ModuleList(Block(config, layer) for layer in range(config.num_layers))
        self.norm = _norm(config)
        if not config.tied_embeddings:
            self.lm_head = nn.Linear(config.hidden_size, config.vocabulary_size, bias=False)
        self.inverse_frequencies = inverse_frequencies(config)  # no buffer: a model built on `meta` keeps it
        self.rotary_amplitude = rotary_amplitude(config)
        if not self.embed_tokens.weight.is_meta:
            self.initialise()

    def forward(
        self,
        tokens: Tensor,
        positions: Tensor | None = None,
        segments: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """Logits `[batch, sequence, vocabulary]`; the arguments are those of `hidden_states`."""
        return self.logits(self.hidden_states(tokens, positions, segments, cache))

    def hidden_states(
        self,
        tokens: Tensor,
        positions: Tensor | None = None,
        segments: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """The stream after the last norm, `[batch, sequence, hidden]`, of `tokens` `[batch, sequence]`.

        positions: `[batch, sequence]`; by default they count from 0, in each segment anew.
        segments: `[batch, sequence]`; a token attends only to earlier tokens of its own segment (-1: padding).
        cache: every row goes on where the cache's row ends, and its tokens attend to what is there; no positions then.
        """
        hidden = self.embed_tokens(tokens)
        context = self._context(tokens, positions, segments, cache, _matmul_dtype(hidden))
        for block in self.layers:
            hidden = block(hidden, context)
        normalised: Tensor = self.norm(hidden)
        return normalised

    @property
    def head_weight(self) -> Tensor:
        """The output matrix, `[vocabulary, hidden]`; a tied decoder's is its embedding."""
        weight: Tensor = self.embed_tokens.weight if self.config.tied_embeddings else self.lm_head.weight
        return weight

    def logits(self, hidden: Tensor) -> Tensor:
        """`[..., hidden]` to `[..., vocabulary]`."""
        if not hasattr(self, "lm_head"):
            return F.linear(hidden, self.embed_tokens.weight)
        output: Tensor = self.lm_head(hidden)  # as a module, which may have been replaced (quantised, LoRA)
        return output

    def _context(
        self,
        tokens: Tensor,
        positions: Tensor | None,
        segments: Tensor | None,
        cache: KeyValueCache | None,
        dtype: torch.dtype,
    ) -> Context:
        length, window = tokens.shape[1], self.config.sliding_window
        if cache is not None:
            assert positions is segments is None, "a cache holds one document a row and knows where it is"
            return self._cached_context(cache, cache.append(len(tokens), length), dtype)
        if positions is None:
            if segments is None:
                positions = torch.arange(length, device=tokens.device)[None]  # [1, sequence]
            else:
                positions = restarting_positions(segments)
        mask = score_mask(attention_mask(length, segments, window, tokens.device), dtype)
        reach = first_keys(segments, window, length, query_block(length)) if tokens.device.type == "cpu" else ()
        return Context(*self._rotation(positions, dtype), mask, True, reach)

    def _cached_context(self, cache: KeyValueCache, slots: Slots, dtype: torch.dtype) -> Context:
        length, window = slots.positions.shape[1], self.config.sliding_window
        cosine, sine = self._rotation(slots.positions, dtype)
        if slots.first is not None and (window is None or slots.used <= window) and (slots.first == 0 or length == 1):
            return Context(cosine, sine, None, slots.first == 0, (), cache, slots)
        mask = score_mask(cached_attention_mask(slots.positions, slots.used, window), dtype)
        return Context(cosine, sine, mask, False, (), cache, slots)

    def _rotation(self, positions: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        if self.inverse_frequencies.device != positions.device:  # once, and not at every step
            self.inverse_frequencies = self.inverse_frequencies.to(positions.device)
        return rotation(self.inverse_frequencies, positions, self.config.head_size, self.rotary_amplitude, dtype)

    @torch.no_grad()
    def initialise(self) -> None:
        """Draw every parameter anew from torch's global generator.

        Matrices are N(0, 1 / hidden), those that add to the stream scaled by 1 / sqrt(2 layers) (GPT-2's scheme).
        At Stable LM's width of 2,560 that is its 0.02; a narrow model starts far too small with a constant.
        """
        width = 1 / math.sqrt(self.config.hidden_size)
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                adds_to_stream = name.endswith(("o_proj", "down_proj"))
                std = EMBEDDING_STD if name in ("embed_tokens", "lm_head") else width
                std = std / math.sqrt(2 * self.config.num_layers) if adds_to_stream else std
                nn.init.normal_(module.weight, std=std)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
            if isinstance(module, nn.LayerNorm | RmsNorm):
                module.reset_parameters()


def on_meta(config: DecoderConfig) -> Decoder:
    """A decoder without memory for its parameters: `fill` gives it weights, `to_empty` and `initialise` new ones."""
    with torch.device("meta"):
        return Decoder(config)


def parameter_shapes(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """Name and shape of every parameter of a decoder of `config`."""
    return {name: tuple(value.shape) for name, value in on_meta(config).state_dict().items()}


def _embedding(config: DecoderConfig) -> nn.Embedding:
    """On `meta` nothing is drawn: for that torch would load its compiler, which takes seconds."""
    shape = config.vocabulary_size, config.hidden_size
    return nn.Embedding(*shape, _weight=torch.empty(shape) if torch.get_default_device().type == "meta" else None)


def _norm(config: DecoderConfig) -> nn.Module:
    norm = nn.LayerNorm if config.norm == "layernorm" else RmsNorm
    return norm(config.hidden_size, eps=config.norm_epsilon)


def _matmul_dtype(tensor: Tensor) -> torch.dtype:
    """What matrix products compute in: autocast's type where it is on, else the tensor's own."""
    device = tensor.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else tensor.dtype
