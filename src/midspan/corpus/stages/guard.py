"""A stage's walk over its documents, such that one that ends the process can be told from its neighbours."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")

DOCUMENT_SECONDS = 60.0  # for one document in one stage; the slowest ordinary one takes a second


class QuarantinedError(Exception):
    """This document cannot be worked on; the message is the reason to record."""


@dataclass
class Guard:
    """Writes down which document a task is at, ends the process over one that hangs, and passes over `poisoned` ones.

    The process ends by SIGALRM, which works even inside native code that never comes back to the interpreter.
    """

    mark: Path
    poisoned: dict[int, str]  # ordinal of a document → why it is not touched again
    only: int | None = None  # all others are passed over: to see whether this one is at fault
    stop: int | None = None  # reading this one ends the process: it and what follows it cannot be had

    def each(self, items: Iterable[Item], start: int = 0) -> Iterator[tuple[int, Item]]:
        """The items with their ordinals from `start` on, each under the deadline until the next is asked for."""
        remaining = iter(items)
        ordinal = start
        with self._marking() as mark:
            while ordinal != self.stop:
                mark(ordinal)
                try:
                    item = next(remaining)
                except StopIteration:
                    return
                if self.only is None or ordinal == self.only:
                    yield ordinal, item
                ordinal += 1

    def apply(self, function: Callable[[Item], Value], ordinal: int, item: Item) -> Value:
        """`function` of a document; QuarantinedError if it is poisoned or if anything goes wrong with it."""
        if ordinal in self.poisoned:
            raise QuarantinedError(self.poisoned[ordinal])
        try:
            return function(item)
        except OSError:
            raise  # the machine's fault, not the document's
        except Exception as error:
            raise QuarantinedError(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from error

    @contextmanager
    def _marking(self) -> Iterator[Callable[[int], None]]:
        file = os.open(self.mark, os.O_WRONLY | os.O_CREAT, 0o644)

        def mark(ordinal: int) -> None:
            os.pwrite(file, ordinal.to_bytes(8, "little"), 0)
            signal.setitimer(signal.ITIMER_REAL, DOCUMENT_SECONDS)

        try:
            yield mark
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.close(file)


def marked_ordinal(mark: Path) -> int | None:
    """The document that a lost task was at, None if it was at none."""
    try:
        content = mark.read_bytes()
    except FileNotFoundError:
        return None
    return int.from_bytes(content, "little") if len(content) == 8 else None
