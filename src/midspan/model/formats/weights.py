"""A released model's weights, opened but not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from midspan.errors import UserError
from midspan.model.config import DecoderConfig
from midspan.model.decoder import parameter_shapes
from midspan.model.generation import Generation
from midspan.model.origin import Origin

Shape = tuple[int, ...]
PRECISIONS = (torch.float32, torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Weights:
    """What a start format gives. `dtype` is the stored precision, in which the model goes on."""

    place: Path
    config: DecoderConfig
    dtype: torch.dtype
    tensors: Callable[[], Iterator[tuple[str, Tensor]]]  # every parameter by its name here, read one at a time
    generation: Generation
    origin: Origin


def parameters_found(
    place: Path, config: DecoderConfig, stored: Mapping[str, Shape], spelling: Callable[[str], str]
) -> dict[str, str]:
    """The parameter that each tensor `stored` in `place` is; `spelling` says what the format calls a parameter.

    Raises UserError, with the names as the format spells them, for tensors missing, unexpected, or of another shape.
    """
    wanted = {spelling(name): (name, shape) for name, shape in parameter_shapes(config).items()}
    missing, unexpected = wanted.keys() - stored.keys(), stored.keys() - wanted.keys()
    if missing or unexpected:
        raise UserError(
            f"{place}: the weights do not fit the model's config; missing: {listed(missing)}; "
            f"unexpected: {listed(unexpected)}; take weights and config from one release"
        )
    for spelled, shape in stored.items():
        if shape != wanted[spelled][1]:
            raise UserError(
                f"{place}: {spelled} is {list(shape)}, but the config asks for {list(wanted[spelled][1])}; "
                "take weights and config from one release"
            )
    return {spelled: wanted[spelled][0] for spelled in stored}


def commonest_precision(place: Path, stored: Iterable[tuple[torch.dtype, int]]) -> torch.dtype:
    """The number format of most elements, of (format, elements) of each tensor; float64 counts as float32."""
    counts: Counter[torch.dtype] = Counter()
    for dtype, elements in stored:
        counts[torch.float32 if dtype == torch.float64 else dtype] += elements
    for dtype in counts:
        if dtype not in PRECISIONS:
            name = str(dtype).removeprefix("torch.")
            raise UserError(f"{place}: weights stored as {name} are not supported; take float32, bfloat16 or float16")
    return counts.most_common(1)[0][0] if counts else torch.float32


def listed(names: Iterable[str], limit: int = 5) -> str:
    """A few of `names` for an error's one line, and how many more."""
    ordered = sorted(names)
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return (", ".join(ordered[:limit]) or "none") + more
