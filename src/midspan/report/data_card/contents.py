"""What is in a corpus: sources, licences, languages, tokens, mixture."""

from __future__ import annotations

from collections import defaultdict

from midspan.recipe import Share
from midspan.report.data_card.record import DataRecord
from midspan.report.data_card.section import Section, amounts_section, lengths, share_of
from midspan.report.figures import ABSENT, amount, byte_size, count


def content_sections(data: DataRecord) -> list[Section]:
    """The tables of what was kept."""
    return [
        _sources(data),
        _licence_outcomes(data),
        _licences(data),
        _languages(data),
        *_encodings(data),
        _tokens(data),
        _mixture(data),
    ]


def _sources(data: DataRecord) -> Section:
    kept = data.statistics["by_source"]
    places = {source.label: source.place or ABSENT for source in data.settings.all_sources}
    rows = []
    for facts in data.statistics["sources"]:
        name = facts["name"]
        revisions = facts.get("revisions") or []
        revision = facts.get("revision") or (revisions[0]["revision"] if len(revisions) == 1 else "")
        if not revision and facts.get("repositories", 1) > 1:
            revision = f"{count(facts['repositories'])} repositories, listed below"
        amounts = kept.get(name, {"documents": 0, "bytes": 0})
        content = f"{facts['kind']}, {facts['content']}"
        kept_of_it = [count(amounts["documents"]), byte_size(amounts["bytes"])]
        rows.append([name, content, places[name], revision or facts["fingerprint"], *kept_of_it])
    headers = ["Source", "Kind", "Place", "Revision", "Documents kept", "Size kept"]
    note = "Where a source has no revision, the fingerprint of its files' names, sizes and times."
    return Section("Sources", note, headers, rows, lengths(_bytes_kept(data)), short=True)


def _bytes_kept(data: DataRecord) -> list[float]:
    kept = data.statistics["by_source"]
    return [kept.get(facts["name"], {"bytes": 0})["bytes"] for facts in data.statistics["sources"]]


def _licence_outcomes(data: DataRecord) -> Section:
    found, allowed = data.statistics["licences_found"], data.settings.licences
    whole = sum(one["documents"] for one in found.values())
    rows = [
        [
            outcome,
            "kept, if nothing else is against it" if outcome in allowed else "dropped",
            count(one["documents"]),
            byte_size(one["bytes"]),
            share_of(one["documents"], whole),
        ]
        for outcome, one in found.items()
    ]
    note = (
        "Of every file that could be read, by its own header, else by what its source declares and the licence files"
        " above it. What is not recognised is unknown, never permissive."
    )
    headers = ["Outcome", "Policy", "Documents", "Size", "Share"]
    return Section(
        "Licences found", note, headers, rows, lengths(one["documents"] for one in found.values()), short=True
    )


def _licences(data: DataRecord) -> Section:
    note = "SPDX expressions of the documents that were kept; each document carries its own with the evidence."
    return amounts_section("Licences kept", note, "Licence", data.statistics["by_licence"], short=True)


def _languages(data: DataRecord) -> Section:
    found = data.statistics["by_language"]
    section = amounts_section("Languages", "Of the documents that were kept.", "Language", found, short=True)
    counted = _tokens_by_language(data)
    if not counted:
        return section
    rows = [[*row, amount(counted.get(row[0], 0))] for row in section.rows]
    return Section(section.title, section.note, [*section.headers, "Tokens"], rows, section.bars, short=True)


def _encodings(data: DataRecord) -> list[Section]:
    found = data.statistics.get("encodings") or {}
    note = "Of the files that could be read and are not UTF-8, and how their encodings were told."
    return [amounts_section("Other encodings", note, "Encoding", found)] if found else []


def _tokens_by_language(data: DataRecord) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for shard in data.tokens.values():
        for languages in shard["by_source"].values():
            for language, counted in languages.items():
                found[language] += counted["tokens"]
    return found


def _tokens(data: DataRecord) -> Section:
    found = sorted(
        (
            (side, source, language, one)
            for side, shard in data.tokens.items()
            for source, languages in shard["by_source"].items()
            for language, one in languages.items()
        ),
        key=lambda entry: (entry[0] != "train", -entry[3]["tokens"]),
    )
    rows = [
        [f"{source}, {language}", side, count(one["tokens"]), f"{one['bytes'] / max(one['tokens'], 1):.2f}"]
        for side, source, language, one in found
    ]
    names = sorted({shard["tokenizer"] for shard in data.tokens.values()})
    note = f"As tokenised with {', '.join(names)}; repeated passes count each time."
    bars = lengths(one["tokens"] for *_, one in found)
    return Section("Tokens", note, ["Source, language", "Side", "Tokens", "Bytes per token"], rows, bars)


def _mixture(data: DataRecord) -> Section:
    sources = {source.label: source for source in data.settings.all_sources}
    rows, whole = [], sum(entry["train"]["bytes"] for entry in data.statistics["mixture"])
    for entry in data.statistics["mixture"]:
        source = sources[entry["source"]]
        own = {name.lower(): share for name, share in source.by_language.items()}
        rows.append(
            [
                f"{entry['source']}, {entry['language']}",
                _asked(own.get(entry["language"], source)),
                byte_size(entry["available"]["bytes"]),
                f"{entry['passes']:.3g}",
                byte_size(entry["train"]["bytes"]),
                share_of(entry["train"]["bytes"], whole),
            ]
        )
    content: dict[str, int] = defaultdict(int)
    for entry in data.statistics["mixture"]:
        content[entry["content"]] += entry["train"]["bytes"]
    parts = ", ".join(
        f"{kind} {share_of(size, whole)}" for kind, size in sorted(content.items(), key=lambda one: -one[1])
    )
    headers = ["Source, language", "Asked for", "There was", "Passes got", "Bytes got", "Share got"]
    bars = lengths(entry["share"] for entry in data.statistics["mixture"])
    return Section("Mixture", f"Of the bytes to train on: {parts}.", headers, rows, bars)


def _asked(share: Share) -> str:
    if share.weight is not None:
        return f"weight {share.weight:g}"
    if share.epochs is not None:
        return f"passes {share.epochs:g}"
    return "all of it, once"
