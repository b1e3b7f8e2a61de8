"""`midspan corpus build --dry-run`: lines about what a build would read, leave out, take in time and need in space."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from midspan.corpus.forecast.judged import Judged, judge_sample
from midspan.corpus.forecast.sample import SAMPLE_BYTES, sampled
from midspan.corpus.sources.items import Files, Fragment, ParquetRows
from midspan.corpus.sources.listings import listed_fragments
from midspan.corpus.stages.amounts import Amount, merged
from midspan.corpus.stages.plan import Plan, planned

if TYPE_CHECKING:
    from midspan.recipe import Corpus

SEARCH_SECONDS = 0.08  # of the processor per MB: copies, shards and order; docs/results/corpus-scorer.md
START_SECONDS = 5  # until processes run, and between stages
WORK = 4  # times the compressed text: what the stages leave for each other until the corpus is whole
MOST_SHOWN = 8  # languages, reasons


def forecast(settings: Corpus, output: Path, workers: int, seed: int) -> Iterator[str]:
    """What a build of `settings` into `output` on `workers` processes would do; UserError as of the build itself."""
    with planned(settings, seed) as plan:
        yield "A dry run: nothing is written."
        yield from _listing(plan)
        yield from _passed_over(plan)
        tasks = [task for task, _, _ in plan.tasks]
        size = sum(task.size for task in tasks)
        judged = judge_sample(plan, sampled(tasks, size))
        streamed = any(facts["kind"] == "hub" for facts in plan.facts)
    read = {unit: sum(one[unit] for one in judged.read.values()) for unit in ("documents", "bytes")}
    if not read["documents"]:
        yield "No file could be sampled, so nothing can be said of languages, licences and time."
        return
    all_of_it = size <= SAMPLE_BYTES and not streamed
    what = "all of them" if all_of_it else f"a sample of {_megabytes(read['bytes'])}, every part of the sources alike"
    yield f"Judged: {_files(read)}, {what}. By bytes:"
    whole = read["bytes"]
    yield f"  languages    {_shares(judged.languages, judged.kept['bytes'])}"
    yield f"  licences     {_shares(judged.licences, sum(one['bytes'] for one in judged.licences.values()))}"
    yield f"  left out     {_shares(judged.left_out, whole) or 'nothing'}"
    yield f"  kept         {_share(judged.kept['bytes'], whole)}, before copies of each other are left out"
    yield from _cost(judged, read, size, output, workers)


def _listing(plan: Plan) -> Iterator[str]:
    """A line for each source: kind, files or rows, bytes."""
    yield f"{'source':24} {'kind':8} {'files':>12} {'size':>12}"
    for facts in plan.facts:
        count, size = 0, 0
        known = facts["kind"] != "hub"
        for fragment in (
            one for task, _, _ in plan.tasks if task.source == facts["name"] for one in listed_fragments(task.fragments)
        ):
            own = _count(fragment)
            known, count, size = known and own is not None, count + (own or 0), size + fragment.size
        files = f"{count:,}" if known else "unknown"
        shown = "streamed" if facts["kind"] == "hub" else _megabytes(size)
        yield f"{facts['name']:24} {facts['kind']:8} {files:>12} {shown:>12}"


def _count(fragment: Fragment) -> int | None:
    """Files or rows; None where only reading tells."""
    if isinstance(fragment, Files):
        return len(fragment.files)
    return fragment.stop - fragment.start if isinstance(fragment, ParquetRows) else None


def _passed_over(plan: Plan) -> Iterator[str]:
    """What would not even be opened, by reason, the most frequent first."""
    dropped = merged(row.statistics["dropped"] for row in plan.listed)
    reasons = Counter({reason: one["documents"] for reason, one in dropped.items()})
    if reasons:
        yield f"Passed over unread: {_listed(reasons)}"


def _listed(counts: Counter[str]) -> str:
    shown = [f"{count:,} {name}" for name, count in counts.most_common(MOST_SHOWN)]
    more = len(counts) - MOST_SHOWN
    return ", ".join(shown) + (f", and {more} more reasons" if more > 0 else "")


def _cost(judged: Judged, read: Amount, size: int, output: Path, workers: int) -> Iterator[str]:
    """Time from what the sample took, disk from how far it could be compressed."""
    megabytes = read["bytes"] / 1e6
    measured = judged.seconds / max(megabytes, 1e-9)
    scale = max(size / max(read["bytes"], 1), 1.0)
    seconds = size / 1e6 * (measured + SEARCH_SECONDS) / workers + START_SECONDS
    yield (
        f"Time: about {_duration(seconds)} on {workers} {'core' if workers == 1 else 'cores'}: the sample was judged "
        f"at {1 / max(measured, 1e-9):.1f} MB/s of one, and {SEARCH_SECONDS:g} s per MB are reckoned for what no "
        "sample tells (copies, order)."
    )
    corpus = judged.compressed * scale
    free = shutil.disk_usage(next(place for place in (output.absolute(), *output.absolute().parents) if place.exists()))
    yield (
        f"Disk: about {_megabytes(corpus)} for the corpus, {_megabytes(corpus * (1 + WORK))} while it is built; "
        f"{_megabytes(free.free)} are free at {output}."
    )


def _shares(found: Mapping[str, Amount], whole: int) -> str:
    ordered = sorted(found.items(), key=lambda item: (-item[1]["bytes"], -item[1]["documents"], item[0]))
    shown = [f"{name} {_share(one['bytes'], whole) if one['bytes'] else one['documents']}" for name, one in ordered]
    return ", ".join(shown[:MOST_SHOWN]) + (f", {len(shown) - MOST_SHOWN} more" if len(shown) > MOST_SHOWN else "")


def _share(part: int, whole: int) -> str:
    share = part / max(whole, 1)
    return "<1%" if 0 < share < 0.01 else f"{share:.0%}"


def _files(read: Amount) -> str:
    return f"{read['documents']:,} {'file' if read['documents'] == 1 else 'files'}"


def _megabytes(size: float) -> str:
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if size >= limit:
            return f"{size / limit:,.1f} {unit}"
    return f"{size / 1e3:,.1f} kB"


def _duration(seconds: float) -> str:
    for limit, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * limit:
            return f"{seconds / limit:.0f} {unit}"
    return f"{max(seconds, 1):.0f} s"
