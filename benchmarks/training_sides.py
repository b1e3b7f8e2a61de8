"""One optimiser step of ours and of transformers on the same shape, each ready to be called again and again.

As a program it is one side of `benchmarks/training.py`, in a process of its own. The first line of its input is a JSON
object, the arguments; each further line asks for a round, and is answered with its seconds. At the end of its input it
answers with its peak memory in bytes, less what its imports took.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

Step = Callable[[], float]  # one optimiser step; its loss


def our_step(
    shape: dict[str, Any],
    *,
    rows: int,
    micro_rows: int,
    context: int,
    bf16: bool,
    device: str = "cpu",
    documents: tuple[int, int] | None = (20, 120),
    recompute: bool = False,
    compiled: bool = False,
    lora: int | None = None,
) -> Step:
    """The training loop's own step: random documents of so many tokens packed into rows; None: each fills a row.

    With `lora`, adapters of that rank alone are trained.
    """
    import torch

    from midspan.batches import Mixture, Segment, generator
    from midspan.model import DecoderConfig, on_meta
    from midspan.recipe import Full, Lora, Optimizer
    from midspan.train import OBJECTIVES, World
    from midspan.train.loop import train_step
    from midspan.train.objectives import Feed
    from midspan.train.optimizer import make_optimizer
    from midspan.train.start import recompute_blocks
    from midspan.train.trainable import adapt

    config = DecoderConfig(**shape)

    class RandomRows:
        def __len__(self) -> int:
            return 1_000_000

        def row(self, k: int) -> list[Segment]:
            draw, segments, room = generator("benchmark", k), [], context
            while room > 0:
                length = min(room, int(draw.integers(*documents)) if documents else context)
                segments.append(Segment(draw.integers(0, config.vocabulary_size, length + 1).tolist()))
                room -= length
            return segments

    decoder = on_meta(config)
    dtype = torch.bfloat16 if bf16 else torch.float32
    adapt(decoder, Lora(rank=lora) if lora else Full(), dtype)
    if recompute:
        recompute_blocks(decoder)
    if compiled:
        for block in decoder.layers:
            block.compile()
    decoder.to_empty(device=device).initialise()
    world = World(0, 1, torch.device(device))
    mixture = Mixture([(RandomRows(), 1.0)], seed=1, stage="benchmark")
    feed = Feed(mixture, rows, micro_rows, context, dtype)
    kind = OBJECTIVES["causal"]
    objective = kind.make(kind.settings(), feed, decoder, world, None)  # type: ignore[arg-type]
    optimizer = make_optimizer(decoder, Optimizer())
    steps = iter(range(1_000_000))
    return lambda: train_step(decoder, optimizer, objective, next(steps), 1e-4, world, 1.0)["loss"]


def their_step(
    values: dict[str, Any],
    *,
    rows: int,
    micro_rows: int,
    context: int,
    bf16: bool,
    device: str = "cpu",
    recompute: bool = False,
    compiled: bool = False,
    lora: int | None = None,
) -> Step:
    """The same of the transformers model whose config.json holds `values`: plain causal rows, the easier task.

    With `lora`, PEFT's adapters on the same layers.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    # Weights in float32, as ours; autocast multiplies in bfloat16.
    config = AutoConfig.for_model(**{**values, "dtype": "float32", "torch_dtype": "float32", "use_cache": False})
    with torch.device(device):
        model: Any = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    if lora:
        import peft

        from midspan.recipe import LINEAR_LAYERS

        model = peft.get_peft_model(model, peft.LoraConfig(r=lora, target_modules=list(LINEAR_LAYERS)))
    model.train()
    if recompute:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    if compiled:
        model.compile()
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=1e-4, fused=True)
    draw = torch.Generator().manual_seed(0)

    def step() -> float:
        losses = []
        for _ in range(rows // micro_rows):
            tokens = torch.randint(values["vocab_size"], (micro_rows, context), generator=draw).to(device)
            with torch.autocast(device, torch.bfloat16, enabled=bf16):
                loss = model(input_ids=tokens, labels=tokens, use_cache=False).loss * (micro_rows / rows)
            loss.backward()
            losses.append(loss.detach())
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return float(sum(losses))

    return step


def main() -> None:
    """Be one side."""
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    side, threads, steps, given = (asked[name] for name in ("side", "threads", "steps", "given"))
    if side == "midspan":
        import_module("midspan.train")
        make = our_step
    else:
        import_module("transformers.models.auto.modeling_auto")
        import_module("transformers.models.{model_type}.modeling_{model_type}".format_map(given["values"]))
        if given.get("lora"):
            import_module("peft")
        make = their_step
    import torch

    import_module("torch._dynamo")  # what any optimizer loads
    if side == "midspan":
        import_module("midspan.compute").use_threads(threads)
    elif threads:
        torch.set_num_threads(threads)
    imported = most_memory()
    step = make(**given)
    step()  # warms up
    print(json.dumps({"threads": torch.get_num_threads(), "torch": torch.__version__}), flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        for _ in range(steps):
            step()
        print(time.perf_counter() - started, flush=True)
    print(most_memory() - imported)


def most_memory() -> int:
    """The most memory that this process ever had, in bytes."""
    # Not getrusage's ru_maxrss, which counts the parent from before the exec.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
