"""What clients of llama.cpp's protocol are answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from midspan.inference import Sampling
from midspan.serve.events import event
from midspan.serve.service import Answered, Ask, Service


@dataclass(frozen=True)
class LlamaCppReply:
    """llama.cpp's objects, whole (one, or a list of many) and as server-sent events."""

    service: Service
    sampling: Sampling
    fields: Sequence[str] | None  # None: all; else those at these places

    def whole(self, ask: Ask, answers: Sequence[Answered]) -> Any:
        """The answer, or the answers."""
        made = [self._finished(choice, answer, answer.text) for choice, answer in enumerate(answers)]
        return made[0] if len(made) == 1 else made

    def opening(self, choice: int) -> str:
        """An answer begins with its text."""
        return ""

    def delta(self, choice: int, answer: Answered) -> str:
        """The event of an answer's newest piece; the last one says all about it but the text."""
        piece = answer.pieces[-1]
        if not piece.finish_reason:
            shown = {"index": choice, "content": piece.text, "tokens": [piece.token], "stop": False, "id_slot": 0}
            return event(shown)
        return event(self._finished(choice, answer, piece.text))

    def closing(self, ask: Ask, answers: Sequence[Answered]) -> str:
        """Nothing follows the last answer."""
        return ""

    def _finished(self, choice: int, answer: Answered, content: str) -> dict[str, Any]:
        reason, word = self._ending(answer)
        generated = len(answer.tokens)
        full = answer.prompt.count + generated > self.service.engine.positions
        whole = {
            "index": choice,
            "content": content,
            "tokens": [],
            "id_slot": 0,
            "stop": True,
            "model": self.service.name,
            "tokens_predicted": generated,
            "tokens_evaluated": answer.prompt.count,
            "tokens_cached": 0,
            "generation_settings": settings(self.service, self.sampling),
            "has_new_line": "\n" in answer.text,
            "truncated": reason == "limit" and full,
            "stop_type": reason,
            "stopping_word": word,
            "timings": _timings(answer),
        }
        if self.fields is None:
            return whole
        return {name: _at(whole, name) for name in self.fields if _at(whole, name) is not None}

    def _ending(self, answer: Answered) -> tuple[str, str]:
        """Why an answer ended in llama.cpp's words, and the stop string that ended it."""
        if answer.finish_reason == "length":
            return "limit", ""
        if answer.pieces[-1].ended:
            return "eos", ""
        generated = self.service.engine.tokenizer.decode([*answer.prompt.tokens[-1:], *answer.tokens])
        found = (stop for stop in self.sampling.stop if stop and answer.text + stop in generated)
        return "word", max(found, key=len, default="")


def _at(value: Any, name: str) -> Any:
    """What stands at "timings/prompt_n" of a nested object; None where nothing does."""
    return reduce(lambda inner, part: inner.get(part) if isinstance(inner, dict) else None, name.split("/"), value)


def settings(service: Service, sampling: Sampling) -> dict[str, Any]:
    """How answers are drawn, in llama.cpp's names."""
    return {
        "n_ctx": service.engine.positions,
        "n_predict": sampling.max_tokens,
        "seed": sampling.seed,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "stop": list(sampling.stop),
        "samplers": ["temperature", "top_k", "top_p"],
    }


def _timings(answer: Answered) -> dict[str, float]:
    """How long prompt and answer took, in milliseconds; waiting in line counts to the prompt."""
    timings: dict[str, float] = {"cache_n": 0}
    spans = (
        ("prompt", answer.prompt.count, answer.first_at - answer.asked_at),
        ("predicted", len(answer.tokens), answer.last_at - answer.first_at),
    )
    for name, tokens, seconds in spans:
        timings |= {f"{name}_n": tokens, f"{name}_ms": 1000 * seconds}
        timings |= {f"{name}_per_token_ms": 1000 * seconds / max(tokens, 1)}
        timings |= {f"{name}_per_second": tokens / seconds if seconds > 0 else 0.0}
    return timings
