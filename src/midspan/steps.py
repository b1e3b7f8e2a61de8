"""The whole road: one step after the other, each a function and all that it may know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from midspan.alignment import SOURCES
from midspan.corpus import corpus_fingerprint, write_corpus, write_tokens
from midspan.evaluate import benchmarks_of, run_benchmark
from midspan.export import export_hf
from midspan.model import resolve
from midspan.recipe import CORPUS, Data, Recipe, Stage
from midspan.report import write_report
from midspan.step import Step
from midspan.tokens import learn_tokenizer
from midspan.train import average, take_released, take_tokenizer, train_stage


def steps_of(recipe: Recipe, run: Path) -> list[Step]:
    """All steps of `recipe`, carried out in the directory `run`, in order."""
    return [
        *_data_steps(recipe, run),
        *(step for stage in recipe.stages for step in _stage_steps(recipe, stage, run)),
        *_evaluation_steps(recipe, run),
        *_closing_steps(recipe, run),
    ]


def starts_of(recipe: Recipe, stage: Stage) -> list[str | Path]:
    """What a stage starts from: names of earlier stages, and paths of released models; nothing means from scratch."""
    earlier = [one.name for one in recipe.stages[: recipe.stages.index(stage)]]
    named = [(earlier[-1:] or ["scratch"])[0] if start == "previous" else start for start in stage.starts]
    return [start if start in earlier else resolve(start) for start in named if start != "scratch"]


def _data_steps(recipe: Recipe, run: Path) -> Iterator[Step]:
    corpus, tokens, tokenizer = run / "corpus", run / "corpus" / "tokens", run / "tokenizer"
    documents = [corpus / "train", corpus / "heldout"]
    if recipe.needs_corpus:
        settings = {"corpus": recipe.corpus, "seed": recipe.seed, "listing": corpus_fingerprint(recipe.corpus, recipe.seed)}
        yield Step("corpus", write_corpus, settings, {}, {"train": documents[0], "heldout": documents[1]})
    for stage in recipe.stages:
        for start in starts_of(recipe, stage):
            if isinstance(start, Path):
                needs = {"needs": needs_of(recipe)}
                output = _released(stage, run)
                yield Step(output.name, take_released, needs, {"start": start}, {"output": output})
    if recipe.stages:
        first = starts_of(recipe, recipe.stages[0])
        if first:
            reads = {"start": _released(recipe.stages[0], run)}
            yield Step("tokenizer", take_tokenizer, {}, reads, {"tokenizer": tokenizer})
        else:
            size = {"vocabulary_size": recipe.tokenizer.vocabulary_size}
            yield Step("tokenizer", learn_tokenizer, size, {"documents": documents[0]}, {"tokenizer": tokenizer})
    if recipe.needs_corpus:
        writes = {"train": tokens / "train", "heldout": tokens / "heldout"}
        yield Step("tokens", write_tokens, {}, {"documents": documents, "tokenizer": tokenizer}, writes)


def needs_of(recipe: Recipe) -> list[str]:
    """What the recipe's stages need of a tokenizer beside ordinary tokens."""
    parts = [part for stage in recipe.stages for part in stage.data]
    asked = {
        "fim": any(part.fim and part.fim.rate > 0 for part in parts),
        "repositories": any(part.repositories for part in parts),
        "chat": any(part.kind != "tokens" for part in parts),
    }
    return [need for need, wanted in asked.items() if wanted]


def _stage_steps(recipe: Recipe, stage: Stage, run: Path) -> Iterator[Step]:
    starts = starts_of(recipe, stage)
    models = [run / "models" / one if isinstance(one, str) else _released(stage, run) for one in starts]
    if len(models) > 1:
        output = run / "models" / f"{stage.name}-start"
        yield Step(output.name, average, {}, {"models": models}, {"output": output})
        models = [output]
    start = {"start": models[0]} if models else {}
    written = [source for part in stage.data if part.kind != "tokens" for source in [part.label]]
    for name in written:
        yield from _alignment_step(recipe, name, stage, start, run)
    settings = {"stage": stage, "seed": recipe.seed, "precision": recipe.runtime.precision}
    settings |= {} if models else {"model": recipe.model}
    reads = {**start, "tokenizer": run / "tokenizer", "data": [data_of(recipe, part, run) for part in stage.data]}
    writes = {"output": run / "models" / stage.name, "summary": run / "stages" / stage.name / "summary.json"}
    yield Step(stage.name, train_stage, settings, reads, writes)
