"""The packing plan: which stretches of which documents share a row, on disk and memory-mapped.

It is made window by window, each a task of its own, so that neither the corpus nor its plan is ever in memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from midspan.batches.packing import best_fit
from midspan.batches.repositories import Joining
from midspan.batches.samples import SPAN, Sample, Span, joined_samples, single_samples, whose
from midspan.corpus.token_shards import TokenShard
from midspan.engines import EngineChoice, start_engine
from midspan.errors import UserError
from midspan.files import atomic_directory, read_json, write_json
from midspan.progress import progress

FORMAT = 1  # raised when the same inputs give another plan
WINDOW = 1 << 20  # documents that are packed together
SAMPLE = np.dtype([("first", "<i8"), ("continues", "?")])
ARRAYS = {"rows": np.dtype("<i8"), "samples": SAMPLE, "spans": SPAN}


@dataclass(frozen=True)
class PackingPlan:
    """The samples of each row. Row r has the samples [rows[r], rows[r + 1]), sample s the spans from its first on."""

    rows: NDArray[np.int64]  # [rows + 1]
    samples: NDArray[Any]  # [samples + 1] of SAMPLE
    spans: NDArray[Any]  # [spans] of SPAN
    made_of: dict[str, Any]  # what it depends on: see `_inputs`
    utilisation: float  # the share of positions that it fills

    @classmethod
    def open(cls, folder: Path) -> PackingPlan:
        """Map the plan in `folder`; UserError if it is missing or damaged."""
        try:
            facts = read_json(folder / "plan.json")
            rows, samples, spans = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS)
            plan = cls(rows, samples, spans, facts["made_of"], facts["utilisation"])
            if not (rows[-1] == len(samples) - 1 and samples["first"][-1] == len(spans)):
                raise ValueError("its arrays disagree")
            return plan
        except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError) as error:
            raise UserError(f"the packing plan {folder} cannot be read ({error}): remove it to make it anew") from error

    def __len__(self) -> int:
        """The rows."""
        return len(self.rows) - 1

    def samples_of(self, row: int) -> list[Sample]:
        """What row `row` holds."""
        first, last = self.rows[row : row + 2].tolist()
        samples = self.samples[first : last + 1].tolist()
        begin, end = samples[0][0], samples[-1][0]
        spans = [Span(*span) for span in self.spans[begin:end].tolist()]
        return [
            Sample(tuple(spans[start - begin : stop - begin]), continues)
            for (start, continues), (stop, _) in pairwise(samples)
        ]


def write_packing_plan(
    shard: TokenShard,
    context: int,
    reserve: int,
    repositories: Joining | None,
    output: Path,
    engine: EngineChoice | None = None,
    window: int = WINDOW,
) -> None:
    """Write the packing plan of the shard's selected documents into `output`, unless it is there already.

    `reserve` positions are kept free for what is put around each stretch of a document; with `repositories`, samples
    join the files of one repository. Every `window` documents are a task of `engine` (None: this process), and the
    plan is the same for any engine and number of workers. UserError where nothing can be packed.
    """
    made_of = _inputs(shard, context, reserve, repositories, window)
    if _is_plan_of(made_of, output):
        return
    with atomic_directory(output) as aside:
        starts = range(0, len(shard), window)
        tasks = [
            Window(shard, range(start, start + window), context, reserve, repositories, aside / f"{index:06d}")
            for index, start in enumerate(starts)
        ]
        sizes = _run(tasks, engine)
        total = {name: sum(size[name] for size in sizes) for name in (*ARRAYS, "positions")}
        if not total["rows"]:
            raise UserError(
                f"the documents of {shard.directory} that are asked for have no tokens: nothing to train on"
            )
        _join([task.folder for task in tasks], sizes, aside)
        utilisation = total["positions"] / (total["rows"] * context)
        write_json(aside / "plan.json", {"made_of": made_of, **total, "utilisation": utilisation})


def _inputs(shard: TokenShard, context: int, reserve: int, joining: Joining | None, window: int) -> dict[str, Any]:
    """All that a plan depends on, as plan.json keeps it."""
    settings = {"format": FORMAT, "context": context, "reserve": reserve, "window": window}
    return {**settings, "documents": shard.contents, "repositories": joining.key if joining else None}


def _is_plan_of(made_of: dict[str, Any], output: Path) -> bool:
    try:
        return PackingPlan.open(output).made_of == made_of
    except UserError:
        return False


@dataclass(frozen=True)
class Window:
    """Consecutive documents to be packed together, and the folder for their part of the plan."""

    shard: TokenShard
    documents: range
    context: int
    reserve: int
    repositories: Joining | None
    folder: Path


def _run(tasks: Sequence[Window], engine: EngineChoice | None) -> list[dict[str, int]]:
    """What each window's arrays hold; other processes are not worth their start for one window."""
    if engine is None or len(tasks) <= 1:
        return [pack_window(task) for task in tasks]
    with start_engine(engine) as running, progress("packing", len(tasks), "windows") as line:
        results = running.run_tasks(pack_window, tasks, on_result=lambda index, result: line.update(line.done + 1))
    sizes: list[dict[str, int]] = []
    for result in results:
        if result.error is not None:
            raise result.error
        assert result.value is not None
        sizes.append(result.value)
    return sizes


def pack_window(window: Window) -> dict[str, int]:
    """Write the arrays of one window's rows and return their sizes. Runs in a worker."""
    shard, context, joining = window.shard, window.context, window.repositories
    if joining is None:
        samples = single_samples(shard.documents(window.documents), context, window.reserve)
    else:
        documents = shard.documents(window.documents, ("start", "end", "repository", "source", "path"))
        earlier = range(max(0, window.documents.start - len(window.documents)), window.documents.start)
        before = whose(shard.documents(earlier, ["repository", "source"]))[-1:].to_pylist()
        samples = joined_samples(documents, joining, before[0] if before else None, context, window.reserve)
    placed = best_fit(samples.lengths, context)
    samples = samples.take(np.argsort(placed, kind="stable"))
    firsts = np.empty(len(placed), SAMPLE)
    firsts["first"], firsts["continues"] = samples.first[:-1], samples.continues
    rows = np.cumsum(np.bincount(placed)) if len(placed) else placed
    window.folder.mkdir(exist_ok=True)
    arrays = {"rows": rows, "samples": firsts, "spans": samples.spans}
    for name, array in arrays.items():
        np.save(window.folder / f"{name}.npy", array)
    return {name: len(array) for name, array in arrays.items()} | {"positions": int(samples.lengths.sum())}


def _join(folders: Sequence[Path], sizes: Sequence[dict[str, int]], output: Path) -> None:
    """Write the windows' arrays one after the other as those of the whole plan, and remove them."""
    starts = {name: [0, *accumulate(size[name] for size in sizes)] for name in ARRAYS}

    def parts(name: str) -> Iterator[NDArray[Any]]:
        return (np.load(folder / f"{name}.npy") for folder in folders)

    def samples() -> Iterator[NDArray[Any]]:
        for part, start in zip(parts("samples"), starts["spans"], strict=False):
            part["first"] += start
            yield part
        yield np.array([(starts["spans"][-1], False)], SAMPLE)

    rows = (part + start for part, start in zip(parts("rows"), starts["samples"], strict=False))
    _write_array(output / "rows.npy", chain([np.zeros(1, ARRAYS["rows"])], rows), starts["rows"][-1] + 1)
    _write_array(output / "samples.npy", samples(), starts["samples"][-1] + 1)
    _write_array(output / "spans.npy", parts("spans"), starts["spans"][-1])
    for folder in folders:
        shutil.rmtree(folder)


def _write_array(path: Path, parts: Iterator[NDArray[Any]], length: int) -> None:
    """Write `parts` as one .npy file, never more than one of them in memory (a mapped file dies on a full disk)."""
    descr = np.lib.format.dtype_to_descr(ARRAYS[path.stem])
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": (length,)})
        for part in parts:
            file.write(part.tobytes())
