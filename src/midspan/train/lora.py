"""Low-rank adapters on a decoder's linear layers (Hu et al. 2021, "LoRA"): attached, drawn, merged, and written.

Tensors are called as in PEFT (https://github.com/huggingface/peft), which opens what `save_adapter` writes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from midspan import recipe
from midspan.batches import generator
from midspan.files import atomic_directory, write_json
from midspan.model import Decoder
from midspan.model.checkpoint import write_safetensors
from midspan.model.formats.huggingface import checkpoint_name

IN_PEFT = "base_model.model."  # before every name


class LoraLinear(nn.Module):
    """A linear layer, whose weight and bias keep their names, and the update that is trained: `W x + scale B A x`."""

    def __init__(self, layer: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias
        device = layer.weight.device
        self.lora_A = nn.Linear(layer.in_features, rank, bias=False, device=device)
        self.lora_B = nn.Linear(rank, layer.out_features, bias=False, device=device)
        self.scale = scale

    def forward(self, hidden: Tensor) -> Tensor:
        """`[..., in]` to `[..., out]`."""
        update: Tensor = self.lora_B(self.scale * self.lora_A(hidden))
        return F.linear(hidden, self.weight, self.bias) + update


def attach(decoder: Decoder, lora: recipe.Lora) -> None:
    """Put an adapter on each of the blocks' layers that `lora` names, in place."""
    for block in decoder.layers:
        for parent in list(block.modules()):
            for name, layer in list(parent.named_children()):
                if name in lora.layers:
                    assert isinstance(layer, nn.Linear)
                    setattr(parent, name, LoraLinear(layer, lora.rank, lora.scale))


def drawn_adapters(decoder: Decoder, seed: int, stage: str) -> Iterator[tuple[str, Tensor]]:
    """What the adapters begin with: A is uniform within ±1 / sqrt(in), as in PEFT, and B is 0, so nothing changes yet.

    Each tensor is a pure function of (seed, stage, its name), and the same on any number of processes.
    """
    for name, parameter in decoder.named_parameters():
        if name.endswith("lora_A.weight"):
            bound = 1 / math.sqrt(parameter.shape[1])
            drawn = generator(seed, stage, name).uniform(-bound, bound, tuple(parameter.shape))
            yield name, torch.from_numpy(drawn).float()
        elif name.endswith("lora_B.weight"):
            yield name, torch.zeros(parameter.shape)


def save_adapter(state: Mapping[str, Tensor], lora: recipe.Lora, base: Path, directory: Path) -> None:
    """Write the adapters of the model at `base` as one directory that PEFT opens, whole or not at all."""
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base.as_posix(),
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "target_modules": list(lora.layers),
        "lora_dropout": 0.0,
        "bias": "none",
        "inference_mode": True,
    }
    tensors = {IN_PEFT + checkpoint_name(name): value.contiguous() for name, value in state.items() if is_adapter(name)}
    with atomic_directory(directory) as aside:
        write_safetensors(tensors, aside / "adapter_model.safetensors")
        write_json(aside / "adapter_config.json", settings)


def is_adapter(name: str) -> bool:
    """Whether a parameter is an adapter's."""
    return name.endswith(("lora_A.weight", "lora_B.weight"))
