"""What the leading comments of a file say of its licence: SPDX tags, licence texts and notices, and refusals."""

from __future__ import annotations

import functools
import re

from midspan.corpus.licences.canonical_names import canonical
from midspan.corpus.licences.comments import HEAD_CHARACTERS, PART, Comment, leading_comments
from midspan.corpus.licences.conditions import header_sets_condition, sets_condition_alone
from midspan.corpus.licences.expressions import all_of, licence_class
from midspan.corpus.licences.recognition import NOTICE, UNRECOGNISED, licences_in_words
from midspan.corpus.licences.texts import Text

# A head without any of these says nothing of licences: most files are done here.
_SIGNS = (
    *("licen", "copyright", "spdx", "copying", "gpl", "public domain", "propriet", "confidential", "distribut"),
    *(
        "permission",
        "do not",
        "may not",
        "consent",
        "reserved",
        "non-commercial",
        "noncommercial",
        "use only",
        "terms as perl",
    ),
)
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*(.*)", re.IGNORECASE)
_TAG_END = re.compile(r"\*/|-->|#\}|\*\||\bSPDX-", re.IGNORECASE)
_TAIL = re.compile(r"[^\w.+)]+$|\s+licen[sc]es?\W*$", re.IGNORECASE)


def header_licences(text: str) -> list[tuple[str, str]]:
    """The SPDX expressions at the head of a file, which all hold, and where each stands; none if it says nothing."""
    if not _has_sign(text[:HEAD_CHARACTERS]):
        return []
    tags: list[tuple[str, str]] = []
    notices: list[tuple[str, str]] = []
    for comment in leading_comments(text):
        body = comment.text
        if _has_sign(body):
            tags += _tags(comment)
        found = _licence_of_comment(_TAG.sub("", body)) if _has_sign(body) else None
        if found is None and notices and sets_condition_alone(body):
            found = UNRECOGNISED
        if found:
            notices.append((found, f"comment in {_lines(comment)}"))
    # Words beside a tag may repeat it, or tell the choice it leaves; where it leaves none, it excuses no restriction.
    if any("or" in tag.lower().split() for tag, _ in tags):
        return tags
    return tags + [one for one in notices if not tags or licence_class(one[0]) == "non-permissive"]


def _has_sign(text: str) -> bool:
    lowered = text.lower()
    return any(sign in lowered for sign in _SIGNS)


def _tags(comment: Comment) -> list[tuple[str, str]]:
    """The expressions of the SPDX tags in a comment, and their lines."""
    tags = ((number, _TAG.search(line)) for number, line in enumerate(comment.lines, comment.first_line))
    return [(_expression_of_tag(tag.group(1)), f"SPDX tag in line {number}") for number, tag in tags if tag]


def tags_in(text: str) -> list[str]:
    """The expressions of all SPDX tags in a text."""
    return [_expression_of_tag(tag) for tag in _TAG.findall(text)]


def _expression_of_tag(tag: str) -> str:
    """The expression of an SPDX tag; one that names no licence identifier is read as a name ("Apache 2.0")."""
    return canonical(_TAIL.sub("", _TAG_END.split(tag)[0].strip())) or UNRECOGNISED


@functools.lru_cache(maxsize=4096)
def _licence_of_comment(comment: str) -> str | None:
    """The expression of a comment; the same header stands in many files."""
    found, body = _read(comment)
    if found and licence_class(all_of(found)) == "permissive" and _sets_condition(comment, found, body):
        found.append(UNRECOGNISED)
    return all_of(found) or None


def _read(comment: str) -> tuple[list[str], Text]:
    """The licences of a comment, and its words, of which theirs are covered."""
    body = Text(comment)
    found = body.texts()
    found += licences_in_words(body.remainder())
    body.cover([*found, NOTICE])
    return found, body


def _sets_condition(comment: str, found: list[str], body: Text) -> bool:
    """Whether the notice sets a condition; of the parts of the comment after its end only those that speak to the user.

    "Exception thrown when a clone cannot be created" documents the class that follows.
    """
    if not header_sets_condition(body):
        return False
    parts = comment.split(PART)
    for end in range(1, len(parts)):
        of_head, head = _read("\n\n".join(parts[:end]))
        if of_head == found:
            return header_sets_condition(head) or sets_condition_alone("\n\n".join(parts[end:]))
    return True


def _lines(comment: Comment) -> str:
    """The lines of a comment from the first to the last that speaks of licences."""
    text = "\n".join(comment.lines).lower()
    places = [place for sign in _SIGNS for place in (text.find(sign), text.rfind(sign)) if place >= 0]
    places = places or [0, len(text)]
    first, last = (comment.first_line + text.count("\n", 0, place) for place in (min(places), max(places)))
    return f"line {first}" if first == last else f"lines {first}-{last}"
