"""A request to a server that may falter: asked again later, or when the server says."""

from __future__ import annotations

import json
import os
import socket
import time
import urllib.error
import urllib.request
from typing import Any

from midspan.errors import UserError
from midspan.progress import say

ATTEMPTS = 6
LONGEST_WAIT = 60.0  # seconds
TIMEOUT = 300.0
AGAIN = (408, 409, 425, 429, 500, 502, 503, 504)  # statuses after which a request is worth repeating


def post(url: str, body: dict[str, Any]) -> Any:
    """The JSON that `url` answers to `body`; the key is OPENAI_API_KEY's, where it is set.

    Raises UserError where no attempt has an answer, or it is refused for good.
    """
    key = os.environ.get("OPENAI_API_KEY")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    trouble = ""
    for attempt in range(ATTEMPTS):
        wait = min(2.0**attempt, LONGEST_WAIT)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            trouble = f"{error.code} {error.read(300).decode(errors='replace').strip() or error.reason}"
            if error.code not in AGAIN:
                break
            wait = min(_seconds(error.headers.get("Retry-After")) or wait, LONGEST_WAIT)
        except ValueError as error:
            trouble = f"an answer that is no JSON ({error})"
        except OSError as error:  # reset, timed out; where nobody is there, once more is enough
            reason = getattr(error, "reason", error)
            trouble = str(reason)
            if attempt and isinstance(reason, ConnectionRefusedError | socket.gaierror):
                trouble += ": is the server running, and is this its address?"
                break
        if attempt + 1 < ATTEMPTS:
            say(f"{url}: {trouble}; again in {wait:.0f} s ({attempt + 1} of {ATTEMPTS})")
            time.sleep(wait)
    trouble = " ".join(trouble.split())
    raise UserError(f"{url}: {trouble}; what was answered is kept, and the same command goes on from there")


def _seconds(told: str | None) -> float | None:
    try:
        return float(told) if told else None
    except ValueError:
        return None
