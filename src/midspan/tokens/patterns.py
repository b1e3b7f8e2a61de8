"""Where a text is cut before merges are applied, said so that tiktoken cuts as Hugging Face tokenizers do."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import tokenizers
from tokenizers import pre_tokenizers

# What a merge may not reach across in our own tokenizers. A line break takes the whole indentation with it, so that a
# cursor after the indentation stands between two tokens, in an editor as in training; a word takes the one character
# before it (" name", ".name", "_name", "(name"); digits stand alone. On held-out standard library, vocabulary 8192:
# 3.99 bytes per token, against 3.77 for GPT-2's pattern and 3.92 for cl100k's (both with single digits).
PATTERN = (
    r"(?:\r?\n)+[ \t]*"
    r"|[^\r\n\p{L}\p{N}]?\p{L}+"
    r"|\p{N}"
    r"|[^\S\r\n]?[^\s\p{L}\p{N}]+"
    r"|[^\S\r\n]+(?!\S)"
    r"|\s+"
)
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
# StarCoder cuts digits out first, so that GPT-2's pattern sees neither them nor what follows them.
STARCODER = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+"
CL100K = (  # Llama 3, Stable LM 2
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = CL100K.replace(r"\p{N}{1,3}", r"\p{N}")
TEKKEN = (  # Mistral's from 2024 on
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Patterns that leave no character out and mean the same to Oniguruma and to fancy-regex; the tests compare the two
# on every string of up to five kinds of character.
SAME_IN_BOTH = frozenset({PATTERN, GPT2, CL100K, QWEN2})

_CLASSES = (r"\p{L}", r"\p{N}", r"\s")  # all that these patterns know of Unicode


def splitting_pattern(pre_tokenizer: dict[str, Any] | None) -> str | None:
    """The regular expression that cuts as the `pre_tokenizer` of a tokenizer.json does; None where none is known."""
    steps = [] if pre_tokenizer is None else pre_tokenizer.get("pretokenizers", [pre_tokenizer])
    kinds = [step["type"] for step in steps]
    if not kinds or kinds[-1] != "ByteLevel" or steps[-1].get("add_prefix_space", True):
        return None
    by_regex = steps[-1].get("use_regex", True)
    if kinds == ["ByteLevel"] and by_regex:
        return GPT2
    if kinds == ["Digits", "ByteLevel"] and by_regex and steps[0]["individual_digits"]:
        return STARCODER
    if kinds == ["Split", "ByteLevel"] and not by_regex:
        split, pattern = steps[0], steps[0]["pattern"].get("Regex")
        if pattern in SAME_IN_BOTH and split["behavior"] == "Isolated" and not split["invert"]:
            return str(pattern)
    return None


def with_runs_of_spaces(pattern: str, longest: int) -> str | None:
    """GPT-2's pattern where runs of 2 to `longest` spaces are tokens cut out first, as in GPT-NeoX; else None."""
    if pattern != GPT2:
        return None
    # No other alternative may then touch two spaces in a row; to the look-ahead a run of spaces is what the end is.
    return f" {{2,{longest}}}|" + pattern.replace(r"\s+", r"(?:(?!  )\s)+")


@functools.cache
def uncertain_characters(folds_case: bool, cuts_digits: bool) -> re.Pattern[str]:
    """Matches a character that the two libraries may put in different classes, for their Unicode tables have different
    years: both are asked about every character that Python knows, and what it does not know is uncertain.

    `folds_case`: the pattern has a `(?i:`; `cuts_digits`: digits are cut out by Hugging Face's `Digits`.
    """
    known = _known_characters()
    differing: set[str] = set()
    for name in _CLASSES:
        differing |= _members_in_tokenizers(name, known) ^ _members_in_tiktoken(name, known)
    if cuts_digits:
        differing |= _digits_of_tokenizers(known) ^ _members_in_tiktoken(r"\p{N}", known)
    if folds_case:
        differing.update(one for one in known[128:] if any("a" <= letter <= "z" for letter in one.casefold()))
    return re.compile(f"[^{_as_ranges(set(known) - differing)}]")


def _known_characters() -> str:
    """Every character but surrogates, private use and what is unassigned in Python's tables."""
    assigned = [*range(0x40000), *range(0xE0000, 0xF0000)]  # there is none in the planes between, nor private use below
    return "".join(one for one in map(chr, assigned) if unicodedata.category(one) not in ("Cn", "Co", "Cs"))


def _members_in_tokenizers(name: str, characters: str) -> set[str]:
    split = pre_tokenizers.Split(tokenizers.Regex(f"[^{name}]+"), "removed")
    return {one for piece, _ in split.pre_tokenize_str(characters) for one in piece}


def _members_in_tiktoken(name: str, characters: str) -> set[str]:
    import tiktoken

    every_byte = {bytes([value]): value for value in range(256)}
    bytes_of = tiktoken.Encoding("", pat_str=f"{name}+", mergeable_ranks=every_byte, special_tokens={})
    return set(bytes(bytes_of.encode_ordinary(characters)).decode())


def _digits_of_tokenizers(characters: str) -> set[str]:
    split = pre_tokenizers.Digits(individual_digits=True)
    between = "x" + "x".join(characters) + "x"  # only a digit is then a piece of one character at an odd place
    pieces = split.pre_tokenize_str(between)
    return {piece for piece, (start, end) in pieces if start % 2 and end - start == 1}


def _as_ranges(characters: Iterable[str]) -> str:
    """The inside of a character class."""
    codes = sorted(map(ord, characters))
    starts = [code for code, before in zip(codes, [-2, *codes[:-1]], strict=True) if code != before + 1]
    ends = [code for code, after in zip(codes, [*codes[1:], -2], strict=True) if code != after - 1]
    return "".join(f"\\U{start:08x}-\\U{end:08x}" for start, end in zip(starts, ends, strict=True))
