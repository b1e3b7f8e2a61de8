"""Reads what the build of a corpus left behind into one record: the card's only source."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.files import read_json
from midspan.recipe import Corpus

NEEDED = ("sources", "settings", "stages", "mixture", "dropped", "secrets", "licences_found", "by_language")
SIDES = ("train", "heldout")


@dataclass(frozen=True)
class DataRecord:
    """One corpus that is whole."""

    path: Path
    statistics: dict[str, Any]
    settings: Corpus
    dropped: dict[str, dict[str, dict[str, int]]]  # stage → reason → {documents, bytes}
    contaminated: dict[str, int]  # evaluation set → documents dropped for it
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)  # side → its shard.json, where it is tokenised

    @property
    def name(self) -> str:
        """The corpus's folder, or that of the run it belongs to."""
        folder = self.path.resolve()
        return folder.parent.name if folder.name == "corpus" else folder.name

    def stage(self, name: str) -> dict[str, Any]:
        """Tasks, seconds and amounts of one stage; zeros where the build had none of that name."""
        nothing = {"documents": 0, "bytes": 0}
        found = (stage for stage in self.statistics["stages"] if stage["stage"] == name)
        return next(found, {"stage": name, "tasks": 0, "seconds": 0.0, "in": nothing, "out": nothing})

    def reason(self, name: str) -> dict[str, int]:
        """How much was dropped for one reason."""
        amount: dict[str, int] = self.statistics["dropped"].get(name, {"documents": 0, "bytes": 0})
        return amount


def corpus_folder(directory: Path) -> Path:
    """`directory`, or the corpus of the run that it is; UserError where neither holds a whole corpus."""
    for folder in (directory, directory / "corpus"):
        if (folder / "statistics.json").is_file():
            return folder
    raise UserError(
        f"{directory} holds no corpus (no statistics.json): build one with `midspan corpus build RECIPE --run RUN`"
    )


def read_data(directory: Path) -> DataRecord:
    """The record of the corpus in `directory` (or in its folder `corpus`); UserError if there is none, or not whole."""
    folder = corpus_folder(directory)
    try:
        statistics = read_json(folder / "statistics.json")
        if absent := [name for name in NEEDED if name not in statistics]:
            raise UserError(f"{folder}/statistics.json says nothing of {absent[0]}: build the corpus again")
        shards = {side: folder / "tokens" / side / "shard.json" for side in SIDES}
        return DataRecord(
            path=folder,
            statistics=statistics,
            settings=Corpus.model_validate(statistics["settings"]),
            dropped=_dropped_by_stage(folder, statistics),
            contaminated=_contaminated(folder) if "contaminated" in statistics["dropped"] else {},
            tokens={side: read_json(shard) for side, shard in shards.items() if shard.is_file()},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"the corpus in {folder} cannot be read ({error}): build it again") from error


def read_exclusions(folder: Path, reason: str | None = None) -> Iterator[dict[str, Any]]:
    """The lines of excluded.jsonl, of one reason or all, one at a time."""
    wanted = None if reason is None else f'"reason": {json.dumps(reason, ensure_ascii=False)}'
    with (folder / "excluded.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            if wanted is None or wanted in line:
                row = json.loads(line)
                if reason in (None, row["reason"]):
                    yield row


def _contaminated(folder: Path) -> dict[str, int]:
    sets = Counter(row["detail"].partition(", item ")[0] for row in read_exclusions(folder, "contaminated"))
    return dict(sets.most_common())


def _dropped_by_stage(folder: Path, statistics: dict[str, Any]) -> dict[str, dict[str, dict[str, int]]]:
    """From the manifest; what no stage dropped was passed over when the sources were listed."""
    dropped: dict[str, dict[str, dict[str, int]]] = {}
    unlisted = {reason: dict(amount) for reason, amount in statistics["dropped"].items()}
    with (folder / "manifest.jsonl").open(encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            for reason, amount in row["statistics"].get("dropped", {}).items():
                entry = dropped.setdefault(row["stage"], {}).setdefault(reason, {"documents": 0, "bytes": 0})
                for unit in ("documents", "bytes"):
                    entry[unit] += amount[unit]
                    unlisted[reason][unit] -= amount[unit]
    listing = {reason: amount for reason, amount in unlisted.items() if amount["documents"] > 0}
    return {"list": listing, **dropped} if listing else dropped
