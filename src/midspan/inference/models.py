"""Which model a path or a hub id means."""

from __future__ import annotations

from pathlib import Path

from midspan.errors import UserError
from midspan.files import read_json
from midspan.model import DecoderConfig, resolve
from midspan.tokens import Tokenizer

RELEASE = "release"  # what a finished run exports
RUNS = "runs"  # where runs lie unless the user says otherwise


def find_model(place: str | Path) -> Path:
    """What `place` means: a model directory (HF layout), a GGUF file, a run directory's release, or a hub id's files.

    A run that has not come so far gives the model of its last finished step. Raises `UserError` where there is none.
    """
    if not Path(place).exists() and Path(place).parts[:1] == (RUNS,):
        raise UserError(f"{place} does not exist: `midspan run` makes it, or name another model")
    path = resolve(place)
    if path.is_file() or _is_model(path):
        return path
    models = [model for model in path.glob("models/*") if _is_model(model)]
    if not models:
        if (path / "recipe.yaml").exists():
            raise UserError(f"the run {path} has no model yet: go on with `midspan run` until a stage has ended")
        raise UserError(f"{path} holds no model: a model directory has a config.json and a tokenizer.json")
    release = path / "models" / RELEASE
    return release if release in models else _latest(path, models)


def _latest(run: Path, models: list[Path]) -> Path:
    """The model of the step that the run's manifest names last; without a manifest, the one written last."""
    manifest = run / "manifest.json"
    done = list(read_json(manifest)["steps"]) if manifest.exists() else []

    def rank(model: Path) -> tuple[int, float]:
        return done.index(model.name) if model.name in done else -1, (model / "config.json").stat().st_mtime

    return max(models, key=rank)


def _is_model(path: Path) -> bool:
    return (path / "config.json").is_file() and (path / "tokenizer.json").is_file()


def check_tokenizer(place: Path, config: DecoderConfig, tokenizer: Tokenizer) -> None:
    """Raise `UserError` where the tokenizer has ids for which the model at `place` has no embedding row."""
    if tokenizer.vocabulary_size > config.vocabulary_size:
        raise UserError(
            f"{place} is a checkpoint of another tokenizer: it has {config.vocabulary_size} embedding rows, the "
            f"tokenizer has {tokenizer.vocabulary_size} ids; use the tokenizer it was trained with"
        )
