"""Documentation to text: Markdown and reStructuredText are text already, HTML is made so."""

from __future__ import annotations

import re
from dataclasses import replace

from midspan.corpus.encodings import NotTextError, decode_source
from midspan.corpus.sources.items import Excluded, Raw
from midspan.corpus.sources.markup import tokens

PROSE = "prose"  # as corpus.languages calls text that is no file of a repository
HTML_NAMES = (".html", ".htm", ".xhtml")
DROPPED = frozenset(
    {"head", "script", "style", "noscript", "template", "svg", "iframe", "object", "form", "button", "select"}
    | {"nav", "footer", "aside", "dialog"}
)
BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset"}
    | {"figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "li", "main"}
    | {"menu", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
PARAGRAPHS = BLOCKS - {
    "dd",
    "dt",
    "li",
    "tr",
    "tbody",
    "thead",
    "tfoot",
    "summary",
    "body",
    "html",
}  # blank line between


def documentation_of(raw: Raw) -> Raw | Excluded:
    """The item as documentation: HTML as text, anything else as it is."""
    if not raw.path.lower().endswith(HTML_NAMES):
        return raw
    try:
        text = html_to_text(decode_source(raw.data, raw.path))
    except NotTextError as error:
        return Excluded(raw.repository, raw.path, "not text", str(error))
    if not text:
        return Excluded(raw.repository, raw.path, "no text", "HTML without any that is shown")
    return replace(raw, data=text, language=PROSE)


def html_to_text(source: str) -> str:
    """What a page shows: one line a block, items with "- ", cells with " | ", preformatted code as it stands.

    Scripts, styles, forms and navigation are left out. "" for a page without text.
    """
    page = _Page()
    for kind, content in tokens(source):
        if kind == "text":
            page.add(content)
        elif kind == "start":
            page.start(content)
        else:
            page.end(content)
    page.end_line()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(page.lines)).strip("\n") + "\n" if any(page.lines) else ""


class _Page:
    """Collects the lines of a page."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []  # parts of the line that is being written
        self._item = ""  # what the next line begins with
        self._preformatted = False
        self._dropped: list[str] = []  # open elements that show nothing, from the outermost on

    def start(self, tag: str) -> None:
        """Enter an element."""
        if self._dropped:
            if tag == self._dropped[-1]:
                self._dropped.append(tag)
        elif tag in DROPPED:
            self._dropped.append(tag)
        elif tag == "br":
            if self._preformatted:
                self._line.append("\n")
            else:
                self.end_line()
        elif tag in ("td", "th"):
            if self._line:
                self._line.append(" | ")
        elif tag in BLOCKS:
            self._end_block(tag)
            self._item = "- " if tag == "li" else self._item if tag == "p" else ""
            self._preformatted |= tag == "pre"

    def end(self, tag: str) -> None:
        """Leave an element."""
        if self._dropped:
            if tag == self._dropped[-1]:
                self._dropped.pop()
            elif tag == "body":  # one that was never closed
                self._dropped.clear()
        elif tag in BLOCKS:
            self._end_block(tag)
            self._preformatted &= tag != "pre"

    def add(self, text: str) -> None:
        """Add text to the line."""
        if not self._dropped:
            text = text if self._preformatted else re.sub(r"\s+", " ", text)
            if self._line or text.strip() or self._preformatted:
                self._line.append(text)

    def end_line(self) -> None:
        """Write the line down, if there is anything on it."""
        text = "".join(self._line)
        self._line.clear()
        if self._preformatted:
            text = text.strip("\n")
            self.lines += [line.rstrip() for line in text.split("\n")] if text.strip() else []
        elif text := re.sub(r" {2,}", " ", text).strip(" |"):
            self.lines.append(self._item + text)
            self._item = ""

    def _end_block(self, tag: str) -> None:
        self.end_line()
        if tag in PARAGRAPHS and self.lines and self.lines[-1]:
            self.lines.append("")
