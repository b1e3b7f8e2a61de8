"""One live line for everything that takes longer than two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PLAIN_INTERVAL = 10.0  # seconds between lines when the output is not a terminal


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _count(value: float) -> str:
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= limit:
            return f"{value / (limit if unit != 'k' else 1e3):.3g}{unit}"
    return f"{value:.0f}"


class ProgressLine:
    """The state of one task's line: how much is done, how fast, how long it will still take."""

    def __init__(self, name: str, total: float | None, unit: str, done: float) -> None:
        self.name, self.total, self.unit = name, total, unit
        self.done = self.done_before = done
        self.started = time.monotonic()
        self.notes: dict[str, str] = {}
        self._live = sys.stderr.isatty()
        self._printed = self.started if not self._live else 0.0

    def update(self, done: float, **notes: float | str) -> None:
        """Set the amount done so far; `notes` (loss=…, kept=…) stay on the line until changed."""
        self.done = done
        for key, value in notes.items():
            self.notes[key] = value if isinstance(value, str) else f"{value:.4g}"
        now = time.monotonic()
        if now - self._printed >= (0.1 if self._live else PLAIN_INTERVAL):
            self._printed = now
            self._print(self.text(now))

    def text(self, now: float) -> str:
        """The line as printed at the moment `now` of the monotonic clock."""
        elapsed = max(now - self.started, 1e-9)
        rate = (self.done - self.done_before) / elapsed
        parts = [f"{self.name:<22}"]
        if self.total:
            parts.append(f"{min(self.done / self.total, 1):4.0%}")
        parts.append(f"{_count(self.done)}{f'/{_count(self.total)}' if self.total else ''} {self.unit}")
        parts.append(f"{_count(rate)}/s")
        parts += [f"{key} {value}" for key, value in self.notes.items()]
        if self.total and rate > 0 and self.done < self.total:
            parts.append(f"{_duration((self.total - self.done) / rate)} left")
        return "  ".join(parts)

    def _print(self, text: str) -> None:
        end = "\r\033[K" if self._live else ""
        sys.stderr.write(f"{end}{text}" if self._live else f"{text}\n")
        sys.stderr.flush()

    def finish(self, failed: bool) -> None:
        """Print the last state of the line, with the time it took."""
        elapsed = time.monotonic() - self.started
        self._print(f"{self.text(time.monotonic())}  {'stopped after' if failed else 'in'} {_duration(elapsed)}")
        if self._live:
            sys.stderr.write("\n")


@contextmanager
def progress(name: str, total: float | None = None, unit: str = "items", done: float = 0) -> Iterator[ProgressLine]:
    """Show one line on standard error while the block runs: live on a terminal, one line every ten seconds elsewhere.

    `done` is what an earlier, interrupted run had finished already; it does not count for the rate.
    """
    line = ProgressLine(name, total, unit, done)
    try:
        yield line
    except BaseException:
        line.finish(failed=True)
        raise
    line.finish(failed=False)


def say(text: str) -> None:
    """Print one line about what happens next, on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
