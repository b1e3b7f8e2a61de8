"""A text under judgement, and the views of it that more than one signal takes, each made once and only if needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from tree_sitter import Tree

from midspan.corpus.notebooks import kernel_language
from midspan.corpus.quality.encoded import encoded_runs
from midspan.corpus.quality.grammars import syntax_tree
from midspan.corpus.quality.lexis import Comments, comments_of, strings_of
from midspan.corpus.scripts import spaced, unspaced_characters


@dataclass(frozen=True)
class Text:
    """A text, its path in the repository and its language."""

    text: str
    path: str
    language: str

    @cached_property
    def data(self) -> bytes:
        """The text in UTF-8."""
        return self.text.encode()

    @cached_property
    def byte_counts(self) -> NDArray[np.int64]:
        """How often each byte value occurs. # [256]"""
        return np.bincount(np.frombuffer(self.data, np.uint8), minlength=256)

    @cached_property
    def beyond_ascii(self) -> str:
        """The characters that are not ASCII, in order."""
        return "" if self.text.isascii() else self.data.translate(None, bytes(range(128))).decode()

    @cached_property
    def lines(self) -> list[str]:
        """The lines; a newline at the end begins none."""
        return self.text.removesuffix("\n").split("\n")

    @cached_property
    def line_lengths(self) -> list[int]:
        return list(map(len, self.lines))

    @cached_property
    def stripped_lines(self) -> list[str]:
        """The lines that are not blank, without the white space around them."""
        return [line for line in map(str.strip, self.lines) if line]

    @cached_property
    def words(self) -> list[bytes]:
        """Runs of ASCII letters, digits, "_" and of all that is beyond ASCII; characters of scripts without spaces."""
        data = self.data if self.text.isascii() else spaced(self.text).encode()
        return data.translate(_WORD_BYTES).split()

    @cached_property
    def prose_words(self) -> list[str]:
        """What white space separates, and each character of a script without spaces."""
        return spaced(self.text).split()

    @cached_property
    def unspaced(self) -> int:
        """How many of the words of prose are characters of such a script."""
        return unspaced_characters(self.text)

    @cached_property
    def encoded_runs(self) -> list[list[int]]:
        """Lengths of the runs of encoded data, for each pattern."""
        return encoded_runs(self.text, self.data)

    @cached_property
    def comments(self) -> Comments | None:
        """How much is comment, None where the language's rules are not known."""
        return comments_of(self.text, self.language)

    @cached_property
    def strings(self) -> list[str] | None:
        """The strings, None where the language's rules are not known."""
        return strings_of(self.text, self.language)

    @cached_property
    def tree(self) -> Tree | None:
        """The syntax tree, None where the language has no grammar here."""
        return syntax_tree(self.data, self.path, self.code_language)

    @cached_property
    def code_language(self) -> str:
        """The language that is parsed: of a notebook that of its kernel, of a shell's script that of the shell."""
        if self.language == "jupyter":
            return kernel_language(self.text)
        if self.language == "shell" and (self.path.endswith(".zsh") or _NO_BOURNE_SHELL.match(self.text)):
            return "zsh"
        return self.language

    def count_bytes(self, member: Callable[[str], bool]) -> int:
        """How many ASCII characters are members of a class, as `str.isalpha`."""
        return int(self.byte_counts[_mask(member)].sum())


# Scripts that the grammar of bash makes little of, and no other does.
_NO_BOURNE_SHELL = re.compile(r"#(?:![^\n]*\b(?:zsh|t?csh|elvish)\b|compdef |autoload)")
_WORD_BYTES = bytes(byte if byte > 127 or chr(byte).isalnum() or byte == ord("_") else ord(" ") for byte in range(256))
_MASKS: dict[Callable[[str], bool], NDArray[np.bool_]] = {}


def _mask(member: Callable[[str], bool]) -> NDArray[np.bool_]:
    if member not in _MASKS:
        _MASKS[member] = np.array([byte < 128 and member(chr(byte)) for byte in range(256)])
    return _MASKS[member]
