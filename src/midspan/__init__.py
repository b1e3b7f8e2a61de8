"""Midspan: the whole recipe of a small code model, from raw repositories to the editor."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from midspan.inference import generate, load

__all__ = ["__version__", "generate", "load"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`load` and `generate` bring torch with them, so they are imported when first asked for."""
    if name in ("generate", "load"):
        return getattr(import_module("midspan.inference"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
