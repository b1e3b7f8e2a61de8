"""Midspan from Python: find a model, load it, generate text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from midspan.errors import UserError
from midspan.generate.engine import complete_batch
from midspan.generate.prompts import infill_prompt, plain_prompt, prompt_limit
from midspan.generate.sampling import Sampling
from midspan.model import Decoder, load_decoder
from midspan.tokens import Tokenizer

RELEASE = "release"  # what a finished run exports


def find_model(path: Path) -> Path:
    """The model directory (HF layout) that `path` means: itself, or the release of a run directory.

    A run that has not come so far gives the model it wrote last. Raises `UserError` where there is none.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist: give a model directory (config.json inside) or a run directory")
    if _is_model(path):
        return path
    models = [model for model in path.glob("models/*") if _is_model(model)]
    if not models:
        if (path / "recipe.yaml").exists():
            raise UserError(f"the run {path} has no model yet: go on with `midspan run` until a stage has ended")
        raise UserError(f"{path} holds no model: a model directory has a config.json and a tokenizer.json")
    release = path / "models" / RELEASE
    return release if release in models else max(models, key=lambda model: (model / "config.json").stat().st_mtime)


def _is_model(path: Path) -> bool:
    return (path / "config.json").is_file() and (path / "tokenizer.json").is_file()


def load(directory: str | Path) -> tuple[Decoder, Tokenizer]:
    """The model and tokenizer of a model directory or a run directory, in float32 on the CPU.

    Raises `UserError` where there is none, or one of a kind that Midspan does not run.
    """
    found = find_model(Path(directory))
    return load_decoder(found), Tokenizer.load(found)


def generate(model: Decoder, tokenizer: Tokenizer, prompt: str, suffix: str | None = None, **sampling: Any) -> str:
    """The text that follows `prompt`, or that belongs between `prompt` and `suffix` where one is given ("" too).

    The keywords are the fields of `Sampling`: max_tokens, temperature, top_k, top_p, seed, stop. Raises
    `UserError` for a prompt that does not fit; around a cursor, what is far from it is left out instead.
    """
    settings = Sampling(**sampling)
    if suffix is None:
        ids = plain_prompt(tokenizer, prompt)
    else:
        ids = infill_prompt(tokenizer, prompt, suffix, prompt_limit(model.config.max_positions, settings.max_tokens))
    return complete_batch(model, tokenizer, [ids], settings)[0].text
