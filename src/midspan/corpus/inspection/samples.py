"""What was dropped from a corpus: the reasons with their counts, and samples of one of them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from midspan.corpus.inspection.records import corpus_folder, dropped_for, read_statistics
from midspan.corpus.quality import RULES
from midspan.corpus.secrets import redact
from midspan.errors import UserError
from midspan.files import hash_text


def summary(directory: Path) -> Iterator[str]:
    """How much was kept and dropped, for which reasons."""
    folder = corpus_folder(directory)
    statistics = read_statistics(folder)
    yield f"{folder}: {statistics['documents']:,} documents kept of {statistics['listed']:,} files listed"
    for reason, one in sorted(statistics["dropped"].items(), key=lambda item: -item[1]["documents"]):
        yield f"  {one['documents']:>12,}  {reason}"
    yield "Name a file to see why it was kept or dropped, or --rule REASON for samples of what that one dropped."


def samples_of(directory: Path, reason: str, number: int) -> Iterator[str]:
    """Some of what was dropped for one reason, drawn by hashes of their names: always the same ones.

    UserError for a reason that there is not.
    """
    folder = corpus_folder(directory)
    dropped = read_statistics(folder)["dropped"]
    if reason not in dropped:
        if reason in {rule.name for rule in RULES}:
            yield f"the rule {reason!r} dropped nothing from {folder}"
            return
        known = ", ".join(sorted(dropped))
        raise UserError(f"nothing was dropped for {reason!r}; the reasons here are {known or 'none'}")
    yield f"{reason}: {dropped[reason]['documents']:,} dropped, {dropped[reason]['bytes']:,} bytes"
    for row in heapq.nsmallest(number, dropped_for(folder, reason), key=_draw):
        yield from _sample(row)


def _draw(row: dict[str, Any]) -> tuple[str, str, str]:
    return hash_text(f"{row['repository']}/{row['path']}"), row["repository"], row["path"]


def _sample(row: dict[str, Any]) -> Iterator[str]:
    language = f", {row['language']}" if row["language"] else ""
    size = f", {row['bytes']:,} bytes" if row["bytes"] else ""
    yield ""
    yield f"{row['repository']}: {row['path']}   (source {row['source']}{language}{size})"
    if row["detail"]:
        yield f"  {row['detail']}"
    excerpt, _ = redact(row.get("excerpt", ""))
    yield from (f"  │ {line}" for line in excerpt.splitlines())
