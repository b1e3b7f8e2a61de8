"""Asking a model what a benchmark asks: answers are kept as they come, and what was answered is not asked again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from midspan.evaluate.subject import Answer, Item, Likelihood, Subject
from midspan.files import Kept
from midspan.inference import Completion, Sampling
from midspan.progress import ProgressLine, progress

CHUNK = 64  # questions that are asked together: so many answers a kill may lose


def ask(
    subject: Subject, items: Sequence[Item], samplings: Sequence[Sampling], title: str, kept: Kept
) -> list[Answer | None]:
    """The answers to all items, asked together where they are asked in the same way; None where one does not fit."""
    names = [f"{item.group}\n{item.identifier}\n{item.sample}\n{number}" for number, item in enumerate(items)]
    asked = [replace(one, seed=one.seed + item.sample) for one, item in zip(samplings, items, strict=True)]
    for sampling in dict.fromkeys(asked):
        numbers = [number for number, one in enumerate(asked) if one == sampling]
        missing = [number for number in numbers if names[number] not in kept.values]
        done = len(numbers) - len(missing)
        with progress(title, len(numbers), "answers", done) as line:
            for start in range(0, len(missing), CHUNK):
                chunk = missing[start : start + CHUNK]
                told = partial(_more, line, done + start)
                answers = subject.answer([items[number] for number in chunk], sampling, told)
                for number, answer in zip(chunk, answers, strict=True):
                    kept.put(names[number], _plain(answer))
    return [_answer(kept.values[name]) for name in names]


def _more(line: ProgressLine, before: int, count: int) -> None:
    line.update(before + count)


def _plain(answer: Answer | None) -> Any:
    """An answer as JSON."""
    if isinstance(answer, Completion):
        return asdict(replace(answer, tokens=[]))
    return answer and [[one.logprob, one.tokens] for one in answer]


def _answer(value: Any) -> Answer | None:
    if isinstance(value, dict):
        return Completion(**value)
    return value and tuple(Likelihood(*one) for one in value)
