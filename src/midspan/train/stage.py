"""One training stage from start to handing on: the step function that the recipe's stages share."""

from __future__ import annotations

import math
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from midspan import recipe
from midspan.batches import Mixture
from midspan.compute import compute_dtype, peak_flops
from midspan.errors import UserError
from midspan.files import atomic_directory, claim, read_json, require_space, write_json
from midspan.model import (
    Decoder,
    DecoderConfig,
    Generation,
    ModelFacts,
    flops_per_token,
    load_config,
    open_weights,
    parameter_count,
    save_tensors,
)
from midspan.progress import say
from midspan.recipe import parse_fields
from midspan.step import Tools
from midspan.tokens import Tokenizer
from midspan.train.loop import Course, train
from midspan.train.lora import save_adapter
from midspan.train.memory import Fit, fit
from midspan.train.objectives import OBJECTIVES, Feed, Objective
from midspan.train.parallel import gathered
from midspan.train.rows import Feeder, facts_of, open_rows
from midspan.train.start import prepare, shape_of
from midspan.train.trainable import learnt, trainable
from midspan.train.world import World, joined_world, launched


def train_stage(
    *,
    stage: recipe.Stage,
    seed: int,
    precision: str,
    tokenizer: Path,
    data: Sequence[Path],
    output: Path,
    summary: Path,
    key: str,
    tools: Tools,
    start: Path | None = None,
    model: recipe.Model | None = None,
    adapter: Path | None = None,
) -> None:
    """Train one stage from the model at `start` (None: from scratch, in the shape of `model`); write model and summary.

    What a LoRA stage has learnt is written to `adapter` too.
    With several processes this one starts them and waits; each of them comes here again.
    """
    folder, processes = summary.parent, tools.runtime.parallel.processes
    if processes > 1 and not launched():
        _launch(summary.parents[2], stage.name, processes)
        return
    with joined_world() as world:
        if world.rank == 0:
            claim(folder, key)
        world.barrier()
        own = Tokenizer.load(tokenizer)
        config = shape_of(stage, load_config(start) if start else None, model, own.vocabulary_size)
        dtype = compute_dtype(precision, world.device)
        settled = _settled(folder / "settled.json", stage, config, dtype, world, tools.runtime)
        rows = _opened_in_turn(Feeder(stage, own, seed, folder, tools.engine), data, world)
        decoder = prepare(stage, config, start, model, seed, settled.recompute, dtype, tools.runtime, world)
        feed = Feed(rows, stage.tokens_per_step // stage.context, settled.micro_rows, stage.context, dtype)
        objective = objective_of(stage, feed, decoder, world, folder)
        course = course_of(stage, len(rows), tools.runtime.checkpoint_seconds, folder)
        epochs = course.steps * feed.rows_per_step / len(rows)
        say(f"{stage.name}: {len(rows):,} rows of {stage.context}, {epochs:.2f} epochs")
        trained = train(decoder, course, objective, world)
        hand_on(decoder, own, start, stage, output, adapter, world)
        if world.rank == 0:
            facts = {"rows": len(rows), "epochs": epochs, **facts_of(rows), **objective.facts}
            account = {**trained, "objective": stage.objective.kind, "context": stage.context, **facts}
            write_json(summary, account | machine_of(config, stage, trained, dtype, world, settled))
            shutil.rmtree(folder / "checkpoints")
        world.barrier()


def objective_of(stage: recipe.Stage, feed: Feed, decoder: Decoder, world: World, folder: Path) -> Objective[Any]:
    """The stage's objective, with its settings."""
    kind = OBJECTIVES[stage.objective.kind]
    settings = parse_fields(kind.settings, stage.objective.fields, f"stages.{stage.name}.objective")
    return kind.make(settings, feed, decoder, world, folder)


def course_of(stage: recipe.Stage, rows: int, checkpoint_seconds: float, folder: Path) -> Course:
    """How many steps a stage of `rows` rows an epoch takes."""
    tokens = stage.tokens if stage.tokens is not None else (stage.epochs or 0) * rows * stage.context
    steps = math.ceil(tokens / stage.tokens_per_step)
    return Course(stage.name, folder, steps, stage.tokens_per_step, stage.schedule, stage.optimizer, checkpoint_seconds)


def _launch(run: Path, stage: str, processes: int) -> None:
    """Start the stage's processes by torchrun on this machine and wait for them; raises UserError where one fails."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    ended = subprocess.run([*command, "-m", "midspan", "train", str(run), stage])
    if ended.returncode:
        raise UserError(f"{stage}: a training process ended with code {ended.returncode}; what it said stands above")


def _settled(
    file: Path, stage: recipe.Stage, config: DecoderConfig, dtype: torch.dtype, world: World, runtime: recipe.Runtime
) -> Fit:
    """How the stage fits into memory, as it was when the stage began: a restart must add up in the same order."""
    if world.rank == 0 and not file.exists():
        write_json(file, vars(fit(stage, config, dtype, world, runtime)))
    world.barrier()
    return Fit(**read_json(file))


def _opened_in_turn(feeder: Feeder, data: Sequence[Path], world: World) -> Mixture:
    """The stage's rows: the first process writes what all of them then read."""
    rows = open_rows(feeder, data) if world.rank == 0 else None
    world.barrier()
    return rows or open_rows(feeder, data)


def hand_on(
    decoder: Decoder,
    tokenizer: Tokenizer,
    start: Path | None,
    stage: recipe.Stage,
    directory: Path,
    adapter: Path | None,
    world: World,
) -> None:
    """Write weights and tokenizer as one HF-layout directory, whole or not at all, in the start's precision.

    Of a LoRA stage these are the merged weights, and the adapter is written by itself.
    """
    weights = open_weights(start) if start else None
    dtype = weights.dtype if weights else torch.float32
    generation = weights.generation if weights else Generation.of_tokens(tokenizer.end_of_text, tokenizer.chat_end)
    if tokenizer.chat_end is not None and any(part.kind != "tokens" for part in stage.data):
        generation = generation.also_ending_with(tokenizer.chat_end)
    facts = learnt_facts(ModelFacts.read(start) if start else ModelFacts(layout=None), stage)
    state = gathered(decoder, world)
    if world.rank == 0:
        tensors: Iterable[tuple[str, Tensor]] = state.items()
        if weights:
            trained = {name for name, parameter in decoder.named_parameters() if parameter.requires_grad}
            scale = stage.weights.scale if isinstance(stage.weights, recipe.Lora) else 0.0
            tensors = learnt(weights.tensors(), state, trained, scale)
        if isinstance(stage.weights, recipe.Lora):
            assert start is not None  # check_weights
            assert adapter is not None
            save_adapter(state, stage.weights, start, adapter)
        require_space(directory.parent, 2 * dtype.itemsize * parameter_count(decoder.config).total)
        with atomic_directory(directory) as aside:
            save_tensors(tensors, decoder.config, aside, dtype, generation)
            tokenizer.save(aside)
            facts.write(aside)


def learnt_facts(before: ModelFacts, stage: recipe.Stage) -> ModelFacts:
    """How a model that `stage` trained is best asked: as the heaviest part of its data that is cut for FIM says."""
    cut = [part for part in stage.data if part.fim and part.fim.rate > 0]
    if not cut:
        return before
    fim = max(cut, key=lambda part: part.weight).fim
    assert fim is not None
    return replace(before, layout=fim.best_layout, healing=fim.parts == "joined")


def machine_of(
    config: DecoderConfig, stage: recipe.Stage, trained: dict[str, Any], dtype: torch.dtype, world: World, settled: Fit
) -> dict[str, Any]:
    """Model FLOPs utilisation, where all weights are trained, and what it was measured on."""
    peak, source = peak_flops(dtype, world.device)
    flops = flops_per_token(config, stage.context)
    utilisation = flops * trained["tokens"] / trained["seconds"] / (peak * world.size)
    cores, threads = os.cpu_count(), torch.get_num_threads()
    return {
        "parameters": parameter_count(config).total,
        "trained_parameters": trainable(config, stage.weights, dtype).trained,
        **({"flops_per_token": flops, "mfu": utilisation} if stage.weights == recipe.Full() else {}),
        "peak_flops": peak,
        "peak_source": source,
        "precision": str(dtype).removeprefix("torch."),
        "device": world.device.type,
        "processes": world.size,
        "micro_tokens": settled.micro_rows * stage.context,
        "recompute": settled.recompute,
        "torch": torch.__version__,
        "machine": {"platform": platform.platform(), "cores": cores, "threads": threads},
    }
