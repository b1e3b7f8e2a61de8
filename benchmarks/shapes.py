"""The decoders that benchmarks measure, and a machine that is not idle."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from midspan.model import DecoderConfig

SHAPES = {
    # The quickstart's.
    "5M": DecoderConfig("stablelm", 4096, 256, 688, 4, 4, 4, 64, 1024, qkv_bias=True),
    # SmolLM2's.
    "135M": DecoderConfig(
        "llama", 49152, 576, 1536, 30, 9, 3, 64, 8192, norm="rmsnorm", rotary_fraction=1.0, tied_embeddings=True
    ),
    # Stable Code 3B's, with the positions it was first trained on.
    "3B": DecoderConfig("stablelm", 50304, 2560, 6912, 32, 32, 32, 80, 4096),
}

# Ends with whoever started it, even where that is killed: else it would halve every later figure.
BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(10**6): pass"


@contextmanager
def busy_process() -> Iterator[None]:
    """Something else that takes all of one core."""
    process = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        yield
    finally:
        process.kill()
        process.wait()
