"""How licences are named in prose.

Patterns are matched against lower-case words joined by single spaces (words.py): no punctuation, "license" spelt the
American way, "|" where the words of a known licence text stood.
"""

from __future__ import annotations

import re


def _table(*rows: tuple[str, tuple[str, ...]]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile("|".join(patterns))) for name, patterns in rows)


PUBLIC_DOMAIN = "LicenseRef-scancode-public-domain"
# "GPL v2", "General Public License as published by the Free Software Foundation; either version 2.1 of".
VERSION = re.compile(r"(?: \w+){0,9}? v(?:ersion)? ?(\d)(?: (\d)\b)?| ?v?(\d)(?: (\d)\b)?")
_UNDER = r"\b(?:under|license|licensed|licenses|terms of|or|and|of)(?: the)?(?: gnu)? "
_CC = r"creative commons attribution|creativecommons org licenses by|\bcc by"

# A copyleft or restricted licence counts wherever it is named; the version that follows is part of the name.
COPYLEFT = _table(
    ("AGPL", (r"affero (?:gnu )?general public license", r"\bagpl ?(?=v?\d)", _UNDER + r"agpl\b")),
    ("LGPL", (r"(?:lesser|library) (?:gnu )?(?:general )?public license", r"\blgpl ?(?=v?\d)", _UNDER + r"lgpl\b")),
    (
        "GPL",
        (
            r"(?<!affero )(?<!lesser )(?<!library )(?<!gnu )(?:gnu )?general public license",
            r"gnu public license|gnu copyleft|\bgpl ?(?=v?\d)",
            _UNDER + r"gpl\b",
        ),
    ),
    ("GFDL", (r"gnu free documentation license",)),
    ("MPL", (r"mozilla public license", r"\bmpl ?(?=v?\d)", _UNDER + r"mpl\b")),
    ("EPL", (r"eclipse public license", r"\bepl ?(?=v?\d)")),
    ("CDDL", (r"common development and distribution license", r"\bcddl\b")),
    ("CPL-1.0", (r"common public license",)),
    ("IPL-1.0", (r"ibm public license",)),
    ("EUPL", (r"european union public license", r"\beupl\b")),
    ("OSL", (r"open software license",)),
    ("CECILL-2.1", (r"\bcecill(?! ?[bc]\b)",)),
    ("APSL-2.0", (r"apple public source license",)),
    ("MS-RL", (r"microsoft reciprocal license",)),
    ("QPL-1.0", (r"\bq public license",)),
    ("Artistic-1.0", (r"\bartistic license",)),
    ("Ruby", (r"(?:ruby s|the ruby|under ruby) license",)),
    ("SSPL-1.0", (r"server side public license", r"\bsspl\b")),
    ("BUSL-1.1", (r"business source license", r"\bbusl\b")),
    ("Elastic-2.0", (r"elastic license",)),
    ("CC-BY-NC-4.0", (rf"(?:{_CC}) (?:international )?(?:nc\b|non ?commercial)",)),
    ("CC-BY-SA-4.0", (rf"(?:{_CC}) (?:international )?(?:sa\b|share ?alike)",)),
    ("CC-BY-ND-4.0", (rf"(?:{_CC}) (?:international )?(?:nd\b|no ?deriv)",)),
    ("LicenseRef-commons-clause", (r"commons clause", r"not include the right to sell")),
    (
        "LicenseRef-polyform",
        (r"polyform \w+(?: \w+)? license", r"prosperity public license", r"functional source license"),
    ),
    (
        "LicenseRef-responsible-ai",
        (r"responsible ai license|\bopenrail|\bgemma terms of use", r"llama(?: \d)* community license"),
    ),
    ("LicenseRef-end-user", (r"end user license", r"nvidia (?:proprietary|software license)")),
)

# A permissive licence counts unless the words before it deny that it is given.
PERMISSIVE = _table(
    (
        "Apache-2.0",
        (
            r"apache (?:software )?license(?: version| v)? ?2",
            r"\b(?:under|license|licensed|and|or)(?: the)?(?: terms of(?: the)?)? apache (?:software )?license",
            r"\bapache v?2(?: 0)?\b|\basl ?v?2\b|\balv2\b|apache org licenses license 2 0",
        ),
    ),
    ("MIT", (r"\b(?:mit|expat|mit x11|x11 mit)(?: style| open source| software)? license", r"org licenses mit\b")),
    (
        "BSD-2-Clause",
        (r"\b(?:2|two) clause bsd|simplified bsd license|\bbsd (?:license )?(?:2|two)\b", r"org licenses bsd 2"),
    ),
    (
        "BSD-3-Clause",
        (
            r"\b(?:3|three) clause bsd|\bbsd (?:license )?(?:3|three)\b|org licenses bsd license",
            r"\bbsd(?: style| type| like| new)?(?: open source| software)? license",
            r"\bbsd licensed\b|berkeley software distribution license",
        ),
    ),
    ("ISC", (r"\bisc(?: style)? license", r"org licenses isc")),
    ("0BSD", (r"zero clause bsd", r"\b0bsd\b", r"bsd zero clause")),
    ("Zlib", (r"\bzlib(?: libpng| style)? license", r"\blibpng license")),
    ("BSL-1.0", (r"boost software license", r"boost org license 1 0")),
    ("PSF-2.0", (r"\b(?:psf|python software foundation|python) license",)),
    ("Unlicense", (r"\bthe unlicense\b", r"unlicense org")),
    ("CC0-1.0", (r"\bcc0\b", r"creative commons zero", r"creativecommons org publicdomain zero")),
    ("CC-BY-4.0", (rf"(?:{_CC}) (?:\d|international|license|unported)",)),
    ("NCSA", (r"university of illinois(?: ncsa)? open source license", r"\bncsa (?:open source )?license")),
    ("MulanPSL-2.0", (r"mulan psl ?v?2", r"mulan permissive software license")),
    ("UPL-1.0", (r"universal permissive license",)),
    ("MS-PL", (r"microsoft public license", r"\bms pl\b")),
    ("AFL-3.0", (r"academic free license",)),
    ("PostgreSQL", (r"postgresql license",)),
    ("WTFPL", (r"\bwtfpl\b", r"do what the fuck you want")),
    ("ZPL-2.1", (r"zope public license",)),
    ("BlueOak-1.0.0", (r"blue oak model license",)),
    ("PHP-3.01", (r"\bphp license\b",)),
    ("OpenSSL", (r"\bopenssl license",)),
    (
        PUBLIC_DOMAIN,
        (
            r"\b(?:placed|released|put|dedicated|donated|contributed)(?: \w+){0,14} (?:in|into|to)(?: the)? public domain",
            r"\b(?:is|are|been|was|being|it|these) (?:hereby )?(?:in|placed in|released (?:in)?to) (?:the )?public domain",
            r"\b(?:code|file|files|software|program|library|work|this|it|these) (?:is|are) public domain",
            r"license public domain|public domain (?:dedication|license|software)",
        ),
    ),
)
# None of the copyleft names is there without one of these.
COPYLEFT_SIGNS = (
    *(
        " public license",
        "gpl",
        "copyleft",
        "mpl",
        "epl",
        "cddl",
        "eupl",
        "common",
        "documentation license",
        "source license",
    ),
    *(
        "software license",
        "reciprocal",
        "artistic",
        "ruby",
        "sspl",
        "busl",
        "elastic",
        "cc by",
        "right to sell",
        "polyform",
    ),
    *("cecill", "openrail", "responsible ai", "community license", "terms of use", "end user", "nvidia"),
)
DENIED = re.compile(
    r"\b(?:not|isn t|unlike|never|no longer|compatible with|similar to|than|formerly|previously|except|instead of"
    r"|derived from)(?: \w+){0,8} ?$"
)
