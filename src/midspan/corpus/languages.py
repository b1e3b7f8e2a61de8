"""Which language a file is written in: told by its name, its first line, and, where those do not decide, its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from midspan.corpus.ambiguous import BY_CONTENT, language_of_content
from midspan.corpus.language_tables import EXTENSIONS, FILE_NAMES, INTERPRETERS, OTHER_NAMES, STEMS
from midspan.errors import UserError


def _inverted(table: Mapping[str, str]) -> dict[str, str]:
    return {name: language for language, names in table.items() for name in names.split()}


_BY_EXTENSION = _inverted(EXTENSIONS)
_BY_NAME = _inverted(FILE_NAMES)
_BY_INTERPRETER = _inverted(INTERPRETERS)

LANGUAGES: tuple[str, ...] = tuple(
    sorted(
        {*EXTENSIONS, *FILE_NAMES}
        | {language for signs in BY_CONTENT.values() for language, _ in signs if language is not None}
    )
)
PROSE_AND_SETTINGS = frozenset(
    {"asciidoc", "bibtex", "html", "ignore list", "ini", "json", "markdown", "org", "pod", "prose", "restructuredtext"}
    | {"roff", "svg", "tex", "texinfo", "text", "toml", "xml", "yaml"}
)

# What another file is made from: the text is in the language that the rest of its name tells, with a few placeholders.
_MADE_INTO = frozenset({"in", "cmakein", "tmpl", "tpl", "template", "dist", "example", "sample"})
_MADE_BY_CMAKE = (".h.cmake", ".hpp.cmake", ".c.cmake", ".cpp.cmake", ".pc.cmake", ".py.cmake", ".sh.cmake")
_SHEBANG = re.compile(r"#!\s*(\S+)(?:[ \t]+([^\n]*))?")
_ZSH = ("#compdef ", "#autoload")  # functions of zsh, which have no extension
# A shell script that hands itself on: exec tclsh "$0" "$@"
_EXEC = re.compile(r"\bexec\s+(?:\S*/)?(perl|tclsh|wish|python|ruby|guile|scala)[\w.]*\b[^\n]*\$\{?0")
_MODE = re.compile(r"-\*-\s*(?:.*?\bmode:\s*)?([A-Za-z+#-]+)\s*(?:;.*)?-\*-|\bvim?:.*?\b(?:ft|filetype|syntax)=(\w+)")
_MODE_NAMES = {"cperl": "perl", "js2": "javascript", "ksh": "shell", "sh": "shell", "latex": "tex", "nroff": "roff"}


def language_of_name(path: str) -> str | None:
    """The language that the file name alone tells, None where it tells none.

    For an extension that several languages share, the one it means when nothing in the text speaks for another.
    """
    name = made_name(path)
    if name in _BY_NAME:
        return _BY_NAME[name]
    if (stem := name.split(".")[0]) in STEMS and not name.endswith(".md"):
        return STEMS[stem]
    extension = PurePosixPath(name).suffix[1:]
    if extension in _BY_EXTENSION:
        return _BY_EXTENSION[extension]
    if extension in BY_CONTENT:
        return next((language for language, _ in reversed(BY_CONTENT[extension]) if language), None)
    return None


def detect_language(path: str, text: str) -> str | None:
    """The language of a file, None if it is none that is known.

    Decided by, in this order: the whole file name; the text, for an extension that languages share; the extension;
    the shebang; an Emacs or Vim line. For an extension that is shared, a shebang comes before the text.
    """
    name = made_name(path)
    if name in _BY_NAME:
        return _BY_NAME[name]
    extension = PurePosixPath(name).suffix[1:]
    if extension in BY_CONTENT:
        return _language_of_shebang(text) or language_of_content(extension, text)
    return language_of_name(name) or _language_of_shebang(text) or _language_of_mode(text)


def made_name(path: str) -> str:
    """The file name in lower case; of a template that of the file which is made from it: config.h of config.h.in."""
    name = PurePosixPath(path).name.lower()
    if name in _BY_NAME:
        return name
    if name.endswith(_MADE_BY_CMAKE):
        return name.removesuffix(".cmake")
    rest, _, ending = name.rpartition(".")
    return made_name(rest) if ending in _MADE_INTO and "." in rest.lstrip(".") else name


def is_template(path: str) -> bool:
    """Whether a file is made from this one: it holds placeholders."""
    return made_name(path) != PurePosixPath(path).name.lower() or path.lower().endswith((".in", ".cmakein"))


def canonical_language(name: str) -> str | None:
    """Our name of a language as a data set calls it ("C++", "c-sharp", "Jupyter Notebook"), None if we know none."""
    lower = name.strip().lower()
    for candidate in (OTHER_NAMES.get(lower), lower, lower.replace("-", " ").replace("_", " ")):
        if candidate in _KNOWN:
            return candidate
    return OTHER_NAMES.get(lower.replace(" ", "-"))


def check_languages(languages: Iterable[str]) -> frozenset[str]:
    """The chosen languages by our names; UserError, with all known ones, if one is unknown."""
    chosen = {language: canonical_language(language) for language in languages}
    if unknown := sorted(language for language, ours in chosen.items() if ours is None):
        raise UserError(f"corpus.languages: unknown {', '.join(unknown)}; known are {', '.join(LANGUAGES)}")
    return frozenset(language for language in chosen.values() if language is not None)


_KNOWN = frozenset(LANGUAGES)


def _language_of_shebang(text: str) -> str | None:
    """The language of the interpreter in the first line, through env, its options and its assignments."""
    match = _SHEBANG.match(text)
    if match is None:
        return "shell" if text.startswith(_ZSH) else None
    words = [match.group(1), *(match.group(2) or "").split()]
    if words[0].endswith("/env"):
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words:
        return None
    name = words[0].rsplit("/", 1)[-1].lower().removesuffix(".exe").strip("@")  # of a template: @PERL@
    interpreter = re.sub(r"(?<=[a-z])-?[\d.]+$", "", name)
    language = _BY_INTERPRETER.get(name) or _BY_INTERPRETER.get(interpreter)
    if language == "shell" and (handed_on := _EXEC.search(text[:500])):
        return _BY_INTERPRETER[handed_on.group(1)]
    return language


def _language_of_mode(text: str) -> str | None:
    """The language that an Emacs or Vim line names, in the first two lines."""
    match = _MODE.search("\n".join(text[:1000].split("\n")[:2]))
    if match is None:
        return None
    name = next(group for group in match.groups() if group).lower()
    return _MODE_NAMES.get(name) or canonical_language(name)
