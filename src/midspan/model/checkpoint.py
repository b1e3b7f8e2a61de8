"""Decoders filled from a start, and written as Hugging Face checkpoint directories (config.json and safetensors)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from midspan.files import atomic_file, write_json
from midspan.model.config import DecoderConfig
from midspan.model.decoder import Decoder, on_meta, parameter_shapes
from midspan.model.formats import Weights, open_weights
from midspan.model.formats.hf_config import config_to_hf
from midspan.model.formats.huggingface import checkpoint_name
from midspan.model.generation import Generation

SHARD_BYTES = 5 * 10**9  # of one file; as much is in memory beside the model when it is written in another precision


def load_decoder(place: Path, dtype: torch.dtype | None = None) -> Decoder:
    """The decoder at `place` (of any start format), on the CPU, in evaluation mode, in `dtype` or as stored.

    Every tensor's name and shape is checked. Raises UserError for what is missing, unexpected or not supported.
    """
    weights = open_weights(place)
    decoder = on_meta(weights.config)
    fill(decoder, weights, dtype)
    return decoder.eval()


def fill(decoder: Decoder, weights: Weights, dtype: torch.dtype | None = None) -> None:
    """Give a decoder of the weights' own shape (rotary settings may differ) their values, in `dtype` or as stored.

    Each tensor is read once and becomes the parameter: there is never a second copy of the model.
    """
    dtype = dtype or weights.dtype
    state = {name: tensor.to(dtype) for name, tensor in weights.tensors()}
    decoder.load_state_dict(state, assign=True)


def save_decoder(
    decoder: Decoder, directory: Path, dtype: torch.dtype | None = None, generation: Generation | None = None
) -> None:
    """Write config.json, generation_config.json and the weights to `directory`, each whole or not at all.

    dtype: the decoder's own by default. transformers and vLLM open the result. Other files there stay.
    """
    dtype = dtype or decoder.embed_tokens.weight.dtype
    tensors = ((name, value.detach()) for name, value in decoder.state_dict().items())
    save_tensors(tensors, decoder.config, directory, dtype, generation or Generation.of_tokens(0))


def save_tensors(
    tensors: Iterable[tuple[str, Tensor]],
    config: DecoderConfig,
    directory: Path,
    dtype: torch.dtype,
    generation: Generation,
) -> None:
    """`save_decoder` for parameters that come one at a time; no more than a shard of them is held."""
    directory.mkdir(parents=True, exist_ok=True)
    total = sum(map(math.prod, parameter_shapes(config).values())) * dtype.itemsize
    in_checkpoint = ((checkpoint_name(name), tensor.to("cpu", dtype).contiguous()) for name, tensor in tensors)
    if total <= SHARD_BYTES:
        written = [directory / "model.safetensors"]
        write_safetensors(dict(in_checkpoint), written[0])
    else:
        written = _save_shards(in_checkpoint, directory, total)
    for old in set(directory.glob("model*.safetensors*")) - set(written):
        old.unlink()
    write_json(directory / "generation_config.json", dict(generation.defaults))
    write_json(directory / "config.json", {**config_to_hf(config, dtype), **generation.special})


def _save_shards(tensors: Iterable[tuple[str, Tensor]], directory: Path, total: int) -> list[Path]:
    """Write shards of about `SHARD_BYTES` and their index; returns the files."""
    shards: list[list[str]] = []
    shard: dict[str, Tensor] = {}

    def close() -> None:
        shards.append(list(shard))
        write_safetensors(shard, directory / f"shard-{len(shards)}")
        shard.clear()

    for name, tensor in tensors:
        if shard and sum(held.nbytes for held in shard.values()) + tensor.nbytes > SHARD_BYTES:
            close()
        shard[name] = tensor
    close()
    files = [directory / f"model-{number:05}-of-{len(shards):05}.safetensors" for number in range(1, len(shards) + 1)]
    for number, file in enumerate(files, 1):
        (directory / f"shard-{number}").replace(file)
    where = {name: file.name for file, names in zip(files, shards, strict=True) for name in names}
    index = directory / "model.safetensors.index.json"
    write_json(index, {"metadata": {"total_size": total}, "weight_map": where})
    return [*files, index]


def write_safetensors(tensors: dict[str, Tensor], file: Path) -> None:
    """Write one safetensors file, whole or not at all."""
    with atomic_file(file) as aside:
        save_file(tensors, aside, metadata={"format": "pt"})
        aside.chmod(file.parent.stat().st_mode & 0o666)  # safetensors lets nobody else read it
