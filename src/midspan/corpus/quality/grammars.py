"""The grammars of tree-sitter, each a wheel of its own, and the syntax trees that they give.

Those with `core` come with Midspan, the others with the extra `languages`. Nothing is fetched at run time: a language
without a grammar has no tree, and `missing_grammars` tells so for the data card.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from tree_sitter import Language, Parser, Tree

from midspan.corpus.languages import is_template
from midspan.corpus.quality.placeholders import filled


@dataclass(frozen=True)
class Grammar:
    """The wheel of a grammar, the function in it, and whether Midspan depends on it."""

    wheel: str
    function: str = "language"
    core: bool = False
    letters_only_in_ascii: bool = False  # its scanner may crash on others: it looks any up in C's table of 256

    @property
    def module(self) -> str:
        return self.wheel.replace("-", "_")


GRAMMARS: dict[str, Grammar] = {
    "c": Grammar("tree-sitter-c", core=True),
    "c++": Grammar("tree-sitter-cpp", core=True),
    "java": Grammar("tree-sitter-java", core=True),
    "javascript": Grammar("tree-sitter-javascript", core=True),
    "css": Grammar("tree-sitter-css", core=True),
    "go": Grammar("tree-sitter-go", core=True),
    "html": Grammar("tree-sitter-html", core=True),
    "ruby": Grammar("tree-sitter-ruby", core=True),
    "rust": Grammar("tree-sitter-rust", core=True),
    "shell": Grammar("tree-sitter-bash", core=True, letters_only_in_ascii=True),
    "php": Grammar("tree-sitter-php", "language_php", core=True),
    "typescript": Grammar("tree-sitter-typescript", "language_typescript", core=True),
    "python": Grammar("tree-sitter-python", core=True),
    "jupyter": Grammar("tree-sitter-python", core=True),  # of most notebooks; see Text.code_language
    "json": Grammar("tree-sitter-json", core=True),
    "c#": Grammar("tree-sitter-c-sharp"),
    "cmake": Grammar("tree-sitter-cmake"),
    "dart": Grammar("tree-sitter-dart"),
    "elixir": Grammar("tree-sitter-elixir"),
    "haskell": Grammar("tree-sitter-haskell"),
    "julia": Grammar("tree-sitter-julia"),
    "kotlin": Grammar("tree-sitter-kotlin"),
    "lua": Grammar("tree-sitter-lua"),
    "makefile": Grammar("tree-sitter-make"),
    "matlab": Grammar("tree-sitter-matlab"),
    "objective-c": Grammar("tree-sitter-objc"),
    "perl": Grammar("tree-sitter-perl"),
    "powershell": Grammar("tree-sitter-powershell"),
    "scala": Grammar("tree-sitter-scala"),
    "swift": Grammar("tree-sitter-swift"),
    "terraform": Grammar("tree-sitter-hcl"),
    "toml": Grammar("tree-sitter-toml"),
    "yaml": Grammar("tree-sitter-yaml"),
    "zig": Grammar("tree-sitter-zig"),
}
_TSX = Grammar("tree-sitter-typescript", "language_tsx", core=True)
_AS_LETTERS = bytes(range(128)) + b"x" * 128  # what is not ASCII is a word's letter; every byte stays in its place
_FLOW = re.compile(rb"@flow\b")  # Flow's types in JavaScript are nearly TypeScript's


def syntax_tree(data: bytes, path: str, language: str) -> Tree | None:
    """The syntax tree of a text in UTF-8, None where its language has no grammar here."""
    with_types = language == "javascript" and _FLOW.search(data[:2000]) is not None
    with_markup = language == "typescript" and path.endswith(".tsx")
    grammar = _TSX if with_types or with_markup else GRAMMARS.get(language)
    if grammar is None or (found := parser(grammar)) is None:
        return None
    data = filled(data) if is_template(path) else data
    return found.parse(data.translate(_AS_LETTERS) if grammar.letters_only_in_ascii else data)


@cache
def parser(grammar: Grammar) -> Parser | None:
    """The parser of a grammar, None where its wheel is not installed."""
    try:
        module = importlib.import_module(grammar.module)
    except ImportError:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # some wheels hand their grammar over in the old way
        return Parser(Language(getattr(module, grammar.function)()))


def missing_grammars(languages: Iterable[str]) -> dict[str, str]:
    """Of the languages, those whose texts cannot be parsed here, each with what to do: for the data card."""
    missing = {}
    for language in sorted(set(languages)):
        grammar = GRAMMARS.get(language)
        if grammar is None:
            missing[language] = "no grammar among those that Midspan uses"
        elif parser(grammar) is None:
            missing[language] = f"{grammar.wheel} is not installed: pip install 'midspan[languages]'"
    return missing


def grammar_versions() -> dict[str, str]:
    """The versions of tree-sitter and of the grammars that are installed: the judgements depend on them."""
    wheels = ["tree-sitter", *sorted({grammar.wheel for grammar in GRAMMARS.values()})]
    versions = {}
    for wheel in wheels:
        try:
            versions[wheel] = importlib.metadata.version(wheel)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
