"""Signals of lines, characters and first words: numbers of a text, cheap enough to be had for every one.

Names and definitions follow StarCoder (arXiv 2305.06161), StarCoder2 (arXiv 2402.19173, 3.1) and OpenCoder (arXiv
2411.04905, opc_data_filtering). Shares are of characters unless the name says lines or words.
"""

from __future__ import annotations

import re

from midspan.corpus.quality.text import Text


def size_bytes(text: Text) -> float:
    return len(text.data)


def characters(text: Text) -> float:
    """Characters, the white space at both ends not counted."""
    return len(text.text.strip())


def lines(text: Text) -> float:
    return len(text.lines)


def longest_line(text: Text) -> float:
    """Characters of the longest line."""
    return max(text.line_lengths)


def mean_line(text: Text) -> float:
    """Characters of a line, on average."""
    return sum(text.line_lengths) / len(text.line_lengths)


def alphabetic_share(text: Text) -> float:
    """Share of letters, of any script."""
    letters = text.count_bytes(str.isalpha) + sum(map(str.isalpha, text.beyond_ascii))
    return letters / max(len(text.text), 1)


def alphanumeric_share(text: Text) -> float:
    return (text.count_bytes(str.isalnum) + sum(map(str.isalnum, text.beyond_ascii))) / max(len(text.text), 1)


def alphabetic_share_of_ink(text: Text) -> float:
    """Share of letters among what is not white space (OpenCoder)."""
    ink = (1 - whitespace_share(text)) * len(text.text)
    return alphabetic_share(text) * len(text.text) / ink if ink else 0.0


def digit_share(text: Text) -> float:
    return text.count_bytes(str.isdigit) / max(len(text.text), 1)


def whitespace_share(text: Text) -> float:
    return (text.count_bytes(str.isspace) + sum(map(str.isspace, text.beyond_ascii))) / max(len(text.text), 1)


def replacement_share(text: Text) -> float:
    """Share of U+FFFD, which stands where a decoder once failed."""
    return text.text.count("\ufffd") / max(len(text.text), 1)


def control_share(text: Text) -> float:
    """Share of control characters that no text needs: all but tab, line end, form feed, vertical tab and escape."""
    return text.count_bytes(_is_control) / max(len(text.text), 1)


def _is_control(character: str) -> bool:
    return (character < " " or character == "\x7f") and character not in "\t\n\r\f\v\x1b"


def duplicate_lines(text: Text) -> float:
    """Share of the lines, blank ones aside, that repeat an earlier one."""
    return 1 - len(set(text.stripped_lines)) / len(text.stripped_lines) if text.stripped_lines else 0.0


def words(text: Text) -> float:
    return len(text.words)


def mean_word(text: Text) -> float:
    """Bytes of a word, on average."""
    return sum(map(len, text.words)) / len(text.words) if text.words else 0.0


def unique_words(text: Text) -> float:
    """Share of the words that are different ones."""
    return len(set(text.words)) / len(text.words) if text.words else 1.0


def xml_declaration(text: Text) -> float:
    """1 if an XML declaration stands in the first 100 characters (StarCoder)."""
    return float("<?xml version=" in text.text[:100])


def hex_literal_share(text: Text) -> float:
    """Share of the characters of 0x… literals, after the 0x (OpenCoder)."""
    if b"0x" not in text.data and b"0X" not in text.data:
        return 0.0
    return sum(map(len, _HEX.findall(text.text))) / max(len(text.text), 1)


_HEX = re.compile(r"0[xX](?<!\w0[xX])([0-9a-fA-F]+)\b")  # begins with what the engine finds fast


def todo_lines(text: Text) -> float:
    """Share of the lines with the word TODO, FIXME or "your code here"."""
    lower = text.text.lower()
    if not any(words in lower for words in ("todo", "fixme", "your code here")):
        return 0.0
    return sum(_TODO.search(line) is not None for line in text.lines) / len(text.lines)


_TODO = re.compile(r"\b(?:todo|fixme|your code here)\b", re.IGNORECASE)


def first_word_lines(text: Text, word: str) -> float:
    """Share of the lines, blank ones aside, whose first word is `word`: "pass" is not in "password"."""
    if word not in text.text:
        return 0.0
    found = len(re.findall(rf"\n\s*{word}\b", "\n" + text.text))  # re keeps the compiled pattern
    return found / len(text.stripped_lines)


def pass_lines(text: Text) -> float:
    return first_word_lines(text, "pass")


def assert_lines(text: Text) -> float:
    return first_word_lines(text, "assert")


def print_lines(text: Text) -> float:
    return first_word_lines(text, "print")


def import_lines(text: Text) -> float:
    """Share of the lines that begin with import or from."""
    return first_word_lines(text, "import") + first_word_lines(text, "from")


def def_lines(text: Text) -> float:
    """Share of the lines that begin a function."""
    return first_word_lines(text, "def") + first_word_lines(text, "async")


def preprocessor_lines(text: Text) -> float:
    """Share of the lines, blank ones aside, that begin with "#" (C, C++)."""
    if not text.stripped_lines:
        return 0.0
    return sum(line[0] == "#" for line in text.stripped_lines) / len(text.stripped_lines)


def main_functions(text: Text) -> float:
    """How many functions named main are defined (C, C++)."""
    return len(_MAIN.findall(text.text)) if "main" in text.text else 0.0


_MAIN = re.compile(r"^[ \t]*(?:int|void|auto)[ \t]+main[ \t]*\(", re.MULTILINE)


def one_line_returns(text: Text) -> float:
    """Share of the functions whose whole body is one return (OpenCoder); 0 where there are none."""
    if "return" not in text.text:
        return 0.0
    functions = len(_DEF.findall(text.text))
    return len(_ONE_LINE_RETURN.findall(text.text)) / functions if functions else 0.0


_DEF = re.compile(r"^[ \t]*(?:async[ \t]+)?def\b", re.MULTILINE)
_ONE_LINE_RETURN = re.compile(r"^[ \t]*(?:async[ \t]+)?def\b[^\n]*:[ \t]*\n\s*return\b", re.MULTILINE)
