"""Walks a recipe step by step: what is done is skipped, what is stale is redone, what was killed goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from midspan.errors import UserError
from midspan.files import hash_path, hash_text, only_one, read_json, remove_leftovers, write_json, write_text
from midspan.progress import say
from midspan.recipe import Recipe, fingerprint
from midspan.steps import Run, Step, steps_of

Manifest = dict[str, dict[str, Any]]  # step → {"key", "output", "seconds", "status"}


def run_recipe(plan: Recipe, directory: Path) -> None:
    """Carry the recipe out in `directory`: idempotent, and resumable after a kill at any moment.

    Raises UserError if another process runs there, or as the steps do.
    """
    if not plan.pretrain:
        raise UserError("the recipe has no pretrain stage: add one, or use midspan corpus build")
    directory.mkdir(parents=True, exist_ok=True)
    with only_one(directory):
        for folder in (directory, directory / "models", directory / "corpus", directory / "corpus" / "tokens"):
            if folder.exists():
                remove_leftovers(folder)
        _use_threads(plan)
        run = Run(plan, directory)
        run.sandbox  # noqa: B018  (where nothing can isolate, say so now and not after the training)
        steps = steps_of(run)
        manifest = _read_manifest(directory)
        _announce(plan, directory, steps, manifest)
        write_text(directory / "recipe.yaml", yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=False))
        for step in steps:
            _carry_out(step, manifest, directory)


def _carry_out(step: Step, manifest: Manifest, directory: Path) -> None:
    key = step_key(step, manifest)
    if is_done(step, key, manifest):
        return
    if manifest.pop(step.name, None):  # from here on its outputs may be half old, half new
        write_json(directory / "manifest.json", {"steps": manifest})
    started = time.monotonic()
    step.action(key)
    row = {"status": "done", "key": key, "output": _hash_outputs(step), "seconds": time.monotonic() - started}
    manifest[step.name] = row
    write_json(directory / "manifest.json", {"steps": manifest})


def step_key(step: Step, manifest: Manifest) -> str:
    """What the step's result depends on, as a hash: its settings and the outputs it reads."""
    return fingerprint(*step.settings, [manifest[name]["output"] for name in step.inputs])


def is_done(step: Step, key: str, manifest: Manifest) -> bool:
    """Whether the manifest holds the step with this key and its outputs are still there."""
    row = manifest.get(step.name)
    return row is not None and row["key"] == key and all(path.exists() for path in step.outputs)


def _hash_outputs(step: Step) -> str:
    return hash_text("".join(hash_path(path) for path in step.outputs))


def _read_manifest(directory: Path) -> Manifest:
    file = directory / "manifest.json"
    steps: Manifest = read_json(file)["steps"] if file.exists() else {}
    return steps


def _announce(plan: Recipe, directory: Path, steps: list[Step], manifest: Manifest) -> None:
    """Say what is done and what will be done again, and why, before anything is."""
    before = directory / "recipe.yaml"
    if before.exists():
        old, new = yaml.safe_load(before.read_text(encoding="utf-8")), plan.model_dump(mode="json")
        for field, was, becomes in _differences(old, new):
            say(f"recipe changed: {field} {was!r} -> {becomes!r}")
    pending: list[str] = []
    for step in steps:
        stale_input = any(name in pending for name in step.inputs)
        if stale_input or not is_done(step, step_key(step, manifest), manifest):
            pending.append(step.name)
    done = [step.name for step in steps if step.name not in pending]
    redone = [name for name in pending if name in manifest]
    if done:
        say(f"done already: {', '.join(done)}")
    if redone:
        say(f"to be redone: {', '.join(redone)}")
    if not pending:
        say(f"nothing to do: {directory} is up to date")


def _differences(old: Any, new: Any, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            yield from _differences(old.get(key), new.get(key), f"{prefix}.{key}" if prefix else key)
    elif old != new:
        yield prefix, old, new


def _use_threads(plan: Recipe) -> None:
    import torch

    if plan.runtime.threads:
        torch.set_num_threads(plan.runtime.threads)
