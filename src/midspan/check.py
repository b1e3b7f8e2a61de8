"""What can be known before any work: whether the recipe fits together, its starts, the memory and the sandbox."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from midspan.alignment import SOURCES, SourceKind
from midspan.compute import compute_dtype
from midspan.corpus.token_shards import TokenShard
from midspan.errors import UserError
from midspan.evaluate import benchmarks_of, why_not_asked
from midspan.inference import check_tokenizer
from midspan.model import DecoderConfig, load_config
from midspan.progress import say
from midspan.recipe import CORPUS, Data, Full, Recipe, Stage, parse_fields
from midspan.step import Step, Tools
from midspan.steps import data_of, released_of, starts_of, steps_of, tokenizer_of
from midspan.tokens import Message, Tokenizer, encode_chat, open_tokenizer
from midspan.train import OBJECTIVES, alone, check_weights, fit, lacking, shape_of

Value = TypeVar("Value")


def check(recipe: Recipe, run: Path, tools: Tools) -> list[Step]:
    """The steps of a run, for which the corpus's sources are listed.

    Raises UserError for what could only fail later, and says what will be added and what will not be asked.
    """
    if not recipe.stages:
        raise UserError("the recipe has no stages: add one, or use midspan corpus build")
    for source in recipe.alignment:
        kind = _kind(SOURCES, source.kind, f"alignment.{source.name}.kind")
        parse_fields(kind.settings, source.fields, f"alignment.{source.name}")
    for stage in recipe.stages:
        _check_stage(recipe, stage)
    samples = _check_sampling(recipe)
    benchmarks = benchmarks_of(recipe)
    _check_shapes(recipe)
    start, known = _start_with_its_tokenizer(recipe)
    added = lacking(known, recipe.needs) if known else []
    if added and not recipe.tokenizer.add_missing:
        raise UserError(
            f"{start} lacks {', '.join(added)}, which the stages need, and tokenizer.add_missing is false: let them be "
            "added, or leave out what needs them (fim, repositories, conversations)"
        )
    tokenizer = known and known.extended(added)
    _check_shards(recipe, tokenizer)
    steps = steps_of(recipe, run)
    _check_chat(recipe, tokenizer)
    if added:
        say(f"{start} lacks {', '.join(added)}: they are added, with embeddings drawn as the others lie")
        if all(stage.weights != Full() for stage in recipe.stages):
            say("no stage trains their embeddings, so they stay as drawn: give one weights: {kind: full}")
    not_asked = {name: why for name in benchmarks if (why := why_not_asked(name, recipe, tokenizer))}
    for name, why in not_asked.items():
        say(f"not asked: {name}, for {why}")
    if samples or "exercises" in benchmarks.keys() - not_asked.keys():
        tools.sandbox  # noqa: B018  (where nothing can isolate, say so now and not after the training)
    return steps


def _check_stage(recipe: Recipe, stage: Stage) -> None:
    """The objective, its settings, and whether it learns from such data."""
    where = f"stages.{stage.name}"
    kind = _kind(OBJECTIVES, stage.objective.kind, f"{where}.objective.kind")
    parse_fields(kind.settings, stage.objective.fields, f"{where}.objective")
    for part in stage.data:
        if part.kind not in kind.data:
            able = " or ".join(kind.data)
            raise UserError(f"{where}: the objective {stage.objective.kind} learns from {able}, not from {part.kind}")
    for part in _aligned(stage):
        source = _source_kind(recipe, part)
        if source.gives != part.kind:
            raise UserError(f"{where}: {part.label} gives {source.gives}, not {part.kind}")
        if source.samples_model and not starts_of(recipe, stage):
            raise UserError(f"{where}: {part.label} samples the model that the stage starts from; it starts from none")


def _check_sampling(recipe: Recipe) -> bool:
    """Whether any stage learns from what a model is asked; each such source must have one model."""
    used = [
        part.label for stage in recipe.stages for part in _aligned(stage) if _source_kind(recipe, part).samples_model
    ]
    if twice := [name for name in used if used.count(name) > 1]:
        raise UserError(
            f"alignment.{twice[0]} samples the model that a stage starts from: give each stage a source of its own"
        )
    return bool(used)


def _aligned(stage: Stage) -> list[Data]:
    return [part for part in stage.data if part.kind != "tokens"]


def _source_kind(recipe: Recipe, part: Data) -> SourceKind:
    return next(SOURCES[source.kind] for source in recipe.alignment if source.name == part.label)


def _kind(table: Mapping[str, Value], name: str, where: str) -> Value:
    if name not in table:
        near = difflib.get_close_matches(name, table, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(table)}"
        raise UserError(f"{where}: there is no kind {name!r}; {hint}")
    return table[name]


def _start_with_its_tokenizer(recipe: Recipe) -> tuple[Path | None, Tokenizer | None]:
    """The released model whose tokenizer is the run's; None where one is to be learnt.

    Raises UserError where released models have different ones, or there is none and no corpus to learn one from.
    """
    models = released_of(recipe, Path())
    taken = [tokenizer_of(recipe, Path())] if recipe.tokenizer.of else []
    tokenizers = {place: open_tokenizer(place) for place in dict.fromkeys([*taken, *models])}
    if not tokenizers:
        if not recipe.needs_corpus:
            raise UserError(
                "a model from scratch needs a tokenizer, which is learnt from a corpus: add data {tokens: corpus}"
            )
        return None, None
    if not taken and not starts_of(recipe, recipe.stages[0]):
        raise UserError(
            f"stages.{recipe.stages[0].name} starts from scratch and a later stage from a released model, which has a "
            "tokenizer of its own: begin with the released model"
        )
    if len({tokenizer.fingerprint for tokenizer in tokenizers.values()}) > 1:
        places = " and ".join(map(str, tokenizers))
        raise UserError(f"{places} have different tokenizers: a run has one, so start from models that share theirs")
    for place in models:
        check_tokenizer(place, load_config(place), tokenizers[place])
    return next(iter(tokenizers.items()))


def _check_shapes(recipe: Recipe) -> None:
    """Whether each stage's context and weights suit what it starts from, and its training the memory."""
    world = replace(alone(), size=recipe.runtime.parallel.processes)
    dtype = compute_dtype(recipe.runtime.precision, world.device)
    taken = open_tokenizer(tokenizer_of(recipe, Path())) if recipe.tokenizer.of else recipe.tokenizer
    shapes: dict[str, DecoderConfig] = {}
    for stage in recipe.stages:
        starts = starts_of(recipe, stage)
        configs = [shapes[start] if isinstance(start, str) else load_config(start) for start in starts]
        if len({replace(config, max_positions=1) for config in configs}) > 1:
            raise UserError(f"stages.{stage.name}: models of different shapes have no mean")
        shapes[stage.name] = shape_of(stage, configs[0] if configs else None, recipe.model, taken.vocabulary_size)
        check_weights(stage, shapes[stage.name], from_scratch=not starts)
        fit(stage, shapes[stage.name], dtype, world, recipe.runtime)


def _check_shards(recipe: Recipe, tokenizer: Tokenizer | None) -> None:
    """Whether the token shards that the user gives are there, and of the run's tokenizer."""
    for stage in recipe.stages:
        for part in (part for part in stage.data if part.tokens not in (None, CORPUS)):
            shard = TokenShard.open(data_of(recipe, part, Path()), part.sources, part.languages)
            if tokenizer and shard.fingerprint != tokenizer.fingerprint:
                raise UserError(
                    f"stages.{stage.name}: {shard.directory} was encoded with another tokenizer than the run's: encode "
                    "its documents with this one"
                )


def _check_chat(recipe: Recipe, tokenizer: Tokenizer | None) -> None:
    """Whether the start's chat template, a stranger's program, takes a question and lets its answer be told apart."""
    stage = next((stage for stage in recipe.stages if _aligned(stage)), None)
    if stage and tokenizer:
        turns = [Message(role="user", content="a question"), Message(role="assistant", content="its answer")]
        try:
            encode_chat(tokenizer, turns)
        except UserError as error:
            raise UserError(f"stages.{stage.name}: {error}") from None
