"""Files of code on disk, in no corpus, for items to be made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from midspan.corpus.languages import PROSE_AND_SETTINGS, detect_language
from midspan.errors import UserError
from midspan.evaluate.data import files_below
from midspan.progress import say


@dataclass(frozen=True)
class SourceFile:
    """A file of code."""

    path: str  # below the folder that was given
    text: str
    language: str


def source_files(setting: str, places: Sequence[str]) -> list[SourceFile]:
    """The code in these files and folders, in the order of the paths; other files and hidden folders are passed over.

    What is not UTF-8 is left out, and said. Raises UserError, which names the `setting`, where there is no code.
    """
    found: list[SourceFile] = []
    unread: list[Path] = []
    for place in places:
        root = Path(place).expanduser()
        if not root.exists():
            raise UserError(f"{setting}: there is no {root}; give files or folders of code")
        for file in sorted(files_below(root)):
            path = file.name if file == root else f"{root.name}/{file.relative_to(root)}"
            try:
                text = file.read_bytes().decode()
            except (UnicodeDecodeError, OSError):
                unread += [file] if detect_language(path, "") else []
                continue
            language = detect_language(path, text)
            if text and language is not None and language not in PROSE_AND_SETTINGS:
                found.append(SourceFile(path, text, language))
    if unread:
        say(f"{setting}: {len(unread)} files are not UTF-8 or cannot be read, and left out, such as {unread[0]}")
    if not found:
        raise UserError(f"{setting}: no code in {', '.join(places) or 'nothing'}; give files or folders of code")
    return found
