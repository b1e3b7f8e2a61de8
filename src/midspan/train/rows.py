"""The rows of a stage: one kind of rows for each kind of data, mixed by weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from midspan import recipe
from midspan.alignment import read_conversations, read_pairs
from midspan.batches import CodeRows, ConversationRows, Mixture, PairRows, Rows, open_code_rows
from midspan.corpus.token_shards import TokenShard
from midspan.engines import EngineChoice
from midspan.tokens import Tokenizer


@dataclass(frozen=True)
class Feeder:
    """What the rows of every part of a stage have in common."""

    stage: recipe.Stage
    tokenizer: Tokenizer
    seed: int
    folder: Path  # for packing plans
    engine: EngineChoice


def open_rows(feeder: Feeder, paths: Sequence[Path]) -> Mixture:
    """The mixture of the stage's data, whose parts lie at `paths`."""
    parts = [
        (ROWS[part.kind](feeder, part, path, f"{feeder.stage.name}/{number}"), part.weight)
        for number, (part, path) in enumerate(zip(feeder.stage.data, paths, strict=True))
    ]
    return Mixture(parts, seed=feeder.seed, stage=feeder.stage.name)


def facts_of(rows: Mixture) -> dict[str, Any]:
    """What is to be said of a mixture's parts in the stage's summary."""
    facts: dict[str, Any] = {}
    for part in rows.parts:
        if isinstance(part, CodeRows):
            facts["packing"] = part.plan.utilisation
        elif isinstance(part, ConversationRows):
            facts |= {"conversations": len(part.segments), "too_long": part.too_long}
    return facts


def _code_rows(feeder: Feeder, part: recipe.Data, path: Path, stage: str) -> Rows:
    return open_code_rows(
        TokenShard.open(path, part.sources, part.languages),
        feeder.tokenizer,
        context=feeder.stage.context,
        fim=part.fim,
        repositories=part.repositories,
        seed=feeder.seed,
        stage=stage,
        folder=feeder.folder / f"packing-{stage.rpartition('/')[2]}",
        engine=feeder.engine,
    )


def _conversation_rows(feeder: Feeder, part: recipe.Data, path: Path, stage: str) -> Rows:
    conversations = read_conversations(path)
    context = feeder.stage.context
    return ConversationRows(conversations, feeder.tokenizer, context=context, seed=feeder.seed, stage=stage)


def _pair_rows(feeder: Feeder, part: recipe.Data, path: Path, stage: str) -> Rows:
    context = feeder.stage.context
    return PairRows(read_pairs(path), feeder.tokenizer, context=context, seed=feeder.seed, stage=stage)


ROWS: dict[str, Callable[[Feeder, recipe.Data, Path, str], Rows]] = {
    "tokens": _code_rows,
    "conversations": _conversation_rows,
    "pairs": _pair_rows,
}
