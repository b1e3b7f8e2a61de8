"""How much of a text is comment, and how much is string, by the lexical rules of its language's family.

Not a parser: one regular expression a family, which knows that a "#" in a string begins no comment. Unfinished comments
and strings run to the end, so that no text takes more than one pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

_FAMILIES: dict[str, str] = {
    "python": "python starlark cython gdscript nim",
    "hash": "ruby shell perl r julia yaml toml makefile cmake dockerfile elixir tcl powershell terraform awk fish"
    " nix rbs crystal puppet meson just graphql coffeescript raku",
    "slash": "c c++ java javascript typescript go c# scala kotlin swift dart objective-c objective-c++ css scss less"
    " cuda groovy solidity protobuf thrift verilog systemverilog glsl hlsl wgsl metal opencl d haxe vala stylus",
    "php": "php",
    "rust": "rust zig",  # an apostrophe begins a lifetime more often than a character
    "dash": "sql ada vhdl elm",
    "haskell": "haskell purescript idris agda",
    "lua": "lua",
    "percent": "tex matlab erlang prolog",
    "semicolon": "clojure scheme racket assembly",
    "ocaml": "ocaml f#",
    "markup": "html vue svelte astro xml svg xslt",
}
_DOUBLE, _SINGLE = r'"(?:[^"\\\n]++|\\.)*+"?', r"'(?:[^'\\\n]++|\\.)*+'?"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n'][^\n']{0,8}|\\')'"
_BLOCK = r"/\*.*?(?:\*/|\Z)"
_TRIPLE = r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:"""|\Z)|' + r"'''(?:[^'\\]++|\\.|'(?!''))*+(?:'''|\Z)"
_ALONE = r"(?<![^\s;,(){}\[\]:|&])"  # a "#" or "%" within a word begins no comment

# Family → (the first characters of comments and strings, comment, documentation that is a string, string)
_LEXIS: dict[str, tuple[str, str, str, str]] = {
    "python": ("\"'#", r"#[^\n]*", _TRIPLE, f"{_DOUBLE}|{_SINGLE}"),
    "hash": ("\"'#", _ALONE + r"#[^\n]*", "", f"{_DOUBLE}|{_SINGLE}"),
    "slash": ("\"'`/", rf"//[^\n]*|{_BLOCK}", "", rf"{_DOUBLE}|{_SINGLE}|`(?:[^`\\]++|\\.)*+(?:`|\Z)"),
    "php": ("\"'/#", rf"//[^\n]*|{_BLOCK}|#(?!\[)[^\n]*", "", f"{_DOUBLE}|{_SINGLE}"),
    "rust": ("\"'/", rf"//[^\n]*|{_BLOCK}", "", rf'"(?:[^"\\]++|\\.)*+(?:"|\Z)|{_CHARACTER}'),
    "dash": ("\"'-/", rf"--[^\n]*|{_BLOCK}", "", rf"{_DOUBLE}|'[^']*(?:'|\Z)"),
    "haskell": ("\"'-{", r"--[^\n]*|\{-.*?(?:-\}|\Z)", "", f"{_DOUBLE}|{_CHARACTER}"),
    "lua": ("\"'-[", r"--\[\[.*?(?:\]\]|\Z)|--[^\n]*", "", rf"{_DOUBLE}|{_SINGLE}|\[\[.*?(?:\]\]|\Z)"),
    "percent": ('"%', _ALONE + r"%[^\n]*", "", _DOUBLE),
    "semicolon": ('";', r";[^\n]*", "", r'"(?:[^"\\]++|\\.)*+(?:"|\Z)'),
    "ocaml": ('"(/', r"\(\*.*?(?:\*\)|\Z)|//[^\n]*", "", _DOUBLE),
    "markup": ("<", r"<!--.*?(?:-->|\Z)", "", ""),
}


# What comments begin with that document what follows them; of Go those directly above a declaration do.
_DOCUMENTING: dict[str, tuple[str, ...]] = {
    "slash": ("/**", "/*!", "///", "//!"),
    "php": ("/**",),
    "rust": ("///", "//!", "/**", "/*!"),
    "hash": ("#'", "##'", "##"),
    "lua": ("---", "--[[--"),
    "haskell": ("-- |", "{-|", "-- ^"),
    "ocaml": ("(**", "///"),
    "percent": ("%%",),
}
_GO_RUN = re.compile(r"(?:^//[^\n]*+\n)++|^/\*.*?\*/\n", re.MULTILINE | re.DOTALL)
_GO_NAMED = re.compile(r"(?:package|func|type|var|const)\b")


@dataclass(frozen=True)
class Comments:
    """Characters of comments (a string that stands alone on its lines is one: documentation).

    `licence`: how many of them are the licence at the head of the file. `documentation`: how many of the others
    document the code, by their form.
    """

    characters: int
    licence: int
    documentation: int


def comments_of(text: str, language: str) -> Comments | None:
    """The comments of a text, None where the language's rules are not known."""
    patterns = _patterns(language)
    if patterns is None:
        return None
    licence, head = _licence_at_head(patterns.pieces, text)
    marks = _DOCUMENTING.get(_family(language) or "", ())
    characters = documentation = 0
    for match in patterns.comments.finditer(text):
        kind = match.lastgroup
        if kind == "comment" or (kind == "document" and _begins_its_line(text, match.start(kind))):
            start, end = match.start(kind), match.end()
            characters += end - start
            if start >= head and (kind == "document" or text.startswith(marks, start)):
                documentation += end - start
    if language == "go":
        documentation = sum(
            len(run.group()) for run in _GO_RUN.finditer(text, head) if _GO_NAMED.match(text, run.end())
        )
    return Comments(characters, licence, min(documentation, characters - licence))


def strings_of(text: str, language: str) -> list[str] | None:
    """The strings of a text, documentation aside, None where the language's rules are not known."""
    patterns = _patterns(language)
    if patterns is None:
        return None
    found = ((match.lastgroup, match) for match in patterns.pieces.finditer(text))
    return [
        match.group()
        for kind, match in found
        if kind == "string" or (kind == "document" and not _begins_its_line(text, match.start()))
    ]


def _licence_at_head(pieces: re.Pattern[str], text: str) -> tuple[int, int]:
    """Characters of the comments before the first code, if they speak of a licence, and where they end."""
    head = takewhile(lambda match: match.lastgroup == "comment" or not match.group().strip(), pieces.finditer(text))
    comments = [match for match in head if match.lastgroup == "comment"]
    joined = "".join(match.group() for match in comments)
    return (len(joined), comments[-1].end()) if _LICENCE.search(joined) else (0, 0)


_LICENCE = re.compile(r"copyright|licen[cs]e|\(c\)|©", re.IGNORECASE)


def _begins_its_line(text: str, start: int) -> bool:
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()


@dataclass(frozen=True)
class _Patterns:
    """How the languages of one family are read."""

    pieces: re.Pattern[str]  # matches comment, document or string one by one, and what is between them
    comments: re.Pattern[str]  # matches a comment or document together with all that stands before it: fewer matches


@cache
def _family(language: str) -> str | None:
    return next((name for name, all_ in _FAMILIES.items() if language in all_.split(" ")), None)


@cache
def _patterns(language: str) -> _Patterns | None:
    family = _family(language)
    if family is None:
        return None
    first, comment, document, string = _LEXIS[family]
    run = rf"[^{re.escape(first)}]++"
    groups = [("comment", comment), ("document", document), ("string", string)]
    wanted = "|".join(f"(?P<{name}>{expression})" for name, expression in groups[:2] if expression)
    alternatives = "|".join(f"(?P<{name}>{expression})" for name, expression in groups if expression)
    passed = rf"{run}|(?!{comment}{'|' + document if document else ''})(?:{f'{string}|' if string else ''}.)"
    return _Patterns(
        re.compile(f"{run}|{alternatives}|.", re.DOTALL),
        re.compile(rf"(?:{passed})*+(?:{wanted}|\Z)", re.DOTALL),
    )
