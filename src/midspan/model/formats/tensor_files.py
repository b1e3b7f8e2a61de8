"""Files of tensors: safetensors, and torch's pickles (of which only tensors are unpickled, never code)."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from midspan.errors import UserError
from midspan.files import read_json
from midspan.model.formats.weights import Shape, listed

# As transformers looks for them: one file, or an index of several.
CANDIDATES = ("model.safetensors", "pytorch_model.bin")


@dataclass(frozen=True)
class Stored:
    """One tensor of a file, not read yet."""

    file: Path
    name: str
    shape: Shape
    dtype: torch.dtype


_SAFETENSORS_DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def tensor_files(directory: Path) -> list[Path]:
    """The files that hold the weights of `directory`. Raises UserError where there are none, or not all."""
    for name in CANDIDATES:
        index = directory / f"{name}.index.json"
        if (directory / name).is_file():
            return [directory / name]
        if index.is_file():
            return _indexed(index)
    raise UserError(
        f"{directory}: no {' and no '.join(CANDIDATES)}, nor an index of either's shards; "
        "fetch the rest of the checkpoint"
    )


def _indexed(index: Path) -> list[Path]:
    try:
        names = sorted(set(read_json(index)["weight_map"].values()))
        files = [index.parent / Path(name).name for name in names]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{index}: not an index of shards ({error!r}); fetch it again") from None
    absent = [file.name for file in files if not file.is_file()]
    if absent or not files:
        raise UserError(f"{index}: these shards are not there: {listed(absent)}; fetch the rest of the checkpoint")
    return files


def stored_tensors(file: Path) -> dict[str, Stored]:
    """Every tensor in `file`, by name; of a safetensors file nothing but the header is read."""
    if file.suffix != ".safetensors":
        tensors = _unpickled(file).items()
        return {name: Stored(file, name, tuple(tensor.shape), tensor.dtype) for name, tensor in tensors}
    try:
        with safe_open(file, framework="pt") as opened:
            views = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 (not a dict)
            return {
                name: Stored(file, name, tuple(view.get_shape()), _dtype(file, view.get_dtype()))
                for name, view in views.items()
            }
    except SafetensorError as error:
        raise UserError(f"{file}: not a whole safetensors file ({error}); fetch it again") from None


def read_tensors(stored: Iterable[Stored]) -> Iterator[tuple[Stored, Tensor]]:
    """Read tensors one after the other, each into memory of its own; those of one file should follow each other."""
    for file, group in groupby(stored, key=lambda one: one.file):
        if file.suffix != ".safetensors":
            pickled = _unpickled(file)
            for one in group:
                yield one, pickled[one.name].clone()
            continue
        for one in group:
            # Opened for each: what is read of a mapping counts as this process's memory until it is closed.
            with safe_open(file, framework="pt") as opened:
                tensor = opened.get_tensor(one.name).clone()
            yield one, tensor


def _unpickled(file: Path) -> dict[str, Tensor]:
    try:
        try:
            content: Any = torch.load(file, map_location="cpu", mmap=True, weights_only=True)
        except RuntimeError:  # the format before torch 1.6 cannot be mapped
            content = torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"{file}: not a whole file of torch tensors alone ({reason}); fetch it again") from None
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise UserError(f"{file}: holds something other than named tensors; take a checkpoint with safetensors")
    return content


def _dtype(file: Path, name: str) -> torch.dtype:
    if name not in _SAFETENSORS_DTYPES:
        known = ", ".join(_SAFETENSORS_DTYPES)
        raise UserError(f"{file}: weights stored as {name} are not supported; supported: {known}")
    return _SAFETENSORS_DTYPES[name]
