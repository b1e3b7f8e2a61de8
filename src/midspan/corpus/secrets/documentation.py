"""Where a text is documentation: what stands there as an example is nobody's."""

from __future__ import annotations

import bisect
import re

from midspan.corpus.secrets.source import Source

_EXAMPLE = re.compile(r"example|e\.g\.|for instance", re.IGNORECASE)
_EXAMPLE_REACH = 150  # characters from such a word to an example
_CODE_BEGINS, _CODE_ENDS = ("<pre", "<code"), ("</pre", "</code")  # of HTML
_CODE_REACH = 2000
_FENCE = b"```"  # of Markdown
ANCHORS = (_FENCE,)


def is_example(source: Source, start: int, end: int) -> bool:
    """Whether a span stands beside a word that says "example", or in a block of code of Markdown or HTML."""
    text = source.text
    if _EXAMPLE.search(text, max(0, start - _EXAMPLE_REACH), end + _EXAMPLE_REACH):
        return True
    if bisect.bisect(source.positions[_FENCE], start) % 2:
        return True
    begins, ends = (
        max(text.rfind(tag, max(0, start - _CODE_REACH), start) for tag in tags) for tags in (_CODE_BEGINS, _CODE_ENDS)
    )
    return begins > ends
