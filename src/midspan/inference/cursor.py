"""A place in a file, as people and editors write it: FILE:LINE[:COLUMN]."""

from __future__ import annotations

from pathlib import Path

from midspan.errors import UserError
from midspan.inference.engine import Engine
from midspan.inference.prompts import Fill, Plain
from midspan.progress import say


def split_at_cursor(place: str) -> tuple[str, str]:
    """(text before, text after) the cursor at "FILE:LINE[:COLUMN]", counted from 1; no column means the line's end.

    Raises UserError for a place that is not in the file.
    """
    path, line, column = _parse(place)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        raise UserError(f"{path} has {len(lines)} lines, there is no line {line}")
    current = lines[line - 1]
    if column is None:
        column = len(current) + 1
    if not 1 <= column <= len(current) + 1:
        raise UserError(f"{path}: line {line} has {len(current)} characters, there is no column {column}")
    before = sum(len(earlier) + 1 for earlier in lines[: line - 1]) + column - 1
    return text[:before], text[before:]


def prompt_at_cursor(engine: Engine, prefix: str, suffix: str) -> Fill | Plain:
    """What asks `engine` for the text at the cursor: without the suffix where it cannot fill in, and says so."""
    if "fill" in engine.can:
        return Fill(prefix, suffix)
    say("this model cannot fill in the middle (no such tokens): it goes on from the text before the cursor alone")
    return Plain(prefix, cut=True)


def _parse(place: str) -> tuple[Path, int, int | None]:
    parts = place.rsplit(":", 2)
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        return Path(parts[0]), int(parts[1]), int(parts[2])
    path, _, line = place.rpartition(":")
    if not path or not line.isdigit():
        raise UserError(f"{place!r} is not a place; write FILE:LINE or FILE:LINE:COLUMN, such as app.py:12")
    return Path(path), int(line), None
