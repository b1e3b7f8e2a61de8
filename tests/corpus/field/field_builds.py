"""What the replays of other tools' bug reports share: a small corpus, really built, and what became of its parts."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from midspan.corpus.documents import Document, read_documents
from midspan.corpus.stages import build_corpus
from midspan.engines import EngineChoice, LocalEngine
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


@cache
def one_process() -> LocalEngine:
    """A worker process for all builds here: to start one takes longer than most of them."""
    engine = LocalEngine(1)
    atexit.register(engine.__exit__, None, None, None)
    return engine


def build(output: Path, sources: list[dict[str, Any]], workers: int = 1, **settings: Any) -> Built:
    """Build a corpus of `sources` in `output`; every licence is kept and nothing held out unless `settings` say so."""
    settings = {"licences": list(ANY_LICENCE), "heldout": {"files": 0}, **settings}
    with pytest.MonkeyPatch.context() as patch:
        if workers == 1:
            patch.setattr("midspan.corpus.stages.pipeline.start_engine", lambda choice: nullcontext(one_process()))
        build_corpus(Corpus.model_validate({"sources": sources, **settings}), output, EngineChoice(workers=workers))
    lines = (output / "excluded.jsonl").read_text(encoding="utf-8").splitlines()
    documents = list(read_documents(output / "train"))
    return Built(documents, [json.loads(line) for line in lines], read_json(output / "statistics.json"))


def cases(names: Iterable[str], wrong: dict[str, str]) -> list[Any]:
    """The names as parameters of a test; for those in `wrong` it must fail, and the reason says why."""
    marks = {name: [pytest.mark.xfail(strict=True, reason=reason)] for name, reason in wrong.items()}
    return [pytest.param(name, id=name, marks=marks.get(name, [])) for name in names]


def write_files(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files by their paths below `root`."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return root
