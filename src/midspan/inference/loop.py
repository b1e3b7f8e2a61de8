"""The loop: prompts are read in chunks, then every answer of the batch grows by one token a step.

The rows of a batch do not see each other. Their arithmetic does in one respect: a matrix product may differ in its
last bits with the number of rows, so where two logits are equal to the precision of the weights, the choice
may depend on what shares the batch. The random numbers never do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from midspan.inference.answer import Answer, Piece
from midspan.inference.healing import Healing
from midspan.inference.likelihood import Likelihood, likelihoods, prompt_likelihoods
from midspan.inference.prompts import Ids, check_fits
from midspan.inference.sampling import Sampling, choose
from midspan.model import Decoder, KeyValueCache

MOST_ROWS = 128  # prompts that are decoded together
CACHE_BYTES = 1 << 30  # that their keys and values may take
# Prompt tokens between two looks at `cancelled`, all rows together: as many as these floating-point operations take, a
# third of a second on two cores. More is faster up to LARGEST_CHUNK.
CHUNK_FLOPS = {"cpu": 1.5e11, "cuda": 1.5e13}
SMALLEST_CHUNK, LARGEST_CHUNK = 32, 1024


def generate_pieces(
    decoder: Decoder,
    healing: Healing,
    prompts: Sequence[Ids],
    sampling: Sampling,
    cancelled: Callable[[], bool],
) -> Iterator[tuple[int, Piece]]:
    """The pieces of the answers to all prompts as they are made, each with the number of its prompt.

    Prompts of like length go together, as many as memory allows. Raises `UserError` for a prompt that is empty or
    longer than the model's positions, before the first piece.
    """
    positions = decoder.config.max_positions
    answers = []
    for index, prompt in enumerate(prompts):
        check_fits(prompt, positions)
        answers.append(Answer(index, prompt, positions, healing.tokenizer, sampling))
    if sampling.max_tokens == 0 and not sampling.prompt_logprobs:  # no cache outlives a request: nothing need be read
        yield from ((answer.index, answer.nothing()) for answer in answers)
        return
    answers.sort(key=lambda answer: len(answer.prompt))
    capacity = max((len(answer.prompt) + answer.most for answer in answers), default=0)
    row_bytes = KeyValueCache.row_bytes(decoder.config, capacity, next(decoder.parameters()).dtype)
    together = min(max(CACHE_BYTES // max(row_bytes, 1), 1), MOST_ROWS)
    for start in range(0, len(answers), together):
        yield from _grow(decoder, healing, answers[start : start + together], sampling, cancelled)


def _grow(
    decoder: Decoder,
    healing: Healing,
    answers: list[Answer],
    sampling: Sampling,
    cancelled: Callable[[], bool],
) -> Iterator[tuple[int, Piece]]:
    capacity = max(len(answer.prompt) + max(answer.most, 1) - 1 for answer in answers)
    weight = next(decoder.parameters())
    cache = KeyValueCache(decoder.config, len(answers), capacity, weight.dtype, weight.device)
    logits = _read_prompts(decoder, answers, cache, sampling, healing.tokenizer.vocabulary_size, cancelled)
    if logits is not None and sampling.max_tokens == 0:
        yield from ((answer.index, answer.nothing()) for answer in answers)
        return
    while logits is not None:
        for answer, chosen in zip(answers, _next_tokens(logits, answers, sampling, healing), strict=True):
            if not answer.finished and (piece := answer.accept(*chosen)):
                yield answer.index, piece
        active = [number for number, answer in enumerate(answers) if not answer.finished]
        if not active or cancelled():
            return
        if len(active) <= len(answers) * 3 // 4:  # dropping rows copies the cache: not for every single one
            answers = [answers[number] for number in active]
            cache.keep_rows(active)
        logits = _read_newest(decoder, answers, cache)


@torch.inference_mode()
def _next_tokens(
    logits: Tensor, answers: list[Answer], sampling: Sampling, healing: Healing
) -> list[tuple[int, Likelihood | None]]:
    """The next token of each answer, by the `logits` [rows, vocabulary] after its newest; its likelihood, if asked."""
    # A model may have more rows in its embedding than its tokenizer has tokens: those are never chosen.
    logits = logits[:, : healing.tokenizer.vocabulary_size]
    for row, answer in enumerate(answers):
        if answer.ahead and not answer.finished:
            allowed = healing.spellings.allowed(answer.ahead).to(logits.device)
            logits[row] = torch.full_like(logits[row], -math.inf).index_copy(0, allowed, logits[row, allowed])
    tokens = choose(logits, sampling, [answer.uniforms.next() for answer in answers])
    if sampling.logprobs is None:
        return [(token, None) for token in tokens]
    said = [len(answer.ahead) for answer in answers]
    return list(zip(tokens, likelihoods(logits, tokens, sampling.logprobs, said), strict=True))


@torch.inference_mode()
def _read_prompts(
    decoder: Decoder,
    answers: list[Answer],
    cache: KeyValueCache,
    sampling: Sampling,
    vocabulary: int,
    cancelled: Callable[[], bool],
) -> Tensor | None:
    """The logits [rows, vocabulary] after each prompt, or None where `cancelled()` came first.

    Shorter prompts are padded on the right. What the padding writes to the cache lies behind the end of the
    prompt: each of those slots is overwritten by a generated token before any token attends to it.
    """
    lengths = [len(answer.prompt) for answer in answers]
    longest = max(lengths)
    padded = [answer.prompt + [0] * (longest - len(answer.prompt)) for answer in answers]
    tokens = torch.tensor(padded, device=device_of(decoder))  # [rows, longest]
    last: list[Tensor | None] = [None] * len(answers)  # [hidden] of each prompt's last token
    chunk = chunk_size(decoder, len(answers))
    for start in range(0, longest, chunk):
        if cancelled():
            return None
        end = min(start + chunk, longest)
        hidden = decoder.hidden_states(tokens[:, start:end], cache=cache)
        for number, length in enumerate(lengths):
            if start < length <= end:
                last[number] = hidden[number, length - 1 - start]
            if sampling.prompt_logprobs:
                answer, count = answers[number], min(end, length - 1) - start
                following = answer.prompt[start + 1 : start + 1 + count] if count > 0 else []
                top = sampling.logprobs or 0
                answer.likelihoods += prompt_likelihoods(
                    decoder, hidden[number, : len(following)], following, top, vocabulary
                )
    cache.lengths = lengths  # the padding is forgotten
    return decoder.logits(torch.stack([hidden for hidden in last if hidden is not None]))


def chunk_size(decoder: Decoder, rows: int) -> int:
    """The tokens of each of `rows` prompts that are read at once: a power of two."""
    flops = 2 * sum(weight.numel() for weight in decoder.layers.parameters())  # of one token
    budget = CHUNK_FLOPS["cpu" if device_of(decoder).type == "cpu" else "cuda"]
    tokens = min(max(budget / flops / rows, SMALLEST_CHUNK), LARGEST_CHUNK)
    return 1 << int(math.log2(tokens))


@torch.inference_mode()
def _read_newest(decoder: Decoder, answers: list[Answer], cache: KeyValueCache) -> Tensor:
    """The logits [rows, vocabulary] after the newest token of each answer."""
    for row, answer in enumerate(answers):
        if answer.finished:  # still in the batch, it scribbles over its own slot 0
            cache.lengths[row] = 0
    tokens = torch.tensor([[answer.token] for answer in answers], device=device_of(decoder))
    return decoder.logits(decoder.hidden_states(tokens, cache=cache)[:, 0])


def device_of(decoder: Decoder) -> torch.device:
    """Where its weights are."""
    return next(decoder.parameters()).device
