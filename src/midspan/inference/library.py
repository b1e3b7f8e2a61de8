"""Midspan from Python: open a model, generate text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from midspan.inference.engine import Engine, WeightsFormat
from midspan.inference.prompts import Fill, Plain
from midspan.inference.sampling import Sampling


def load(place: str | Path, weights: WeightsFormat = "auto") -> Engine:
    """The model of a model directory, a GGUF file, a run directory or a hub id, on the best device there is.

    `weights`: "stored" and "fp32" hold them in that precision, "auto" in bfloat16 where that is faster. Raises
    `UserError` where there is no model, or one of a kind that Midspan does not run.
    """
    return Engine.open(place, weights=weights)


def generate(engine: Engine, prompt: str, suffix: str | None = None, **sampling: Any) -> str:
    """The text that follows `prompt`, or that belongs between `prompt` and `suffix` where one is given ("" too).

    The keywords are the fields of `Sampling`: max_tokens, temperature, top_k, top_p, seed, stop (one string or
    several), stop_at_suffix (True). Raises `UserError` for a prompt that does not fit; around a cursor, what is far
    is left out instead.
    """
    stop = sampling.pop("stop", ())
    settings = Sampling(stop=(stop,) if isinstance(stop, str) else tuple(stop), **{"stop_at_suffix": True, **sampling})
    asked = Plain(prompt) if suffix is None else Fill(prompt, suffix)
    return engine.complete([asked], settings)[0].text
