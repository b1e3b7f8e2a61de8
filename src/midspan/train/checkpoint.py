"""What training resumes from: a torch.distributed.checkpoint directory, committed by a rename."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
from torch.distributed.checkpoint import state_dict_loader, state_dict_saver
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

from midspan.files import atomic_directory, read_json, remove_leftovers, require_space, write_json
from midspan.model import Decoder

CHECKPOINT_FACTOR = 4  # bytes of a checkpoint per byte of weights: the weights, two AdamW moments, and room


def save_checkpoint(
    directory: Path, decoder: Decoder, optimizer: torch.optim.Optimizer, progress: dict[str, Any]
) -> None:
    """Commit weights, optimizer state and `progress` (with its "step") under `directory`; older ones are removed."""
    weights = sum(parameter.numel() * parameter.element_size() for parameter in decoder.parameters())
    require_space(directory, CHECKPOINT_FACTOR * weights)
    target = directory / f"step-{progress['step']:08d}"
    with atomic_directory(target) as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # DCP warns that one process saves alone, as it should here
        model_state, optimizer_state = get_state_dict(decoder, optimizer)
        state_dict_saver.save({"model": model_state, "optimizer": optimizer_state}, checkpoint_id=aside, no_dist=True)
        write_json(aside / "progress.json", progress)
    for other in directory.glob("step-*"):
        if other != target:
            shutil.rmtree(other)


def load_checkpoint(
    directory: Path, decoder: Decoder, optimizer: torch.optim.Optimizer, key: str
) -> dict[str, Any] | None:
    """Load the newest checkpoint into `decoder` and `optimizer` and return its progress; None where there is none.

    Checkpoints of another `key` (other settings, data or tokenizer) are removed: they are not this training's.
    """
    if not directory.exists():
        return None
    remove_leftovers(directory)
    for newest in sorted(directory.glob("step-*"), reverse=True):
        progress: dict[str, Any] = read_json(newest / "progress.json")
        if progress["key"] != key:
            shutil.rmtree(newest)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model_state, optimizer_state = get_state_dict(decoder, optimizer)
            state: dict[str, Any] = {"model": model_state, "optimizer": optimizer_state}
            state_dict_loader.load(state, checkpoint_id=newest, no_dist=True)
            set_state_dict(decoder, optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"])
        return progress
    return None
