"""One spelling for each licence: identifiers in any case, full names, addresses and package registries' short names.

`full_names.tsv` (learn.py) holds the names of the SPDX list.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from midspan.corpus.licences.expressions import (
    MALFORMED,
    OPERATORS,
    all_of,
    class_of_one,
    is_well_formed,
    licence_class,
    spelled,
    tokens_of,
)
from midspan.corpus.licences.recognition import PROPRIETARY, UNRECOGNISED, licences_in_words
from midspan.corpus.licences.short_names import ALIASES, DROPPED, NAME_WORDS, OF_BSD, SILENT
from midspan.corpus.licences.words import words_of

LONGEST_NAME = 1_000  # characters; more is no name
_ADDRESS = re.compile(
    r"(?:(?:opensource\.org|spdx\.org|choosealicense\.com|api\.github\.com|gnu\.org|osi\.org)/licen[cs]es?/|licenses\.nuget\.org/)"
    r"(?:old-licenses/|licenses/)?([\w.+-]+?)(?:\.(?:html|php|txt|json))?/?$",
    re.IGNORECASE,
)
_CHOICES = (re.compile(r"\s+or\s+|\s*\|{1,2}\s*|\s*/\s*", re.I), re.compile(r"\s+and\s+|\s*[,;&]\s*|\s+\+\s+", re.I))


@functools.lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The SPDX expression that a name or an expression means, spelled as SPDX spells it; "" if it says nothing.

    What is not understood stays an identifier of an unknown class, never a permissive one.
    """
    name = " ".join(name[:LONGEST_NAME].split()).strip(" \"'.,;*`")
    if is_silent(name):
        return ""
    return _of_expression(name) or _of_name(name) or _of_several(name) or _of_words(name) or _unknown(name)


def canonical_of(value: object) -> str:
    """The same of what a manifest or a dataset holds: a name, GitHub's object of a licence, or a list: all hold."""
    if isinstance(value, str):
        return canonical(value)
    if isinstance(value, Mapping):
        named = (value.get(key) for key in ("spdx_id", "key", "type", "name", "id"))
        return next((found for one in named if isinstance(one, str) and (found := canonical(one))), "")
    return all_of(map(canonical_of, value)) if isinstance(value, Iterable) and not isinstance(value, bytes) else ""


def is_silent(name: str) -> bool:
    """Whether what stands for a licence says nothing of it: "other", "see LICENSE"."""
    return _key(name) in SILENT


def _of_expression(name: str) -> str:
    """An expression of known identifiers; MALFORMED where its parentheses do not fit."""
    tokens = tokens_of(name)
    if tokens[-1:] and {tokens[0], tokens[-1]} & set(OPERATORS):
        return MALFORMED
    if not is_well_formed(tokens):
        alone = all(token in ("(", ")", *OPERATORS) or spelled(token) for token in tokens)
        return MALFORMED if alone and {"(", ")"} & set(tokens) else ""
    known = [token if token in ("(", ")", *OPERATORS) else spelled(token) for token in tokens]
    return all_of([" ".join(token for token in known if token)]) if all(known) else ""


def _of_name(name: str) -> str:
    if address := _ADDRESS.search(name):
        part = re.sub(r"[-_](?:license|licence)$", "", address.group(1), flags=re.I)
        return spelled(part) or _full_names().get(_key(part), "") or _of_words(part)
    return _full_names().get(_key(name), "") or _with_short_name(name)


def _with_short_name(name: str) -> str:
    """A full name with its short one behind it, as in "ISC License (ISCL)"; both hold where they differ in class."""
    parts = re.fullmatch(r"(.+?)\s*\(([^()]+)\)", name)
    found = [_of_expression(part) or _of_name(part) or _of_words(part) for part in parts.groups()] if parts else []
    if not all(found):
        return ""
    return found[0] if len(set(map(licence_class, found))) == 1 else all_of(found)


def _of_several(name: str) -> str:
    """Names joined by one kind of sign; "" if a part is none."""
    if "://" in name:
        return ""
    for sign, operator in zip(_CHOICES, ("OR", "AND"), strict=True):
        parts = sign.split(re.sub(r"^(?:dual|either)\W*|\bdual licen[cs]ed?\b", "", name.strip("()[]"), flags=re.I))
        found = [_of_expression(part) or _of_name(part) or _of_several_once(part, operator) for part in parts]
        if len(parts) > 1 and all(found) and all(_is_known(part) for part in found):
            if PROPRIETARY in found:  # what is to be bought is no choice
                return all_of(found)
            return f" {operator} ".join(f"({part})" if " " in part and len(found) > 1 else part for part in found)
    return ""


def _of_several_once(part: str, operator: str) -> str:
    """A part of a choice may itself join what all holds: "MIT and BSD or GPL"."""
    inner = _CHOICES[1].split(part) if operator == "OR" else [part]
    found = [_of_expression(one) or _of_name(one) or _of_words(one) for one in inner]
    return all_of(found) if all(found) else ""


def _is_known(expression: str) -> bool:
    return all(
        class_of_one(token) != "unknown" for token in tokens_of(expression) if token not in ("(", ")", *OPERATORS)
    )


def _of_words(name: str) -> str:
    """The licences that the words name; with more words than a name has, unrecognised conditions too."""
    words = [word for word in words_of(name) if word != "."]
    found = licences_in_words(" ".join(["licensed under", *words, "license"]))
    usual = NAME_WORDS | (OF_BSD if "bsd" in words else frozenset())
    more = any(word not in usual and not re.fullmatch(r"v?\d+", word) for word in words)
    if found and more and licence_class(all_of(found)) == "permissive":
        found.append(UNRECOGNISED)
    return all_of(found)


def _unknown(name: str) -> str:
    if re.fullmatch(r"[\w.+-]+", name, re.ASCII):
        return name
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return f"LicenseRef-{slug}" if slug else MALFORMED


def _key(name: str) -> str:
    """The words of a name that tell it from others, separated by spaces."""
    words = words_of(re.sub(r"(?<![A-Za-z])[vV](?:er)?\.?\s*(?=\d)|[._]", " ", name))
    kept = [word for word in words if word not in DROPPED and word != "."]
    while len(kept) > 1 and kept[-1] == "0":
        kept.pop()
    return " ".join(kept)


@functools.cache
def _full_names() -> dict[str, str]:
    """From the key of a name to the identifier; our own aliases stand above SPDX's names."""
    table = (Path(__file__).parent / "full_names.tsv").read_text(encoding="utf-8")
    listed = (line.split("\t") for line in table.splitlines())
    names = {_key(name): identifier for name, identifier in listed}
    return names | {_key(alias): name for name, aliases in ALIASES.items() for alias in aliases}
