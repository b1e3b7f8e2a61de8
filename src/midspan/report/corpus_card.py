"""What the model was trained on, from the corpus statistics: the data card."""

from __future__ import annotations

from dataclasses import dataclass

from midspan.report.curves import Bar
from midspan.report.figures import ABSENT, amount, byte_size, count, counted, duration, percent
from midspan.report.plots import bar
from midspan.report.record import RunRecord, number

MOST_REPOSITORIES = 15


@dataclass(frozen=True)
class Tally:
    """How many files, and of how many bytes (None: not recorded), share a label."""

    label: str
    files: float
    size: float | None

    @property
    def weight(self) -> float:
        return self.files if self.size is None else self.size


@dataclass(frozen=True)
class Group:
    title: str
    note: str
    bars: list[Bar]


@dataclass(frozen=True)
class CorpusCard:
    facts: list[tuple[str, str]]
    groups: list[Group]


def tallies(run: RunRecord, name: str) -> list[Tally]:
    """The statistics' counts under `name`, heaviest first: of files, or objects of "documents" and "bytes"."""
    values = run.statistics.get(name)
    found = []
    for label, value in values.items() if isinstance(values, dict) else ():
        documents = number({"documents": value}, "documents")
        files = number(value, "documents") if documents is None else documents
        if files is not None:
            found.append(Tally(str(label), files, number(value, "bytes")))
    return sorted(found, key=lambda tally: (-tally.weight, tally.label))


def _text(files: float, size: float | None, share: float) -> str:
    parts = [counted(files, "file")] + ([byte_size(size)] if size is not None else [])
    return f"{', '.join(parts)} ({percent(share)})"


def _group(title: str, found: list[Tally], limit: int | None = None) -> Group | None:
    """Bars by bytes where they are recorded, else by files; what is past the limit is summed up in the note."""
    if not found:
        return None
    whole = sum(tally.weight for tally in found) or 1.0
    largest = found[0].weight or 1.0
    bars = [
        Bar(tally.label, _text(tally.files, tally.size, tally.weight / whole), bar(tally.weight / largest))
        for tally in found[:limit]
    ]
    rest = found[limit:] if limit else []
    hidden = counted(sum(tally.files for tally in rest), "file")
    return Group(title, f"and {count(len(rest))} more, with {hidden}" if rest else "", bars)


def _parted(run: RunRecord) -> list[tuple[str, str]]:
    """Where a source's history is parted into what is trained on and what is held out, and what that is."""
    facts = []
    for source in run.statistics.get("sources") or []:
        revisions = source.get("revisions") or []
        if source.get("heldout_after") and len(revisions) == 1:
            facts.append(
                (f"{source['name']}, trained on up to", f"{revisions[0]['revision'][:10]}, {revisions[0]['date']}")
            )
    later = run.statistics.get("later")
    if later:
        blocks, files = counted(later["blocks"], "block"), counted(later["documents"], "file")
        facts.append(("Held out: what was written later", f"{blocks} of new lines in {files}"))
    return facts


def corpus_card(run: RunRecord) -> CorpusCard | None:
    """The data card; None while there are no corpus statistics."""
    statistics = run.statistics
    if not statistics:
        return None
    source = statistics.get("source")
    dropped = tallies(run, "by_reason")
    facts = [
        ("Source", str(source) if source else ABSENT),
        ("Files found", count(number(statistics, "listed"))),
        ("Files dropped", count(sum(tally.files for tally in dropped)) if dropped else ABSENT),
        ("Files kept", count(number(statistics, "documents"))),
        ("… to train on", count(number(statistics, "train", "documents"))),
        ("… held out, never trained on", count(number(statistics, "heldout", "documents"))),
        *_parted(run),
        ("Size to train on", byte_size(number(statistics, "train", "bytes"))),
        ("Size held out", byte_size(number(statistics, "heldout", "bytes"))),
        ("Tokens to train on", amount(run.tokens.get("train"))),
        ("Tokens held out", amount(run.tokens.get("heldout"))),
        ("Time to build", duration(number(statistics, "seconds"))),
    ]
    groups = [
        _group("Languages", tallies(run, "by_language")),
        _group("Licences", tallies(run, "by_licence")),
        _group("Repositories", tallies(run, "by_repository"), MOST_REPOSITORIES),
        _group("Dropped, and why", dropped),
    ]
    return CorpusCard([fact for fact in facts if fact[1] != ABSENT], [group for group in groups if group])
