"""A released model of any start format, brought into the HF layout: what `midspan import` does."""

from __future__ import annotations

import shutil
from pathlib import Path

from midspan.errors import UserError
from midspan.files import atomic_directory, require_space, write_text
from midspan.model import Weights, facts_of, model_bytes, open_weights, parameter_count, resolve, save_tensors
from midspan.progress import say
from midspan.tokens import open_tokenizer

LICENCE_FILES = ("LICENSE*", "LICENCE*", "NOTICE*")


def import_model(source: str | Path, directory: Path) -> None:
    """Write the model at `source` (a directory, a GGUF file, a hub id) to `directory`, whole or not at all.

    Weights in the precision they are stored in, or float32 where they are quantised; the tokenizer; beginnings, ends
    and sampling defaults; licence and name, but no local path. Raises UserError for what cannot be read, and for a
    `directory` that holds something other than a model.
    """
    place = resolve(source)
    _require_room(directory, place)
    weights, tokenizer = open_weights(place), open_tokenizer(place)
    require_space(directory.absolute().parent, model_bytes(weights.config, weights.dtype))
    with atomic_directory(directory) as aside:
        tokenizer.save(aside)
        save_tensors(weights.tensors(), weights.config, aside, weights.dtype, weights.generation)
        write_text(aside / "README.md", weights.origin.card())
        facts_of(place, weights.origin).write(aside)
        for pattern in LICENCE_FILES if place.is_dir() else ():
            for file in place.glob(pattern):
                shutil.copyfile(file, aside / file.name)
    say(f"import: {_described(weights)} written to {directory}")


def _require_room(directory: Path, place: Path) -> None:
    if directory.exists() and directory.resolve() == place.resolve():
        raise UserError(f"{directory}: the model itself; give another directory to write it to")
    if directory.is_dir() and any(directory.iterdir()) and not (directory / "config.json").is_file():
        raise UserError(f"{directory}: not empty, and no model that could be written anew; give another directory")
    if directory.exists() and not directory.is_dir():
        raise UserError(f"{directory}: a file; give a directory to write the model to")


def _described(weights: Weights) -> str:
    facts = [weights.origin.name or "the model", f"{parameter_count(weights.config).total:,} parameters"]
    facts += [str(weights.dtype).removeprefix("torch."), f"licence {weights.origin.licence or 'not said'}"]
    return ", ".join(facts)
