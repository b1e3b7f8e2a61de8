"""What a reader sees of a web page, and which text files are kept by their names."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from midspan.corpus.quality.text import Text

_UNSEEN = re.compile(
    r"<(script|style)\b[^>]*+>.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[a-zA-Z/!?][^>]*+>?", re.DOTALL | re.IGNORECASE
)
# StarCoder2, arXiv 2402.19173, 3.1
_TEXT_NAMES = re.compile(r"requirement|readme|notes|todo|description|cmakelists", re.IGNORECASE)


def visible_characters(text: Text) -> float:
    """Characters of a page without scripts, styles, comments and tags, runs of white space as one (StarCoder)."""
    return len(" ".join(_UNSEEN.sub(" ", text.text).split()))


def visible_share(text: Text) -> float:
    return visible_characters(text) / max(len(text.text), 1)


def known_text_name(text: Text) -> float:
    """1 if the name of a text file is one of those that people write to explain a repository."""
    return float(_TEXT_NAMES.search(PurePosixPath(text.path).name) is not None)
