"""The finished model as an HF-layout directory, proven by reading it back."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.files import atomic_directory, write_text
from midspan.model import load_decoder, save_decoder
from midspan.progress import say
from midspan.tokens import Tokenizer

TOLERANCE = 1e-4  # largest difference of a float32 logit
PROBE_TOKENS = 64


def export_hf(model: Path, output: Path, card: str) -> dict[str, Any]:
    """Write config, safetensors, tokenizer, chat template and model card to `output`; returns what the check found.

    The directory is read back and its logits are compared with the original's: by Midspan, and by transformers where
    it is installed. Raises UserError where they differ, and then leaves nothing.
    """
    decoder, tokenizer = load_decoder(model).eval(), Tokenizer.load(model)
    probe = torch.arange(PROBE_TOKENS)[None] % tokenizer.vocabulary_size  # [1, sequence]
    with torch.inference_mode(), atomic_directory(output) as aside:
        expected = decoder(probe)
        save_decoder(decoder, aside, end_of_text=tokenizer.end_of_text, chat_end=tokenizer.chat_end)
        tokenizer.save(aside)
        write_text(aside / "README.md", card)
        found = {"midspan": _difference(load_decoder(aside).eval()(probe), expected)}
        if importlib.util.find_spec("transformers"):
            found["transformers"] = _difference(_transformers_logits(aside, probe), expected)
        for reader, difference in found.items():
            if difference > TOLERANCE:
                raise UserError(f"export: {reader} reads other logits from {output} (by {difference:.2g})")
    readers = ", ".join(f"{reader} (largest difference {difference:.1g})" for reader, difference in found.items())
    say(f"export: logits read back equal by {readers}")
    return found


def _transformers_logits(directory: Path, probe: Tensor) -> Tensor:
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    logits: Tensor = model.eval()(probe).logits
    return logits


def _difference(found: Tensor, expected: Tensor) -> float:
    return (found - expected).abs().max().item()
