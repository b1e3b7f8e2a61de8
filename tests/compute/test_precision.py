"""The number format is asked of the machine, and its speed is measured where no data sheet is known."""

from __future__ import annotations

import torch

from midspan.compute import autocast, compute_dtype, peak_flops

CPU = torch.device("cpu")


def test_a_named_precision_is_taken_as_it_is() -> None:
    assert compute_dtype("bf16", CPU) == torch.bfloat16
    assert compute_dtype("fp32", CPU) == torch.float32
    assert compute_dtype("auto", CPU) in (torch.bfloat16, torch.float32)


def test_autocast_changes_products_in_bf16_only() -> None:
    left = torch.randn(4, 4)
    for dtype in (torch.bfloat16, torch.float32):
        with autocast(dtype, CPU):
            assert (left @ left).dtype == dtype


def test_the_peak_of_a_cpu_is_measured_and_says_so() -> None:
    peak, source = peak_flops(torch.float32, CPU)
    assert 1e9 < peak < 1e14
    assert "measured" in source
