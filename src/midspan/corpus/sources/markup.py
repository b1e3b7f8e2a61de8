"""The tags and texts of an HTML page, in time linear in its length whatever it holds.

Python's html.parser looks at the rest of the page again for every tag that is not closed (CVE-2025-6069), and what it
makes of broken pages differs between its versions; a corpus must not.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Literal

Token = tuple[Literal["text", "start", "end"], str]  # a text with its entities resolved, or a tag's name in lower case

RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noframes"})  # hold no tags
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*)")
_END_OF_RAW = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in RAW}


def tokens(source: str) -> Iterator[Token]:
    """The tags and texts of a page. Comments and declarations are left out; what is no tag after all is text."""
    position = 0  # up to which everything is given
    while (opening := source.find("<", position)) >= 0:
        after, token = _tag(source, opening)
        if after == opening:  # a "<" that stands for itself
            after, token = opening + 1, ("text", html.unescape(source[position : opening + 1]))
        elif opening > position:
            yield "text", html.unescape(source[position:opening])
        position = after
        if token is None:
            continue
        yield token
        if token[0] == "start" and token[1] in RAW:
            end = _END_OF_RAW[token[1]].search(source, position)
            position = end.start() if end else len(source)
    if position < len(source):
        yield "text", html.unescape(source[position:])


def _tag(source: str, opening: int) -> tuple[int, Token | None]:
    """The position behind what begins at `opening`, and the tag if it is one; `opening` itself if it is nothing.

    Whatever is not closed reaches to the end of the page, so that no character is looked at twice.
    """
    if source.startswith("<!--", opening):
        return _behind(source, "-->", opening + 4), None
    if source.startswith(("<!", "<?"), opening):
        return _behind(source, ">", opening + 2), None
    tag = _TAG.match(source, opening)
    if tag is None:
        return opening, None
    token: Token = ("end" if tag.group(1) else "start", tag.group(2).lower())
    return _end_of_tag(source, tag.end()), token


def _end_of_tag(source: str, position: int) -> int:
    """The position behind the ">" that ends a tag: the next one that stands in no quotes after a "="."""
    while (end := source.find(">", position)) >= 0:
        quote = _QUOTED.search(source, position, end)
        if quote is None:
            return end + 1
        closing = source.find(quote.group(1), quote.end())
        if closing < 0:  # no more of these quotes: they were meant as something else
            return end + 1
        position = closing + 1
    return len(source)


_QUOTED = re.compile(r"=\s{0,20}([\"'])")


def _behind(source: str, mark: str, position: int) -> int:
    found = source.find(mark, position)
    return len(source) if found < 0 else found + len(mark)
