"""What the leading comments of a file say of its licence: SPDX tags, licence texts and notices, and refusals."""

from __future__ import annotations

import functools
import re

from midspan.corpus.licences.comments import HEAD_CHARACTERS, Comment, leading_comments
from midspan.corpus.licences.conditions import header_sets_condition
from midspan.corpus.licences.expressions import all_of, licence_class, names_a_licence
from midspan.corpus.licences.recognition import UNRECOGNISED, licences_in_words
from midspan.corpus.licences.texts import Text
from midspan.corpus.licences.words import words_of

# A head without any of these says nothing of licences: most files are done here.
_SIGNS = (
    *("licen", "copyright", "spdx", "copying", "gpl", "public domain", "propriet", "confidential", "distribut"),
    *("permission", "do not", "may not", "consent", "reserved", "non-commercial", "noncommercial", "use only"),
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
        body = "\n".join(comment.lines)
        if _has_sign(body):
            tags += _tags(comment)
            if found := _licence_of_comment(_TAG.sub("", body)):
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


def _expression_of_tag(tag: str) -> str:
    """The expression of an SPDX tag; a tag that names no licence identifier is read as words ("Apache 2.0")."""
    tag = _TAIL.sub("", _TAG_END.split(tag)[0].strip())
    if names_a_licence(tag):
        return tag
    return all_of(licences_in_words("licensed under " + " ".join(words_of(tag)))) or tag or UNRECOGNISED


@functools.lru_cache(maxsize=4096)
def _licence_of_comment(comment: str) -> str | None:
    """The expression of a comment; the same header stands in many files."""
    body = Text(comment)
    found = body.texts()
    found += licences_in_words(body.remainder())
    body.cover(found)
    if found and licence_class(all_of(found)) == "permissive" and header_sets_condition(body):
        found.append(UNRECOGNISED)
    return all_of(found) or None


def _lines(comment: Comment) -> str:
    """The lines of a comment from the first to the last that speaks of licences."""
    lines = [number for number, line in enumerate(comment.lines, comment.first_line) if _has_sign(line)]
    return f"line {lines[0]}" if lines[0] == lines[-1] else f"lines {lines[0]}-{lines[-1]}"
