"""Reads a run directory, finished or not, into one record; what is not there is empty, never made up."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from midspan.errors import UserError
from midspan.evaluate.result import Result, read_result
from midspan.files import read_json, read_jsonl

RELEASE = "release"  # what a finished run exports
START = "start-"  # what the released models that a run starts from are called, with their numbers
Fields = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """One training stage: its part of the recipe, what it logged on the way, its summary once it is finished."""

    name: str
    recipe: Fields
    summary: Fields
    metrics: list[Fields]

    @property
    def objective(self) -> str:
        """The objective's name."""
        planned = self.recipe.get("objective")
        planned = planned.get("kind") if isinstance(planned, dict) else None
        return str(self.summary.get("objective") or planned or "")

    @property
    def frozen(self) -> str:
        """What is not trained of the weights, in words; nothing where all of them are."""
        weights = self.recipe.get("weights")
        if not isinstance(weights, dict):
            return ""
        if weights.get("kind") == "lora":
            return f"LoRA of rank {weights.get('rank')}"
        return f"the lowest {weights['frozen_layers']} layers frozen" if weights.get("frozen_layers") else ""

    @property
    def parts(self) -> list[Fields]:
        """The parts of its data, as the recipe gives them."""
        return [part for part in self.recipe.get("data") or [] if isinstance(part, dict)]

    @property
    def data(self) -> list[str]:
        """What it learns from, by name."""
        kinds = ("tokens", "conversations", "pairs")
        return [Path(str(part[kind])).name for part in self.parts for kind in kinds if part.get(kind)]


@dataclass(frozen=True)
class RunRecord:
    """Everything a run directory holds that a reader may want to see."""

    path: Path
    recipe_text: str = ""
    recipe: Fields = field(default_factory=dict)
    steps: dict[str, Fields] = field(default_factory=dict)  # the manifest's, in their order
    statistics: Fields = field(default_factory=dict)  # corpus/statistics.json
    tokens: dict[str, float] = field(default_factory=dict)  # split -> tokens in its shard
    stages: list[Stage] = field(default_factory=list)  # those that have logged something
    evaluations: dict[str, dict[str, Result]] = field(default_factory=dict)  # model → benchmark → result
    models: dict[str, Fields] = field(default_factory=dict)  # name → midspan.json: start, licence, added_tokens

    @property
    def name(self) -> str:
        return self.path.resolve().name

    @property
    def planned(self) -> list[Fields]:
        """The stages of the recipe."""
        return planned_stages(self.recipe)

    def stage(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.name == name), None)

    @property
    def results(self) -> Iterator[Result]:
        """All results: model by model, in training order."""
        for of_model in self.evaluations.values():
            yield from of_model.values()

    def rows(self, model: str, benchmark: str) -> list[Fields]:
        """Every answer of a model to a benchmark, with what it was worth; nothing where the file is not there."""
        file = self.path / "evaluation" / model / f"{benchmark}.jsonl"
        try:
            return read_jsonl(file) if file.is_file() else []
        except ValueError as error:
            raise UserError(f"{file}: not JSON ({error}); delete it and run that step again") from error

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
        if RELEASE in self.models:
            return RELEASE
        trained = [stage.name for stage in self.stages if stage.name in self.models]
        return trained[-1] if trained else None

    def start_of(self, name: str) -> str | None:
        """The model in this run that a stage started from; None where there is none, or it is a mean of several."""
        names = [str(stage.get("name")) for stage in self.planned]
        if name not in names:
            return None
        start = self.planned[names.index(name)].get("start", "previous")
        earlier = names[: names.index(name)]
        if start == "previous":
            return earlier[-1] if earlier else None
        return start if start in earlier else self.released.get(str(start))

    @property
    def released(self) -> dict[str, str]:
        """The released models that stages start from, as the recipe spells them → their names in this run."""
        names: list[str] = []
        found: dict[str, None] = {}
        for stage in self.planned:
            start = stage.get("start", "previous")
            own = {"previous", "scratch", *names}
            found |= dict.fromkeys(one for one in (start if isinstance(start, list) else [start]) if one not in own)
            names.append(str(stage.get("name")))
        return {place: f"{START}{number}" for number, place in enumerate(found, 1)}


def planned_stages(recipe: Mapping[str, Any]) -> list[Fields]:
    """The stages of a recipe as it was written down."""
    stages = recipe.get("stages")
    return [stage for stage in stages if isinstance(stage, dict)] if isinstance(stages, list) else []


def number(values: object, *keys: str) -> float | None:
    """The finite number at `values[key][key]…`; None where there is none, or it is not a finite number."""
    for key in keys:
        if not isinstance(values, Mapping):
            return None
        values = values.get(key)
    if isinstance(values, bool) or not isinstance(values, int | float):
        return None
    return float(values) if math.isfinite(values) else None


def read_run(path: Path) -> RunRecord:
    """Read the run directory at `path` (docs/contracts.md); UserError where it is none, or a file in it is broken."""
    if not path.is_dir():
        raise UserError(f"{path}: no such run directory; name the directory that `midspan run` wrote")
    recipe_text, recipe = read_recipe(path / "recipe.yaml")
    listed = _object(path / "manifest.json").get("steps")
    steps = {name: step for name, step in listed.items() if isinstance(step, dict)} if isinstance(listed, dict) else {}
    written = [Path(output) for step in steps.values() for output in step.get("outputs") or ()]
    stages = _read_stages(path / "stages", recipe)
    shards = {split: path / "corpus" / "tokens" / split / "shard.json" for split in ("train", "heldout")}
    tokens = {split: number(_object(file), "tokens") for split, file in shards.items()}
    return RunRecord(
        path=path,
        recipe_text=recipe_text,
        recipe=recipe,
        steps=steps,
        statistics=_object(path / "corpus" / "statistics.json"),
        tokens={split: total for split, total in tokens.items() if total is not None},
        stages=stages,
        evaluations=_read_evaluations(
            path / "evaluation", [stage.name for stage in stages], list(dict.fromkeys(file.stem for file in written))
        ),
        models={folder.name: _object(folder / "midspan.json") for folder in _folders(path / "models")},
    )


def read_recipe(path: Path) -> tuple[str, Fields]:
    """A run's recipe as text and as fields, both empty where there is none."""
    if not path.is_file():
        return "", {}
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML ({' '.join(str(error).split())}); run the recipe again") from error
    return text, values if isinstance(values, dict) else {}


def read_metrics(path: Path) -> list[Fields]:
    """The logged steps in order; a step logged again after a resume counts once, as logged last.

    A last line that is still being written is left out.
    """
    by_step: dict[float, Fields] = {}
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
    planned = {str(stage.get("name")): stage for stage in planned_stages(recipe)}
    folders = [log.parent for log in sorted(directory.glob("*/metrics.jsonl"))]
    stages = [
        Stage(one.name, planned.get(one.name, {}), _object(one / "summary.json"), read_metrics(one / "metrics.jsonl"))
        for one in folders
    ]
    return sorted(stages, key=lambda stage: _place(stage.name, list(planned)))


def _read_evaluations(directory: Path, models: list[str], benchmarks: list[str]) -> dict[str, dict[str, Result]]:
    """Results by model and benchmark, in the order of the names; those that are not among them come last."""
    folders = sorted(
        _folders(directory), key=lambda folder: (not folder.name.startswith(START), _place(folder.name, models))
    )
    files = {
        folder.name: sorted(folder.glob("*.json"), key=lambda file: (_place(file.stem, benchmarks), file.stem))
        for folder in folders
    }
    return {name: {file.stem: read_result(file) for file in found} for name, found in files.items() if found}


def _place(name: str, order: list[str]) -> int:
    return order.index(name) if name in order else len(order)


def _folders(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(child for child in directory.iterdir() if child.is_dir() and not child.name.startswith("."))


def _object(path: Path) -> Fields:
    if not path.is_file():
        return {}
    try:
        value = read_json(path)
    except (ValueError, OSError) as error:
        raise UserError(f"{path}: cannot be read as JSON ({error}); delete it and run that step again") from error
    if not isinstance(value, dict):
        raise UserError(f"{path}: holds no JSON object; delete it and run that step again")
    return value
