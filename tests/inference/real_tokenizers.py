"""The tokenizers that released models have, where this machine has them."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from midspan.tokens import Tokenizer

SHARED = Path(os.environ.get("MIDSPAN_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "tokenizer"
NAMES = ("mistral-v0.1", "codellama-rebuilt", "qwen3", "gpt-neox")


@functools.cache
def real_tokenizer(name: str) -> Tokenizer:
    """The tokenizer of that name; skips the test where it is not here."""
    place = SHARED / ("20B_tokenizer.json" if name == "gpt-neox" else name)
    if not place.exists():
        pytest.skip(f"{place} is not here: it is shared data, no part of the project")
    if place.is_dir():
        return Tokenizer.load(place)
    return Tokenizer(place.read_text(encoding="utf-8"), {"eos_token": "<|endoftext|>"}, None)
