"""A model behind an OpenAI-compatible server: vLLM, llama.cpp's, Midspan's own, a hosted one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.families import Family
from midspan.evaluate.subject import Answer, Item
from midspan.evaluate.subjects.elsewhere import asked, ended
from midspan.evaluate.subjects.requests import post
from midspan.evaluate.subjects.usage import Usage
from midspan.inference import Chat, Completion, Fill, FinishReason, Plain, Sampling

AT_ONCE = 8


@dataclass(frozen=True)
class Server:
    """`address` ends before /completions; `model` is what is asked for, "" the server's only one."""

    name: str
    address: str
    model: str
    family: Family | None = None  # what its name says: it is asked for middles as that family is
    usage: Usage = field(default_factory=Usage)

    @property
    def can(self) -> frozenset[str]:
        """It goes on with texts and chats; it fills middles where it is known how it is asked."""
        return frozenset({"plain", "chat"} | ({"fill"} if self.family and self.family.fill else set()))

    def answer(
        self, items: Sequence[Item], sampling: Sampling, on_progress: Callable[[int], None]
    ) -> Iterator[Answer | None]:
        """The answers, several asked at once. Raises UserError where the server is not there or answers nonsense."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                for done, answer in enumerate(pool.map(lambda item: self._answer(item, sampling), items)):
                    on_progress(done + 1)
                    yield answer
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _answer(self, item: Item, sampling: Sampling) -> Completion:
        settings: dict[str, Any] = {"max_tokens": sampling.max_tokens, "temperature": sampling.temperature}
        settings |= {"seed": sampling.seed, "stream": False} | ({"model": self.model} if self.model else {})
        settings |= {"top_p": sampling.top_p} if sampling.temperature else {}
        settings |= {"stop": list(sampling.stop[:4])} if sampling.stop else {}  # more than four are refused
        prompt = item.prompt
        if isinstance(prompt, Chat):
            reply = post(self.address + "/chat/completions", {**settings, "messages": list(prompt.messages)})
            text = _at(reply, "choices", 0, "message", "content")
        else:
            assert isinstance(prompt, Plain | Fill)
            reply = post(self.address + "/completions", {**settings, "prompt": asked(prompt, self.family)})
            text = _at(reply, "choices", 0, "text")
        self.usage.add(reply)
        if not isinstance(text, str):
            raise UserError(f"{self.address}: an answer without text: {json.dumps(reply)[:200]}")
        filled = isinstance(prompt, Fill) and "fill" in self.can
        reason: FinishReason = "length" if _at(reply, "choices", 0, "finish_reason") == "length" else "stop"
        return Completion(ended(text, item, sampling, self.family), [], reason, 0, filled=filled)


def _at(value: Any, *way: str | int) -> Any:
    """What lies at the end of a way through a reply; None where it does not go on."""
    for step in way:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
