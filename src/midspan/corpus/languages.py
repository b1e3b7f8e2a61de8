"""Which language a file is written in, told by its name and, where that is not enough, its first line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from midspan.errors import UserError

# The 18 languages of Stable Code (reference/stable-code.md, 1.3), then a few that teams have beside them.
EXTENSIONS: dict[str, str] = {
    "c": "c h",
    "c++": "cc cpp cxx c++ hh hpp hxx inl ipp tpp cu cuh",
    "java": "java",
    "javascript": "js mjs cjs jsx",
    "css": "css",
    "go": "go",
    "html": "html htm xhtml",
    "ruby": "rb rake gemspec",
    "rust": "rs",
    "markdown": "md markdown",
    "shell": "sh bash zsh",
    "php": "php phtml",
    "sql": "sql",
    "r": "r",
    "typescript": "ts tsx mts cts",
    "python": "py pyi pyw",
    "jupyter": "ipynb",
    "restructuredtext": "rst",
    "c#": "cs",
    "cmake": "cmake",
    "dart": "dart",
    "haskell": "hs",
    "json": "json",
    "julia": "jl",
    "kotlin": "kt kts",
    "lua": "lua",
    "perl": "pl pm",
    "scala": "scala",
    "swift": "swift",
    "toml": "toml",
    "yaml": "yaml yml",
}
FILE_NAMES: dict[str, str] = {
    "cmakelists.txt": "cmake",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "gnumakefile": "makefile",
    "makefile": "makefile",
    "rakefile": "ruby",
}
LANGUAGES: tuple[str, ...] = tuple(sorted({*EXTENSIONS, *FILE_NAMES.values()}))
PROSE_AND_SETTINGS = frozenset({"markdown", "restructuredtext", "html", "json", "toml", "yaml"})

_BY_EXTENSION = {extension: language for language, all_ in EXTENSIONS.items() for extension in all_.split()}
_BY_INTERPRETER = {
    "bash": "shell",
    "node": "javascript",
    "perl": "perl",
    "php": "php",
    "python": "python",
    "rscript": "r",
    "ruby": "ruby",
    "sh": "shell",
    "zsh": "shell",
}
_SHEBANG = re.compile(r"#!\s*(?:\S*/env\s+(?:-S\s+)?)?(?:\S*/)?([A-Za-z]+)")
_CPP_IN_HEADER = re.compile(r"^\s*(?:class\s+\w+|namespace\s+\w+|template\s*<|using\s+\w+)|\bstd::", re.MULTILINE)


def language_of_name(path: str) -> str | None:
    """The language that the file name alone tells, None where it tells none."""
    name = PurePosixPath(path).name.lower()
    if name in FILE_NAMES or name.startswith("dockerfile."):
        return FILE_NAMES.get(name, "dockerfile")
    return _BY_EXTENSION.get(PurePosixPath(name).suffix[1:])


def detect_language(path: str, text: str) -> str | None:
    """The language of a file: by name, by shebang where the name has no extension, C or C++ by a header's text."""
    language = language_of_name(path)
    if language is None and not PurePosixPath(path).suffix:
        shebang = _SHEBANG.match(text)
        return _BY_INTERPRETER.get(shebang.group(1).lower()) if shebang else None
    if language == "c" and path.lower().endswith(".h") and _CPP_IN_HEADER.search(text):
        return "c++"
    return language


def check_languages(languages: Iterable[str]) -> frozenset[str]:
    """The chosen languages in lower case; UserError, with all known ones, if one is unknown."""
    chosen = frozenset(language.lower() for language in languages)
    if unknown := sorted(chosen - set(LANGUAGES)):
        raise UserError(f"corpus.languages: unknown {', '.join(unknown)}; known are {', '.join(LANGUAGES)}")
    return chosen
