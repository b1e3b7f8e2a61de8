"""A model behind an OpenAI-compatible server: vLLM, llama.cpp's, Midspan's own, a hosted one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.subject import Answer, Item
from midspan.evaluate.subjects.endings import ended
from midspan.evaluate.subjects.requests import post
from midspan.inference import Chat, Completion, Fill, Plain, Sampling

AT_ONCE = 8


@dataclass(frozen=True)
class Server:
    """`address` ends before /completions; `model` is what is asked for, "" the server's only one."""

    name: str
    address: str
    model: str
    can: frozenset[str] = frozenset({"plain", "chat"})

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
        asked: dict[str, Any] = {"max_tokens": sampling.max_tokens, "temperature": sampling.temperature}
        asked |= {"seed": sampling.seed, "stream": False} | ({"model": self.model} if self.model else {})
        asked |= {"top_p": sampling.top_p} if sampling.temperature else {}
        asked |= {"stop": list(sampling.stop[:4])} if sampling.stop else {}  # more than four are refused
        prompt = item.prompt
        if isinstance(prompt, Chat):
            reply = post(self.address + "/chat/completions", {**asked, "messages": list(prompt.messages)})
            text = _at(reply, "choices", 0, "message", "content")
        else:
            assert isinstance(prompt, Plain | Fill)
            left = prompt.text if isinstance(prompt, Plain) else prompt.prefix
            reply = post(self.address + "/completions", {**asked, "prompt": left})
            text = _at(reply, "choices", 0, "text")
        if not isinstance(text, str):
            raise UserError(f"{self.address}: an answer without text: {json.dumps(reply)[:200]}")
        reason = _at(reply, "choices", 0, "finish_reason")
        return Completion(ended(text, item, sampling), [], "length" if reason == "length" else "stop", 0)


def _at(value: Any, *way: str | int) -> Any:
    """What lies at the end of a way through a reply; None where it does not go on."""
    for step in way:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
