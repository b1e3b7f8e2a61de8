"""A model as judge of answers: any OpenAI-compatible server, asked once for each; what it said is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from midspan.errors import UserError
from midspan.evaluate.data import rows_of
from midspan.evaluate.subjects.requests import post
from midspan.files import Kept, hash_text
from midspan.progress import progress

AT_ONCE = 8
MAX_TOKENS = 2048
WITH_REFERENCE = ("math", "reasoning", "coding")  # categories that are judged beside a reference answer
RATING = re.compile(r"\[\[(\d+(?:\.\d+)?)\]\]|\[(\d+(?:\.\d+)?)\]")


Asked = tuple[str, Sequence[str], Sequence[str]]  # category, question, answer, question, …, reference answers


@dataclass(frozen=True)
class Judge:
    """A model behind `address`, the part of an OpenAI-compatible URL before /chat/completions."""

    address: str
    model: str
    prompts: Mapping[str, Mapping[str, str]]  # FastChat's, by name
    references: Mapping[str, Sequence[str]]  # right answers, by question

    @classmethod
    def named(cls, given: str, prompts: str, references: str) -> Judge:
        """The judge that URL#MODEL names, with FastChat's files. Raises UserError for anything else."""
        address, _, model = given.partition("#")
        if not address.startswith(("http://", "https://")) or not model:
            raise UserError(f"judge: {given!r} is none; give the URL of a server up to /v1, and #MODEL after it")
        rows = rows_of(prompts, ("name", "system_prompt", "prompt_template"))
        right = rows_of(references, ("question_id", "choices"))
        turns = {str(row["question_id"]): row["choices"][0]["turns"] for row in right}
        return cls(address.rstrip("/"), model, {row["name"]: row for row in rows}, turns)

    def rates(self, asked: Sequence[Asked], kept: Kept | None) -> list[tuple[float | None, str]]:
        """Its rating of each last answer, None where it gives none, and all it says, at temperature 0.

        Raises UserError where it does not answer.
        """
        with ThreadPoolExecutor(AT_ONCE) as pool, progress("judge", len(asked), "answers") as line:
            said = []
            for text in pool.map(lambda one: self._says(single_answer(self.prompts, *one), kept), asked):
                said.append((rating_in(text), text))
                line.update(len(said))
            return said

    def _says(self, messages: Sequence[Mapping[str, str]], kept: Kept | None) -> str:
        body = {"model": self.model, "messages": list(messages), "temperature": 0, "max_tokens": MAX_TOKENS}
        name = hash_text(f"{self.address} {body}")
        if kept and name in kept.values:
            return str(kept.values[name])
        reply = post(f"{self.address}/chat/completions", body)
        try:
            text = str(reply["choices"][0]["message"]["content"])
        except (KeyError, IndexError, TypeError):
            why = "the judge's answer is no chat completion"
            raise UserError(f"{self.address}: {why}: {str(reply)[:200]}") from None
        if kept:
            kept.put(name, text)
        return text


def single_answer(
    prompts: Mapping[str, Mapping[str, str]], category: str, told: Sequence[str], references: Sequence[str]
) -> list[dict[str, str]]:
    """The conversation that has a judge rate the last answer of `told`: question, answer, question, answer …

    `prompts` are FastChat's, by name. Where there are reference answers, they stand beside.
    """
    name = "single-math-v1" if references and category in WITH_REFERENCE else "single-v1"
    prompt = prompts[f"{name}-multi-turn" if len(told) > 2 else name]
    fields = {"question": told[0], "answer": told[-1]}
    for number, (question, answer) in enumerate(zip(told[::2], told[1::2], strict=True), 1):
        fields |= {f"question_{number}": question, f"answer_{number}": answer}
    fields |= {f"ref_answer_{number}": text for number, text in enumerate(references, 1)}
    asked = prompt["prompt_template"].format(**fields)
    return [{"role": "system", "content": prompt["system_prompt"]}, {"role": "user", "content": asked}]


def rating_in(text: str) -> float | None:
    """The rating from 1 to 10 that a judgement gives as [[5]]; None where there is none."""
    found = RATING.search(text)
    value = float(found[1] or found[2]) if found else 0.0
    return value if 1 <= value <= 10 else None
