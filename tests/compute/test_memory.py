"""How much memory is left, and that what is freed stays at hand."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from midspan.compute import available_memory

PROGRAM = """
import resource, sys, torch
from midspan.compute.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
kept = [torch.ones(2**18) for _ in range(64)]  # 64 MB, freed in the next line
del kept
before = faults()
for megabytes in range(4, 31, 4):  # each larger than any before: malloc as it is has learnt nothing about them
    torch.ones(megabytes * 2**18)
print(faults() - before)
"""


def test_some_memory_is_available() -> None:
    assert available_memory(torch.device("cpu")) > 0


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_memory_that_was_freed_is_taken_again_without_the_system() -> None:
    faults = {}
    for how in ("keep", "default"):
        done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
        faults[how] = int(done.stdout)
    # Where the freed memory lies in pieces, one or two of the eight blocks still come from the system.
    assert faults["keep"] < faults["default"] / 3
