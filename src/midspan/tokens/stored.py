"""The tokenizer of a model, in whatever format the model lies."""

from __future__ import annotations

from pathlib import Path

from midspan.tokens.gguf import tokenizer_of_gguf
from midspan.tokens.tokenizer import Tokenizer


def open_tokenizer(place: Path) -> Tokenizer:
    """The tokenizer of a GGUF file, or of a directory in Hugging Face layout. Raises UserError where there is none."""
    return tokenizer_of_gguf(place) if place.is_file() else Tokenizer.load(place)
