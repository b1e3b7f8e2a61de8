"""Files of code on disk, in no corpus, for items to be made of."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from midspan.corpus import PROSE_AND_SETTINGS, SKIPPED_FOLDERS, detect_language
from midspan.errors import UserError
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
        for file in sorted(_files(root)):
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


def _files(root: Path) -> Iterator[Path]:
    """A file, or the regular files below a folder; links are not followed."""
    if root.is_file():
        yield root
    for folder, inside, names in os.walk(root):
        inside[:] = [name for name in inside if name not in SKIPPED_FOLDERS and not name.startswith(".")]
        files = (Path(folder) / name for name in names)
        yield from (file for file in files if file.is_file() and not file.is_symlink())
