"""What the build of a corpus left behind: statistics.json, excluded.jsonl and the documents themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.files import read_json

NEEDED = ("sources", "settings", "stages", "mixture", "dropped", "secrets", "licences_found", "by_language", "listed")
SIDES = ("train", "heldout")


def corpus_folder(directory: Path) -> Path:
    """`directory`, or the corpus of the run that it is; UserError where neither holds a whole corpus."""
    for folder in (directory, directory / "corpus"):
        if (folder / "statistics.json").is_file():
            return folder
    raise UserError(
        f"{directory} holds no corpus (no statistics.json): build one with `midspan corpus build RECIPE --run RUN`"
    )


def read_statistics(folder: Path) -> dict[str, Any]:
    """The statistics of a whole corpus; UserError if they cannot be read, or are those of another version."""
    path = folder / "statistics.json"
    try:
        statistics = read_json(path)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path} ({error}): build the corpus again") from error
    absent = [name for name in NEEDED if not isinstance(statistics, dict) or name not in statistics]
    if absent:
        raise UserError(f"{path} says nothing of {absent[0]}: build the corpus again with this version of Midspan")
    return dict(statistics)


def read_exclusions(folder: Path, holding: str = "") -> Iterator[dict[str, Any]]:
    """The lines of excluded.jsonl one at a time, all or those that hold a string; UserError for what is no line."""
    path = folder / "excluded.jsonl"
    wanted = json.dumps(holding, ensure_ascii=False)[1:-1]
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if wanted in line:
                    yield json.loads(line)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path} ({error}): build the corpus again") from error


def dropped_for(folder: Path, reason: str) -> Iterator[dict[str, Any]]:
    """The lines of what was dropped for one reason."""
    return (row for row in read_exclusions(folder, reason) if row["reason"] == reason)
