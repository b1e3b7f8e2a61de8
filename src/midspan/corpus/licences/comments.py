"""The comments at the head of a source file, in whatever syntax: what is read for a licence, and what code is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD_CHARACTERS = 8_000
LONGEST_COMMENT = 64_000  # a whole licence text, and the history of the file before it
PART = "\f"  # between the parts of a comment's text
CODE_LINES = 20  # comments among the first lines of code are headers too: after `package`, `<?php`, imports

_BLOCKS = (
    *(("/*", "*/"), ("<!--", "-->"), ("(*", "*)"), ("{-", "-}"), ("<%--", "--%>"), ("<#", "#>"), ("#|", "|#")),
    *(("#=", "=#"), ("--[[", "]]"), ("--[=[", "]=]"), ("#[[", "]]"), ("%{", "%}"), ("{#", "#}"), ("{*", "*}")),
    *(("/+", "+/"), ("{{!--", "--}}"), ('"""', '"""'), ("'''", "'''"), ("=begin", "=end"), ("=pod", "=cut")),
    *(("=head", "=cut"), (r"\begin{comment}", r"\end{comment}")),
)
_ENDS = dict(_BLOCKS)
_BLOCK = re.compile(
    r"\s*[rRuUbB]{0,2}(" + "|".join(re.escape(start) for start, _ in sorted(_BLOCKS, reverse=True)) + ")"
)
_LINE = re.compile(
    r"\s*(?:#+!?|//+!?|--+|;+|%+|!+|@?rem\b|::|dnl\b|@c(?:omment)?\b|\*>|\.\.(?=\s)|⍝)(.*)", re.IGNORECASE
)
# Marks that code lines begin with too: comments only where no code has been seen, and in no JSON.
_RARE = re.compile(r"(?:\s*\"(?!\"\")|'\\\"|\.\\\"|\s*'(?!'')|\*+|[Cc*](?=\s)|\\(?=\s)|\s*\|)(.*)")
# Lines of C's preprocessor, of C# and of Rust's attributes, which begin as comments of other languages do.
_DIRECTIVE = re.compile(
    r"\s*#(?:\s*(?:include(?:_next)?\s*[<\"]|(?:ifn?def|undef|define)\s+\w+\s*(?:\(|$|\w+$|[\d\"(]))"
    r"|(?:include|include_next|import|define|undef|if|ifdef|ifndef|elif|else|endif|error|warning|pragma|line|region|endregion"
    r"|nullable|using)\b|!?\[)"
)
_PASCAL = re.compile(r"\s*\{[\s*=-]*(?=$|[A-Za-z(])(?![^}]*[\":;])")
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[)")
_PROLOGUE = re.compile(r"\s*(?:$|<\?(?:php|xml)|<!doctype|<html|package\b|use strict|[\"']use strict)", re.IGNORECASE)


@dataclass(frozen=True)
class Comment:
    """Lines of comment with no code between them, without their marks."""

    first_line: int  # from 1
    lines: list[str]
    starts: list[int] = field(default_factory=list)  # lines, from 0, at which another comment or paragraph begins

    @property
    def text(self) -> str:
        """The lines, with PART before each one that begins another comment."""
        starts = set(self.starts)
        return "\n".join(PART + line if number in starts else line for number, line in enumerate(self.lines))


def leading_comments(text: str) -> list[Comment]:
    """The comments before and among the first CODE_LINES lines of code."""
    comments: list[Comment] = []
    after_code = True
    for number, line, opens in _comment_lines(text):
        if line is None:
            after_code = True
        elif after_code:
            comments.append(Comment(number, [line]))
            after_code = False
        else:
            last = comments[-1]
            gap = number - last.first_line - len(last.lines)
            if gap or opens:
                last.starts.append(len(last.lines) + gap)
            last.lines.extend([""] * gap + [line])
    return comments


def _comment_lines(text: str) -> Iterator[tuple[int, str | None, bool]]:
    """The number and text of each comment line, None instead of the text for code, and whether a block opens there."""
    json = _JSON.match(text)
    code = 0
    end = ""  # of the block comment that is open
    size = 0
    for number, line in enumerate(text[:LONGEST_COMMENT].split("\n"), 1):
        size += len(line) + 1
        if end:
            inside, closed, _ = line.partition(end)
            yield number, inside, False
            end = "" if closed else end
        elif code >= CODE_LINES or size > HEAD_CHARACTERS:
            return
        elif opened := (_BLOCK.match(line) or (not code and not json and _PASCAL.match(line)) or None):
            ending = _ENDS[opened.group(1)] if opened.re is _BLOCK else "}"
            inside, closed, _ = line[opened.end() :].partition(ending)
            yield number, inside, True
            end = "" if closed else ending
        elif _DIRECTIVE.match(line):
            code += 1
            yield number, None, False
        elif marked := (_LINE.match(line) or (not code and not json and _RARE.match(line)) or None):
            yield number, marked.group(1), False
        elif not _PROLOGUE.match(line):
            code += 1
            yield number, None, False
