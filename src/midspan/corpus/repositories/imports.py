"""What a file says it imports by the name of a file, read with regular expressions, language by language.

Of the names of an import the first that a file answers to counts. "./x" and "../x" start at the folder of
the importing file, "/x" at the root of the repository, "x/y" is the end of a path anywhere. The expressions take linear
time on any text: what they may reach across is bounded.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

Names = tuple[str, ...]


class Import(NamedTuple):
    """What one statement asks for: the first of `names` that a file answers to."""

    names: Names
    deferred: bool = False  # in a function or under a condition, as Python's are where two modules need each other


_IMPORT = re.compile("import")  # in every statement: a literal is found ten times as fast as a statement
_PYTHON = re.compile(
    r"([ \t]*)(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]{0,4000}\)|[^\n#;\\]*(?:\\\n[^\n#;\\]*)*)"
    r"|import[ \t]+([^\n#;(]+))"
)
_JAVASCRIPT = re.compile(r"""\b(?:from|import|require\s{0,9}\(|import\s{0,9}\()\s{0,9}["']([^"'\n]{1,300})["']""")
_INCLUDE = re.compile(r"""^[ \t]*#[ \t]*(?:include|import)[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)""", re.MULTILINE)
_RUST_MOD = re.compile(r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?mod[ \t]+(\w+)[ \t]*;", re.MULTILINE)
_RUST_USE = re.compile(r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?use[ \t]+([^;]{1,2000});", re.MULTILINE)
_RUBY = re.compile(
    r"""^[ \t]*(require_relative|require|load|autoload[ \t]+:\w+,)[ \t(]*["']([^"'\n]+)["']""", re.MULTILINE
)
_PHP = re.compile(
    r"""\b(?:include|require)(?:_once)?\b[ \t(]*(?:(?:__DIR__|dirname\(__FILE__\))[ \t]*\.[ \t]*)?["']([^"'\n]+)["']"""
)
_DART = re.compile(r"""^[ \t]*(?:import|export|part)[ \t]+["']([^"'\n]+)["']""", re.MULTILINE)
_LUA = re.compile(r"""\b(?:require|dofile|loadfile)[ \t]*\(?[ \t]*["']([^"'\n]+)["']""")
_SHELL = re.compile(r"""^[ \t]*(?:source|\.)[ \t]+["']?([^\s;&|]+)""", re.MULTILINE)
_CSS = re.compile(r"""@(?:import|use|forward)[ \t]+(?:url\()?[ \t]*["']?([^"')\s;]+)""")
_HTML = re.compile(r"""<(?:script|link)\b[^>]{0,500}?\b(?:src|href)[ \t]*=[ \t]*["']?([^"'\s>]+)""", re.IGNORECASE)
_PERL = re.compile(
    r"""^[ \t]*(?:use|require)[ \t]+(?:(?:parent|base)[ \t]+(?:-norequire,[ \t]*)?(?:qw\(|["'])[ \t]*)?"""
    r"""([A-Z]\w*(?:::\w+)*)""",
    re.MULTILINE,
)
_HASKELL = re.compile(r"^import[ \t]+(?:safe[ \t]+)?(?:qualified[ \t]+)?([A-Z][\w.]*)", re.MULTILINE)
_CALLED_WITH_A_FILE = {
    "julia": re.compile(r"""\binclude\(\s{0,9}"([^"\n]+)"\s{0,9}\)"""),
    "r": re.compile(r"""\bsource\(\s{0,9}["']([^"'\n]+)["']"""),
    "zig": re.compile(r"""@import\("([^"\n]+\.zig)"\)"""),
}


def file_imports(path: str, text: str, language: str) -> list[Import]:
    """The imports of a file by file name, in the order of the text; none for a language that has none."""
    if language == "python":
        return list(dict.fromkeys(_python(text)))
    reader = _READERS.get(language)
    return [Import(names) for names in dict.fromkeys(reader(path, text))] if reader else []


def _python_statements(text: str) -> Iterator[re.Match[str]]:
    """The import statements: each at the beginning of a line in which the word stands."""
    end = 0
    for word in _IMPORT.finditer(text):
        line = text.rfind("\n", 0, word.start()) + 1
        if line >= end and (match := _PYTHON.match(text, line)):
            end = match.end()
            yield match


def _python(text: str) -> Iterator[Import]:
    for match in _python_statements(text):
        indent, dots, base, imported, modules = match.groups()
        if modules is not None:
            for module in modules.replace("\\\n", " ").split(","):
                parts = module.split()[0].split(".") if module.split() else []
                yield Import(tuple("/".join(parts[:length]) for length in range(len(parts), 0, -1)), bool(indent))
            continue
        start = "/".join([".", *[".."] * (len(dots) - 1), ""]) if dots else ""
        module = start + base.replace(".", "/")
        inside = module if not base else module + "/"
        names = re.findall(r"(\w+)(?:\s+as\s+\w+)?", imported)
        for name in names:
            yield Import((inside + name, module), bool(indent))
        if not names:
            yield Import((module,), bool(indent))  # import *


def _javascript(path: str, text: str) -> Iterator[Names]:
    for name in _JAVASCRIPT.findall(text):
        name = name.split("?")[0]
        if name.startswith("."):
            yield _with_and_without_extension(name)
        elif name.startswith(("@/", "~/", "#/")):
            yield ("/src/" + name[2:], "/" + name[2:], "src/" + name[2:])
        elif name.startswith("@"):  # "@scope/package/file": a workspace's folder is called as the package
            inside = name.split("/")[1:]
            yield ("/".join(inside), "/".join([*inside[:1], "src", *inside[1:]]))
        elif "/" in name:
            yield _with_and_without_extension(name)


def _with_and_without_extension(name: str) -> Names:
    """TypeScript writes "./x.js" for x.ts."""
    return (name, posixpath.splitext(name)[0]) if name.endswith((".js", ".jsx", ".mjs", ".cjs")) else (name,)


def _c(path: str, text: str) -> Iterator[Names]:
    for quoted, angled in _INCLUDE.findall(text):
        if quoted:
            yield ("./" + quoted, quoted)
        elif "/" in angled:
            yield (angled,)


def _rust(path: str, text: str) -> Iterator[Names]:
    folder, file = posixpath.split(path)
    stem = posixpath.splitext(file)[0]
    is_folder = stem in ("mod", "lib", "main")
    inside, above = ("./", "../") if is_folder else (f"./{stem}/", "./")
    parts = folder.split("/")
    root = "/".join(parts[: len(parts) - parts[::-1].index("src")]) if "src" in parts else folder
    for name in _RUST_MOD.findall(text):
        yield (inside + name,)
    for tree in _RUST_USE.findall(text):
        for start, *rest in _rust_paths(tree):
            lengths = range(len(rest), 0, -1)
            if start == "crate":
                yield tuple("/".join(["", *filter(None, [root]), *rest[:length]]) for length in lengths)
            elif start == "self":
                yield tuple(inside + "/".join(rest[:length]) for length in lengths)
            elif start == "super":
                higher = sum(1 for _ in itertools.takewhile("super".__eq__, rest))
                yield tuple(above + "../" * higher + "/".join(rest[higher:length]) for length in lengths)
            else:
                crates = (start, start.replace("_", "-"))
                nested = ["/".join([crate, "src", *rest[:length]]) for crate in crates for length in lengths]
                yield (*nested, *(f"{crate}/src/lib" for crate in crates), inside + start)


def _rust_paths(tree: str) -> Iterator[list[str]]:
    """The paths of a use tree: "a::{self, b, c::*}" is a, a::b and a::c."""
    prefixes: list[list[str]] = [[]]
    current: list[str] = []
    for token in [*re.findall(r"\bas\s+\w+|\w+|[{},*]", tree), ","]:
        if token == "{":
            prefixes.append(current)
        elif token in ("}", ","):
            if current != prefixes[-1]:
                yield current[:-1] if len(current) > 1 and current[-1] in ("self", "*") else current
            if token == "}" and len(prefixes) > 1:
                prefixes.pop()
                current = prefixes[-1]  # a comma or another brace follows
            else:
                current = list(prefixes[-1])
        elif not token.startswith("as "):
            current = [*current, token]


def _ruby(path: str, text: str) -> Iterator[Names]:
    for how, name in _RUBY.findall(text):
        if how == "require_relative" or name.startswith("."):
            yield ("./" + name,)
        elif "/" in name or how == "load":
            yield (name,)
        else:
            yield ("/lib/" + name, "/" + name)


def _php(path: str, text: str) -> Iterator[Names]:
    for name in _PHP.findall(text):
        yield ("./" + name.lstrip("/"), name.lstrip("/"))


def _dart(path: str, text: str) -> Iterator[Names]:
    for name in _DART.findall(text):
        if name.startswith("package:"):
            package, _, inside = name[8:].partition("/")
            yield (f"{package}/lib/{inside}", f"lib/{inside}")
        elif not name.startswith("dart:"):
            yield ("./" + name,)


def _lua(path: str, text: str) -> Iterator[Names]:
    for name in _LUA.findall(text):
        inside = name.replace(".", "/")
        yield ("./" + name, name) if name.endswith(".lua") else (inside + ".lua", inside + "/init.lua")


def _shell(path: str, text: str) -> Iterator[Names]:
    for name in _SHELL.findall(text):
        name = re.sub(r"^.*[)}\"']/|^\$\w+/|[\"']", "", name)  # "$(dirname "$0")/lib.sh", "${HERE}/lib.sh"
        if name and "$" not in name:
            yield ("./" + name.removeprefix("./"), name.lstrip("./"))


def _css(path: str, text: str) -> Iterator[Names]:
    for name in _CSS.findall(text):
        if "://" not in name:
            folder, file = posixpath.split(name)
            yield ("./" + name, posixpath.join(".", folder, "_" + file), name.lstrip("/"))


def _html(path: str, text: str) -> Iterator[Names]:
    for name in _HTML.findall(text):
        if "//" not in name:
            name = re.split(r"[?#]", name)[0]
            yield (name.lstrip("/"),) if name.startswith("/") else ("./" + name, name)
    yield from _javascript(path, text)


def _perl(path: str, text: str) -> Iterator[Names]:
    for name in _PERL.findall(text):
        yield (name.replace("::", "/") + ".pm",)


def _haskell(path: str, text: str) -> Iterator[Names]:
    for name in _HASKELL.findall(text):
        yield (name.replace(".", "/") + ".hs",)


def _call_with_a_file(language: str) -> Callable[[str, str], Iterator[Names]]:
    def reader(path: str, text: str) -> Iterator[Names]:
        for name in _CALLED_WITH_A_FILE[language].findall(text):
            yield ("./" + name, name)

    return reader


_READERS: dict[str, Callable[[str, str], Iterator[Names]]] = {
    "javascript": _javascript,
    "typescript": _javascript,
    "vue": _javascript,
    "svelte": _javascript,
    "c": _c,
    "c++": _c,
    "objective-c": _c,
    "objective-c++": _c,
    "cuda": _c,
    "rust": _rust,
    "ruby": _ruby,
    "php": _php,
    "dart": _dart,
    "lua": _lua,
    "shell": _shell,
    "css": _css,
    "scss": _css,
    "sass": _css,
    "less": _css,
    "html": _html,
    "perl": _perl,
    "haskell": _haskell,
    **{language: _call_with_a_file(language) for language in _CALLED_WITH_A_FILE},
}
