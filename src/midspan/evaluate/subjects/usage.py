"""What asking a server took: tokens as it counts them, and what they cost where its prices are known."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Usage:
    """Tokens read and written, over many requests at once."""

    read: int = 0
    written: int = 0
    requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, reply: Any) -> None:
        """Count one reply; of a server that does not say, the request alone."""
        told = reply.get("usage") if isinstance(reply, Mapping) else None
        counts = told if isinstance(told, Mapping) else {}
        with self._lock:
            self.requests += 1
            self.read += int(counts.get("prompt_tokens") or 0)
            self.written += int(counts.get("completion_tokens") or 0)

    def text(self, prices: tuple[float, float] | None) -> str:
        """In words; `prices` are those of a million tokens read, and of a million written."""
        words = f"{self.requests:,} requests, {self.read:,} tokens read, {self.written:,} written"
        if prices is None:
            return words
        return f"{words}: {(self.read * prices[0] + self.written * prices[1]) / 1e6:.2f} at the given prices"
