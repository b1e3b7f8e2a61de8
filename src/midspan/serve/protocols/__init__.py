"""What the server speaks: the routes of each protocol, (method, path, endpoint)."""

from __future__ import annotations

from midspan.serve.protocols import llama_cpp, openai
from midspan.serve.service import Route

PROTOCOLS: dict[str, tuple[Route, ...]] = {"openai": openai.ROUTES, "llama_cpp": llama_cpp.ROUTES}

__all__ = ["PROTOCOLS"]
