"""How licences are named in prose."""

from __future__ import annotations

import re

from midspan.corpus.licences.phrases import phrase

PUBLIC_DOMAIN = "LicenseRef-scancode-public-domain"
PERL = "GPL-1.0-or-later OR Artistic-1.0-Perl"
# "GPL v2", "General Public License as published by the Free Software Foundation; either version 2.1 of".
VERSION = re.compile(r"(?: \w+){0,9}? v(?:ersion)? ?(?:\. )?(\d)(?: (\d)\b)?| ?v?(\d)(?: (\d)\b)?")
_UNDER = r"\b(?:under|license|licensed|licenses|terms of|or|and|of)(?: the)?(?: gnu)? "
_CC = r"(?:creative commons attribution|creativecommons org licenses by|\bcc by)"

# A copyleft or restricted licence counts wherever it is named; the version that follows is part of the name.
COPYLEFT = (
    phrase(
        "AGPL",
        "affero,agpl",
        r"affero (?:gnu )?general public license",
        r"\bagpl ?(?=v?\d|version)",
        _UNDER + r"agpl\b",
    ),
    phrase(
        "LGPL",
        "lesser,library,lgpl",
        r"(?:lesser|library) (?:gnu )?(?:general )?public license",
        r"\blgpl ?(?=v?\d|version)",
        _UNDER + r"lgpl\b",
    ),
    phrase(
        "GPL",
        "public license,copyleft,gpl",
        r"(?<!affero )(?<!lesser )(?<!library )(?<!gnu )(?:gnu )?general public license",
        r"gnu public license|gnu copyleft|\bgpl ?(?=v?\d|version)",
        _UNDER + r"gpl\b",
    ),
    phrase("GFDL", "documentation license", r"gnu free documentation license"),
    phrase("MPL", "mozilla,mpl", r"mozilla public license", r"\bmpl ?(?=v?\d|version)", _UNDER + r"mpl\b"),
    phrase("EPL", "eclipse,epl", r"eclipse public license", r"\bepl ?(?=v?\d|version)"),
    phrase(
        "CDDL",
        "common development,cddl",
        r"common development and distribution license",
        r"\bcddl ?(?=v?\d|version)",
        _UNDER + r"cddl\b",
    ),
    phrase("CPL-1.0", "common public", r"common public license"),
    phrase("IPL-1.0", "ibm", r"ibm public license"),
    phrase("EUPL", "european union,eupl", r"european union public license", r"\beupl\b"),
    phrase("OSL", "open software license", r"open software license"),
    phrase("CECILL-2.1", "cecill", r"\bcecill(?! ?[bc]\b)"),
    phrase("APSL-2.0", "apple public", r"apple public source license"),
    phrase("MS-RL", "reciprocal", r"microsoft reciprocal license"),
    phrase("QPL-1.0", "q public license", r"\bq public license"),
    phrase("Artistic-1.0", "artistic", r"\bartistic license"),
    phrase(
        PERL,
        "perl",
        r"(?:terms|license|conditions|licensed|redistribut\w+|modify)(?: \w+){0,6} (?:as|of"
        r"|like) (?:the )?perl\b(?: \d)*(?: itself)?",
        r"\bperl(?: \d)* (?:artistic )?license|\bsame terms as perl\b",
    ),
    phrase("Ruby", "ruby", r"(?:ruby s|the ruby|under ruby) license"),
    phrase("SSPL-1.0", "server side,sspl", r"server side public license", r"\bsspl\b"),
    phrase("BUSL-1.1", "business source,busl", r"business source license", r"\bbusl\b"),
    phrase("Elastic-2.0", "elastic", r"elastic license"),
    phrase("CC-BY-NC-4.0", "commons,cc by", rf"{_CC} (?:international )?(?:nc\b|non ?commercial)"),
    phrase("CC-BY-SA-4.0", "commons,cc by", rf"{_CC} (?:international )?(?:sa\b|share ?alike)"),
    phrase("CC-BY-ND-4.0", "commons,cc by", rf"{_CC} (?:international )?(?:nd\b|no ?deriv)"),
    phrase("LicenseRef-commons-clause", "clause,right to sell", r"commons clause", r"not include the right to sell"),
    phrase(
        "LicenseRef-polyform",
        "polyform,prosperity,functional source",
        r"polyform \w+(?: \w+)? license",
        r"prosperity public license|functional source license",
    ),
    phrase(
        "LicenseRef-responsible-ai",
        "responsible,openrail,gemma,llama",
        r"responsible ai license|\bopenrail|\bgemma terms of use",
        r"llama(?: \d)* community license",
    ),
    phrase("LicenseRef-end-user", "end user,nvidia", r"end user license|nvidia (?:proprietary|software license)"),
)

# A permissive licence counts unless the words before it deny that it is given.
PERMISSIVE = (
    phrase(
        "Apache-2.0",
        "apache,asl,alv2",
        r"apache (?:software )?license(?: version| v)? ?2",
        r"\b(?:under|license|licensed|and|or)(?: the)?(?: terms of(?: the)?)? apache (?:software )?license",
        r"\bapache v?2(?: 0)?\b|\basl ?v?2\b|\balv2\b|apache org licenses license 2 0",
    ),
    phrase(
        "MIT",
        "mit ,expat,licenses mit,under mit,under the mit",
        r"\b(?:mit|expat|mit x11|x11 mit)(?: style| open source| software)? license",
        r"org licenses mit\b",
        r"\b(?:licensed|released|distributed|available) under (?:the )?(?:mit|expat)(?: x11| expat)?\b",
    ),
    phrase(
        "BSD-2-Clause",
        "bsd",
        r"\b(?:2|two) clause bsd|simplified bsd license|\bbsd (?:license )?(?:2|two)\b|org licenses bsd 2",
    ),
    phrase(
        "BSD-3-Clause",
        "bsd,berkeley",
        r"\b(?:3|three) clause bsd|\bbsd (?:license )?(?:3|three)\b|org licenses bsd license",
        r"\bbsd(?: style| type| like| new)?(?: open source| software)? license",
        r"\bbsd licensed\b|berkeley software distribution license",
    ),
    phrase("ISC", "isc", r"\bisc(?: style)? license", r"org licenses isc"),
    phrase("0BSD", "bsd", r"zero clause bsd", r"\b0bsd\b", r"bsd zero clause"),
    phrase("Zlib", "zlib,libpng", r"\bzlib(?: libpng| style)? license", r"\blibpng license"),
    phrase("BSL-1.0", "boost", r"boost software license", r"boost org license 1 0"),
    phrase("PSF-2.0", "psf,python", r"\b(?:psf|python software foundation|python) license"),
    phrase("Unlicense", "unlicense", r"\bthe unlicense\b", r"unlicense org"),
    phrase("CC0-1.0", "cc0,commons", r"\bcc0\b", r"creative commons zero", r"creativecommons org publicdomain zero"),
    phrase("CC-BY-4.0", "commons,cc by", rf"{_CC} (?:\d|international|license|unported)"),
    phrase(
        "NCSA", "illinois,ncsa", r"university of illinois(?: ncsa)? open source license|\bncsa (?:open source )?license"
    ),
    phrase("MulanPSL-2.0", "mulan", r"mulan psl ?v?2", r"mulan permissive software license"),
    phrase("UPL-1.0", "universal permissive", r"universal permissive license"),
    phrase("MS-PL", "microsoft,ms pl", r"microsoft public license", r"\bms pl\b"),
    phrase("AFL-3.0", "academic free", r"academic free license"),
    phrase("PostgreSQL", "postgresql", r"postgresql license"),
    phrase("WTFPL", "wtfpl,what the", r"\bwtfpl\b", r"do what the fuck you want"),
    phrase("ZPL-2.1", "zope", r"zope public license"),
    phrase("BlueOak-1.0.0", "blue oak", r"blue oak model license"),
    phrase("ImageMagick", "imagemagick", r"imagemagick license"),
    phrase("PHP-3.01", "php", r"\bphp license\b"),
    phrase("OpenSSL", "openssl", r"\bopenssl license"),
    phrase(
        PUBLIC_DOMAIN,
        "public domain",
        r"\b(?:placed|released|put|dedicated|donated|contributed)(?: \w+){0,14} (?:in|into|to)(?: the)? public domain",
        r"\b(?:is|are|been|was|it|these) (?:hereby )?(?:in|placed in|released (?:in)?to)(?: the)? public domain",
        r"\b(?:code|file|files|software|program|library|work|this|it|these) (?:is|are) public domain",
        r"license public domain|public domain (?:dedication|license|software)",
    ),
)
DENIED = re.compile(
    r"\b(?:not|isn t|unlike|never|no longer|compatible with|similar to|than|formerly|previously|except|instead of"
    r"|derived from)(?: \w+){0,8} ?$"
)
