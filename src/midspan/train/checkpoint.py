"""What training resumes from: a torch.distributed.checkpoint directory, committed by a rename.

That package takes seconds to import, so it is only where there is something to save or load.
"""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from midspan.files import read_json, remove_leftovers, require_space, sync_directory, write_json
from midspan.model import Decoder
from midspan.train.world import World

if TYPE_CHECKING:
    from torch.distributed.checkpoint.state_dict import StateDictOptions

CHECKPOINT_FACTOR = 4  # bytes of a checkpoint per byte of weights: the weights, two AdamW moments, and room


def save_checkpoint(
    directory: Path, decoder: Decoder, optimizer: torch.optim.Optimizer, progress: dict[str, Any], world: World
) -> None:
    """Commit trained weights, optimizer state and `progress` (with its "step") under `directory`; older ones go.

    All processes of `world` write their shares; the directory has its name only once all of them are there.
    """
    from torch.distributed.checkpoint import state_dict_saver
    from torch.distributed.checkpoint.state_dict import get_state_dict

    trained = [parameter for parameter in decoder.parameters() if parameter.requires_grad]
    require_space(directory, CHECKPOINT_FACTOR * sum(one.numel() * one.element_size() for one in trained))
    target = directory / f"step-{progress['step']:08d}"
    aside = directory / f".{target.name}.part"
    if world.rank == 0:
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
    world.barrier()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # DCP warns where one process saves alone, as it should here
        model_state, optimizer_state = get_state_dict(decoder, optimizer, options=_trained())
        state = {"model": model_state, "optimizer": optimizer_state}
        state_dict_saver.save(state, checkpoint_id=aside, no_dist=world.mesh is None)
    world.barrier()
    if world.rank == 0:
        write_json(aside / "progress.json", progress)
        sync_directory(aside)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(aside, target)
        for other in directory.glob("step-*"):
            if other != target:
                shutil.rmtree(other)
    world.barrier()


def load_checkpoint(
    directory: Path, decoder: Decoder, optimizer: torch.optim.Optimizer, world: World
) -> dict[str, Any] | None:
    """Load the newest checkpoint into `decoder` and `optimizer` and return its progress; None where there is none."""
    if not directory.exists():
        return None
    if world.rank == 0:
        remove_leftovers(directory)
    newest = max(directory.glob("step-*"), default=None)
    if newest is None:
        return None
    from torch.distributed.checkpoint import state_dict_loader
    from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict

    progress: dict[str, Any] = read_json(newest / "progress.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = _trained()
        model_state, optimizer_state = get_state_dict(decoder, optimizer, options=options)
        state: dict[str, Any] = {"model": model_state, "optimizer": optimizer_state}
        state_dict_loader.load(state, checkpoint_id=newest, no_dist=world.mesh is None)
        states = {"model_state_dict": state["model"], "optim_state_dict": state["optimizer"]}
        set_state_dict(decoder, optimizer, **states, options=options)
    return progress


def _trained() -> StateDictOptions:
    """What is frozen is as the stage found it."""
    from torch.distributed.checkpoint.state_dict import StateDictOptions

    return StateDictOptions(ignore_frozen_params=True, strict=False)
