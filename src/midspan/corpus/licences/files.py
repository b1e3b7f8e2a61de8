"""Which files tell of a licence, by their names, in what way, and for which folder or file they speak."""

from __future__ import annotations

import functools
import re
from pathlib import PurePosixPath
from typing import Literal

from midspan.corpus.licences.manifests import is_manifest

# "others": licences of what a repository brings along; "template": what is to stand at the head of its files.
Kind = Literal["text", "template", "others", "agreement", "manifest", "readme", "sidecar", "reuse"]

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
# Not those that are suffixes of programs: cs, el, pl.
_LANGUAGES = (
    r"ar|bg|bn|ca|cn|cz|da|de|en|es|et|fa|fi|fr|he|hi|hr|hu|id|it|ja|jp|ko|kr|lt|lv|nb|nl|no|pt|ro|ru|sk|sl|sr|sv|th"
    r"|tr|tw|uk|vi|zh"
)
_TRANSLATED = re.compile(
    rf"(?:.*[-_. ])?(?:licen[cs]es?|copying|copyright)[-_. ](?:{_LANGUAGES}"
    r"|chinese|deutsch|german|french|francais|spanish|espanol|japanese|russian|korean|italian)"
    r"(?:[-_](?:[a-z]{2}|hans|hant|latn|cyrl))?",
    re.IGNORECASE,
)
_AGREEMENT = re.compile(
    r"(?:.*[-_. ])?(?:contributors?|contribution|individual|corporate"
    r"|entity)s?[-_. ]?(?:.*[-_. ])?(?:licen[cs](?:e|ing)"
    r"|agreement|cla)(?:[-_. ].*)?|(?:.*[-_. ])?(?:i|c|e|f)?cla(?:[-_. ](?:individual|corporate"
    r"|entity|signed|.*license.*))?"
    r"|dco|(?:.*[-_. ])?licen[cs]e[-_. ]agreement[-_. ]contribut.*",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"(?:.*[-_. ])?(?:3rd|third)[-_. ]?part(?:y|ies)(?:[-_. ].*|licen[cs]es?|notices?)?"
    r"|.*[-_. ](?:dependenc(?:y|ies)|deps"
    r"|vendor(?:ed)?|bundled|external)(?:[-_. ].*)?|(?:dependenc(?:y|ies)|vendor(?:ed)?|bundled"
    r"|external|oss|open[-_]?source)"
    r"[-_. ].*|3rdparty.*|thirdparty.*",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r".*(?:header|template|boilerplate|preamble|blurb).*", re.IGNORECASE)
_REUSE = ("LICENSES", "LICENCES")
REUSE_FILE, REUSE_FOLDER = "REUSE.toml", ".reuse"  # reuse.software, specification 3.3
SIDECAR = ".license"
_NAMED_SO: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("agreement", _AGREEMENT),
    ("readme", re.compile(r"readme(?:[-_.](?:en|english))?", re.IGNORECASE)),
    (
        "others",
        re.compile(
            r"(?:3rd|third)[-_. ]?part(?:y|ies)[-_. ]?(?:licen[cs]es?|notices?|copyrights?|software).*", re.IGNORECASE
        ),
    ),
)
_WEIGHTS: tuple[Kind, ...] = ("sidecar", "reuse", "text", "others", "template", "manifest", "readme", "agreement")


def kind_of_evidence(path: str) -> Kind | None:
    """In what way a file (its name, or its path with "/") tells of a licence, None if it does not."""
    folder, _, name = path.rpartition("/")
    folder = folder.rpartition("/")[2]
    return _kind(name, folder if folder in (*_REUSE, REUSE_FOLDER) else "")


@functools.lru_cache(maxsize=16_384)
def _kind(name: str, folder: str) -> Kind | None:
    suffix = PurePosixPath(name).suffix
    if folder == REUSE_FOLDER or name == REUSE_FILE:
        return "reuse" if name in ("dep5", REUSE_FILE) else None
    if folder:  # REUSE specification 3.0
        return "text" if _PROSE.search(name) or not suffix else None
    if suffix == SIDECAR and "." in name.removesuffix(SIDECAR).lstrip("."):
        return "sidecar"
    bare = _PROSE.sub("", name)
    for kind, pattern in _NAMED_SO:
        if pattern.fullmatch(bare):
            return kind
    if _is_licence_name(bare):
        return "others" if _OTHERS.fullmatch(bare) else "template" if _TEMPLATE.fullmatch(bare) else "text"
    return "manifest" if is_manifest(name) else None


def _is_licence_name(name: str) -> bool:
    if _TRANSLATED.fullmatch(name):
        return True
    suffix = PurePosixPath(name).suffix
    known_suffix = not re.fullmatch(r"\.[A-Za-z]\w*", suffix) or bool(_LICENCE_SUFFIX.search(name))
    return bool(_NAME.fullmatch(name)) and known_suffix


def is_licence_file(path: str) -> bool:
    """Whether a file holds a licence: LICENSE.md, COPYING.LESSER, LICENSES/MIT.txt."""
    return kind_of_evidence(path) in ("text", "template", "others")


def is_translation(path: str) -> bool:
    """Whether a licence file says by its name that it is one in another language: LICENSE.zh-CN."""
    return bool(_TRANSLATED.fullmatch(_PROSE.sub("", PurePosixPath(path).name)))


def is_about_holders(path: str) -> bool:
    """Whether a file says by its name that it tells whose the work is: COPYRIGHT."""
    return "copyright" in PurePosixPath(path).name.lower()


def spoken_for(path: str) -> str:
    """The folder ("" for the root) or, of `x.py.license`, the file for which a file speaks.

    LICENSES/MIT.txt and .reuse/dep5 speak for the folder above theirs.
    """
    if kind_of_evidence(path) == "sidecar":
        return path.removesuffix(SIDECAR)
    folder = PurePosixPath(path).parent
    if folder.name in (*_REUSE, REUSE_FOLDER):
        folder = folder.parent
    return "" if str(folder) == "." else str(folder)


def by_weight(path: str) -> tuple[int, str]:
    """The key that sorts files of evidence: those that weigh most first."""
    kind = kind_of_evidence(path)
    return _WEIGHTS.index(kind) if kind else len(_WEIGHTS), path
