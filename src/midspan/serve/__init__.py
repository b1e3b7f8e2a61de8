"""The HTTP server: OpenAI's API for chat, completion and infilling, and the playground."""

from midspan.serve.app import build_app
from midspan.serve.server import serve

__all__ = ["build_app", "serve"]
