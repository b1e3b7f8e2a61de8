"""Datasets of the Hugging Face hub, streamed: extra `hub`."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from midspan.corpus.sources.columns import why_only_ids
from midspan.corpus.sources.items import HubShard, Located, UnreadableError
from midspan.corpus.sources.locations import one_line, without_deadline
from midspan.errors import UserError
from midspan.files import hash_text

if TYPE_CHECKING:
    from midspan.recipe import HubSource


def plan_hub(source: HubSource) -> tuple[list[HubShard], str, dict[str, Any]]:
    """One fragment for each shard of a dataset at a fixed revision; a fingerprint; facts for the card.

    UserError without the extra, or if there is no such dataset, subset or split.
    """
    name = source.path
    revision = None if os.path.isdir(name) else _commit(name, source.revision)
    dataset = _load(name, source.subset, source.split, revision)
    if source.content != "issues" and (why := why_only_ids(dict.fromkeys(dataset.column_names or ()))):
        raise UserError(f"corpus.sources: {name}: {why}")
    shards = int(dataset.num_shards)
    fragments = [HubShard(name, source.subset, source.split, revision, index, shards) for index in range(shards)]
    stamp = [name, source.subset, source.split, revision or _stamp_of_folder(name), shards]
    facts = {"dataset": name, "subset": source.subset, "split": source.split, "revision": revision or ""}
    return fragments, hash_text(repr(stamp)), facts


def read_shard(fragment: HubShard) -> Iterator[Located]:
    """The rows of a shard, each with its place; data that cannot be decoded ends it as an UnreadableError.

    UserError if the connection breaks: what is missing then is no property of the dataset.
    """
    number = 0
    try:
        dataset = _load(fragment.dataset, fragment.subset, fragment.split, fragment.revision)
        rows = iter(dataset.shard(num_shards=fragment.shards, index=fragment.index))
        while True:
            with without_deadline():
                row = next(rows, None)
            if row is None:
                return
            yield Located(f"{fragment.name}:{number}", number, row)
            number += 1
    except (pa.ArrowException, ValueError) as error:
        if isinstance(error, UserError):
            raise
        why = UnreadableError("unreadable", f"after row {number}: {one_line(error)}")
        yield Located(fragment.name, number, why)
    except Exception as error:  # of whichever of the hub's four HTTP libraries
        raise UserError(
            f"corpus.sources: reading {fragment.dataset} broke off ({one_line(error)}); run again to go on from here"
        ) from error


def _datasets() -> Any:
    try:
        datasets = importlib.import_module("datasets")
    except ImportError:
        raise UserError("kind hub needs the extra `hub`: pip install 'midspan[hub]'") from None
    # Its progress bars, though never shown, would share a lock among processes, which a worker that ends leaves behind.
    importlib.import_module("tqdm").tqdm.set_lock(threading.RLock())
    datasets.disable_progress_bars()
    return datasets


def _load(name: str, subset: str | None, split: str, revision: str | None) -> Any:
    datasets = _datasets()
    try:
        return datasets.load_dataset(name, subset, split=split, revision=revision, streaming=True)
    except Exception as error:  # the hub's libraries share no base class for "there is no such thing"
        where = f"{name}, subset {subset or 'default'}, split {split}"
        raise UserError(f"corpus.sources: cannot open the dataset {where}: {one_line(error)}") from error


def _commit(name: str, revision: str | None) -> str:
    """The commit of the hub that `revision` (None: main) names now, so that all tasks read the same."""
    _datasets()
    try:
        return str(importlib.import_module("huggingface_hub").HfApi().dataset_info(name, revision=revision).sha)
    except Exception as error:
        raise UserError(f"corpus.sources: no dataset {name} on the hub: {one_line(error)}") from error


def _stamp_of_folder(folder: str) -> list[tuple[str, int, int]]:
    files = [os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names]
    status = [(os.path.relpath(file, folder), os.stat(file)) for file in sorted(files) if os.path.exists(file)]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in status]
