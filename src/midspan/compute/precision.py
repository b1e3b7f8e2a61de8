"""Which number format the matrix products run in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path

import torch


def compute_dtype(precision: str, device: torch.device) -> torch.dtype:
    """bfloat16 or float32 for `precision` "bf16", "fp32" or "auto" (bf16 where the hardware multiplies in it)."""
    if precision == "auto":
        if device.type == "cuda":
            precision = "bf16" if torch.cuda.is_bf16_supported() else "fp32"
        else:
            precision = "bf16" if _cpu_has_bf16() else "fp32"
    return torch.bfloat16 if precision == "bf16" else torch.float32


def autocast(dtype: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """Run matrix products in `dtype`; weights and sums stay in float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16)


@lru_cache(maxsize=1)
def _cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16 (AVX512-BF16, AMX, ARM's bf16); emulated, it is slower than float32."""
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return False
    return bool(words & {"avx512_bf16", "amx_bf16", "bf16"})
