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
_DOUBLE, _SINGLE = r'"(?:[^"\\\n]|\\.)*+"?', r"'(?:[^'\\\n]|\\.)*+'?"
_CHARACTER = r"'(?:[^'\\\n]|\\[^\n'][^\n']{0,8}|\\')'"
_BLOCK = r"/\*.*?(?:\*/|\Z)"
_TRIPLE = r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)|' + r"'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
_ALONE = r"(?<![^\s;,(){}\[\]:|&])"  # a "#" or "%" within a word begins no comment

# Family → (the first characters of comments and strings, comment, documentation that is a string, string)
_LEXIS: dict[str, tuple[str, str, str, str]] = {
    "python": ("\"'#", r"#[^\n]*", _TRIPLE, f"{_DOUBLE}|{_SINGLE}"),
    "hash": ("\"'#", _ALONE + r"#[^\n]*", "", f"{_DOUBLE}|{_SINGLE}"),
    "slash": ("\"'`/", rf"//[^\n]*|{_BLOCK}", "", rf"{_DOUBLE}|{_SINGLE}|`(?:[^`\\]|\\.)*+(?:`|\Z)"),
    "php": ("\"'/#", rf"//[^\n]*|{_BLOCK}|#(?!\[)[^\n]*", "", f"{_DOUBLE}|{_SINGLE}"),
    "rust": ("\"'/", rf"//[^\n]*|{_BLOCK}", "", rf'"(?:[^"\\]|\\.)*+(?:"|\Z)|{_CHARACTER}'),
    "dash": ("\"'-/", rf"--[^\n]*|{_BLOCK}", "", rf"{_DOUBLE}|'[^']*(?:'|\Z)"),
    "haskell": ("\"'-{", r"--[^\n]*|\{-.*?(?:-\}|\Z)", "", f"{_DOUBLE}|{_CHARACTER}"),
    "lua": ("\"'-[", r"--\[\[.*?(?:\]\]|\Z)|--[^\n]*", "", rf"{_DOUBLE}|{_SINGLE}|\[\[.*?(?:\]\]|\Z)"),
    "percent": ('"%', _ALONE + r"%[^\n]*", "", _DOUBLE),
    "semicolon": ('";', r";[^\n]*", "", r'"(?:[^"\\]|\\.)*+(?:"|\Z)'),
    "ocaml": ('"(/', r"\(\*.*?(?:\*\)|\Z)|//[^\n]*", "", _DOUBLE),
    "markup": ("<", r"<!--.*?(?:-->|\Z)", "", ""),
}


@dataclass(frozen=True)
class Lexis:
    """Characters of comments (a string that stands alone on its lines is one: documentation), and the strings.

    `licence`: how many of the comments' characters are the licence at the head of the file.
    """

    comments: int
    licence: int
    strings: list[str]


def lexis(text: str, language: str) -> Lexis | None:
    """The comments and strings of a text, None where the language's rules are not known."""
    pattern = _pattern(language)
    if pattern is None:
        return None
    comments = 0
    strings = []
    for match in pattern.finditer(text):
        kind = match.lastgroup
        if kind == "comment" or (kind == "document" and _begins_its_line(text, match.start())):
            comments += match.end() - match.start()
        elif kind is not None:
            strings.append(match.group())
    return Lexis(comments, _licence_at_head(pattern, text), strings)


def _licence_at_head(pattern: re.Pattern[str], text: str) -> int:
    """Characters of the comments before the first code, if they speak of a licence."""
    head = takewhile(lambda match: match.lastgroup == "comment" or not match.group().strip(), pattern.finditer(text))
    comments = "".join(match.group() for match in head if match.lastgroup == "comment")
    return len(comments) if _LICENCE.search(comments) else 0


_LICENCE = re.compile(r"copyright|licen[cs]e|\(c\)|©", re.IGNORECASE)


def _begins_its_line(text: str, start: int) -> bool:
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()


@cache
def _pattern(language: str) -> re.Pattern[str] | None:
    """Runs without any first character, then comment, document, string, or one character that was none of them."""
    family = next((name for name, all_ in _FAMILIES.items() if language in all_.split(" ")), None)
    if family is None:
        return None
    first, comment, document, string = _LEXIS[family]
    groups = [("comment", comment), ("document", document), ("string", string)]
    alternatives = "|".join(f"(?P<{name}>{expression})" for name, expression in groups if expression)
    return re.compile(rf"[^{re.escape(first)}]++|{alternatives}|.", re.DOTALL)
