"""From a text to the text without its secrets."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence

from midspan.corpus.secrets import addresses, assigned, blocks, documentation, personal
from midspan.corpus.secrets.anchored import by_anchor, find_anchored
from midspan.corpus.secrets.command_lines import COMMAND_RULES
from midspan.corpus.secrets.framework_keys import FRAMEWORK_RULES, find_password_hashes
from midspan.corpus.secrets.headers import HEADER_RULES
from midspan.corpus.secrets.source import Anchors, Finding, Source
from midspan.corpus.secrets.tokens import find_tokens
from midspan.corpus.secrets.urls import URL_RULES

_ANCHORED = by_anchor((*URL_RULES, *HEADER_RULES, *FRAMEWORK_RULES, *COMMAND_RULES))
_ANCHORS = Anchors(
    itertools.chain(
        (anchor for anchor, _ in _ANCHORED),
        *(module.ANCHORS for module in (assigned, blocks, addresses, personal, documentation)),
    )
)


def _find_anchored(source: Source) -> Iterator[Finding]:
    return find_anchored(source, _ANCHORED)


_FINDERS = (  # by precedence
    find_tokens,
    blocks.find_blocks,
    _find_anchored,
    find_password_hashes,
    assigned.find_assigned,
    addresses.find_emails,
    addresses.find_ip_addresses,
    personal.find_personal,
)


def redact(text: str) -> tuple[str, list[Finding]]:
    """Replace the secrets and personal data of `text` by placeholders; return it with the findings, in order.

    A placeholder depends on the secret alone; spans are replaced by position. What stood beside a secret may be one
    itself once that is gone, so the search is repeated until it finds nothing: redacting twice changes nothing.
    """
    findings: list[Finding] = []
    redacted = text
    while found := _find(redacted):
        findings = _merge(findings, found)
        following = _replace(text, findings)
        if following == redacted:
            break
        redacted = following
    return redacted, findings


def _find(text: str) -> list[Finding]:
    """The findings of all rules, in order; where two overlap, the rule that goes first has it."""
    source = Source(text, _ANCHORS)
    found: list[Finding] = []
    starts: list[int] = []
    for one in itertools.chain.from_iterable(finder(source) for finder in _FINDERS):
        place = bisect.bisect_right(starts, one.start)
        if (place and found[place - 1].end > one.start) or (place < len(found) and starts[place] < one.end):
            continue
        found.insert(place, one)
        starts.insert(place, one.start)
    return found


def _merge(earlier: Sequence[Finding], found: Sequence[Finding]) -> list[Finding]:
    """Add `found`, in positions of the text redacted by `earlier`, to `earlier`, in positions of the original text."""
    moved = [
        Finding(one.kind, _original(earlier, one.start, False), _original(earlier, one.end, True), one.placeholder)
        for one in found
    ]
    merged: list[Finding] = []
    for one in sorted([*moved, *earlier], key=lambda finding: finding.start):  # stable: of equals the new one first
        if merged and one.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Finding(last.kind, last.start, max(last.end, one.end), last.placeholder)
        else:
            merged.append(one)
    return merged


def _original(findings: Sequence[Finding], position: int, is_end: bool) -> int:
    """Where `position` of the redacted text stands in the original one; inside a placeholder: where its secret does."""
    shift = 0  # redacted position + shift = original position
    for one in findings:
        start = one.start - shift
        end = start + len(one.placeholder)
        if position < start or (is_end and position == start):
            break
        if position < end or (is_end and position == end):
            return one.end if is_end else one.start
        shift = one.end - end
    return position + shift


def _replace(text: str, findings: Sequence[Finding]) -> str:
    pieces, position = [], 0
    for one in findings:
        pieces += [text[position : one.start], one.placeholder]
        position = one.end
    return "".join([*pieces, text[position:]])
