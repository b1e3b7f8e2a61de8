"""Fill-in-the-middle on held-out files: one line is removed, and the model must give exactly that line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from midspan.batches import generator
from midspan.corpus import Document
from midspan.inference import Engine, Fill, Plain, Sampling
from midspan.progress import progress

MAX_TOKENS = 32
LINES_PER_FILE = 20


@dataclass(frozen=True)
class Blank:
    """A file with one line taken out: the prefix ends with its indentation, the suffix begins with its newline.

    That is where an editor's cursor stands, and a token boundary: our tokenizers give a newline all of its indentation.
    """

    path: str
    line: int
    prefix: str
    expected: str
    suffix: str


def choose_blanks(documents: Iterable[Document], count: int, seed: int) -> list[Blank]:
    """Up to `count` lines of code, at most twenty of a file, chosen by seed: not blank and not a comment."""
    blanks: list[Blank] = []
    for document in documents:
        lines = document.text.split("\n")
        candidates = [
            number for number, text in enumerate(lines[1:-1], 1) if text.strip() and not text.strip().startswith("#")
        ]
        draw = generator(seed, "blanks", document.id)
        for number in sorted(draw.permutation(candidates)[:LINES_PER_FILE].tolist()):
            code = lines[number].lstrip()
            indentation = lines[number][: len(lines[number]) - len(code)]
            prefix = "\n".join([*lines[:number], indentation])
            suffix = "\n" + "\n".join(lines[number + 1 :])
            blanks.append(Blank(document.path, number + 1, prefix, code.rstrip(), suffix))
    order = generator(seed, "blanks").permutation(len(blanks))[:count]
    return [blanks[index] for index in order]


def infill(engine: Engine, blanks: list[Blank], context: int, name: str) -> dict[str, Any]:
    """Greedy answers to all blanks with the suffix in view (`fim`), and without it (`left_to_right`).

    Exact match compares the generated line with the line taken out, blanks at its end aside. Left-to-right, with
    as many tokens of prompt, is what a model can do without fill-in-the-middle training. Prompt and answer take at most
    `context` positions: the same for every model that is compared.
    """
    asked = [engine.ids(Fill(blank.prefix, blank.suffix), MAX_TOKENS, context) for blank in blanks]
    plain = [engine.ids(Plain(blank.prefix, cut=True), MAX_TOKENS, context) for blank in blanks]
    sampling = Sampling(max_tokens=MAX_TOKENS, stop=("\n",))
    with progress(f"{name}: infilling", 2 * len(blanks), "lines") as line:
        filled = engine.complete(asked, sampling, lambda done: line.update(done))
        continued = engine.complete(plain, sampling, lambda done: line.update(len(blanks) + done))
    exact = [answer.text.rstrip() == blank.expected for answer, blank in zip(filled, blanks, strict=True)]
    exact_left = [answer.text.rstrip() == blank.expected for answer, blank in zip(continued, blanks, strict=True)]
    samples = [
        {
            "path": blank.path,
            "line": blank.line,
            "prefix": blank.prefix[-300:],
            "suffix": blank.suffix[:200],
            "expected": blank.expected,
            "got": answer.text,
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
