"""Near-deduplication beside datatrove's and datasketch's on the same files: speed, and what is wrongly dropped.

The files: the standard library and installed packages, exact copies of some, and copies with 1, 3, 6 and 15 % of their
lines replaced. The truth: the exact Jaccard similarity of every pair of files on sets of word 5-grams (strings, by a
sparse product), and the greedy choice over it; for the peers with their own idea of a word. Rates are per second of
processor time of one process with one thread, so that other load on the machine counts little; the wall clock stands
beside them.

    python benchmarks/near_dedup.py [rounds]          # needs the extra "bench": datasketch, datatrove, spacy, scipy
"""

from __future__ import annotations

import hashlib
import io
import random
import re
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import scipy.sparse

from midspan.corpus.dedup import exact_duplicates, near_duplicates, near_duplicates_in_files, read_dropped
from midspan.corpus.dedup.notice import compared
from midspan.corpus.dedup.shingles import FEW_SHINGLES, NEARLY_EQUAL
from midspan.corpus.dedup.signature_files import sign_texts
from midspan.corpus.dedup.signatures import band_keys
from midspan.corpus.documents import Document, content_id, to_table
from midspan.corpus.scripts import spaced

THRESHOLD = 0.7
PACKAGE_FILES, EXACT_COPIES, CHANGED_COPIES = 1000, 300, 1400
DATATROVE_SHARE = 12  # it is given every 12th file: at 1/3 MB/s the whole would take minutes
SHARD_DOCUMENTS = 500
BEYOND_ASCII = re.compile(r"[^a-z0-9_\u0080-\U0010ffff]+")  # ours: what lies beyond ASCII is a letter
ASCII_ONLY = re.compile(r"[^a-z0-9_]+")  # StarCoder's


@dataclass(frozen=True)
class Truth:
    """Pairs of files at or above the threshold, as a symmetric matrix of their similarity, and what greedy drops."""

    similarity: scipy.sparse.csr_array
    dropped: frozenset[int]

    def wrongly(self, dropped: set[int], count: int) -> int:
        """How many dropped files resemble none that is kept."""
        kept = np.ones(count, np.bool_)
        kept[list(dropped)] = False
        return sum(not kept[self.similarity.indices[slice(*self.similarity.indptr[i : i + 2])]].any() for i in dropped)


def bench_texts(seed: int = 0) -> list[str]:
    """The files, in a random order; earlier ones are to be kept rather than later ones."""
    draw = random.Random(seed)
    paths = sysconfig.get_paths()
    library = [path for path in sorted(Path(paths["stdlib"]).rglob("*.py")) if "site-packages" not in path.parts]
    packages = [path for path in sorted(Path(paths["purelib"]).rglob("*.py")) if 500 < path.stat().st_size < 200_000]
    chosen = library + draw.sample(packages, min(PACKAGE_FILES, len(packages)))
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in chosen]
    originals = list(texts)
    texts += draw.choices(originals, k=EXACT_COPIES)
    for number in range(CHANGED_COPIES):
        rate = (0.01, 0.03, 0.06, 0.15)[number % 4]
        lines = draw.choice(originals).split("\n")
        texts.append("\n".join(_line(draw) if draw.random() < rate else line for line in lines))
    draw.shuffle(texts)
    return texts


def _line(draw: random.Random) -> str:
    return f"changed_{draw.randrange(10**6)} = other({draw.randrange(10**6)}, name_{draw.randrange(10**6)})"


def shingle_strings(text: str, parts: re.Pattern[str]) -> set[str]:
    """The word 5-grams of a text as strings, by our kind of words without its leading notice."""
    if parts is BEYOND_ASCII:
        text = spaced(compared(text).decode("utf-8", "surrogatepass"))
    lowered = text.lower() if parts is ASCII_ONLY else re.sub("[A-Z]+", lambda match: match[0].lower(), text)
    words = parts.sub(" ", lowered).split()
    return {" ".join(words[start : start + 5]) for start in range(len(words) - 4)}


def exact_truth(texts: Sequence[str], parts: re.Pattern[str] = BEYOND_ASCII) -> Truth:
    """Compare all files with all by a sparse product; files of fewer than 8 shingles only as wholes.

    By our kind of words, those of FEW_SHINGLES have to be nearly equal.
    """
    numbers: dict[str, int] = {}
    rows = [[numbers.setdefault(one, len(numbers)) for one in shingle_strings(text, parts)] for text in texts]
    for row, text in zip(rows, texts, strict=True):
        if len(row) < 8:
            row[:] = [numbers.setdefault(content_id(text), len(numbers))]
    sizes = np.array([len(row) for row in rows])
    columns = np.concatenate([np.array(row, np.int64) for row in rows])
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    sets = scipy.sparse.csr_array((np.ones(len(columns), np.float32), columns, offsets), (len(rows), len(numbers)))
    common = (sets @ sets.T).tocoo()
    one, other = common.coords
    similarity = common.data / (sizes[one] + sizes[other] - common.data)
    alike = (one != other) & (similarity >= THRESHOLD - 1e-9)
    if parts is BEYOND_ASCII:
        alike &= (np.minimum(sizes[one], sizes[other]) >= FEW_SHINGLES) | (similarity >= NEARLY_EQUAL - 1e-9)
    matrix = scipy.sparse.csr_array((similarity[alike], (one[alike], other[alike])), common.shape)
    dropped: set[int] = set()
    for index in range(len(texts)):
        neighbours = matrix.indices[slice(*matrix.indptr[index : index + 2])]
        if any(int(near) < index and int(near) not in dropped for near in neighbours):
            dropped.add(index)
    return Truth(matrix, frozenset(dropped))


def ours_in_memory(texts: Sequence[str]) -> set[int]:
    """`near_duplicates`."""
    kept = near_duplicates(texts, [(index,) for index in range(len(texts))], THRESHOLD)
    return {index for index, survivor in enumerate(kept) if survivor is not None}


def ours_through_files(shards: Sequence[Path]) -> set[int]:
    """The file steps of the pipeline, exact and near, one task after the other; reading the shards is counted."""
    with tempfile.TemporaryDirectory(dir=shards[0].parent) as folder:
        exact = exact_duplicates(shards, Path(folder) / "exact")
        near = near_duplicates_in_files(shards, Path(folder) / "near")
        tables = [read_dropped(dropped, 0, 2**32) for dropped in (exact, near)]
    return {number for table in tables for number in table["document"].to_pylist()}


def write_shards(texts: Sequence[str], folder: Path) -> list[Path]:
    """The texts as the pipeline leaves them."""
    folder.mkdir()
    shards = []
    for start in range(0, len(texts), SHARD_DOCUMENTS):
        part = enumerate(texts[start : start + SHARD_DOCUMENTS], start)
        shards.append(folder / f"{start:06d}.parquet")
        table = to_table(_document(text, number) for number, text in part)
        pq.write_table(table, shards[-1], compression="zstd", row_group_size=64)
    return shards


def _document(text: str, number: int) -> Document:
    return Document(content_id(text), text, f"{number:06d}", "", "Python", "MIT", "", "bench", "", "")


def datasketch_minhash(texts: Sequence[str]) -> set[int]:
    """datasketch as its documentation has it: MinHash.bulk and MinHashLSH with 25 bands of 10, hashing by xxHash."""
    import xxhash
    from datasketch import MinHash, MinHashLSH

    sets = ([one.encode() for one in shingle_strings(text, ASCII_ONLY)] for text in texts)
    signed = MinHash.bulk(sets, num_perm=250, hashfunc=xxhash.xxh32_intdigest)
    index, dropped = MinHashLSH(num_perm=250, params=(25, 10)), set()
    for number, one in enumerate(signed):
        if index.query(one):
            dropped.add(number)
        else:
            index.insert(number, one)
    return dropped


def datatrove_minhash(texts: Sequence[str]) -> set[int]:
    """datatrove's four steps with its defaults (14 buckets of 8, its word tokenizer for English), in this process."""
    from datatrove.data import Document as DatatroveDocument
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig

    kept: set[int] = set()

    def read(data: Any, rank: int = 0, world_size: int = 1) -> Any:
        yield from (DatatroveDocument(text=text, id=str(number)) for number, text in enumerate(texts))

    def collect(data: Any, rank: int = 0, world_size: int = 1) -> Any:
        for document in data:
            kept.add(int(document.id))
            yield document

    with tempfile.TemporaryDirectory() as folder, redirect_stderr(io.StringIO()):  # its log
        signatures, buckets, removed = f"{folder}/signatures", f"{folder}/buckets", f"{folder}/removed"
        config = MinhashConfig(n_grams=5)
        steps: list[tuple[list[Any], int]] = [
            ([read, MinhashDedupSignature(signatures, config)], 1),
            ([MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets),
            ([MinhashDedupCluster(buckets, removed, config=config)], 1),
            ([read, MinhashDedupFilter(removed), collect], 1),
        ]
        for number, (pipeline, tasks) in enumerate(steps):
            LocalPipelineExecutor(pipeline, tasks, workers=1, logging_dir=f"{folder}/logs/{number}").run()
    return set(range(len(texts))) - kept


def measure(name: str, work: Callable[[], set[int]], texts: Sequence[str], truth: Truth, rounds: int) -> dict[str, Any]:
    """One row: rates over `rounds` repetitions, and the dropped files against the truth."""
    cpu, wall = [], []
    for _ in range(rounds):
        started, clock = time.process_time(), time.perf_counter()
        dropped = work()
        cpu.append(time.process_time() - started)
        wall.append(time.perf_counter() - clock)
    megabytes = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / 1e6
    wrongly = truth.wrongly(dropped, len(texts))
    return {
        "name": name,
        "documents": len(texts),
        "megabytes": megabytes,
        "cpu_seconds": (min(cpu), statistics.median(cpu), max(cpu)),
        "wall_seconds": (min(wall), statistics.median(wall), max(wall)),
        "documents_per_second": len(texts) / statistics.median(cpu),
        "megabytes_per_second": megabytes / statistics.median(cpu),
        "dropped": len(dropped),
        "recall": len(dropped & truth.dropped) / len(truth.dropped),
        "precision": 1 - wrongly / max(len(dropped), 1),
        "wrongly_dropped": wrongly,
        "dropped_set": hashlib.sha256(repr(sorted(dropped)).encode()).hexdigest()[:12],
    }


def near_dedup_rows(rounds: int = 3) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """The rows of all implementations, and the figures that compare them (ratios of the medians of MB/s)."""
    texts = bench_texts()
    subset = texts[::DATATROVE_SHARE]
    truth, literal, subset_truth = exact_truth(texts), exact_truth(texts, ASCII_ONLY), exact_truth(subset)
    literal_subset = exact_truth(subset, ASCII_ONLY)
    with tempfile.TemporaryDirectory() as folder:
        shards, some = write_shards(texts, Path(folder) / "all"), write_shards(subset, Path(folder) / "subset")
        plan: list[tuple[str, Callable[[], set[int]], Sequence[str], Truth]] = [
            ("midspan, in memory", lambda: ours_in_memory(texts), texts, truth),
            ("midspan, through files", lambda: ours_through_files(shards), texts, truth),
            ("datasketch", lambda: datasketch_minhash(texts), texts, literal),
            ("midspan, in memory (subset)", lambda: ours_in_memory(subset), subset, subset_truth),
            ("midspan, through files (subset)", lambda: ours_through_files(some), subset, subset_truth),
            ("datatrove (subset)", lambda: datatrove_minhash(subset), subset, literal_subset),
        ]
        rows = [measure(*one, rounds) for one in plan]
    rate = [row["megabytes_per_second"] for row in rows]
    found, pairs = band_recall(texts, truth)
    figures = {
        "in memory / datasketch": rate[0] / rate[2],
        "through files / datasketch": rate[1] / rate[2],
        "in memory / datatrove": rate[3] / rate[5],
        "through files / datatrove": rate[4] / rate[5],
        "pairs of files with J >= 0.7": float(pairs),
        "of these in a common band": found,
        "wrongly dropped where only [a-z0-9_] are letters": float(
            literal.wrongly(ours_in_memory(texts), len(texts)),
        ),
    }
    return rows, figures


def band_recall(texts: Sequence[str], truth: Truth) -> tuple[float, int]:
    """The share of true pairs of signed files that share a band of our signatures, and how many pairs there are."""
    signed = sign_texts(texts)
    place = {int(text): row for row, text in enumerate(signed.texts)}
    keys = band_keys(signed.signatures)
    one, other = truth.similarity.tocoo().coords
    pairs = [(place[a], place[b]) for a, b in zip(one.tolist(), other.tolist(), strict=True) if a < b and a in place]
    first, second = np.array(pairs).T
    return float((keys[first] == keys[second]).any(axis=1).mean()), len(pairs)


def main() -> None:
    """Print the rows as a table, and the comparisons."""
    rows, figures = near_dedup_rows(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print(
        "| | files | MB | CPU s (min / median / max) | wall s | files/s | MB/s | dropped | recall | precision | wrong |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        cpu, wall = (" / ".join(f"{one:.2f}" for one in row[key]) for key in ("cpu_seconds", "wall_seconds"))
        rates = f"{row['documents_per_second']:.0f} | {row['megabytes_per_second']:.2f}"
        quality = f"{row['recall']:.4f} | {row['precision']:.4f} | {row['wrongly_dropped']}"
        amount = f"{row['documents']} | {row['megabytes']:.1f}"
        print(f"| {row['name']} | {amount} | {cpu} | {wall} | {rates} | {row['dropped']} | {quality} |")
    for name, value in figures.items():
        print(f"- {name}: {value:.4g}")


if __name__ == "__main__":
    main()
