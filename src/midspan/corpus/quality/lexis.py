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


@dataclass(frozen=True)
class Comments:
    """Characters of comments (a string that stands alone on its lines is one: documentation).

    `licence`: how many of them are the licence at the head of the file.
    """

    characters: int
    licence: int


def comments_of(text: str, language: str) -> Comments | None:
    """The comments of a text, None where the language's rules are not known."""
    patterns = _patterns(language)
    if patterns is None:
        return None
    characters = 0
    for match in patterns.comments.finditer(text):
        kind = match.lastgroup
        if kind == "comment" or (kind == "document" and _begins_its_line(text, match.start(kind))):
            characters += match.end() - match.start(kind)
    return Comments(characters, _licence_at_head(patterns.pieces, text))


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


def _licence_at_head(pieces: re.Pattern[str], text: str) -> int:
    """Characters of the comments before the first code, if they speak of a licence."""
    head = takewhile(lambda match: match.lastgroup == "comment" or not match.group().strip(), pieces.finditer(text))
    comments = "".join(match.group() for match in head if match.lastgroup == "comment")
    return len(comments) if _LICENCE.search(comments) else 0


_LICENCE = re.compile(r"copyright|licen[cs]e|\(c\)|©", re.IGNORECASE)


def _begins_its_line(text: str, start: int) -> bool:
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()


@dataclass(frozen=True)
class _Patterns:
    """How the languages of one family are read."""

    pieces: re.Pattern[str]  # matches comment, document or string one by one, and what is between them
    comments: re.Pattern[str]  # matches a comment or document together with all that stands before it: fewer matches


@cache
def _patterns(language: str) -> _Patterns | None:
    family = next((name for name, all_ in _FAMILIES.items() if language in all_.split(" ")), None)
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
