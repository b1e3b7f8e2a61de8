"""The engine: a decoder, its tokenizer and its device, asked with prompts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import torch

from midspan.compute import best_device, compute_dtype
from midspan.inference.answer import Completion, Piece, completion
from midspan.inference.healing import Healing
from midspan.inference.loop import device_of, generate_pieces
from midspan.inference.models import check_tokenizer, find_model
from midspan.inference.one_row import use_one_row_products
from midspan.inference.prompts import Ids, Prompt, prompt_ids, prompt_kinds
from midspan.inference.sampling import Sampling
from midspan.model import Decoder, ModelFacts, load_config, load_decoder
from midspan.tokens import Tokenizer, open_tokenizer

# What the weights are held in: "auto" is bfloat16 where the device multiplies in it, else float32.
WeightsFormat = Literal["auto", "stored", "bf16", "fp32"]


@dataclass(frozen=True, eq=False)
class Engine:
    """A model that can be asked: `Engine.open` reads one from a directory."""

    decoder: Decoder
    tokenizer: Tokenizer
    heals: bool = True  # whether a prompt loses the tokens that depend on what follows its cursor (healing.py)
    layout: str | None = "psm"  # the FIM layout that it knows best; None: it never learnt any

    @classmethod
    def open(cls, place: str | Path, device: torch.device | None = None, weights: WeightsFormat = "auto") -> Engine:
        """The model that `place` means (`find_model`), on `device` (None: the best there is).

        Raises `UserError` where there is none, or one of a kind that Midspan does not run.
        """
        found = find_model(place)
        tokenizer = open_tokenizer(found)
        check_tokenizer(found, load_config(found), tokenizer)
        device = device or best_device()
        dtype = None if weights == "stored" else compute_dtype(weights, device)
        decoder = load_decoder(found, dtype).to(device)
        if device.type == "cpu" and decoder.head_weight.dtype == torch.bfloat16:
            use_one_row_products(decoder)
        facts = ModelFacts.read(found)
        return cls(decoder, tokenizer, facts.healing, facts.layout)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return device_of(self.decoder)

    @property
    def positions(self) -> int:
        """The tokens that prompt and answer may have together."""
        return self.decoder.config.max_positions

    @cached_property
    def can(self) -> frozenset[str]:
        """The kinds of prompt that it can be asked."""
        return prompt_kinds(self.tokenizer, self.layout)

    @cached_property
    def _healing(self) -> Healing:
        return Healing(self.tokenizer)

    def ids(self, prompt: Prompt, max_tokens: int, context: int | None = None) -> Ids:
        """What the model reads for `prompt`, with room for `max_tokens` of answer within `context` positions.

        Raises `UserError` for what it cannot be asked, and for a prompt that does not fit.
        """
        healing = self._healing if self.heals else None
        room = context or self.positions
        return prompt_ids(self.tokenizer, prompt, room, max_tokens, healing, self.layout or "psm")

    def complete(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_progress: Callable[[int], None] | None = None
    ) -> list[Completion]:
        """The completion of each prompt, in the order of the prompts.

        `on_progress` is called with the number of completions that are finished. Raises `UserError` as `ids` does.
        """
        asked = [self.ids(prompt, sampling.max_tokens) for prompt in prompts]
        pieces: list[list[Piece]] = [[] for _ in asked]
        finished = 0
        for number, piece in self.stream_batch(asked, sampling):
            pieces[number].append(piece)
            if piece.finish_reason:
                finished += 1
                if on_progress:
                    on_progress(finished)
        return [completion(ids.count, parts) for ids, parts in zip(asked, pieces, strict=True)]

    def stream(
        self, prompt: Prompt, sampling: Sampling, cancelled: Callable[[], bool] | None = None
    ) -> Iterator[Piece]:
        """The pieces of one completion as they are made; ends early, without a finish reason, once `cancelled()`.

        `cancelled` is asked after every token, and every chunk of the prompt. Raises `UserError` as `ids` does,
        before the first piece.
        """
        for _, piece in self.stream_batch([prompt], sampling, cancelled):
            yield piece

    def stream_batch(
        self, prompts: Sequence[Prompt], sampling: Sampling, cancelled: Callable[[], bool] | None = None
    ) -> Iterator[tuple[int, Piece]]:
        """The pieces of many completions as they are made, each with the number of its prompt.

        What the random numbers of a completion are depends on the seed and that number alone.
        """
        asked = [self.ids(prompt, sampling.max_tokens) for prompt in prompts]
        yield from generate_pieces(self.decoder, self._healing, asked, sampling, cancelled or (lambda: False))
