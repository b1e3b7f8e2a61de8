"""What a task leaves out, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from midspan.corpus.secrets import redact
from midspan.corpus.stages.amounts import Amount, add
from midspan.corpus.stages.tables import StagedDocument
from midspan.corpus.writable import printable

EXCERPT = 200  # characters
LONGEST_SECRET = 4096  # characters that a secret at the end of an excerpt may go on for


@dataclass
class Exclusions:
    """One line each in `excluded.jsonl`, and counts by reason."""

    stage: str
    lines: list[str] = field(default_factory=list)
    dropped: dict[str, Amount] = field(default_factory=dict)

    def add(
        self,
        repository: str,
        path: str,
        reason: str,
        detail: str = "",
        *,
        source: str = "",
        language: str = "",
        size: int = 0,
        text: str = "",
        count: int = 1,
    ) -> None:
        """Leave out one file, or `count` alike; the beginning of `text`, where it tells of the reason, is kept."""
        line: dict[str, Any] = {"repository": printable(repository), "path": printable(path), "reason": reason}
        line |= {"detail": printable(detail), "stage": self.stage, "source": source, "language": language}
        line |= {"bytes": size} | ({"count": count} if count > 1 else {})
        if text:
            redacted, _ = redact(text[: EXCERPT + LONGEST_SECRET])  # this file is for people, and may be passed on
            line["excerpt"] = printable(redacted[:EXCERPT])
        self.lines.append(json.dumps(line, ensure_ascii=False) + "\n")
        add(self.dropped, reason, size, count)

    def add_document(self, one: StagedDocument, reason: str, detail: str, excerpt: bool = False) -> None:
        """Leave out a document, with an excerpt where its text says anything about the reason."""
        text = one.text if excerpt else ""
        names = one.repository, one.path, reason, detail
        self.add(*names, source=one.source, language=one.language, size=one.size, text=text)

    def write(self, folder: Path) -> None:
        """Write the lines to `excluded.jsonl` in a task's folder, behind those that were written before."""
        with (folder / "excluded.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(self.lines)
        self.lines.clear()
