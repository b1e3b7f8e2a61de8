"""Small sources for the builder's tests: text that no rule objects to, different for each seed."""

from __future__ import annotations

from pathlib import Path

from small_corpus import module_text

from midspan.files import hash_path


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
