"""How a run uses the machine."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from midspan.recipe.fields import Count, Settings


class Parallel(Settings):
    """Several processes for one stage: each holds a share of the optimizer's state, or of the weights too.

    Rajbhandari et al. 2020, "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models".
    """

    processes: Count = 1
    zero: Literal[1, 3] = 1


class Runtime(Settings):
    """How the run uses the machine. Nothing here changes what is learnt, except `precision`."""

    threads: Count | None = None  # None: every core; sums in another order differ in their last bits
    workers: Count | None = None  # processes for the corpus and the sandbox; None: every core
    engine: Literal["local", "ray"] = "local"  # where the corpus is built: processes of this machine, or a Ray cluster
    address: str | None = None  # of a running Ray cluster; None: one of this machine
    precision: Literal["auto", "bf16", "fp32"] = "auto"  # auto: bf16 where the hardware has it
    recompute: bool | Literal["auto"] = (
        "auto"  # activations made again in the backward pass; auto: where memory is short
    )
    compile: bool = False  # blocks through torch.compile
    parallel: Parallel = Parallel()
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 30.0
