"""The first statements of a long text, made whole: what is parsed in place of the text.

Cut where a statement ends, by the signs of its language's family, then what is still open there is closed: brackets,
and conditions of C's preprocessor. Where a sign stood in a string or a comment, the beginning does not parse, and its
reader parses the text itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LEAST = 2_048  # bytes of a beginning, the comments and imports at its head not counted
_MOST = 0.6  # share of the text beyond which nothing is saved


@dataclass(frozen=True)
class Family:
    """Languages in which a text can be cut alike: after the matches of `ends`."""

    ends: re.Pattern[bytes]
    quotes: tuple[bytes, ...] = ()  # of strings of many lines: a cut stands after an even number of each
    brackets: bool = False  # what is open is closed
    conditions: bool = False  # and so are those of C's preprocessor
    sign: bytes = b""  # without which a beginning is no code at all


_INDENTED = Family(  # before what begins in the first column, and before a definition below a blank line
    re.compile(rb"\n(?:(?=[A-Za-z_@])|[ \t]*\n(?=[ \t]*(?:def |class |async def |@)))"), (b'"""', b"'''")
)
# After a brace that stands alone, and after a statement above a blank line and one that begins in the first column.
_ENDS_OF_BLOCKS = re.compile(rb"\n[ \t]*\}[;,]?[ \t]*\r?\n|;[ \t]*\r?\n\r?\n(?=[A-Za-z])")
_BRACED = Family(_ENDS_OF_BLOCKS, brackets=True)
_IN_MARKUP = Family(_ENDS_OF_BLOCKS, brackets=True, sign=b"<?")
_WITH_CONDITIONS = Family(_ENDS_OF_BLOCKS, brackets=True, conditions=True)

_FAMILIES = {
    "python": _INDENTED,
    "yaml": Family(re.compile(rb"\n(?=\S)")),
    **dict.fromkeys(("c", "c++"), _WITH_CONDITIONS),
    **dict.fromkeys(("c#", "css", "dart", "go", "java", "javascript"), _BRACED),
    **dict.fromkeys(("kotlin", "rust", "scala", "swift", "typescript"), _BRACED),
    "php": _IN_MARKUP,
}
_HEAD = re.compile(rb"(?:\s++|(?:#|//|import |from |use |using |package )[^\n]*+|/\*.*?\*/)*+", re.DOTALL)
_CLOSING = {b"{": b"}", b"(": b")", b"[": b"]"}
_BRACKET = re.compile(rb"[{}()\[\]]")
_CONDITION = re.compile(rb"^[ \t]*#[ \t]*(if|endif)", re.MULTILINE)


def first_statements(data: bytes, language: str) -> bytes:
    """The beginning of a text in UTF-8; empty for a text that is to be parsed itself."""
    family = _FAMILIES.get(language)
    if family is None:
        return b""
    head = _HEAD.match(data)
    least = LEAST + (head.end() if head else 0)
    for end in family.ends.finditer(data, least, int(len(data) * _MOST)):
        beginning = data[: end.end()]
        if family.sign in beginning and not any(beginning.count(quote) % 2 for quote in family.quotes):
            brackets = _open_brackets(beginning) if family.brackets else b""
            return beginning + brackets + (_open_conditions(beginning) if family.conditions else b"")
    return b""


def _open_brackets(beginning: bytes) -> bytes:
    """What closes the brackets that are open; one that lies in a string is closed by the next that lies around it."""
    pending: list[bytes] = []
    for bracket in _BRACKET.findall(beginning):
        if bracket in _CLOSING:
            pending.append(_CLOSING[bracket])
        elif bracket in pending:
            while pending.pop() != bracket:
                pass
    return b"".join(reversed(pending))


def _open_conditions(beginning: bytes) -> bytes:
    conditions = _CONDITION.findall(beginning)
    return b"\n#endif\n" * (2 * conditions.count(b"if") - len(conditions))
