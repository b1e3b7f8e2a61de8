"""The scorer of one's own: how well it does on labels that it has not seen, over all and by language."""

from __future__ import annotations

from typing import Any

from midspan.corpus.scorer.learn import LEAN
from midspan.corpus.scorer.trial import FEW
from midspan.report.data_card.record import DataRecord
from midspan.report.data_card.section import Section, share_of
from midspan.report.figures import ABSENT, count

TITLE = "Own scorer"


def own_scorer_sections(data: DataRecord) -> list[Section]:
    """Its table, nothing where the recipe names no scorer."""
    facts = data.statistics.get("scorer")
    if not facts:
        return []
    rows = [["all", *_figures(facts)]]
    for name, one in sorted(facts["by_language"].items(), key=lambda item: (-item[1]["labels"], item[0])):
        rows.append([name if one["labels"] >= FEW else f"{name} (few labels)", *_figures(one)])
    headers = ["Language", "Labels", "Of them good", "Kept", "Precision", "95 % interval", "Recall", "95 % interval"]
    return [Section(TITLE, _note(data, facts), headers, rows, short=True)]


def _note(data: DataRecord, facts: dict[str, Any]) -> str:
    dropped, judged = data.reason("own scorer")["documents"], data.stage("judge")["out"]["documents"]
    parts = [
        f"The scorer {facts['name']} keeps what it scores {facts['threshold']:g} or more; it left out {count(dropped)}"
        f" of {count(dropped + judged)} documents that nothing else was against.",
        f"It was learnt from {count(facts['labels'])} labels. Each was judged for these figures by a model that had"
        " seen neither it nor a copy of it; precision is the share of good ones among those kept, recall the share of"
        " the good ones that is kept.",
    ]
    unlabelled = sorted(set(data.statistics["by_language"]) - set(facts["by_language"]))
    if unlabelled:
        parts.append(f"Of these languages there was no label at all: {', '.join(unlabelled[:20])}.")
    if facts["comments"] is not None and abs(facts["comments"]) >= LEAN:
        way = "more" if facts["comments"] > 0 else "fewer"
        parts.append(
            f"Scores go with {way} comments (correlation {facts['comments']:+.2f}): it may judge by them rather than by"
            " the code."
        )
    return " ".join(parts)


def _figures(one: dict[str, Any]) -> list[str]:
    shown = [count(one["labels"]), count(one["good"]), share_of(one["kept"], one["labels"])]
    for name in ("precision", "recall"):
        low, high = one[f"{name}_interval"]
        value = one[name]
        shown += [ABSENT, ABSENT] if value is None else [f"{100 * value:.1f}%", f"{100 * low:.1f} to {100 * high:.1f}%"]
    return shown
