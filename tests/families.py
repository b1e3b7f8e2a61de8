"""The tokenizers of released families that the tests compare with transformers, each in an HF-layout directory."""

from __future__ import annotations

import functools
import json
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import pytest

from midspan.errors import UserError
from midspan.model.embedded import embedded
from midspan.tokens import Tokenizer

SHARED = Path(__file__).parents[1] / ".." / "shared" / "data" / "tokenizer"
SHARED = SHARED if SHARED.is_dir() else Path("/work/shared/data/tokenizer")
STANDARD_LIBRARY = Path(sysconfig.get_paths()["stdlib"])
NEOX = {"tokenizer_class": "GPTNeoXTokenizer"} | {f"{role}_token": "<|endoftext|>" for role in ("bos", "eos", "unk")}

FAMILIES = {"mistral": "mistral-v0.1", "code-llama": "codellama-rebuilt", "qwen": "qwen3", "neox": "20B_tokenizer.json"}


@functools.cache
def directory_of(family: str) -> Path:
    """The family's directory; the test is skipped where it is not on this machine."""
    place = SHARED / FAMILIES[family]
    if not place.exists():
        pytest.skip(f"{place} is not on this machine")
    if place.is_dir():
        return place
    directory = Path(tempfile.mkdtemp())
    (directory / "tokenizer.json").symlink_to(place.resolve())
    (directory / "tokenizer_config.json").write_text(json.dumps(NEOX))
    return directory


@functools.cache
def ours(family: str) -> Tokenizer:
    return Tokenizer.load(directory_of(family))


@functools.cache
def peer(family: str) -> Any:
    """The same as transformers opens it."""
    return pytest.importorskip("transformers").AutoTokenizer.from_pretrained(directory_of(family))


def smollm2() -> Path:
    """The released GGUF file of SmolLM2-135M-Instruct (Q4_1); the test is skipped where it is not on this machine."""
    try:
        return embedded()
    except UserError as error:
        pytest.skip(str(error))


def real_files(count: int) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted(STANDARD_LIBRARY.glob("*.py"))[:count]]
