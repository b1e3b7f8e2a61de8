"""Softmax attention: torch's fused kernels, except on a CPU where plain matrix products were measured faster."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

QUERY_BLOCK = 128
LONGEST_BLOCKED = 2048  # tokens; beyond, the attention weights kept for the backward pass would weigh too much


def attend(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, causal: bool) -> Tensor:
    """Attention of `queries` to `keys` and `values`, where several heads may share a key/value head.

    queries: `[batch, heads, sequence, head_size]`; keys, values: `[batch, kv_heads, keys, head_size]`.
    mask: `[batch | 1, 1, sequence, keys]`, 0 where allowed (at least once in each row) and -inf elsewhere.
    causal: each query sees only the keys up to its own; as many keys as queries. Returns the queries' shape.
    """
    length, key_value_heads = queries.shape[2], keys.shape[1]
    if length == 1:  # a next token: the heads that share keys become the rows of one product
        grouped = queries.reshape(len(queries), key_value_heads, -1, queries.shape[-1])
        return F.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask).reshape(queries.shape)
    if causal and length <= LONGEST_BLOCKED and queries.device.type == "cpu" and queries.dtype == torch.bfloat16:
        groups = queries.shape[1] // key_value_heads
        if groups > 1:
            keys, values = keys.repeat_interleave(groups, dim=1), values.repeat_interleave(groups, dim=1)
        mixed: Tensor = BlockedAttention.apply(queries, keys, values, mask)  # type: ignore[no-untyped-call]
        return mixed
    is_causal, shared = causal and mask is None, queries.shape[1] != key_value_heads
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, is_causal=is_causal, enable_gqa=shared)


class BlockedAttention(torch.autograd.Function):
    """Causal attention as plain matrix products, a block of queries at a time against the keys before its end.

    Forward and backward take half as long as the fused kernel in bfloat16 (8 x 4 heads x 512 tokens x 64, one core of a
    Zen 4 with AVX512-BF16, torch 2.13: 43 ms against 98 ms). Scores are rounded to bfloat16 before the softmax.
    All tensors are `[batch, heads, sequence, head_size]`. About half of the `sequence x sequence` attention weights are
    kept for the backward pass.
    """

    @staticmethod
    def forward(ctx: Any, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        batch, heads, length, size = queries.shape
        scaled = (queries / math.sqrt(size)).flatten(0, 1)
        keys, values = keys.flatten(0, 1), values.flatten(0, 1)
        output = torch.empty_like(scaled)
        weights = []
        for start in range(0, length, QUERY_BLOCK):
            block = slice(start, min(start + QUERY_BLOCK, length))
            scores = scaled[:, block] @ keys[:, : block.stop].mT  # [batch * heads, queries, keys before the end]
            if mask is None:
                scores += scores.new_full(scores.shape[1:], -math.inf).triu(start + 1)
            else:
                scores.view(batch, heads, *scores.shape[1:]).add_(mask[:, :, block, : block.stop])
            weight = scores.softmax(dim=-1)
            output[:, block] = weight @ values[:, : block.stop]
            if any(ctx.needs_input_grad):
                weights.append(weight)
        ctx.save_for_backward(scaled, keys, values, *weights)
        return output.view(batch, heads, length, size)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        scaled, keys, values, *weights = ctx.saved_tensors
        shape, gradient = gradient.shape, gradient.flatten(0, 1)
        to_queries, to_keys, to_values = torch.empty_like(scaled), torch.zeros_like(keys), torch.zeros_like(values)
        start = 0
        for weight in weights:
            block = slice(start, start + weight.shape[1])
            to_values[:, : block.stop].baddbmm_(weight.mT, gradient[:, block])
            to_weight = gradient[:, block] @ values[:, : block.stop].mT
            to_scores = torch._softmax_backward_data(to_weight, weight, -1, weight.dtype)
            to_queries[:, block] = to_scores @ keys[:, : block.stop]
            to_keys[:, : block.stop].baddbmm_(to_scores.mT, scaled[:, block])
            start = block.stop
        to_queries /= math.sqrt(shape[-1])
        return to_queries.view(shape), to_keys.view(shape), to_values.view(shape), None
