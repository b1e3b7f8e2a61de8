"""The sample judged as the build would judge it, with what that took of the processor."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.quality import why_not
from midspan.corpus.secrets import redact
from midspan.corpus.sources import Excluded, Raw, SourceTask
from midspan.corpus.stages.amounts import Amount, add
from midspan.corpus.stages.plan import Plan
from midspan.corpus.stages.read import ReadTask, Refusal, document_of

COMPRESSED_TOGETHER = 1_000_000  # bytes of text, as in a row group


@dataclass
class Judged:
    """What became of a sample, by name: documents and bytes."""

    read: dict[str, Amount] = field(default_factory=dict)  # source → what was read
    licences: dict[str, Amount] = field(default_factory=dict)  # outcome
    languages: dict[str, Amount] = field(default_factory=dict)  # of what is kept
    left_out: dict[str, Amount] = field(default_factory=dict)  # reason
    compressed: int = 0  # bytes of what is kept
    seconds: float = 0.0  # of the processor

    @property
    def kept(self) -> Amount:
        """Documents and bytes that nothing is against, but for copies."""
        return {unit: sum(one[unit] for one in self.languages.values()) for unit in ("documents", "bytes")}


def judge_sample(plan: Plan, items: Iterable[tuple[SourceTask, Raw | Excluded]]) -> Judged:
    """Read and judge each item as the stages `read`, `judge` and `write` do."""
    judged = Judged()
    index = EvaluationIndex.build(plan.decontaminate) if plan.decontaminate else None
    waiting: list[bytes] = []
    started = time.process_time()
    for task, item in items:
        if isinstance(item, Excluded):
            add(judged.left_out, item.reason, 0)
            continue
        size = len(item.data)
        add(judged.read, task.source, size)
        try:
            text = _text_or_reason(plan, task, item, index, judged)
        except Exception as error:  # as in the build, where the document is quarantined
            add(judged.left_out, f"quarantined ({type(error).__name__})", size)
            continue
        if text is not None:
            waiting.append(text.encode())
            if sum(map(len, waiting)) >= COMPRESSED_TOGETHER:
                judged.compressed += _compressed(waiting)
                waiting = []
    judged.compressed += _compressed(waiting)
    judged.seconds = time.process_time() - started
    return judged


def _text_or_reason(
    plan: Plan, task: SourceTask, item: Raw, index: EvaluationIndex | None, judged: Judged
) -> str | None:
    """The text of an item that is kept; None for one that is left out, which is counted."""
    settings, source = plan.settings, task.source
    detect = settings.encodings == "detected"
    read = ReadTask(task, plan.languages[source], frozenset(settings.licences), settings.shard_bytes, detect)
    found = document_of(item, read, judged.licences)
    if isinstance(found, Refusal):
        add(judged.left_out, found.reason, len(item.data))
        return None
    why = why_not(found.text, found.path, found.language, settings.quality)
    if why is None and index is not None and index.find(found.text) is not None:
        why = "contaminated", ""
    if why is None and plan.scorer is not None:
        why = plan.scorer.why_not(found.text)
    if why is not None:
        add(judged.left_out, why[0], found.size)
        return None
    text = redact(found.text)[0] if settings.secrets else found.text
    add(judged.languages, found.language, found.size)
    return text


def _compressed(texts: list[bytes]) -> int:
    return len(pa.compress(b"".join(texts), codec="zstd", asbytes=True)) if texts else 0
