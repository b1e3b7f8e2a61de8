"""From the outputs of all tasks to a corpus: train/, heldout/, excluded.jsonl, manifest.jsonl, statistics.json."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from midspan.corpus.quality import missing_grammars
from midspan.corpus.sources.locations import shown
from midspan.corpus.stages.amounts import Amount, amount, merged, total
from midspan.corpus.stages.later import DOCUMENTS
from midspan.corpus.stages.manifest import Manifest, Row
from midspan.corpus.stages.plan import Plan
from midspan.corpus.stages.workplace import Workplace
from midspan.errors import UserError
from midspan.files import atomic_directory, atomic_file, write_json

MOST_REPOSITORIES = 1000  # named in the statistics: the largest
EXCLUDING = ("list", "read", "judge", "write")  # the stages that leave documents out


def write_result(
    plan: Plan, rows: Manifest, workplace: Workplace, output: Path, evaluation_sets: dict[str, Any], seconds: float
) -> None:
    """Put the corpus together; statistics.json comes last."""
    written = [workplace.task_folder("write", row.task) for row in rows["write"]]
    for side in ("train", "heldout"):
        with atomic_directory(output / side) as aside:
            for shard, folder in enumerate(written):
                for file in sorted(folder.glob(f"{side}*.parquet")):
                    part = file.stem.removeprefix(side).removeprefix("-")
                    _link(file, aside / f"{f'{part}-' if part else ''}{shard:06d}.parquet")
            if side == "heldout" and plan.by_time:
                _link(workplace.task_folder("later", 0) / DOCUMENTS, aside / DOCUMENTS)
    with atomic_file(output / "excluded.jsonl") as aside, aside.open("wb") as all_:
        for stage in EXCLUDING:
            for row in rows[stage]:
                with (workplace.task_folder(stage, row.task) / "excluded.jsonl").open("rb") as one:
                    shutil.copyfileobj(one, all_)
    with atomic_file(output / "manifest.jsonl") as aside, aside.open("w", encoding="utf-8") as lines:
        for row in (row for stage in rows.values() for row in stage):
            lines.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
    statistics = _statistics(plan, rows) | {"evaluation_sets": evaluation_sets}
    write_json(output / "statistics.json", {**statistics, "seconds": round(seconds, 2)})


def nothing_left(plan: Plan, rows: Manifest) -> UserError:
    """Why there is no corpus."""
    dropped = _dropped(rows)
    most = Counter({reason: one["documents"] for reason, one in dropped.items()}).most_common(4)
    why = ", ".join(f"{count} {reason}" for reason, count in most) or "it holds no files"
    advice = "check the source, corpus.languages and corpus.licences"
    return UserError(f"corpus.source: no file of {_source(plan)} can be kept ({why}); {advice}")


def _link(file: Path, target: Path) -> None:
    """The same file in another place: the work folder keeps its own until the corpus is whole."""
    try:
        os.link(file, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, target)


def _statistics(plan: Plan, rows: Manifest) -> dict[str, Any]:
    """What the data card says: how much there is, of what, and what was left out for which reason."""
    written = [row.statistics for row in rows["write"]]
    sides = merged(one["side"] for one in written)
    kept, dropped = total(sides), _dropped(rows)
    later = rows["later"][0].statistics if plan.by_time else None
    groups = {name: merged(one[name] for one in written) for name in ("by_language", "by_licence", "by_licence_class")}
    repositories = _by_repository(merged(one["by_repository"] for one in written))
    secrets = sum((Counter(one["secrets"]) for one in written), Counter[str]())
    return {
        "fingerprint": plan.fingerprint,
        "source": ", ".join(source.label for source in plan.settings.all_sources),  # cards are published: no paths
        "listed": kept["documents"] + sum(one["documents"] for one in dropped.values()),
        **kept,
        "train": sides.get("train", amount()),
        "heldout": _held_out(sides, later),
        "max_bytes": plan.settings.max_bytes,
        "by_reason": dict(Counter({reason: one["documents"] for reason, one in dropped.items()}).most_common()),
        **groups,
        "by_source": merged(one["by_source"] for one in written),
        "by_repository": repositories,
        "repositories": sum(one["repositories"] for one in written),
        "dropped": dropped,
        "licences_found": merged(row.statistics["licences"] for row in rows["read"]),
        "encodings": merged(row.statistics["encodings"] for row in rows["read"]),
        "scorer": plan.scorer.facts() if plan.scorer else None,
        "secrets": dict(secrets.most_common()),
        "later": later,
        "mixture": _mixture(plan, rows),
        "grammars_missing": missing_grammars(groups["by_language"]),
        "stages": [_stage(name, stage) for name, stage in rows.items()],
        "sources": plan.facts,
        "settings": _shown_settings(plan),
    }


def _by_repository(found: Mapping[str, Amount]) -> dict[str, Amount]:
    """The largest by their names, those of one name with their sources'."""
    largest = [(key.partition("\n"), own) for key, own in islice(found.items(), MOST_REPOSITORIES)]
    names = Counter(name for (_, _, name), _ in largest)
    return {name if names[name] == 1 else f"{source}: {name}": own for (source, _, name), own in largest}


def _held_out(sides: dict[str, Amount], later: dict[str, Any] | None) -> Amount:
    """The files that are held out, and of those that later commits wrote what counts."""
    files = sides.get("heldout", amount())
    return files if later is None else total({"files": files, "later": amount(later["documents"], later["bytes"])})


def _stage(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    """One stage for the cost table: seconds are those of all its tasks, on one core."""
    facts: dict[str, Any] = {"stage": name, "tasks": len(rows), "seconds": round(sum(row.seconds for row in rows), 3)}
    for side in ("in", "out"):
        facts[side] = total({str(row.task): row.statistics.get(side, amount()) for row in rows})
    return facts


def _mixture(plan: Plan, rows: Manifest) -> list[dict[str, Any]]:
    """What the mixture asked for and what it got, by source and language; bytes of repeated passes count each time."""
    available = merged(row.statistics["groups"] for row in rows["survey"])
    written = merged(row.statistics["written"] for row in rows["write"])
    content = {source.label: source.content for source in plan.settings.all_sources}
    trained = total({name: one for name, one in written.items() if name.startswith("train\n")})["bytes"]
    found = []
    for name, there in available.items():
        source, language = name.split("\n")
        train, heldout = (written.get(f"{side}\n{name}", amount()) for side in ("train", "heldout"))
        passes = (train["bytes"] + heldout["bytes"]) / max(there["bytes"], 1)
        share = train["bytes"] / max(trained, 1)
        amounts = {"available": there, "train": train, "heldout": heldout}
        names = {"source": source, "language": language, "content": content[source]}
        found.append({**names, **amounts, "passes": round(passes, 4), "share": round(share, 4)})
    return found


def _dropped(rows: Manifest) -> dict[str, Amount]:
    return merged(row.statistics["dropped"] for stage in EXCLUDING for row in rows.get(stage, []))


def _source(plan: Plan) -> str:
    return ", ".join(shown(source.place) or source.kind for source in plan.settings.all_sources)


def _shown_settings(plan: Plan) -> dict[str, Any]:
    """The settings as a card may have them: addresses without passwords and signatures."""
    settings = plan.settings.model_dump(mode="json")
    for source in settings["sources"]:
        source |= {name: shown(source[name]) for name in ("path", "url") if source.get(name)}
    return settings
