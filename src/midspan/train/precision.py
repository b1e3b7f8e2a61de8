"""Which number format the matrix products run in, and how fast this machine multiplies in it."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path

import torch


def best_device() -> torch.device:
    """The first GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


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


# Dense bf16 peak in FLOP/s, from NVIDIA's data sheets (SXM parts, no sparsity).
GPU_PEAKS = {"A100": 312e12, "H100": 989e12, "H200": 989e12, "B200": 2250e12}


def peak_flops(dtype: torch.dtype, device: torch.device) -> tuple[float, str]:
    """The machine's peak in FLOP/s and where the figure comes from: a data sheet, or a matrix product measured now."""
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
        for key, peak in GPU_PEAKS.items():
            if key in name and dtype == torch.bfloat16:
                return peak, f"data sheet of {name}, dense bf16"
    return _measured_peak(dtype, device), f"measured {PEAK_SIZE}³ matrix product in {str(dtype).removeprefix('torch.')}"


PEAK_SIZE = 2048


def _measured_peak(dtype: torch.dtype, device: torch.device) -> float:
    """The best of five products of square matrices, in FLOP/s."""
    left, right = (torch.randn(PEAK_SIZE, PEAK_SIZE, device=device).to(dtype) for _ in range(2))
    left @ right  # warm up
    best = 0.0
    for _ in range(5):
        started = time.perf_counter()
        product = left @ right
        product[0, 0].item()  # waits for a GPU
        best = max(best, 2 * PEAK_SIZE**3 / (time.perf_counter() - started))
    return best
