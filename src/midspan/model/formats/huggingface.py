"""Hugging Face's layout: a directory of config.json and weights (https://huggingface.co/docs/hub/models)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.files import read_json
from midspan.model.config import DecoderConfig
from midspan.model.formats.hf_config import config_from_hf
from midspan.model.formats.tensor_files import Stored, read_tensors, stored_tensors, tensor_files
from midspan.model.formats.weights import Weights, commonest_precision, parameters_found
from midspan.model.generation import Generation
from midspan.model.origin import origin_of_directory

EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


def is_huggingface(place: Path) -> bool:
    """Whether `place` is a directory with a config.json."""
    return (place / "config.json").is_file()


def open_huggingface(directory: Path) -> Weights:
    """The weights in `directory`. Raises UserError for what is missing, damaged or not supported."""
    values = read_object(directory / "config.json")
    stored: dict[str, Stored] = {}
    for file in tensor_files(directory):
        stored |= stored_tensors(file)
    # Old Llama checkpoints carry a constant of each layer.
    stored = {name: one for name, one in stored.items() if not name.endswith("rotary_emb.inv_freq")}
    config, stored = _tied_as_stored(config_from_hf(values, directory / "config.json"), stored)
    shapes = {name: one.shape for name, one in stored.items()}
    parameters = parameters_found(directory, config, shapes, checkpoint_name)
    parameter_of = {one: parameters[name] for name, one in stored.items()}

    def tensors() -> Iterator[tuple[str, Tensor]]:
        for one, tensor in read_tensors(parameter_of):
            yield parameter_of[one], tensor

    generation_file = directory / "generation_config.json"
    generation = Generation.read(values, read_object(generation_file) if generation_file.is_file() else {})
    dtype = commonest_precision(directory, ((one.dtype, math.prod(one.shape)) for one in parameter_of))
    return Weights(directory, config, dtype, tensors, generation, origin_of_directory(directory))


def checkpoint_name(parameter: str) -> str:
    """What a checkpoint calls a parameter."""
    return parameter if parameter.startswith("lm_head.") else f"model.{parameter}"


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises UserError for anything else."""
    try:
        values = read_json(path)
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}); fetch it again") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: not a JSON object; fetch it again")
    return values


def _tied_as_stored(config: DecoderConfig, stored: dict[str, Stored]) -> tuple[DecoderConfig, dict[str, Stored]]:
    """Where config.json ties head and embedding, but the head is stored: it must equal the embedding, or is its own.

    As in transformers; a head alone is the embedding's only copy.
    """
    if not config.tied_embeddings or HEAD not in stored:
        return config, stored
    rest = {name: one for name, one in stored.items() if name != HEAD}
    if EMBEDDING not in stored:
        return config, {EMBEDDING: stored[HEAD], **rest}
    (_, embedding), (_, head) = read_tensors([stored[EMBEDDING], stored[HEAD]])
    return (config, rest) if torch.equal(embedding, head) else (replace(config, tied_embeddings=False), stored)
