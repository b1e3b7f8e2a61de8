"""What models are judged on: a table of benchmarks, and one step that asks a model one of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from midspan.evaluate.benchmarks import BENCHMARKS, benchmarks_of
    from midspan.evaluate.data import hashes_of
    from midspan.evaluate.running import run_benchmark, why_not_asked

ROOMS = {"BENCHMARKS": "benchmarks", "benchmarks_of": "benchmarks", "hashes_of": "data"}
__all__ = ["BENCHMARKS", "benchmarks_of", "hashes_of", "run_benchmark", "why_not_asked"]


def __getattr__(name: str) -> Any:
    """Asking a model brings torch with it; reading what was found (`evaluate.result`) does not."""
    if name in __all__:
        return getattr(import_module(f"midspan.evaluate.{ROOMS.get(name, 'running')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
