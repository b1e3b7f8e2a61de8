"""The licences that a licence file gives, all its parts together."""

from __future__ import annotations

import functools
import re

from midspan.corpus.licences import names, restrictions
from midspan.corpus.licences.conditions import file_sets_condition
from midspan.corpus.licences.expressions import all_of, licence_class, names_a_licence
from midspan.corpus.licences.texts import Text

UNRECOGNISED = "LicenseRef-unrecognised-conditions"
PROPRIETARY = "LicenseRef-proprietary"
NOTICE = "Apache-2.0"  # whose notice others write with their own licence's name
LONGEST_FILE = 1_000_000
NEAR = 80  # characters: a legal word within this distance makes a restriction of a phrase
_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]{0,300}>")
_FIELD = re.compile(
    r"^[ \t#*]*(?:license|licence|spdx-license-identifier)(?:-expression)?[ \t]*:[ \t*]*(\S.{0,200}?)[ \t.]*$",
    re.M | re.I,
)
_DEBIAN = {"Expat": "MIT", "PSF": "PSF-2.0", "Apache-2": "Apache-2.0", "public-domain": names.PUBLIC_DOMAIN}


@functools.lru_cache(maxsize=256)
def recognise(text: str) -> str | None:
    """The SPDX expression of a licence file: every licence in it joined by AND, None if there is none.

    What sets conditions beside the licences is in the expression as LicenseRef-unrecognised-conditions.
    """
    body = Text(_MARKUP.sub(" ", text[:LONGEST_FILE]))
    found = body.texts() + fields(text[:LONGEST_FILE])
    found += licences_in_words(body.remainder())
    if not found and "all rights reserved" in body.remainder():
        found.append(PROPRIETARY)
    body.cover([*found, NOTICE])
    unread = len(text) > LONGEST_FILE
    if found and licence_class(all_of(found)) != "non-permissive" and (unread or file_sets_condition(body)):
        found.append(UNRECOGNISED)
    return all_of(with_exception(without_vaguer(found))) or None


def _is_legal(words: str, match: re.Match[str]) -> bool:
    return bool(restrictions.LEGAL.search(words[max(0, match.start() - NEAR) : match.end() + NEAR]))


def without_vaguer(found: list[str]) -> list[str]:
    """Without "GPL" where "GPL-2.0" stands too."""
    families = {one.name for one in names.COPYLEFT}
    return [one for one in found if not (one in families and any(re.match(rf"{one}-\d", other) for other in found))]


def with_exception(found: list[str]) -> list[str]:
    """LLVM's exception joined to its licence: it permits more, and mentions the GPL in doing so."""
    if not {"Apache-2.0", "LLVM-exception"} <= set(found):
        return found
    return [
        "Apache-2.0 WITH LLVM-exception" if one == "Apache-2.0" else one for one in found if one != "LLVM-exception"
    ]


def fields(text: str) -> list[str]:
    """The expressions of lines such as `License: BSD-3-Clause`."""
    values = (_DEBIAN.get(value, value) for value in _FIELD.findall(text))
    return [value for value in values if licence_class(value) != "unknown" and names_a_licence(value, all_known=True)]


def licences_in_words(sentence: str) -> list[str]:
    """The licences and restrictions that lower-case words, joined by spaces, speak of; "A OR B" where they say so."""
    sentence = restrictions.NEUTRAL.sub("|", sentence)
    found = []
    if (choice := restrictions.CHOICE.search(sentence)) and len(options := _options(choice)) == 2:
        found.append(" OR ".join(options))
        sentence = sentence.replace(choice.group(), "|")
    found += [*copyleft(sentence), *permissive(sentence)]
    if len(found) == 2 and restrictions.CHOSEN.search(sentence):
        found = [" OR ".join(found)]
    for one in restrictions.RESTRICTIONS:
        if any(_is_legal(sentence, place) for place in one.places(sentence)):
            found.append(one.name)
    return found


def _options(choice: re.Match[str]) -> list[str]:
    """The two licences of a choice; none if a side names several, or what is to be bought."""
    sides = [
        copyleft(side) + permissive(side) for side in (f"under {part.strip()} license" for part in choice.groups())
    ]
    bought = re.search("commercial|proprietary", choice.group())
    return [] if bought or any(len(side) != 1 for side in sides) else [side[0] for side in sides]


def permissive(sentence: str) -> list[str]:
    """The permissive licences named where no word before the name denies that they are given."""

    def is_given(place: re.Match[str]) -> bool:
        return not names.DENIED.search(sentence[max(0, place.start() - NEAR) : place.start()])

    return [one.name for one in names.PERMISSIVE if any(map(is_given, one.places(sentence)))]


def copyleft(sentence: str) -> list[str]:
    """The copyleft and restricted licences named, with the version that follows the name."""
    versions: dict[str, set[str]] = {}
    for one in names.COPYLEFT:
        for place in one.places(sentence):
            following = names.VERSION.match(sentence[place.end() : place.end() + NEAR])
            numbers = [number for number in following.groups() if number] if following else []
            numbers = numbers[:1] if one.name in ("GPL", "AGPL") else numbers  # which have no minor versions
            versions.setdefault(one.name, set()).add(".".join([*numbers, "0"][:2]) if numbers else "")
    return [
        f"{name}-{version}" if version and not re.search(r"\d$|^License|Perl$", name) else name
        for name, found in versions.items()
        for version in sorted(found - {""} or {""})
    ]
