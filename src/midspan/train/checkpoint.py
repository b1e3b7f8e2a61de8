"""What training resumes from: a torch.distributed.checkpoint directory, committed by a rename."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

from midspan.files import atomic_directory, read_json, remove_leftovers, write_json
from midspan.model import Decoder


def save_checkpoint(
    directory: Path, decoder: Decoder, optimizer: torch.optim.Optimizer, progress: dict[str, Any]
) -> None:
    """Commit weights, optimizer state and `progress` (with its "step") under `directory`; older ones are removed."""
    target = directory / f"step-{progress['step']:08d}"
    with atomic_directory(target) as aside, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # DCP warns that one process saves alone, as it should here
        model_state, optimizer_state = get_state_dict(decoder, optimizer)
        dcp.save({"model": model_state, "optimizer": optimizer_state}, checkpoint_id=aside, no_dist=True)
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
            state = {"model": model_state, "optimizer": optimizer_state}
            dcp.load(state, checkpoint_id=newest, no_dist=True)
            set_state_dict(decoder, optimizer, model_state_dict=state["model"], optim_state_dict=state["optimizer"])
        return progress
    return None
