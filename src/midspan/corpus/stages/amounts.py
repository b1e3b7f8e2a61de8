"""Documents and bytes by name, and the list of what is left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from midspan.corpus.secrets import redact

Amount = dict[str, int]  # {"documents": …, "bytes": …}
EXCERPT = 200  # characters
LONGEST_SECRET = 4096  # characters that a secret at the end of an excerpt may go on for


def amount(documents: int = 0, size: int = 0) -> Amount:
    """So many documents of so many bytes together."""
    return {"documents": documents, "bytes": size}


def add(amounts: dict[str, Amount], name: str, size: int, documents: int = 1) -> None:
    """Count documents of `size` bytes under `name`."""
    entry = amounts.setdefault(name, amount())
    entry["documents"] += documents
    entry["bytes"] += size


def merged(many: Iterable[Mapping[str, Amount]]) -> dict[str, Amount]:
    """The sums of several counts, the largest first."""
    total: dict[str, Amount] = {}
    for one in many:
        for name, entry in one.items():
            add(total, name, entry["bytes"], entry["documents"])
    return dict(sorted(total.items(), key=lambda item: (-item[1]["bytes"], -item[1]["documents"], item[0])))


def total(amounts: Mapping[str, Amount]) -> Amount:
    """The sum of all entries."""
    return amount(sum(one["documents"] for one in amounts.values()), sum(one["bytes"] for one in amounts.values()))


@dataclass
class Exclusions:
    """What a task leaves out, and why: one line each in `excluded.jsonl`, and counts by reason."""

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
    ) -> None:
        """Leave out one file; the beginning of `text`, where it says anything about the reason, is kept."""
        row: dict[str, Any] = {"repository": repository, "path": path, "reason": reason, "detail": detail}
        row |= {"stage": self.stage, "source": source, "language": language, "bytes": size}
        if text:
            redacted, _ = redact(text[: EXCERPT + LONGEST_SECRET])  # this file is for people, and may be passed on
            row["excerpt"] = redacted[:EXCERPT]
        self.lines.append(json.dumps(row, ensure_ascii=False) + "\n")
        add(self.dropped, reason, size)

    def write(self, folder: Path) -> None:
        """Write the lines as `excluded.jsonl` in a task's folder."""
        (folder / "excluded.jsonl").write_text("".join(self.lines), encoding="utf-8")
