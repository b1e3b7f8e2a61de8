"""What the model was trained on, from the corpus statistics: the data card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from midspan.report.curves import Bar
from midspan.report.figures import ABSENT, amount, byte_size, count, duration, percent
from midspan.report.plots import bar
from midspan.report.record import RunRecord, number

MOST_REPOSITORIES = 15


@dataclass(frozen=True)
class Tally:
    """How many documents, and of how many bytes, share a label."""

    label: str
    documents: float
    size: float | None  # bytes


@dataclass(frozen=True)
class Group:
    title: str
    note: str
    bars: list[Bar]


@dataclass(frozen=True)
class CorpusCard:
    facts: list[tuple[str, str]]
    groups: list[Group]


def total(run: RunRecord, *keys: str) -> float | None:
    """A number of the statistics; where it is split by part (train, heldout), their sum."""
    whole = number(run.statistics, *keys)
    if whole is not None:
        return whole
    parts: object = run.statistics
    for key in keys:
        parts = parts.get(key) if isinstance(parts, Mapping) else None
    known = [number(parts, key) for key in parts] if isinstance(parts, Mapping) else []
    return sum(value for value in known if value is not None) if known else None


def tallies(run: RunRecord, *names: str) -> list[Tally]:
    """The counts under the first of these names that the statistics have, largest first.

    A count is a number of documents, or an object of "documents" and "bytes".
    """
    counted: dict[str, object] = next(
        (run.statistics[name] for name in names if isinstance(run.statistics.get(name), Mapping)), {}
    )
    found = []
    for label, value in counted.items():
        documents = number({"documents": value}, "documents") or number(value, "documents")
        if documents is not None:
            found.append(Tally(str(label), documents, number(value, "bytes")))
    return sorted(found, key=lambda tally: (-tally.documents, tally.label))


def _counted(value: float, unit: str) -> str:
    return f"{count(value)} {unit if value == 1 else unit + 's'}"


def _group(title: str, found: list[Tally], limit: int | None = None, unit: str = "document") -> Group | None:
    if not found:
        return None
    shown, rest = found[:limit], found[limit:] if limit else []
    every = sum(tally.documents for tally in found)
    largest = shown[0].documents or 1.0
    bars = [
        Bar(
            tally.label,
            f"{_counted(tally.documents, unit)} ({percent(tally.documents / (every or 1.0))})"
            + (f", {byte_size(tally.size)}" if tally.size is not None else ""),
            bar(tally.documents / largest),
        )
        for tally in shown
    ]
    hidden = f"and {count(len(rest))} more with {_counted(sum(tally.documents for tally in rest), unit)}"
    return Group(title, hidden if rest else "", bars)


def corpus_card(run: RunRecord) -> CorpusCard | None:
    """The data card; None while there are no corpus statistics."""
    if not run.statistics:
        return None
    source = run.recipe.get("corpus", {}).get("source") if isinstance(run.recipe.get("corpus"), dict) else None
    train, heldout = (number(run.statistics, "documents", split) for split in ("train", "heldout"))
    dropped = tallies(run, "excluded", "by_reason")
    kept = total(run, "documents")
    facts = [
        ("Source", str(source) if source else ABSENT),
        ("Documents kept", count(kept)),
        ("… to train on", count(train)),
        ("… held out, never trained on", count(heldout)),
        ("Size", byte_size(total(run, "bytes"))),
        ("Tokens to train on", amount(run.tokens.get("train"))),
        ("Tokens held out", amount(run.tokens.get("heldout"))),
        ("Files dropped", count(sum(tally.documents for tally in dropped)) if dropped else ABSENT),
        ("Time to build", duration(number(run.statistics, "seconds"))),
    ]
    groups = [
        _group("Languages", tallies(run, "by_language", "languages")),
        _group("Licences", tallies(run, "by_licence", "licences")),
        _group("Repositories", tallies(run, "by_repository", "repositories"), MOST_REPOSITORIES),
        _group("Dropped, and why", dropped, unit="file"),
    ]
    return CorpusCard([fact for fact in facts if fact[1] != ABSENT], [group for group in groups if group])
