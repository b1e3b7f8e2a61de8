"""Other open files as a model has seen the files of one repository: before the one in which the cursor is."""

from __future__ import annotations

from collections.abc import Sequence

from midspan.tokens import Tokenizer

SHARE = 4  # other files take at most one token in four of what a prompt may have


def other_files_ids(tokenizer: Tokenizer, files: Sequence[tuple[str, str]], limit: int) -> list[int]:
    """The ids of `files` (path, text), the newest last, and of what begins the file with the cursor.

    At most a quarter of `limit`: the oldest are left out, and one that fits in part keeps its beginning. None where
    there are no files, or the model knows no layout for them.
    """
    layout = tokenizer.repository
    if layout is None or not files:
        return []
    unnamed = [layout.file, *tokenizer.encode_continuation("\n")]  # the path of the file with the cursor is not known
    room = limit // SHARE - 1 - len(unnamed)
    kept: list[int] = []
    for path, text in reversed(files):
        header = [layout.file, *tokenizer.encode_continuation(f"{path}\n")]
        ids = header + tokenizer.encode_continuation(text)
        if len(header) >= room - len(kept):
            break
        kept = ids[: room - len(kept)] + kept
    return [layout.repository, *kept, *unnamed] if kept else []
