"""Any causal model that transformers can open: the named peer of Midspan's own engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from midspan.errors import UserError
from midspan.evaluate.families import Family, family_by_tokens
from midspan.evaluate.subject import Answer, Item, Text
from midspan.evaluate.subjects.elsewhere import asked, ended
from midspan.evaluate.subjects.transformers_scores import likelihoods_of
from midspan.inference import Chat, Completion, Fill, Plain, Sampling


@dataclass(frozen=True)
class Transformers:
    """The model at `place`, one prompt at a time: padding would change what a greedy answer is."""

    name: str
    place: str
    precision: str
    family: Family | None = None  # what its name says

    @cached_property
    def can(self) -> frozenset[str]:
        """It fills middles where its family or its tokens say how, and chats where there is a template."""
        able = {"chat": self.tokenizer.chat_template, "fill": self.filling}
        return frozenset({"plain", "score", *(kind for kind, how in able.items() if how)})

    @cached_property
    def filling(self) -> Family | None:
        """The family as which it is asked for a middle; None: from the left alone."""
        return self.family if self.family and self.family.fill else family_by_tokens(self.tokenizer.get_vocab())

    @cached_property
    def tokenizer(self) -> Any:
        """transformers' tokenizer. Raises UserError where transformers or the model is not there."""
        tokenizer = self._open("AutoTokenizer")
        tokenizer.chat_template = tokenizer.chat_template or (self.family and self.family.chat)
        return tokenizer

    @cached_property
    def model(self) -> Any:
        """transformers' model."""
        return self._open("AutoModelForCausalLM", dtype=torch.float32 if self.precision == "fp32" else "auto").eval()

    def _open(self, kind: str, **settings: Any) -> Any:
        try:
            import transformers
        except ImportError:
            raise UserError("transformers: is not installed: pip install transformers") from None
        try:
            return getattr(transformers, kind).from_pretrained(self.place, **settings)
        except (OSError, ValueError) as error:
            first = str(error).strip().partition("\n")[0]
            raise UserError(f"transformers cannot open {self.place}: {first}") from None

    def answer(
        self, items: Sequence[Item], sampling: Sampling, on_progress: Callable[[int], None]
    ) -> Iterator[Answer | None]:
        """The answers, one after the other; None where the prompt does not fit."""
        for done, item in enumerate(items):
            answer = self._answer(item, sampling)
            on_progress(done + 1)
            yield answer

    @torch.inference_mode()
    def _answer(self, item: Item, sampling: Sampling) -> Answer | None:
        prompt, positions = item.prompt, self.model.config.max_position_embeddings
        if isinstance(prompt, Text):
            return likelihoods_of(self.model, self.tokenizer, prompt, positions)
        if isinstance(prompt, Chat):
            turns = list(prompt.messages)
            ids = self.tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)["input_ids"]
        else:
            assert isinstance(prompt, Plain | Fill)
            ids = self.tokenizer(asked(prompt, self.filling))["input_ids"]
        if len(ids) + sampling.max_tokens > positions:
            return None
        torch.manual_seed(sampling.seed)
        chance = {"temperature": sampling.temperature, "top_p": sampling.top_p} if sampling.temperature else {}
        stops = {"stop_strings": list(sampling.stop), "tokenizer": self.tokenizer} if sampling.stop else {}
        made = self.model.generate(
            torch.tensor([ids], device=self.model.device),
            max_new_tokens=sampling.max_tokens,
            do_sample=bool(sampling.temperature),
            pad_token_id=self.tokenizer.eos_token_id,
            **chance,
            **stops,
        )[0, len(ids) :]
        text = self.tokenizer.decode(made, skip_special_tokens=True)
        whole = len(made) < sampling.max_tokens
        text = ended(text, item, sampling, self.filling or self.family)
        filled = isinstance(prompt, Fill) and self.filling is not None
        return Completion(text, [], "stop" if whole else "length", len(ids), filled=filled)
