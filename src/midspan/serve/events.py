"""Server-sent events."""

from __future__ import annotations

import json
from typing import Any


def event(value: Any) -> str:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
