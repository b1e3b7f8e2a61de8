"""By what a result was made: versions, compilers, the machine; told with it, and no part of what is compared."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from midspan.exercises import LANGUAGES
from midspan.exercises.grading import find
from midspan.recipe import Settings

PACKAGES = ("midspan", "torch", "transformers")


def made_by(settings: Settings) -> dict[str, str]:
    """Everything that a reader may want to know later, but for times: asked again, the same is written."""
    languages = getattr(settings, "languages", ())
    tools = {name: find(name) for name in languages if name in LANGUAGES}
    compilers = {f"tools of {name}": one if isinstance(one, str) else one.version for name, one in tools.items()}
    machine = f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors"
    return {**_versions(), "python": platform.python_version(), **compilers, "machine": machine}


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
