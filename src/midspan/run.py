"""Walks a recipe step by step: what is done is skipped, what is stale is redone, what was killed goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from midspan.check import check
from midspan.compute import use_threads
from midspan.errors import UserError
from midspan.files import only_one, remove_leftovers, write_text
from midspan.manifest import Manifest
from midspan.progress import say
from midspan.recipe import Recipe, load_recipe
from midspan.step import Step, Tools
from midspan.steps import steps_of


def run_recipe(recipe: Recipe, run: Path) -> None:
    """Carry the recipe out in the directory `run`: idempotent, and resumable after a kill at any moment.

    Raises UserError if another process runs there, for what can be known to fail before any work, or as the steps do.
    """
    use_threads(recipe.runtime.threads)
    tools = Tools(recipe.runtime)
    steps = check(recipe, run, tools)
    run.mkdir(parents=True, exist_ok=True)
    with only_one(run):
        for folder in (run, run / "models", run / "corpus", run / "corpus" / "tokens", run / "alignment"):
            if folder.exists():
                remove_leftovers(folder)
        manifest = Manifest.read(run)
        _announce(recipe, run, steps, manifest)
        write_text(run / "recipe.yaml", yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False))
        for step in steps:
            _carry_out(step, manifest, tools)


def run_stage(run: Path, name: str) -> None:
    """Train the stage `name` of the run as one of several processes, started by torchrun or another launcher."""
    recipe = load_recipe(run / "recipe.yaml")
    use_threads(recipe.runtime.threads)
    found = [step for step in steps_of(recipe, run) if step.name == name and recipe.has_stage(name)]
    if not found:
        raise UserError(f"{run} has no stage {name!r}; it has {', '.join(stage.name for stage in recipe.stages)}")
    found[0].run(Manifest.read(run).key(found[0]), Tools(recipe.runtime))


def _carry_out(step: Step, manifest: Manifest, tools: Tools) -> None:
    if manifest.is_done(step):
        return
    manifest.forget(step)
    key = manifest.key(step)
    started = time.monotonic()
    step.run(key, tools)
    manifest.note(step, key, time.monotonic() - started)


def _announce(recipe: Recipe, run: Path, steps: Sequence[Step], manifest: Manifest) -> None:
    """Say what is done and what will be done again, and why, before anything is."""
    before = run / "recipe.yaml"
    if before.exists():
        old, new = yaml.safe_load(before.read_text(encoding="utf-8")), recipe.model_dump(mode="json")
        for field, was, becomes in _differences(old, new):
            say(f"recipe changed: {field} {was!r} -> {becomes!r}")
    pending: list[Step] = []
    for step in steps:
        made_anew = {path for earlier in pending for path in earlier.writes.values()}
        if made_anew & set(step.inputs) or not manifest.is_done(step):
            pending.append(step)
    done = [step.name for step in steps if step not in pending]
    redone = [step.name for step in pending if step.name in manifest.steps]
    if done:
        say(f"done already: {', '.join(done)}")
    if redone:
        say(f"to be redone: {', '.join(redone)}")
    if not pending:
        say(f"nothing to do: {run} is up to date")


def _differences(old: Any, new: Any, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Fields that differ; entries of named lists go by their names."""
    old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differences(old.get(key), new.get(key), f"{prefix}.{key}" if prefix else str(key))
    elif old != new:
        yield prefix, old, new


def _by_name(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(entry, dict) and "name" in entry for entry in value):
        return {entry["name"]: entry for entry in value}
    return value
