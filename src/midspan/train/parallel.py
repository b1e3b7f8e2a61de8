"""A decoder spread over processes: FSDP2 on every block and on the whole, for ZeRO stage 1 or 3."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from midspan.model import Decoder
from midspan.train.world import World


def shard(decoder: Decoder, world: World, zero: int) -> None:
    """Spread the decoder's parameters over the processes of `world`, in place; alone, nothing happens.

    With `zero` 3 a block's weights are gathered for its forward and again for its backward pass; with 1 they stay, and
    what is spread are the optimizer's state and the sums of gradients (Rajbhandari et al. 2020, ZeRO).
    """
    if world.mesh is None:
        return
    from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method  # takes seconds

    for block in decoder.layers:
        fully_shard(block, mesh=world.mesh, reshard_after_forward=zero == 3)
    fully_shard(decoder, mesh=world.mesh, reshard_after_forward=False)
    register_fsdp_forward_method(decoder, "hidden_states")


def gathered(decoder: Decoder, world: World) -> dict[str, Tensor]:
    """Every parameter by name, whole and on the CPU; of several processes only the first has them."""
    if world.mesh is None:
        return {name: value.cpu() for name, value in decoder.state_dict().items()}
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict  # takes seconds

    options = StateDictOptions(full_state_dict=True, cpu_offload=True)
    state: Any = get_model_state_dict(decoder, options=options)
    return dict(state)
