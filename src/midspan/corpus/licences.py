"""Under which licence a file stands, and where that is written: its own header first, then the nearest LICENSE file.

Repository-level licences are not enough: of 171 million leading comments in public training sets 16 million were
copyleft (arXiv 2403.15230). What is not recognised is "unknown", never permissive.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path, PurePosixPath

from midspan.corpus.languages import language_of_name
from midspan.corpus.listing import STANDARD_LIBRARY

UNKNOWN = "unknown"
HEADER_LINES = 40
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]+?)[ \t]*(?:\*/|-->|#}|$)", re.MULTILINE)
_LICENCE_FILE = re.compile(r"(un)?licen[cs]e|copying|mit-licen[cs]e", re.IGNORECASE)
_PROSE = (None, "markdown", "restructuredtext", "html")  # licences.py is about licences, it is none

# Phrases of the licence texts, normalised to lower-case words; all of a row's must be there, the first row wins.
TEXTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("AGPL-3.0", ("gnu affero general public license", "version 3")),
    ("LGPL-2.1", ("gnu lesser general public license", "version 2 1")),
    ("LGPL-3.0", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.0", ("gnu library general public license",)),
    ("GPL-3.0", ("gnu general public license", "version 3")),
    ("GPL-2.0", ("gnu general public license", "version 2")),
    ("MPL-2.0", ("mozilla public license", "2 0")),
    ("EPL-2.0", ("eclipse public license", "2 0")),
    ("EPL-1.0", ("eclipse public license", "1 0")),
    ("CC-BY-NC-4.0", ("creative commons attribution noncommercial",)),
    ("CC-BY-SA-4.0", ("creative commons attribution sharealike",)),
    ("BUSL-1.1", ("business source license",)),
    ("SSPL-1.0", ("server side public license",)),
    ("CC0-1.0", ("cc0 1 0 universal",)),
    ("Apache-2.0", ("apache license", "version 2 0")),
    ("PSF-2.0", ("python software foundation license",)),
    ("BSL-1.0", ("boost software license", "version 1 0")),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("Zlib", ("provided as is without any express or implied warranty", "altered source versions must be plainly")),
    ("ISC", ("permission to use copy modify and or distribute this software for any purpose", "appear in all copies")),
    ("ISC", ("permission to use copy modify and distribute this software for any purpose", "appear in all copies")),
    ("0BSD", ("permission to use copy modify and or distribute this software for any purpose",)),
    ("MIT", ("permission is hereby granted free of charge to any person obtaining a copy",)),
    (
        "BSD-4-Clause",
        ("redistribution and use in source and binary forms", "all advertising materials mentioning features"),
    ),
    (
        "BSD-3-Clause",
        ("redistribution and use in source and binary forms", "endorse or promote products derived from"),
    ),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms", "this list of conditions")),
)
# What a header says when it names a licence without its text.
HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    *TEXTS,
    ("GPL-2.0", ("gnu general public license",)),
    ("MIT", ("under the mit license",)),
    ("MIT", ("under the terms of the mit license",)),
    ("BSD-3-Clause", ("use of this source code is governed by a bsd style license",)),
)

PERMISSIVE = frozenset(
    {"0BSD", "AFL-3.0", "Apache-1.1", "Apache-2.0", "Artistic-2.0", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause"}
    | {"BSD-3-Clause-Clear", "BSL-1.0", "BlueOak-1.0.0", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "MS-PL"}
    | {"MulanPSL-2.0", "NCSA", "OpenSSL", "PHP-3.01", "PSF-2.0", "PostgreSQL", "Python-2.0", "Ruby", "UPL-1.0"}
    | {"Unicode-3.0", "Unlicense", "W3C", "WTFPL", "X11", "Zlib"}
)
_RESTRICTED = re.compile(
    r"(A?GPL|LGPL|MPL|EPL|CDDL|CPL|EUPL|OSL|SSPL|BUSL|CC-BY-(NC|SA|ND)|BSD-4-Clause|Elastic|Commons-Clause|PolyForm)"
)


def licence_of(text: str, file: Path, root: Path, source: str) -> tuple[str, str]:
    """The SPDX expression of a file's licence and the evidence for it, ("unknown", "") without any."""
    head = "\n".join(text.split("\n", HEADER_LINES)[:HEADER_LINES])[:8000]
    if tag := _SPDX.search(head):
        return tag.group(1).strip(), "SPDX tag in the header"
    if recognised := recognise(head, HEADERS):
        return recognised, "text of the header"
    if source == STANDARD_LIBRARY:
        return "PSF-2.0", "standard library of Python"
    return _licence_of_folder(file.parent, root)


def recognise(text: str, texts: tuple[tuple[str, tuple[str, ...]], ...] = TEXTS) -> str | None:
    """The licence whose characteristic phrases `text` holds, None if it is none of those known here."""
    words = " ".join(re.findall(r"[a-z0-9]+", text.lower()))
    return next((name for name, phrases in texts if all(phrase in words for phrase in phrases)), None)


@functools.lru_cache(maxsize=10_000)
def _licence_of_folder(folder: Path, root: Path) -> tuple[str, str]:
    """What the licence files of `folder` say, or of the nearest folder above it up to `root`."""
    found = {}
    for file in sorted(folder.iterdir()):
        named = _LICENCE_FILE.match(file.name) and language_of_name(file.name) in _PROSE
        if named and file.is_file() and not file.is_symlink():
            text = file.read_bytes()[:200_000].decode("utf-8", "replace")
            found[file.relative_to(root).as_posix()] = recognise(text) or UNKNOWN
    if found:
        names = sorted(set(found.values()))
        return (UNKNOWN if UNKNOWN in names else " OR ".join(names)), ", ".join(found)
    return (UNKNOWN, "") if folder == root else _licence_of_folder(folder.parent, root)


def licence_class(licence: str) -> str:
    """ "permissive", "non-permissive" or "unknown" for an SPDX expression: the best of OR, the worst of AND."""
    order = ["non-permissive", UNKNOWN, "permissive"]
    expression = re.sub(r"[()]", " ", licence)
    if "(" in licence and " AND " in licence and " OR " in licence:  # mixed: as if every part held
        expression = expression.replace(" OR ", " AND ")
    choices = [[_class_of_one(part) for part in choice.split(" AND ")] for choice in expression.split(" OR ")]
    return max((min(parts, key=order.index) for parts in choices), key=order.index)


def _class_of_one(identifier: str) -> str:
    name = PurePosixPath(identifier.strip().split(" WITH ")[0]).name.removesuffix("+")
    if name in PERMISSIVE:
        return "permissive"
    return "non-permissive" if _RESTRICTED.match(name) else UNKNOWN
