"""A conversation in the terminal."""

from __future__ import annotations

import sys

from midspan.errors import UserError
from midspan.inference.engine import Engine
from midspan.inference.prompts import Chat
from midspan.inference.sampling import Sampling
from midspan.tokens import Message


def converse(engine: Engine, sampling: Sampling, question: str | None = None) -> None:
    """Answer `question`; without one, read questions until an empty line or the end of input.

    Answers are printed as they are made. Ctrl-C stops the answer, not the conversation.
    """
    messages: list[Message] = []
    while text := question or _ask():
        messages.append(Message(role="user", content=text))
        answer = ""
        try:
            for piece in engine.stream(Chat(messages), sampling):
                answer += piece.text
                print(piece.text, end="", flush=True)
        except KeyboardInterrupt:
            if question:
                raise
        print()
        if question:
            return
        messages.append(Message(role="assistant", content=answer))


def _ask() -> str:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""
    except UnicodeDecodeError as error:
        raise UserError(f"the question is not {error.encoding} text: write it as the terminal is set") from None
