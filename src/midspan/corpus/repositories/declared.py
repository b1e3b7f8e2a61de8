"""Which file declares what another uses, in languages whose imports name packages and types instead of files.

A space is a package, a namespace, or a folder of Go files. A file sees the names of its own space and of those it
imports whole, and uses those it mentions; what it imports by name it uses in any case.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field


@dataclass
class Declared:
    """What one file declares, and what it needs from others."""

    spaces: list[str] = field(default_factory=list)  # that it declares `names` in; the first is its own
    names: set[str] = field(default_factory=set)
    imports: list[str] = field(default_factory=list)  # "space.name", perhaps with members after it
    visible: list[str] = field(default_factory=list)  # spaces whose names it may use by their own name
    used: set[str] = field(default_factory=set)  # words that may be names of visible spaces
    qualified: list[tuple[str, str]] = field(default_factory=list)  # Go: (import path, name used with it)


@dataclass(frozen=True)
class _Grammar:
    space: re.Pattern[str] | None
    imported: re.Pattern[str]
    names: re.Pattern[str]
    separator: str = "."


def _lines(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


_NEVER = re.compile(r"(?!)")
_TYPE_NAME = re.compile(r"\b[A-Z]\w*")
_WORD = re.compile(r"\w+")
_GRAMMARS = {
    "java": _Grammar(
        _lines(r"^[ \t]*package[ \t]+([\w.]+)"),
        _lines(r"^[ \t]*import[ \t]+(?:static[ \t]+)?([\w.]*\w(?:\.\*)?)"),
        re.compile(r"\b(?:class|interface|enum|record)[ \t]+([A-Z_]\w*)"),
    ),
    "kotlin": _Grammar(
        _lines(r"^[ \t]*package[ \t]+([\w.]+)"),
        _lines(r"^[ \t]*import[ \t]+([\w.]*\w(?:\.\*)?)"),
        _lines(
            r"\b(?:class|interface|object|typealias)[ \t]+([A-Z_]\w*)"
            r"|^(?:\w+[ \t]+){0,4}fun[ \t]+(?:<[^>\n]*>[ \t]*)?(?:\w+\.)?(\w+)"
        ),
    ),
    "scala": _Grammar(
        _lines(r"^[ \t]*package[ \t]+([\w.]+)"),
        _lines(r"^[ \t]*import[ \t]+([\w.]*\w(?:\.\*)?(?:\.\{[^}\n]*\})?)"),
        re.compile(r"\b(?:class|object|trait|enum)[ \t]+([A-Z_]\w*)"),
    ),
    "c#": _Grammar(
        _lines(r"^[ \t]*namespace[ \t]+([\w.]+)"),
        _lines(r"^[ \t]*(?:global[ \t]+)?using[ \t]+(?:static[ \t]+)?(?:\w+[ \t]*=[ \t]*)?([\w.]+)[ \t]*;"),
        re.compile(r"\b(?:class|struct|interface|enum|record|delegate[ \t]+[\w<>\[\]]+)[ \t]+([A-Z_]\w*)"),
    ),
    "php": _Grammar(
        _lines(r"^[ \t]*namespace[ \t]+([\w\\]+)"),
        _lines(r"^[ \t]*use[ \t]+(?:function[ \t]+|const[ \t]+)?([\w\\]+(?:\{[^}]{0,2000}\})?)"),
        re.compile(r"\b(?:class|interface|trait|enum|function)[ \t]+(\w+)"),
        "\\",
    ),
    "swift": _Grammar(None, _NEVER, re.compile(r"\b(?:class|struct|enum|protocol|actor|typealias)[ \t]+([A-Z_]\w*)")),
    "elixir": _Grammar(
        None,
        _lines(r"^[ \t]*(?:alias|import|use|require)[ \t]+([A-Z][\w.]*(?:\.?\{[^}]{0,2000}\})?)"),
        _lines(r"^[ \t]*(?:defmodule|defprotocol)[ \t]+([A-Z][\w.]*)"),
    ),
}  # fmt: skip
_GO_IMPORT = _lines(r"""^[ \t]*(?:import[ \t]+)?(?:([\w.]+)[ \t]+)?"([\w./~-]+)"[ \t]*(?://.*)?$""")
_GO_NAME = _lines(r"^(?:func|type|var|const)[ \t]+(\w+)")
_GO_QUALIFIED = re.compile(r"\b(\w+)\.([A-Z]\w*)")


def declared_names(path: str, text: str, language: str) -> Declared | None:
    """What the file declares and needs; None for a language whose imports name files."""
    if language == "go":
        return _go(path, text)
    grammar = _GRAMMARS.get(language)
    if grammar is None:
        return None
    names = {next(filter(None, found.groups())) for found in grammar.names.finditer(text)}
    imports = [name for found in grammar.imported.findall(text) for name in _expanded(found, grammar.separator)]
    if language == "elixir":  # modules are full names, whatever folder they are in
        return Declared(spaces=[""], names=names, imports=imports)
    spaces = [space.replace(grammar.separator, ".") for space in grammar.space.findall(text)] if grammar.space else []
    if language == "scala" and len(spaces) > 1:  # "package a" and then "package b" is a.b
        spaces = [".".join(spaces)]
    spaces = list(dict.fromkeys(spaces)) or [""]
    visible = [*spaces, *(name[:-2] for name in imports if name.endswith((".*", "._")))]
    if language == "c#":
        parents = [space.rsplit(".", depth)[0] for space in spaces for depth in range(1, space.count(".") + 1)]
        visible += [*parents, *imports]
    named = [name for name in imports if not name.endswith((".*", "._"))]
    return Declared(spaces, names, named, list(dict.fromkeys(visible)), set(_TYPE_NAME.findall(text)) - names)


def _expanded(imported: str, separator: str) -> list[str]:
    """The dotted names of an import with braces: "a.{B, C as D}" is a.B and a.C."""
    start, brace, inside = imported.partition("{")
    start = start.replace(separator, ".")
    if not brace:
        return [start.strip(".")]
    names = [re.match(r"[\s\\]*([\w.\\*]*)", name) for name in inside.rstrip("}").split(",")]
    return [f"{start.rstrip('.')}.{name.group(1).replace(separator, '.')}" for name in names if name and name.group(1)]


def _go(path: str, text: str) -> Declared:
    """A Go file: its space is its folder, and other packages' names stand after the last part of their path."""
    names = set(_GO_NAME.findall(text))
    by_alias: dict[str, str] = {}
    head = text.partition("\nfunc ")[0]  # imports come before all else
    for alias, imported in _GO_IMPORT.findall(head):
        last = re.sub(r"/v\d+$", "", imported).rsplit("/", 1)[-1]
        by_alias[alias or last] = imported
    pairs = dict.fromkeys(_GO_QUALIFIED.findall(text)) if by_alias else {}
    qualified = [(by_alias[alias], name) for alias, name in pairs if alias in by_alias]
    folder = posixpath.dirname(path)
    used = set(_WORD.findall(text)) - names
    return Declared([folder], names, visible=[folder], used=used, qualified=qualified)
