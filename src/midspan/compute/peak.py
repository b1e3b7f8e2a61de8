"""How fast this machine multiplies matrices."""

from __future__ import annotations

import time
from functools import cache

import torch

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


@cache
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
