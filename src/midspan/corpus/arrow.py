"""pyarrow without pandas, which its first array imports where it is installed: 0.4 s and 55 MB in every process."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa


class _NoPandas:
    """A finder that finds no pandas."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        if name == "pandas":
            raise ImportError("not for pyarrow")


def leave_pandas_out() -> None:
    """Let pyarrow decide now, while pandas cannot be found; what asks for it by name (`to_pandas`) still has it."""
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(_NoPandas)
