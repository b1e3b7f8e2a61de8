"""Reads what the build of a corpus left behind into one record: the card's only source."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from midspan.corpus.inspection import SIDES, corpus_folder, dropped_for, read_statistics
from midspan.errors import UserError
from midspan.files import read_json
from midspan.recipe import Corpus

Amounts = dict[str, dict[str, int]]  # name → {documents, bytes}
UNITS = ("documents", "bytes")


@dataclass(frozen=True)
class DataRecord:
    """One corpus that is whole."""

    path: Path
    statistics: dict[str, Any]
    settings: Corpus
    dropped: dict[str, Amounts]  # stage → reason → how much
    contaminated: dict[str, int]  # evaluation set → documents dropped for it
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)  # side → its shard.json, where it is tokenised

    @property
    def name(self) -> str:
        """The corpus's folder, or that of the run it belongs to."""
        folder = self.path.resolve()
        return folder.parent.name if folder.name == "corpus" else folder.name

    def stage(self, name: str) -> dict[str, Any]:
        """Tasks, seconds and amounts of one stage."""
        return next(stage for stage in self.statistics["stages"] if stage["stage"] == name)

    def reason(self, name: str) -> dict[str, int]:
        """How much was dropped for one reason."""
        amount: dict[str, int] = self.statistics["dropped"].get(name, dict.fromkeys(UNITS, 0))
        return amount


def read_data(directory: Path) -> DataRecord:
    """The record of the corpus in `directory` (or in its folder `corpus`); UserError if there is none, or not whole."""
    folder = corpus_folder(directory)
    statistics = read_statistics(folder)
    shards = {side: folder / "tokens" / side / "shard.json" for side in SIDES}
    contaminated = Counter(row["detail"].partition(", item ")[0] for row in dropped_for(folder, "contaminated"))
    try:
        return DataRecord(
            path=folder,
            statistics=statistics,
            settings=Corpus.model_validate(statistics["settings"]),
            dropped=_dropped_by_stage(folder, statistics["dropped"]),
            contaminated=dict(contaminated.most_common()),
            tokens={side: read_json(shard) for side, shard in shards.items() if shard.is_file()},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"the corpus in {folder} cannot be read ({error}): build it again") from error


def _dropped_by_stage(folder: Path, dropped: Amounts) -> dict[str, Amounts]:
    """From the manifest; what no stage dropped was passed over when the sources were listed."""
    by_stage: dict[str, Amounts] = {}
    listing = {reason: dict(amount) for reason, amount in dropped.items()}
    with (folder / "manifest.jsonl").open(encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            for reason, amount in row["statistics"].get("dropped", {}).items():
                entry = by_stage.setdefault(row["stage"], {}).setdefault(reason, dict.fromkeys(UNITS, 0))
                for unit in UNITS:
                    entry[unit] += amount[unit]
                    listing[reason][unit] -= amount[unit]
    return {"list": {reason: amount for reason, amount in listing.items() if amount["documents"]}, **by_stage}
