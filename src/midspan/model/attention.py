"""Softmax attention: torch's fused kernels, except on a CPU where plain matrix products were measured faster."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

QUERY_BLOCK = 128
SHORT = 256  # tokens that are one block: leaving out unseen keys saves less than further operations cost
# A block's first key is rounded down to a multiple: oneDNN keeps a kernel for each shape of a product that it has met.
# 60 steps of the quickstart's base stage took 178 MB in place of 295, and 143 ms each at the end in place of 155.
KEY_STEP = 32
LONGEST_BLOCKED = 2048  # tokens; beyond, the attention weights kept for the backward pass would weigh too much


def query_block(length: int) -> int:
    """Queries of a block where there are `length` of them."""
    return QUERY_BLOCK if length > SHORT else length


def attend(
    queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, causal: bool, reach: Sequence[int] = ()
) -> Tensor:
    """Attention of `queries` to `keys` and `values`, where several heads may share a key/value head.

    queries: `[batch, heads, sequence, head_size]`; keys, values: `[batch, kv_heads, keys, head_size]`.
    mask: `[batch | 1, 1, sequence, keys]`, 0 where allowed (at least once in each row) and -inf elsewhere.
    causal: each query sees only the keys up to its own; as many keys as queries.
    reach: for each `query_block` of queries the first key that any of them sees, where the mask says so.
    Returns the queries' shape.
    """
    length, key_value_heads = queries.shape[2], keys.shape[1]
    if length == 1:  # a next token: the heads that share keys become the rows of one product
        grouped = queries.reshape(len(queries), key_value_heads, -1, queries.shape[-1])
        return F.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask).reshape(queries.shape)
    on_cpu = queries.device.type == "cpu" and queries.dtype == torch.bfloat16
    # Forward alone and without a mask, the fused kernel is the faster one.
    if causal and length <= LONGEST_BLOCKED and on_cpu and (mask is not None or queries.requires_grad):
        mixed: Tensor = BlockedAttention.apply(queries, keys, values, mask, reach)  # type: ignore[no-untyped-call]
        return mixed
    is_causal, shared = causal and mask is None, queries.shape[1] != key_value_heads
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, is_causal=is_causal, enable_gqa=shared)


class BlockedAttention(torch.autograd.Function):
    """Causal attention as plain matrix products, a block of queries at a time against the keys that it can see.

    Forward and backward take half as long as the fused kernel in bfloat16 (8 x 4 heads x 512 tokens x 64, one core of a
    Zen 4 with AVX512-BF16, torch 2.13: 43 ms against 98 ms); where documents are short, most keys are left out. Scores
    are rounded to bfloat16 before the softmax. The heads that share a key/value head are rows of one product: queries
    are laid out as `[batch * kv_heads, sequence * group, head_size]`.
    """

    @staticmethod
    def forward(
        ctx: Any, queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None, reach: Sequence[int]
    ) -> Tensor:
        shape = Grouped(len(queries), keys.shape[1], queries.shape[1] // keys.shape[1], *queries.shape[2:])
        queries = shape.rows(queries)
        # Scaled here and not the queries, of which there may be more; written as the products read them.
        keys = torch.mul(keys, shape.scale, out=keys.new_empty(keys.shape)).flatten(0, 1)
        values = values.flatten(0, 1)
        output = shape.empty(queries)
        weights = []
        blocks = list(shape.blocks(reach))
        for rows, seen in blocks:
            scores = queries[:, rows.start * shape.group : rows.stop * shape.group] @ keys[:, seen].mT
            scores = scores.view(shape.batch, shape.kv_heads, -1, shape.group, seen.stop - seen.start)
            if mask is None:
                causal = scores.new_full((rows.stop - rows.start, seen.stop - seen.start), -math.inf)
                scores += causal.triu(rows.start - seen.start + 1)[:, None]
            else:
                scores += mask[:, :, rows, None, seen]
            weight = scores.softmax(dim=-1).view(len(keys), -1, scores.shape[-1])
            output[:, rows] = shape.heads_last(weight @ values[:, seen])
            if any(ctx.needs_input_grad):
                weights.append(weight)
        ctx.save_for_backward(queries, keys, values, *weights)
        ctx.shape, ctx.blocks = shape, blocks
        return output.flatten(2, 3).transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        queries, keys, values, *weights = ctx.saved_tensors
        shape: Grouped = ctx.shape
        gradient = shape.rows(gradient)
        to_queries, to_keys, to_values = shape.empty(gradient), torch.zeros_like(keys), torch.zeros_like(values)
        for weight, (rows, seen) in zip(weights, ctx.blocks, strict=True):
            grouped = slice(rows.start * shape.group, rows.stop * shape.group)
            to_values[:, seen].baddbmm_(weight.mT, gradient[:, grouped])
            to_weight = gradient[:, grouped] @ values[:, seen].mT
            to_scores = torch._softmax_backward_data(to_weight, weight, -1, weight.dtype)
            to_queries[:, rows] = shape.heads_last(to_scores @ keys[:, seen])
            to_keys[:, seen].baddbmm_(to_scores.mT, queries[:, grouped])
        to_keys *= shape.scale
        own = (shape.batch, shape.kv_heads, *keys.shape[1:])
        return to_queries.flatten(2, 3).transpose(1, 2), to_keys.view(own), to_values.view(own), None, None


@dataclass(frozen=True)
class Grouped:
    """The sizes of queries whose heads share key/value heads, `group` of them each, and ways to lay them out."""

    batch: int
    kv_heads: int
    group: int
    length: int
    head_size: int

    @property
    def scale(self) -> float:
        """What scores are multiplied by."""
        return 1 / math.sqrt(self.head_size)

    def rows(self, heads: Tensor) -> Tensor:
        """`[batch, heads, sequence, head_size]` as `[batch * kv_heads, sequence * group, head_size]`."""
        apart = heads.view(self.batch, self.kv_heads, self.group, self.length, self.head_size)
        return apart.transpose(2, 3).reshape(self.batch * self.kv_heads, -1, self.head_size)

    def heads_last(self, rows: Tensor) -> Tensor:
        """Some rows `[batch * kv_heads, sequence * group, head_size]` as `[batch, sequence, kv_heads, group, …]`."""
        return rows.view(self.batch, self.kv_heads, -1, self.group, self.head_size).transpose(1, 2)

    def empty(self, like: Tensor) -> Tensor:
        """Room for all of them: `[batch, sequence, kv_heads, group, head_size]`, as the next product reads them."""
        return like.new_empty(self.batch, self.length, self.kv_heads, self.group, self.head_size)

    def blocks(self, reach: Sequence[int]) -> Iterator[tuple[slice, slice]]:
        """Each block of queries and the keys that it can see."""
        block = query_block(self.length)
        for number, start in enumerate(range(0, self.length, block)):
            stop = min(start + block, self.length)
            first = reach[number] if reach else 0
            yield slice(start, stop), slice(first - first % KEY_STEP, stop)
