"""Real files with injected copies, and the brute-force truth about them."""

from __future__ import annotations

import random
import re
import sysconfig
from functools import cache
from pathlib import Path

from midspan.corpus.dedup.notice import compared
from midspan.corpus.dedup.shingles import FEW_SHINGLES, NEARLY_EQUAL
from midspan.corpus.documents import Document, content_id
from midspan.corpus.scripts import spaced


@cache
def library_files(count: int) -> tuple[str, ...]:
    """Some files of the standard library, the same ones each time."""
    root = Path(sysconfig.get_paths()["stdlib"])
    paths = sorted(path for path in root.glob("*/*.py") if 500 < path.stat().st_size < 30_000)
    chosen = random.Random(0).sample(paths, count)
    return tuple(path.read_text(encoding="utf-8", errors="replace") for path in chosen)


def mutated(text: str, rate: float, seed: int) -> str:
    """`text` with a share of its lines replaced."""
    draw = random.Random(seed)
    lines = text.split("\n")
    return "\n".join(
        f"changed_{draw.randrange(10**9)} = {draw.randrange(10**9)}" if draw.random() < rate else line for line in lines
    )


def shingle_strings(text: str) -> set[tuple[str, ...]]:
    """The word 5-grams of a text without its notice, by its definition."""
    lowered = re.sub("[A-Z]", lambda match: match[0].lower(), spaced(compared(text).decode("utf-8", "surrogatepass")))
    words = re.findall(r"[a-z0-9_\u0080-\U0010ffff]+", lowered)
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


def exact_jaccard(one: str, other: str) -> float:
    """Jaccard similarity on sets of strings; 0 for small texts that are not nearly equal."""
    return _similarity(shingle_strings(one), shingle_strings(other))


def _similarity(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    found = len(a & b) / len(a | b) if a | b else 0.0
    return found if min(len(a), len(b)) >= FEW_SHINGLES or found >= NEARLY_EQUAL else 0.0


def greedy_truth(texts: list[str], order: list[int], threshold: float) -> set[int]:
    """The texts that stay when each is compared with every one kept before it."""
    sets = [shingle_strings(text) for text in texts]
    kept: list[int] = []
    for index in order:
        own = sets[index]
        if not any(own and _similarity(own, sets[k]) >= threshold for k in kept):
            kept.append(index)
    return set(kept)


def document(text: str, number: int, **fields: str | int) -> Document:
    """A document of one text; fields not given do not distinguish it from others."""
    given: dict[str, str | int] = {
        "id": content_id(text),
        "text": text,
        "path": f"src/{number:05d}.py",
        "repository": "repository",
        "language": "Python",
        "licence": "MIT",
        "licence_evidence": "",
        "source": "test",
        "revision": "",
        "date": "",
        "stars": 0,
    }
    return Document(**(given | fields))  # type: ignore[arg-type]
