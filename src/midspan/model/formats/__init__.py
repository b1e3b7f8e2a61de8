"""What a model may start from: one file a format, one row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from midspan.errors import UserError
from midspan.model.config import DecoderConfig
from midspan.model.formats.gguf import is_gguf, open_gguf
from midspan.model.formats.huggingface import is_huggingface, open_huggingface
from midspan.model.formats.weights import Weights

__all__ = ["FORMATS", "Format", "Weights", "load_config", "open_weights"]


@dataclass(frozen=True)
class Format:
    """How weights are kept: `recognises` looks only whether a place may be one, `open` says what is wrong with it."""

    recognises: Callable[[Path], bool]
    open: Callable[[Path], Weights]


FORMATS = {
    "huggingface": Format(is_huggingface, open_huggingface),
    "gguf": Format(is_gguf, open_gguf),
}


def open_weights(place: Path) -> Weights:
    """The weights at `place`, checked against their config but not read. Raises UserError where there are none."""
    for kind in FORMATS.values():
        if kind.recognises(place):
            return kind.open(place)
    if not place.exists():
        raise UserError(f"{place}: no such file or directory; give a model directory or a GGUF file")
    inside = sorted(place.glob("*.gguf")) if place.is_dir() else []
    advice = f"give {inside[0]} itself" if inside else "give a directory in Hugging Face layout, or a GGUF file"
    raise UserError(f"{place}: no config.json and no GGUF file; {advice}")


def load_config(place: Path) -> DecoderConfig:
    """The shape of the model at `place`. Raises UserError as `open_weights` does."""
    return open_weights(place).config
