"""What the replays of other tools' bug reports share: a small corpus, really built, and what became of its parts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan.corpus import Document, build_corpus, read_documents
from midspan.engines import EngineChoice
from midspan.files import read_json
from midspan.recipe import Corpus

ANY_LICENCE = ("permissive", "unknown", "non-permissive")


@dataclass(frozen=True)
class Built:
    """A corpus: what is kept, what is left out and why, and its statistics."""

    documents: list[Document]
    excluded: list[dict[str, Any]]
    statistics: dict[str, Any]

    @property
    def paths(self) -> list[str]:
        """The paths that are kept, sorted."""
        return sorted(document.path for document in self.documents)

    @property
    def reasons(self) -> dict[str, str]:
        """The reason for each path that is left out."""
        return {row["path"]: row["reason"] for row in self.excluded}


def build(output: Path, sources: list[dict[str, Any]], workers: int = 1, **settings: Any) -> Built:
    """Build a corpus of `sources` in `output`; every licence is kept and nothing held out unless `settings` say so."""
    settings = {"licences": list(ANY_LICENCE), "heldout": {"files": 0}, **settings}
    build_corpus(Corpus.model_validate({"sources": sources, **settings}), output, EngineChoice(workers=workers))
    lines = (output / "excluded.jsonl").read_text(encoding="utf-8").splitlines()
    documents = list(read_documents(output / "train"))
    return Built(documents, [json.loads(line) for line in lines], read_json(output / "statistics.json"))


def write_files(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files by their paths below `root`."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
