"""Licence files that give no licence and take none: empty ones, lists of holders, pointers to the others."""

from __future__ import annotations

import re

from midspan.corpus.licences.canonical_names import canonical
from midspan.corpus.licences.conditions import file_sets_condition, has_duty, points_elsewhere
from midspan.corpus.licences.expressions import licence_class
from midspan.corpus.licences.files import is_about_holders, kind_of_evidence
from midspan.corpus.licences.recognition import recognise
from midspan.corpus.licences.texts import Text

_LONGEST_POINTER = 300  # characters
_MARKS = " \t#/*;%!<>-=_\"'`.|{}()[]"
_HOLDER = re.compile(
    r"(?:portions )?(?:copyrights?|copr\.?|©|\(c\)|c\))\s*(?:holders?\b|\(c\)|©|[:,]|by|\d"
    r"|[\w$<{\[©&]).*|(?:year|organi[sz]ation"
    r"|copyright holders?|owner)\s*:.*|(?:and|with) (?:other )?contributors?\.?",
    re.IGNORECASE,
)
_RESERVED = re.compile(r"all rights (?:are )?reserved", re.IGNORECASE)
_INCLUDED = re.compile(r"^\.\. (?:literal)?include:: \S+\s*$", re.MULTILINE)
_NAME = re.compile(r"[\w.,&' -]{1,60}(?:<\S+@\S+|\(.{1,60}\)?|\d{4}.*)?", re.UNICODE)


def says_nothing(path: str, text: str) -> bool:
    """Whether a licence file leaves the licence to others."""
    lines = [line.strip(_MARKS) for line in text.split("\n")]
    lines = [line for line in lines if line]
    return (
        not lines or _names_holders(path, lines) or _points(text) or points_elsewhere(text) or _is_account(path, text)
    )


def _names_holders(path: str, lines: list[str]) -> bool:
    """Whether nothing but holders stands there; in a file of that name, bare names and reserved rights too."""
    if has_duty(" ".join(lines)):
        return False
    about = is_about_holders(path)

    def is_holder(line: str) -> bool:
        if _RESERVED.search(line) and not about:
            return False
        rest = _RESERVED.sub("", line).strip(_MARKS)
        return not rest or bool(_HOLDER.fullmatch(rest)) or (about and bool(_NAME.fullmatch(rest)) and rest.istitle())

    return all(map(is_holder, lines)) and recognise("\n".join(_RESERVED.sub("", line) for line in lines)) is None


def _points(text: str) -> bool:
    """Whether all that is said is which file holds the licence: "See the file COPYING.", "../LICENSE"."""
    words = text.split()
    if len(text) > _LONGEST_POINTER or "://" in text or not words:
        return False
    if _INCLUDED.search(text):
        return not has_duty(text)
    files = [word for word in (word.strip("\"'`.,;()[]<>*") for word in words) if kind_of_evidence(word) == "text"]
    alone = len(words) == 1 and bool(files) and licence_class(canonical(words[0])) == "unknown"
    told = re.match(
        r"\W*(?:please )?(?:see|refer|read|consult|look|for (?:the )?(?:full )?licen\w+)\b", text, re.IGNORECASE
    )
    return alone or (bool(told) and bool(files) and recognise(text) is None and not has_duty(text))


def _is_account(path: str, text: str) -> bool:
    """Whether a COPYRIGHT file only tells of the work's history: no licence, and no words of a condition."""
    return is_about_holders(path) and recognise(text) is None and not file_sets_condition(Text(text))
