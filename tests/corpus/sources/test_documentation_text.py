"""Pages of HTML become what a reader sees; hostile ones cost no more than their length."""

from __future__ import annotations

import html
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading_sources import read_source

from midspan.corpus.sources import Excluded, Raw
from midspan.corpus.sources.prose import BLOCKS, DROPPED, documentation_of, html_to_text

PAGE = """<!DOCTYPE html>
<html><head><title>Title</title><style>p { color: red }</style><script>alert("<p>no</p>")</script></head>
<body>
<nav><ul><li><a href="/">Home</a></li></ul></nav>
<h1>Reading   &amp; <em>writing</em></h1>
<p>Open a file with
<code>open()</code>,<br>then read it.</p>
<div><p>Close it.</p></div>
<ul><li>first</li><li><p>second</p></li></ul>
<pre><code>for line in file:
    if a &lt; b:

        print(line)
</code></pre>
<table><tr><th>Mode</th><th>Meaning</th></tr><tr><td>r</td><td>read</td></tr></table>
<!-- a comment <p>no</p> -->
<footer>Imprint</footer>
</body></html>
"""


def test_a_page_becomes_its_text() -> None:
    assert html_to_text(PAGE) == (
        "Reading & writing\n\n"
        "Open a file with open(),\nthen read it.\n\n"
        "Close it.\n\n"
        "- first\n\n- second\n\n"
        "for line in file:\n    if a < b:\n\n        print(line)\n\n"
        "Mode | Meaning\nr | read\n"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("  \n ", ""),
        ("<script>x", ""),
        ("just text", "just text\n"),
        ("<p>a<p>b", "a\n\nb\n"),
        ("<nav>menu<nav>inner</nav>still</nav>text", "text\n"),
        ("<nav>never closed<p>x</body>after", "after\n"),
        ("<b>a</b><i>b</i> c&#x41;&nosuch;", "ab cA&nosuch;\n"),
        ("<pre>a\n\n\n  b</pre>", "a\n\n  b\n"),
        ("a</div></pre></li>b", "a\n\nb\n"),
        ("a < b and c<d", "a < b and c\n"),
        ("1 <2", "1 <2\n"),
        ("a &lt; b < c", "a < b < c\n"),
        ("<p title='a > b' class=x>c</p>", "c\n"),
        ("<p title=it's>c</p>it's", "c\n\nit's\n"),
        ("<!-- <p>no --><p>yes", "yes\n"),
        ("<script>if (a </script b) {}</script>x", "x\n"),
        ("<a <p>x", "x\n"),
        ("<p>a &lt;script&gt; b</p>", "a <script> b\n"),
    ],
)
def test_fragments_and_broken_pages(source: str, expected: str) -> None:
    assert html_to_text(source) == expected


@given(st.text(alphabet="<>/ab pre&;!-\n\"'=", max_size=200))
def test_any_input_gives_lines_without_spaces_at_their_end(source: str) -> None:
    text = html_to_text(source)
    assert text == "" or text.endswith("\n")
    assert all(line == line.rstrip() for line in text.split("\n"))
    assert "\n\n\n" not in text


@given(st.lists(st.text(alphabet="abc <&>", min_size=1).filter(str.strip), min_size=1, max_size=8))
def test_escaped_paragraphs_come_back_as_they_were(paragraphs: list[str]) -> None:
    source = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    assert html_to_text(source) == "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs) + "\n"


HOSTILE = [
    *("<", "<!--", "<a ", "<![CDATA[", "&", "&a", "<div>", "<pre>", "<nav>", "</", "<!", "<?", "<a b='", "<a b='>"),
    *("<script>", "<td> ", "<a b=\"'", "</script", "<a b=' \">", "&#", "<p>x", "<!-->"),
]


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_pages_take_linear_time(part: str) -> None:
    """html.parser, which is quadratic, takes minutes for some of these."""
    started = time.process_time()
    html_to_text(part * (400_000 // len(part)))
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("<p>é</p>".encode(), "é\n"),
        (b'<meta charset="iso-8859-2"><p>\xb3\xf3d\xbc</p>', "łódź\n"),
        ("<p>é</p>", "é\n"),
    ],
)
def test_the_encoding_of_a_page_is_what_it_says(data: bytes | str, expected: str) -> None:
    outcome = documentation_of(Raw(data, "a.html", "r", kind="documentation"))
    assert isinstance(outcome, Raw)
    assert (outcome.data, outcome.language) == (expected, "prose")


@pytest.mark.parametrize("data", [b"\x00\x01<p>x", b"<p>", ""])
def test_a_page_without_text_is_excluded(data: bytes | str) -> None:
    outcome = documentation_of(Raw(data, "a.htm", "r", kind="documentation"))
    assert isinstance(outcome, Excluded)
    assert outcome.reason in ("not text", "no text")


def test_markdown_and_restructuredtext_are_kept_as_they_are(tmp_path: Path) -> None:
    texts = {"a.md": "# A\n\n<b>x</b>\n", "b.rst": "B\n=\n", "c.txt": "plain"}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    raws, _, _ = read_source(kind="folder", path=str(tmp_path), content="documentation")
    assert {raw.path: raw.data for raw in raws} == {name: text.encode() for name, text in texts.items()}
    assert [raw.language for raw in raws] == [None, None, "prose"]


class Words(HTMLParser):
    """The standard library's parser, for pages that are well formed: the words outside what is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.dropped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.dropped[-1:] == [tag] or (not self.dropped and tag in DROPPED):
            self.dropped.append(tag)
        self.separate(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.dropped[-1:] == [tag]:
            self.dropped.pop()
        self.separate(tag)

    def separate(self, tag: str) -> None:
        if tag in BLOCKS | {"br", "td", "th"}:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.dropped:
            self.parts.append(data)


def test_real_pages_have_the_words_that_pythons_parser_finds() -> None:
    pages = [*Path("/usr/share/doc").rglob("*.html"), *Path(numpy.__file__).parent.parent.rglob("*.html")]
    pages = sorted(page for page in pages if page.is_file() and page.stat().st_size < 300_000)[:60]
    if not pages:
        pytest.skip("no HTML on this machine")
    for page in pages:
        source = page.read_bytes().decode("utf-8", "replace")
        peer = Words()
        peer.feed(source)
        peer.close()
        ours = [word for word in html_to_text(source).split() if word not in ("-", "|")]
        assert ours == [word for word in "".join(peer.parts).split() if word not in ("-", "|")], page
