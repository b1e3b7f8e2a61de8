"""Fill-in-the-middle on held-out files: one line is removed, and the model must give exactly that line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from midspan.batches import generator
from midspan.corpus import Document
from midspan.generate import Sampling, complete_batch, infill_prompt, plain_prompt
from midspan.model import Decoder
from midspan.progress import progress
from midspan.tokens import Tokenizer

MAX_TOKENS = 32
LINES_PER_FILE = 4
SHORTEST_LINE = 4  # characters; a bracket alone says nothing about a model


@dataclass(frozen=True)
class Blank:
    """A file with one line taken out: the prefix ends with the line before, the suffix begins with the newline after.

    The newline and the indentation are the model's to write, as in the SantaCoder benchmark: a prefix that ended
    inside a run of blanks would end inside a token.
    """

    path: str
    line: int
    prefix: str
    expected: str
    suffix: str


def choose_blanks(documents: Iterable[Document], count: int, seed: int) -> list[Blank]:
    """Up to `count` lines of code, at most four of a file, chosen by seed: not blank, not a comment, not a bracket."""
    blanks: list[Blank] = []
    for document in documents:
        lines = document.text.split("\n")
        candidates = [
            number
            for number, text in enumerate(lines[1:-1], 1)
            if len(text.strip()) >= SHORTEST_LINE and not text.strip().startswith("#")
        ]
        draw = generator(seed, "blanks", document.id)
        for number in sorted(draw.permutation(candidates)[:LINES_PER_FILE].tolist()):
            suffix = "\n" + "\n".join(lines[number + 1 :])
            blanks.append(Blank(document.path, number + 1, "\n".join(lines[:number]), lines[number].strip(), suffix))
    order = generator(seed, "blanks").permutation(len(blanks))[:count]
    return [blanks[index] for index in order]


def infill(decoder: Decoder, tokenizer: Tokenizer, blanks: list[Blank], context: int, name: str) -> dict[str, Any]:
    """Greedy answers to all blanks with the suffix in view (`fim`), and without it (`left_to_right`).

    Exact match compares the first generated line with the line taken out, blanks around it aside. Left-to-right, with
    as many tokens of prompt, is what a model can do without fill-in-the-middle training. Prompt and answer take at most
    `context` positions: the same for every model that is compared.
    """
    limit = context - MAX_TOKENS
    asked = [infill_prompt(tokenizer, blank.prefix, blank.suffix, limit) for blank in blanks]
    plain = [plain_prompt(tokenizer, blank.prefix)[-limit:] for blank in blanks]
    sampling = Sampling(max_tokens=MAX_TOKENS)
    with progress(f"{name}: infilling", 2 * len(blanks), "lines") as line:
        filled = complete_batch(decoder, tokenizer, asked, sampling, lambda done: line.update(done))
        continued = complete_batch(decoder, tokenizer, plain, sampling, lambda done: line.update(len(blanks) + done))
    exact = [_first_line(answer.text) == blank.expected for answer, blank in zip(filled, blanks, strict=True)]
    exact_left = [_first_line(answer.text) == blank.expected for answer, blank in zip(continued, blanks, strict=True)]
    samples = [
        {
            "path": blank.path,
            "line": blank.line,
            "prefix": blank.prefix[-300:],
            "suffix": blank.suffix[:200],
            "expected": blank.expected,
            "got": _first_line(answer.text),
            "exact": hit,
        }
        for blank, answer, hit in zip(blanks, filled, exact, strict=True)
    ]
    hits = [sample for sample in samples if sample["exact"]][:6]
    misses = [sample for sample in samples if not sample["exact"]][:6]
    return {
        "fim_exact_match": sum(exact) / max(1, len(blanks)),
        "left_to_right_exact_match": sum(exact_left) / max(1, len(blanks)),
        "fim_lines": len(blanks),
        "samples": hits + misses,
    }


def _first_line(text: str) -> str:
    return text.lstrip("\n").split("\n", 1)[0].strip()
