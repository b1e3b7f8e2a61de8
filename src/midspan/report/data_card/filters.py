"""What a corpus was made with: copies, rules, evaluation sets, secrets, grammars, stages; and what each dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from midspan.corpus.languages import LANGUAGES
from midspan.corpus.quality import RULES, Rule
from midspan.corpus.quality.judge import threshold_of
from midspan.report.data_card.own_scorer import own_scorer_sections
from midspan.report.data_card.record import DataRecord
from midspan.report.data_card.section import Section, lengths, share_of
from midspan.report.figures import ABSENT, byte_size, count, counted

STAGES = {
    "read": "decode, language, licence",
    "exact copies": "SHA-256 of the text, parted by hash",
    "judge": "quality rules, grammars, evaluation sets, own scorer",
    "gather": "documents to the shards of their repositories",
    "near copies": "MinHash of word 5-grams, Jaccard verified",
    "survey": "what is left, by source and language",
    "write": "secrets, order of files, mixture, split",
}
DROPPED_WHEN = {"list": "listing the sources", "read": "reading", "judge": "judging", "write": "writing"}


def filter_sections(data: DataRecord) -> list[Section]:
    """The tables of what was dropped, and of what it took."""
    return [
        _copies(data),
        _rules(data),
        _other_reasons(data),
        _contamination(data),
        *own_scorer_sections(data),
        _secrets(data),
        _grammars(data),
        _stages(data),
        _rules_off(data),
    ]


def _copies(data: DataRecord) -> Section:
    near = data.settings.near_duplicates
    exact, alike = data.reason("exact copy"), data.reason("near copy")
    read, searched = data.stage("read")["out"], data.stage("gather")["out"]
    kinds = [("Exact copies", "the same text", exact, read)]
    if near is not None:
        how = f"{near.level}s of Jaccard similarity {near.threshold:g} or more on word 5-grams, verified"
        kinds.append(("Near copies", how, alike, searched))
    rows = [
        [name, how, count(one["documents"]), byte_size(one["bytes"]), share_of(one["documents"], of["documents"])]
        for name, how, one, of in kinds
    ]
    note = (
        "Dropped; of copies the one that stays is permissive, then of more stars, older, first by repository and path."
    )
    headers = ["Copies", "What counts as one", "Documents", "Size", "Share of those searched"]
    return Section("Duplicates", note, headers, rows, short=True)


def rule_threshold(rule: Rule, overrides: Mapping[str, Any]) -> str:
    """What a rule asks of a text, with the languages of which it asks something else; "" where it is off for all."""
    made_for = sorted(rule.languages) if rule.languages is not None else sorted(LANGUAGES)
    groups: dict[float | None, list[str]] = defaultdict(list)
    for language in made_for:
        groups[threshold_of(rule, language, overrides)].append(language)
    if set(groups) == {None}:
        return ""
    usual = max((value for value in groups if value is not None), key=lambda value: len(groups[value]))
    sign = {"<=": "≤", ">=": "≥"}[rule.comparison]
    only_some = rule.languages is not None or len(groups[usual]) < len(groups.get(None, []))
    parts = [f"{rule.signal_name} {sign} {usual:,.10g}" + (f" ({', '.join(groups[usual])})" if only_some else "")]
    for value, languages in groups.items():
        if value is not None and value != usual:
            parts.append(f"{', '.join(languages)}: {sign} {value:,.10g}")
    if None in groups and len(groups[None]) <= len(groups[usual]):
        parts.append(f"{', '.join(groups[None])}: off")
    return "; ".join(parts)


def _judged(data: DataRecord) -> int:
    return int(data.stage("judge")["in"]["documents"] - data.reason("exact copy")["documents"])


def _rules(data: DataRecord) -> Section:
    judged, overrides = _judged(data), data.settings.quality
    active = [(rule, text) for rule in RULES if (text := rule_threshold(rule, overrides))]
    found = [(rule, text, data.reason(rule.name)) for rule, text in active]
    rows = [
        [
            rule.name,
            text,
            rule.source,
            count(one["documents"]),
            byte_size(one["bytes"]),
            share_of(one["documents"], judged),
        ]
        for rule, text, one in found
    ]
    note = (
        f"Of {count(judged)} documents that were no exact copies; the first rule that a text breaks, in this order, is"
        " the reason for which it is dropped."
    )
    headers = ["Rule", "Keeps", "Threshold from", "Dropped", "Size", "Share"]
    return Section("Rules", note, headers, rows, lengths(one["documents"] for *_, one in found))


def _rules_off(data: DataRecord) -> Section:
    rows = [
        [rule.name, f"{rule.signal_name} {rule.comparison} {rule.threshold:,.10g}", rule.source]
        for rule in RULES
        if not rule_threshold(rule, data.settings.quality)
    ]
    note = "A recipe turns one on by `corpus.quality: {name: true}` or with a threshold of its own."
    return Section("Rules that were off", note, ["Rule", "Would keep", "Threshold from"], rows)


def _other_reasons(data: DataRecord) -> Section:
    shown_elsewhere = {rule.name for rule in RULES} | {"exact copy", "near copy", "contaminated"}
    found = [
        (reason, stage, one)
        for stage, reasons in data.dropped.items()
        for reason, one in reasons.items()
        if reason not in shown_elsewhere
    ]
    found.sort(key=lambda entry: -entry[2]["documents"])
    listed = data.statistics["listed"]
    rows = [
        [
            reason,
            DROPPED_WHEN.get(stage, stage),
            count(one["documents"]),
            byte_size(one["bytes"]) if one["bytes"] else ABSENT,
            share_of(one["documents"], listed),
        ]
        for reason, stage, one in found
    ]
    note = f"Of {count(listed)} files and folders listed; sizes are known of what was read."
    headers = ["Reason", "When", "Files", "Size", "Share"]
    bars = lengths(one["documents"] for *_, one in found)
    return Section("Left out for other reasons", note, headers, rows, bars)


def _contamination(data: DataRecord) -> Section:
    sets: dict[str, dict[str, int]] = data.statistics.get("evaluation_sets", {})
    rows = [
        [name, count(sets[name]["items"]) if name in sets else ABSENT, count(number), share_of(number, _judged(data))]
        for name, number in {**dict.fromkeys(sets, 0), **data.contaminated}.items()
    ]
    note = "A document that holds an item of one, whole or a long run of its words, is dropped."
    headers = ["Evaluation set", "Items", "Documents dropped", "Share"]
    return Section("Decontamination", note, headers, rows, short=True)


def _secrets(data: DataRecord) -> Section:
    found = {kind: number for kind, number in data.statistics["secrets"].items() if kind != "documents"}
    note = f"Replaced by placeholders, in {counted(data.statistics['secrets'].get('documents', 0), 'document')}."
    rows = [[kind, count(number)] for kind, number in found.items()]
    if data.settings.secrets and not rows:
        rows, note = [["none found", "0"]], "Looked for in every document."
    return Section("Secrets and personal data", note, ["Kind", "Redacted"], rows, lengths(found.values()) or None, True)


def _grammars(data: DataRecord) -> Section:
    missing = data.statistics.get("grammars_missing", {})
    rows = [
        [language, count(data.statistics["by_language"].get(language, {"documents": 0})["documents"]), why]
        for language, why in missing.items()
    ]
    note = "Documents in these languages were not parsed, so none was dropped for not parsing."
    return Section("Languages without a grammar", note, ["Language", "Documents kept", "Why"], rows)


def _stages(data: DataRecord) -> Section:
    rows, seconds, before = [], [], {"documents": 0, "bytes": 0}
    for stage in data.statistics["stages"]:
        taken = stage["in"] if stage["in"]["documents"] else before
        rate = f"{taken['bytes'] / 1e6 / stage['seconds']:.1f}" if stage["seconds"] else ABSENT
        what = STAGES.get(stage["stage"], "")
        amounts = [count(taken["documents"]), byte_size(taken["bytes"])]
        rows.append([stage["stage"], what, count(stage["tasks"]), *amounts, f"{stage['seconds']:.1f}", rate])
        seconds.append(stage["seconds"])
        before = stage["out"] if stage["out"]["documents"] else taken
    headers = ["Stage", "What it does", "Tasks", "Documents in", "Size in", "Seconds", "MB/s per worker"]
    note = "Seconds of all tasks together, by the clock of the workers that did them."
    return Section("Stages", note, headers, rows, lengths(seconds))
