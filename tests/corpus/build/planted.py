"""Small sources for the builder's tests: text that no rule objects to, different for each seed."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

from midspan.files import hash_path

LETTERS = str.maketrans("0123456789", "ghijklmnop")  # with a … f, the digits of a hash as letters


def module_text(seed: int, functions: int = 8) -> str:
    """A Python module; two of different seeds share no 5-gram to speak of."""
    parts = [f'"""Module number {seed}."""\n']
    for number in range(functions):
        letters = hashlib.sha256(f"{seed} {number}".encode()).hexdigest().translate(LETTERS)
        names = [letters[at : at + 5] for at in range(0, 60, 5)]
        body = "".join(f"    {left} = {right}.value\n" for left, right in itertools.pairwise(names))
        parts.append(f"\n\ndef {names[0]}({names[2]}, {names[3]}):\n{body}    return {names[5]}\n")
    return "".join(parts)


def plant(root: Path, repositories: int, files: int) -> Path:
    """Some repositories of modules, with an exact and a near copy in each but the first."""
    for repository in range(repositories):
        folder = root / f"repository{repository}"
        folder.mkdir(parents=True)
        for number in range(files):
            (folder / f"module{number}.py").write_text(module_text(1000 * repository + number))
        if repository:
            (folder / "copied.py").write_text(module_text(0))
            (folder / "changed.py").write_text(module_text(1) + f"\n\nCHANGED = {repository}\n")
    return root


def corpus_hashes(corpus: Path) -> dict[str, str]:
    """What must be the same on every engine, for any number of workers, and however often the build was killed."""
    return {name: hash_path(corpus / name) for name in ("train", "heldout", "excluded.jsonl")}
