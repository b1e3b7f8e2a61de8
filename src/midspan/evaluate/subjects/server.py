"""A model behind an OpenAI-compatible server: vLLM, llama.cpp's, Midspan's own, a hosted one."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from midspan.errors import UserError
from midspan.evaluate.subject import Answer, Item
from midspan.evaluate.subjects.endings import ended
from midspan.inference import Chat, Completion, Fill, Plain, Sampling
from midspan.progress import say

AT_ONCE = 8
ATTEMPTS = 6
LONGEST_WAIT = 60.0  # seconds
TIMEOUT = 300.0
AGAIN = (408, 409, 425, 429, 500, 502, 503, 504)  # statuses after which a request is worth repeating


@dataclass
class Server:
    """`address` ends before /completions; `model` is what is asked for, "" the server's only one."""

    name: str
    address: str
    model: str
    can: frozenset[str] = frozenset({"plain", "chat"})
    tokens: dict[str, int] = field(default_factory=lambda: {"prompt_tokens": 0, "completion_tokens": 0})
    _lock: threading.Lock = field(default_factory=threading.Lock)

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
            reply = self._post("/chat/completions", {**asked, "messages": list(prompt.messages)})
            text = _at(reply, "choices", 0, "message", "content")
        else:
            assert isinstance(prompt, Plain | Fill)
            left = prompt.text if isinstance(prompt, Plain) else prompt.prefix
            reply = self._post("/completions", {**asked, "prompt": left})
            text = _at(reply, "choices", 0, "text")
        if not isinstance(text, str):
            raise UserError(f"{self.address}: an answer without text: {json.dumps(reply)[:200]}")
        reason = _at(reply, "choices", 0, "finish_reason")
        return Completion(ended(text, item, sampling), [], "length" if reason == "length" else "stop", 0)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask once and again: after a refusal that may pass, later each time, or when the server says."""
        key = os.environ.get("OPENAI_API_KEY")
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        request = urllib.request.Request(self.address + path, json.dumps(body).encode(), headers)
        trouble = ""
        for attempt in range(ATTEMPTS):
            wait = min(2.0**attempt, LONGEST_WAIT)
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:
                    found = json.loads(reply.read())
                self._count(found)
                return found
            except urllib.error.HTTPError as error:
                trouble = f"{error.code} {error.read(300).decode(errors='replace').strip() or error.reason}"
                if error.code not in AGAIN:
                    break
                wait = min(_seconds(error.headers.get("Retry-After")) or wait, LONGEST_WAIT)
            except json.JSONDecodeError as error:
                trouble = f"an answer that is no JSON ({error})"
            except OSError as error:  # refused, reset, timed out
                trouble = str(getattr(error, "reason", error))
            if attempt + 1 < ATTEMPTS:
                say(f"{self.address}{path}: {trouble}; again in {wait:.0f} s ({attempt + 1} of {ATTEMPTS})")
                time.sleep(wait)
        raise UserError(
            f"{self.address}{path}: {trouble}; what was answered is kept, and the same command goes on from there"
        )

    def _count(self, reply: Any) -> None:
        usage = _at(reply, "usage")
        with self._lock:
            for kind in self.tokens:
                self.tokens[kind] += int(usage.get(kind) or 0) if isinstance(usage, dict) else 0


def _at(value: Any, *way: str | int) -> Any:
    """What lies at the end of a way through a reply; None where it does not go on."""
    for step in way:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _seconds(told: str | None) -> float | None:
    try:
        return float(told) if told else None
    except ValueError:
        return None
