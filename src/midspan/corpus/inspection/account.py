"""Why one file was kept or dropped: every step of the build asked again, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from midspan.corpus.decontamination import EvaluationIndex
from midspan.corpus.encodings import NotTextError, decode_source
from midspan.corpus.inspection.lookup import Found, find_file, read_original
from midspan.corpus.inspection.records import corpus_folder, dropped_for, read_statistics
from midspan.corpus.languages import canonical_language, detect_language
from midspan.corpus.licences import licence_class, licence_of
from midspan.corpus.notebooks import notebook_source
from midspan.corpus.quality import RuleOutcome, explain
from midspan.corpus.scorer import OwnJudge
from midspan.corpus.secrets import redact
from midspan.corpus.sources import Raw
from midspan.errors import UserError

if TYPE_CHECKING:
    from midspan.recipe import Corpus

MOST_SHOWN = 20  # of copies and redactions
STEPS = {"list": "listing", "read": "reading", "judge": "judging", "write": "writing"}


def account_of(directory: Path, wanted: str) -> Iterator[str]:
    """What the build did with one file, and every reason it had. UserError if there is no such file."""
    from midspan.recipe import Corpus

    folder = corpus_folder(directory)
    statistics = read_statistics(folder)
    settings = Corpus.model_validate(statistics["settings"])
    found = find_file(folder, wanted)
    yield f"{found.name}   (source {found.source})"
    yield from _fate(found)
    original = read_original(found, settings, statistics["sources"])
    if original.changed:
        yield "  note         the source has changed since the build; what follows is of the file as it is today"
    yield from _licence(found, original.raw, settings)
    yield from _copies(folder, found)
    text, language = _text_of(found, original.raw, settings)
    if text is None:
        why = original.why_not or "it is not text"
        yield f"  text         cannot be judged again: {why}"
        return
    if original.raw is None:
        yield f"  note         judged as the corpus holds it, since its source cannot be read: {original.why_not}"
    yield f"  language     {language}, {len(text.encode()):,} bytes, {text.count(chr(10)):,} lines"
    yield from _contamination(text, settings)
    yield from _score(text, settings)
    yield from _redactions(text, settings)
    yield "  rules        (✓ kept, ✗ dropped, · off for this language)"
    yield from (rule_line(outcome) for outcome in explain(text, found.path, language, settings.quality))


def _fate(found: Found) -> Iterator[str]:
    for file, document in found.documents:
        side = "held out" if file.startswith("heldout") else "to train on"
        yield f"  kept         {side}, in {file} (document {document.id})"
    for row in found.excluded:
        when = STEPS.get(row["stage"], row["stage"])
        detail = f" ({row['detail']})" if row["detail"] else ""
        yield f"  dropped      when {when}: {row['reason']}{detail}"


def _licence(found: Found, raw: Raw | None, settings: Corpus) -> Iterator[str]:
    if raw is not None:
        try:
            text = decode_source(raw.data, raw.path, settings.encodings == "detected")
        except NotTextError:
            return
        licence = licence_of(text, raw.declared_licence, raw.declared_evidence, raw.licence_files, raw.path)
        yield f"  licence      {licence.expression}, {licence.outcome}; {licence.evidence or 'no evidence'}"
        if raw.licence_files:
            yield f"               licence files above it: {', '.join(path for path, _ in raw.licence_files)}"
    elif found.documents:
        _, document = found.documents[0]
        outcome = licence_class(document.licence)
        yield f"  licence      {document.licence}, {outcome}; {document.licence_evidence or 'no evidence'}"


def _copies(folder: Path, found: Found) -> Iterator[str]:
    """Of which file it is a copy, or which copies were dropped in its favour."""
    for row in found.excluded:
        if row["reason"] == "exact copy":
            survivor = row["detail"].removeprefix("of ")
            yield f"  copies       the text is that of {survivor}, which is kept (similarity 1.00)"
        elif row["reason"] == "near copy":
            similarity, _, survivor = row["detail"].partition(" of ")
            yield f"  copies       it is like {survivor}, which is kept (similarity {similarity})"
    if not found.documents:
        return
    copies = [
        (row, row["detail"].removesuffix(survivor).strip() or "1.00")
        for reason in ("exact copy", "near copy")
        for row in dropped_for(folder, reason)
        if row["detail"].endswith(survivor := _as_survivor(found, row["source"]))
    ]
    if not copies:
        yield "  copies       none was dropped in its favour"
    for row, similarity in copies[:MOST_SHOWN]:
        where = "" if row["source"] == found.source else f" (source {row['source']})"
        name = f"{row['repository']}: {row['path']}{where}"
        yield f"  copies       {name} was dropped in its favour (similarity {similarity})"
    if len(copies) > MOST_SHOWN:
        yield f"               and {len(copies) - MOST_SHOWN:,} more"


def _as_survivor(found: Found, source: str) -> str:
    """How the end of a line about what was dropped from `source` names the file for which it was."""
    return f"of {found.name}" + ("" if source == found.source else f" (source {found.source})")


def _text_of(found: Found, raw: Raw | None, settings: Corpus) -> tuple[str | None, str]:
    """The text as the stages judge it, and its language; of a document whose source is gone the text that was kept."""
    if raw is None:
        return (found.documents[0][1].text, found.documents[0][1].language) if found.documents else (None, "")
    try:
        text = decode_source(raw.data, raw.path, settings.encodings == "detected")
        stated = canonical_language(raw.language) if raw.language else None
        language = stated or detect_language(raw.path, text) or "unknown"
        return (notebook_source(text) if language == "jupyter" else text), language
    except NotTextError:
        return None, ""


def _contamination(text: str, settings: Corpus) -> Iterator[str]:
    files = [Path(name).expanduser() for name in settings.decontaminate]
    if not files:
        yield "  evaluation   the recipe names no evaluation sets"
    elif absent := [file for file in files if not file.is_file()]:
        yield f"  evaluation   cannot be looked up again: no file {absent[0]}"
    elif (hit := EvaluationIndex.build(files).find(text)) is not None:
        yield f"  evaluation   {hit.set}, item {hit.item}: {hit.detail}"
    else:
        yield f"  evaluation   nothing of {', '.join(file.name for file in files)}"


def _score(text: str, settings: Corpus) -> Iterator[str]:
    try:
        scorer = OwnJudge.of(settings)
    except UserError as error:
        yield f"  scorer       cannot be asked again: {error}"
        return
    if scorer is not None:
        score = scorer.score(text)
        sign = "≥" if score >= scorer.threshold else "<"
        yield f"  scorer       {score:.4f} {sign} {scorer.threshold:g}, by {scorer.folder.name}"


def _redactions(text: str, settings: Corpus) -> Iterator[str]:
    """What is replaced, by place and kind: the secret itself is not shown."""
    if not settings.secrets:
        yield "  secrets      the recipe leaves them"
        return
    _, findings = redact(text)
    if not findings:
        yield "  secrets      none"
    for one in findings[:MOST_SHOWN]:
        line, column = text.count("\n", 0, one.start) + 1, one.start - text.rfind("\n", 0, one.start)
        size = one.end - one.start
        yield f"  secrets      line {line}, column {column}: {one.kind} of {size} characters → {one.placeholder}"
    if len(findings) > MOST_SHOWN:
        yield f"               and {len(findings) - MOST_SHOWN:,} more"


def rule_line(outcome: RuleOutcome) -> str:
    """One rule with the value of its signal, the threshold and where that comes from."""
    mark = "·" if outcome.threshold is None else "✓" if outcome.passed else "✗"
    value = "–" if outcome.value is None else f"{outcome.value:,.4g}"
    sign = {"<=": "≤", ">=": "≥"}[outcome.comparison]
    threshold = "off" if outcome.threshold is None else f"{sign} {outcome.threshold:,.10g}"
    remark = f"; {outcome.note}" if outcome.note else ""
    return f"    {mark} {outcome.rule:30} {outcome.signal:31} {value:>10} {threshold:12} {outcome.source}{remark}"
