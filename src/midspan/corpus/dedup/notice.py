"""What of a text is compared with others: all but the licence and copyright notice at its head.

Under one licence all small files resemble each other: of 52 near-copies of a package, 26 had less than half in common
without it. The comments at the head that speak of licence or copyright are left out; where nothing else is
left, nothing is left out. What a notice is, is judged for speed and alike for all: nothing is decided on it but this.
"""

from __future__ import annotations

import re

from midspan.corpus.dedup.shingles import Text

_HEAD = 4_000  # bytes within which a notice must begin
_SIGNS = (b"copyright", b"licen", b"\xc2\xa9", b"spdx-", b"rights reserved", b"public domain")
_BANNER = 300  # bytes of a comment that may come before a notice: the file's name, a mode, a version
# Before a notice: blank lines, an interpreter, an encoding, the guard of a header, what opens a file of PHP or XML.
_OPENING = re.compile(
    rb"(?:[ \t]*\n|#![^\n]*\n|[ \t]*(?:#|//|;+|\"|%)[^\n]*-\*-[^\n]*\n|#[^\n]*coding[:=][^\n]*\n"
    rb"|#pragma once[^\n]*\n|#if(?:ndef)?\b[^\n]*\n(?:#define \w+[^\n]*\n)?"
    rb"|<\?(?:php|xml)[^\n]*\n|@echo off[^\n]*\n|[\"']use strict[\"'];?[ \t]*\n)*+",
    re.IGNORECASE,
)
_BLOCKS = (
    (rb"/\*", rb"\*/"),
    (rb"<!--", rb"-->"),
    (rb"\(\*", rb"\*\)"),
    (rb"\{-", rb"-\}"),
    (rb"--\[\[", rb"\]\]"),
    (rb"<#", rb"#>"),
    (rb"#\|", rb"\|#"),
    (rb"#=", rb"=#"),
    (rb'[rRuU]?"""', rb'"""'),
    (rb"[rRuU]?'''", rb"'''"),
    (rb"=begin\b", rb"\n=end\b"),
)
_LINES: tuple[bytes, ...] = (
    rb"#(?!include|define|if|pragma|import|error|undef)",
    rb"//",
    rb"--",
    rb";+",
    rb"%+",
    rb"!+",
    rb"\.\.[ \t]",
)
_LINES += (rb'"', rb"'", rb"(?i:rem|dnl|@rem|::)(?![\w])", rb"\.?\\\"", rb"\*>")
_COMMENT = re.compile(
    rb"[ \t]*(?:"
    + rb"|".join(rb"%b.*?(?:%b[^\n]*(?:\n|\Z)|\Z)" % block for block in _BLOCKS)
    + rb"|"
    + rb"|".join(rb"%b[^\n]*(?:\n[ \t]*%b[^\n]*)*+(?:\n|\Z)" % (mark, mark) for mark in _LINES)
    + rb")",
    re.DOTALL,
)
_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]")


def compared(text: Text) -> bytes:
    """The text without its leading notice, in UTF-8."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    end = notice_end(data)
    return data[end:] if end else data


def notice_end(data: bytes) -> int:
    """Where the notice at the head of a text in UTF-8 ends; 0 if there is none, or nothing after it."""
    if not _speaks(data[:_HEAD]):
        return 0
    end, place = 0, _opening_end(data, 0)
    while place < _HEAD and (comment := _COMMENT.match(data, place)):
        if _speaks(comment.group()):
            end = comment.end()
        elif end or len(comment.group()) > _BANNER:
            break
        place = _opening_end(data, comment.end())
    return end if end and _WORD.search(data, end) else 0


def _speaks(data: bytes) -> bool:
    lowered = data.lower()
    return any(sign in lowered for sign in _SIGNS)


def _opening_end(data: bytes, start: int) -> int:
    opening = _OPENING.match(data, start)
    return start if opening is None else opening.end()
