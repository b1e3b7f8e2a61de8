"""Which files hold a licence, by their names, and for which folder they speak."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_NAME = re.compile(
    r"(?:.*[-_. ])?(?:un)?licen[cs]es?(?:[-_. ].*)?|mit-?licen[cs]e|copying(?:v?\d)?(?:[-_.].*)?|eula|ofl"
    r"|copyrights?|[al]?gpl(?:[-_]?v?\d(?:\.\d)?)?",
    re.IGNORECASE,
)
_PROSE = re.compile(r"\.(?:txt|text|md|markdown|rst|html?|adoc|asciidoc|org|rtf|pod)$", re.IGNORECASE)
# A name may also end in part of a licence's name, as LICENSE.APACHE2 or COPYING.LESSER; a program is about them.
_LICENCE_SUFFIX = re.compile(
    r"\.(?:[al]?gpl\S*|lesser\S*|lib|apache\S*|mit\S*|bsd\S*|mpl\S*|epl\S*|isc|zlib|psf|python|cc0|cc-?by\S*"
    r"|boost|bsl\S*|ofl|unlicense|third[-_]?party|commercial|enterprise|\d+)$",
    re.IGNORECASE,
)
_REUSE = ("LICENSES", "LICENCES")


def is_licence_file(path: str) -> bool:
    """Whether a file (its name, or its path with "/") holds a licence: LICENSE.md, COPYING.LESSER, LICENSES/MIT.txt."""
    place = PurePosixPath(path)
    if place.parent.name in _REUSE:  # REUSE specification 3.0
        return bool(_PROSE.search(place.name)) or not place.suffix
    name = _PROSE.sub("", place.name)
    suffix = PurePosixPath(name).suffix
    known_suffix = not re.fullmatch(r"\.[A-Za-z]\w*", suffix) or bool(_LICENCE_SUFFIX.search(name))
    return bool(_NAME.fullmatch(name)) and known_suffix


def licensed_folder(path: str) -> str:
    """The folder for which a licence file speaks, "" for the root: for LICENSES/MIT.txt the one above LICENSES."""
    folder = PurePosixPath(path).parent
    if folder.name in _REUSE:
        folder = folder.parent
    return "" if str(folder) == "." else str(folder)
