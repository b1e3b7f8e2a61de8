"""Continues prompts token by token with a key/value cache: many at once, or one as a stream.

The rows of a batch do not see each other. Their arithmetic does in one respect: a float32 matrix product may
differ in its last bits with the number of rows, so where two logits are equal to about seven digits, the choice
may depend on what shares the batch. The random numbers never do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from midspan.inference.prompts import check_fits
from midspan.inference.row import FinishReason, Piece, Row, end_tokens
from midspan.inference.sampling import Sampling, choose
from midspan.model import Decoder, KeyValueCache
from midspan.tokens import Tokenizer

MOST_ROWS = 128  # prompts that are decoded together
CACHE_BYTES = 1 << 30  # that their keys and values may take
PREFILL = 64  # prompt tokens per row between two looks at `cancelled`


@dataclass(frozen=True)
class Completion:
    """What followed one prompt; `tokens` are all that were generated, the one that ended it included."""

    text: str
    tokens: list[int]
    finish_reason: FinishReason
    prompt_tokens: int


def complete_batch(
    model: Decoder,
    tokenizer: Tokenizer,
    prompts: Sequence[list[int]],
    sampling: Sampling,
    on_progress: Callable[[int], None] | None = None,
) -> list[Completion]:
    """The completion of each prompt, in the order of the prompts.

    `on_progress` is called with the number of completions that are finished. Raises `UserError` for a prompt
    that is empty or longer than the model's positions.
    """
    pieces: list[list[Piece]] = [[] for _ in prompts]
    finished = 0
    for row, piece in stream_batch(model, tokenizer, prompts, sampling):
        pieces[row].append(piece)
        if piece.finish_reason:
            finished += 1
            if on_progress:
                on_progress(finished)
    return [completion(len(prompt), of_prompt) for prompt, of_prompt in zip(prompts, pieces, strict=True)]


def completion(prompt_tokens: int, pieces: Sequence[Piece]) -> Completion:
    """The whole of a finished stream of `pieces`."""
    reason = pieces[-1].finish_reason
    assert reason is not None, "the stream was cut short"
    text = "".join(piece.text for piece in pieces)
    return Completion(text, [piece.token for piece in pieces], reason, prompt_tokens)


def stream(
    model: Decoder,
    tokenizer: Tokenizer,
    prompt: list[int],
    sampling: Sampling,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Piece]:
    """The pieces of one completion as they are made; ends early, without a finish reason, once `cancelled()`.

    `cancelled` is asked after every token, and every 64 tokens of the prompt. Raises `UserError` as
    `complete_batch` does, before the first piece.
    """
    for _, piece in stream_batch(model, tokenizer, [prompt], sampling, cancelled):
        yield piece


def stream_batch(
    model: Decoder,
    tokenizer: Tokenizer,
    prompts: Sequence[list[int]],
    sampling: Sampling,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[tuple[int, Piece]]:
    """The pieces of many completions as they are made, each with the number of its prompt.

    Prompts of like length go together, as many as memory allows. Cancellation and errors are those of `stream`.
    """
    positions = model.config.max_positions
    ends = end_tokens(tokenizer)
    rows = []
    for index, prompt in enumerate(prompts):
        check_fits(prompt, positions)
        # The last token of an answer is never read again, so it needs no position.
        room = positions - len(prompt) + 1
        rows.append(Row(index, prompt, min(sampling.max_tokens, room), tokenizer, sampling, ends))
    rows.sort(key=lambda row: len(row.prompt))
    capacity = max((len(row.prompt) + row.limit for row in rows), default=0)
    row_bytes = KeyValueCache.row_bytes(model.config, capacity, next(model.parameters()).dtype)
    together = min(max(CACHE_BYTES // max(row_bytes, 1), 1), MOST_ROWS)
    for start in range(0, len(rows), together):
        yield from _decode(model, tokenizer, rows[start : start + together], sampling, cancelled or (lambda: False))


def _decode(
    model: Decoder,
    tokenizer: Tokenizer,
    rows: list[Row],
    sampling: Sampling,
    cancelled: Callable[[], bool],
) -> Iterator[tuple[int, Piece]]:
    capacity = max(len(row.prompt) + row.limit - 1 for row in rows)
    weight = next(model.parameters())
    cache = KeyValueCache(model.config, len(rows), capacity, weight.dtype, weight.device)
    logits = _read_prompts(model, rows, cache, cancelled)
    while logits is not None:
        # A model may have more rows in its embedding than its tokenizer has tokens: those are never chosen.
        uniforms = [row.uniforms.next() for row in rows]
        tokens = choose(logits[:, : tokenizer.vocabulary_size], sampling, uniforms)
        for row, token in zip(rows, tokens, strict=True):
            if not row.finished:
                yield row.index, row.accept(token)
        active = [number for number, row in enumerate(rows) if not row.finished]
        if not active or cancelled():
            return
        if len(active) <= len(rows) * 3 // 4:  # dropping rows copies the cache: not for every single one
            rows = [rows[number] for number in active]
            cache.keep_rows(active)
        logits = _read_one_token(model, rows, cache)


@torch.inference_mode()
def _read_prompts(
    model: Decoder, rows: list[Row], cache: KeyValueCache, cancelled: Callable[[], bool]
) -> Tensor | None:
    """The logits [rows, vocabulary] after each prompt, or None where `cancelled()` came first.

    Shorter prompts are padded on the right. What the padding writes to the cache lies behind the end of the
    prompt: each of those slots is overwritten by a generated token before any token attends to it.
    """
    device = next(model.parameters()).device
    lengths = [len(row.prompt) for row in rows]
    longest = max(lengths)
    padded = [row.prompt + [0] * (longest - len(row.prompt)) for row in rows]
    tokens = torch.tensor(padded, device=device)  # [rows, longest]
    positions = torch.arange(longest, device=device).expand(len(rows), longest)
    last: list[Tensor | None] = [None] * len(rows)  # [hidden] of each prompt's last token
    for start in range(0, longest, PREFILL):
        if cancelled():
            return None
        end = min(start + PREFILL, longest)
        hidden = model.hidden_states(tokens[:, start:end], positions[:, start:end], cache=cache)
        for number, length in enumerate(lengths):
            if start < length <= end:
                last[number] = hidden[number, length - 1 - start]
    return model.logits(torch.stack([hidden for hidden in last if hidden is not None]))


@torch.inference_mode()
def _read_one_token(model: Decoder, rows: list[Row], cache: KeyValueCache) -> Tensor:
    """The logits [rows, vocabulary] after the newest token of each row."""
    device = next(model.parameters()).device
    tokens = torch.tensor([[row.token] for row in rows], device=device)
    positions = torch.tensor([[row.position] for row in rows], device=device)
    return model.logits(model.hidden_states(tokens, positions, cache=cache)[:, 0])
