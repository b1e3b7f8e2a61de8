"""Reads a run directory, finished or not, into one record; what is not there is empty, never made up."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from midspan.errors import UserError
from midspan.files import read_json

OBJECTIVES = ("causal", "sft", "dpo")  # in the order in which a run goes through them

# What an ablation's recipe must have in common with the run's for their numbers to be compared.
ABLATION_SHARES = ("seed", "corpus", "tokenizer", "model", "optimizer", "pretrain", "evaluate")


@dataclass(frozen=True)
class Stage:
    """One training stage: what it logged on the way, and its summary once it is finished."""

    name: str
    summary: dict[str, Any]
    metrics: list[dict[str, Any]]

    @property
    def objective(self) -> str:
        recorded = self.summary.get("objective")
        if recorded in OBJECTIVES:
            return str(recorded)
        return self.name if self.name in OBJECTIVES else "causal"


@dataclass(frozen=True)
class RunRecord:
    """Everything a run directory holds that a reader may want to see."""

    path: Path
    recipe_text: str = ""
    recipe: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)  # the manifest's, in their order
    statistics: dict[str, Any] = field(default_factory=dict)  # corpus/statistics.json
    tokens: dict[str, float] = field(default_factory=dict)  # split -> tokens in its shard
    stages: list[Stage] = field(default_factory=list)
    evaluations: dict[str, dict[str, Any]] = field(default_factory=dict)  # model name -> its evaluation
    models: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path.resolve().name

    def names(self, objective: str) -> list[str]:
        """The stages with this objective, in the order in which they were trained."""
        return [stage.name for stage in self.stages if stage.objective == objective]

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    def last(self, objective: str) -> dict[str, Any] | None:
        """The evaluation of the last evaluated model with this objective."""
        names = [name for name in self.names(objective) if name in self.evaluations]
        return self.evaluations[names[-1]] if names else None

    @property
    def seconds(self) -> float | None:
        """The time of all steps; of the training stages alone where there is no manifest."""
        timed = [number(step, "seconds") for step in self.steps.values()]
        timed = timed if any(timed) else [number(stage.summary, "seconds") for stage in self.stages]
        known = [seconds for seconds in timed if seconds is not None]
        return sum(known) if known else None

    @property
    def parameters(self) -> float | None:
        known = [number(stage.summary, "parameters") for stage in self.stages]
        return next((value for value in known if value is not None), None)

    def names_of_models(self) -> list[str]:
        """The stages' models in training order, then the others in the run."""
        return list(dict.fromkeys([*(stage.name for stage in self.stages), *self.models]))

    def final_model(self) -> str | None:
        """The name of the model to use: the export, or the last stage's."""
        if "release" in self.models:
            return "release"
        trained = [stage.name for stage in self.stages if stage.name in self.models]
        return trained[-1] if trained else None


def number(values: object, *keys: str) -> float | None:
    """The finite number at `values[key][key]…`; None where there is none, or it is not a finite number."""
    for key in keys:
        if not isinstance(values, Mapping):
            return None
        values = values.get(key)
    if isinstance(values, bool) or not isinstance(values, int | float):
        return None
    return float(values) if math.isfinite(values) else None


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = read_json(path)
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: cannot be read as JSON ({error}); delete it and run that step again") from error
    if not isinstance(value, dict):
        raise UserError(f"{path}: holds no JSON object; delete it and run that step again")
    return value


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The logged steps in order; a step logged again after a resume counts once, as logged last.

    A last line that is still being written is left out.
    """
    by_step: dict[float, dict[str, Any]] = {}
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            if index == len(lines) - 1:
                break
            raise UserError(f"{path}:{index + 1}: not JSON; remove that line and try again") from error
        step = number(row, "step")
        if step is not None:
            by_step[step] = row
    return [by_step[step] for step in sorted(by_step)]


def _read_stages(directory: Path, recipe: Mapping[str, Any]) -> list[Stage]:
    """The stages that have logged something, in the recipe's order."""
    logs = sorted(directory.glob("*/metrics.jsonl"))
    stages = [Stage(log.parent.name, _object(log.parent / "summary.json"), read_metrics(log)) for log in logs]
    pretraining = recipe.get("pretrain")
    wanted = list(pretraining) if isinstance(pretraining, dict) else []

    def order(stage: Stage) -> tuple[int, int]:
        place = wanted.index(stage.name) if stage.name in wanted else len(wanted)
        return OBJECTIVES.index(stage.objective), place

    return sorted(stages, key=order)


def _read_recipe(path: Path) -> tuple[str, dict[str, Any]]:
    if not path.is_file():
        return "", {}
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML ({' '.join(str(error).split())}); run the recipe again") from error
    return text, values if isinstance(values, dict) else {}


def read_run(path: Path) -> RunRecord:
    """Read the run directory at `path` (docs/contracts.md); UserError where it is none, or a file in it is broken."""
    if not path.is_dir():
        raise UserError(f"{path}: no such run directory; name the directory that `midspan run` wrote")
    recipe_text, recipe = _read_recipe(path / "recipe.yaml")
    steps = _object(path / "manifest.json").get("steps")
    stages = _read_stages(path / "stages", recipe)
    evaluations = {file.stem: _object(file) for file in sorted((path / "evaluation").glob("*.json"))}
    order = [stage.name for stage in stages]
    tokens = {
        split: total
        for split in ("train", "heldout")
        if (total := number(_object(path / "corpus" / "tokens" / split / "shard.json"), "tokens")) is not None
    }
    models = path / "models"
    return RunRecord(
        path=path,
        recipe_text=recipe_text,
        recipe=recipe,
        steps={name: step for name, step in steps.items() if isinstance(step, dict)} if isinstance(steps, dict) else {},
        statistics=_object(path / "corpus" / "statistics.json"),
        tokens=tokens,
        stages=stages,
        evaluations=dict(
            sorted(evaluations.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order))
        ),
        models=sorted(child.name for child in models.iterdir() if child.is_dir()) if models.is_dir() else [],
    )


def find_ablation(run: RunRecord) -> RunRecord | None:
    """The run of the same recipe without FIM beside `run`, if there is one.

    A run that differs in more than FIM and what follows pre-training is none: its numbers could not be compared.
    """
    path = run.path.resolve()
    for name in (f"{path.name}-no-fim", "no-fim"):
        beside = path.with_name(name)
        if beside == path or not (beside / "recipe.yaml").is_file():
            continue
        other = read_run(beside)
        same = all(run.recipe.get(group) == other.recipe.get(group) for group in ABLATION_SHARES)
        if same and number(other.recipe, "fim", "rate") == 0:
            return other
    return None
