"""The finished model as an HF-layout directory, proven by reading it back."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.files import atomic_directory, write_text
from midspan.model import load_decoder, open_weights, save_decoder
from midspan.progress import say
from midspan.tokens import Tokenizer

# The largest difference of a logit that a reader's own order of rounding explains, of the logits' root mean square.
BOUNDS = {torch.float32: 1e-4, torch.float16: 0.02, torch.bfloat16: 0.15}
PROBE_TOKENS = 64


def export_hf(model: Path, output: Path, card: str) -> dict[str, Any]:
    """Write config, safetensors, tokenizer, chat template and model card to `output`; returns what the check found.

    In the model's own precision. The directory is read back and its logits are compared with the original's: by
    Midspan, whose must be the same bits, and by transformers where it is installed, within `BOUNDS`. Raises UserError
    where they differ, and then leaves nothing.
    """
    weights, tokenizer = open_weights(model), Tokenizer.load(model)
    decoder = load_decoder(model)
    probe = torch.arange(PROBE_TOKENS)[None] % tokenizer.vocabulary_size  # [1, sequence]
    with torch.inference_mode(), atomic_directory(output) as aside:
        expected = decoder(probe)
        save_decoder(decoder, aside, generation=weights.generation)
        tokenizer.save(aside)
        write_text(aside / "README.md", card)
        del decoder
        found, bounds = {"midspan": _difference(load_decoder(aside)(probe), expected)}, {"midspan": 0.0}
        if importlib.util.find_spec("transformers"):
            found["transformers"] = _difference(_transformers_logits(aside, probe, weights.dtype), expected)
            bounds["transformers"] = BOUNDS[weights.dtype]
        for reader, difference in found.items():
            if not difference <= bounds[reader]:
                raise UserError(f"export: {reader} reads other logits from {output} (by {difference:.2g})")
    readers = ", ".join(f"{reader} (largest difference {difference:.1g})" for reader, difference in found.items())
    say(f"export: logits read back equal by {readers}")
    return found


def _transformers_logits(directory: Path, probe: Tensor, dtype: torch.dtype) -> Tensor:
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(directory, dtype=dtype)
    logits: Tensor = model.eval()(probe).logits
    return logits


def _difference(found: Tensor, expected: Tensor) -> float:
    """The largest, in units of the expected logits' root mean square."""
    return ((found.float() - expected.float()).abs().max() / expected.float().square().mean().sqrt()).item()
