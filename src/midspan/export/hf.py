"""The finished model as an HF-layout directory, proven by reading it back."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.files import atomic_directory
from midspan.model import ModelFacts, load_decoder, open_weights, save_decoder
from midspan.progress import say
from midspan.step import Tools
from midspan.tokens import Tokenizer

# The largest difference of a logit, of the logits' root mean square. Whatever precision the weights are stored in, they
# are read as they are and computed with in float32: in bfloat16 the order of rounding alone moves a logit of SmolLM2
# by more than that mean (torch 2.13 beside transformers 5.24), which proves nothing.
BOUND = 1e-3
PROBE_TOKENS = 64


def export_hf(*, model: Path, card: Path, output: Path, key: str, tools: Tools) -> None:
    """Write config, safetensors, tokenizer, chat template and model card to `output`.

    In the model's own precision, with what it says of its use. The directory is read back and its logits are compared
    with the original's: by Midspan, and by transformers where it is installed. Raises UserError where they differ by
    more than `BOUND`, and then leaves nothing.
    """
    weights, tokenizer = open_weights(model), Tokenizer.load(model)
    decoder = load_decoder(model)
    probe = torch.arange(PROBE_TOKENS)[None] % tokenizer.vocabulary_size  # [1, sequence]
    with torch.inference_mode(), atomic_directory(output) as aside:
        tokenizer.save(aside)
        save_decoder(decoder, aside, generation=weights.generation)
        shutil.copy(card, aside / "README.md")
        ModelFacts.read(model).write(aside)
        expected = decoder.float()(probe)
        del decoder  # one model in memory at a time
        found = {"midspan": _difference(load_decoder(aside, torch.float32)(probe), expected)}
        if importlib.util.find_spec("transformers"):
            found["transformers"] = _difference(_transformers_logits(aside, probe), expected)
        for reader, difference in found.items():
            if not difference <= BOUND:
                raise UserError(f"export: {reader} reads other logits from {output} (by {difference:.2g})")
    readers = ", ".join(f"{reader} (largest difference {difference:.1g})" for reader, difference in found.items())
    say(f"export: {str(weights.dtype).removeprefix('torch.')}, logits read back equal by {readers}")


def _transformers_logits(directory: Path, probe: Tensor) -> Tensor:
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    logits: Tensor = model.eval()(probe).logits
    return logits


def _difference(found: Tensor, expected: Tensor) -> float:
    """The largest, in units of the expected logits' root mean square."""
    return ((found.float() - expected.float()).abs().max() / expected.float().square().mean().sqrt()).item()
