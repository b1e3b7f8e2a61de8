"""A conversation in the terminal."""

from __future__ import annotations

import sys

from midspan.inference.engine import stream
from midspan.inference.prompts import chat_prompt, prompt_limit
from midspan.inference.sampling import Sampling
from midspan.model import Decoder
from midspan.tokens import Message, Tokenizer


def converse(decoder: Decoder, tokenizer: Tokenizer, sampling: Sampling, question: str | None = None) -> None:
    """Answer `question`; without one, read questions until an empty line or the end of input.

    Answers are printed as they are made. Ctrl-C stops the answer, not the conversation.
    """
    messages: list[Message] = []
    limit = prompt_limit(decoder.config.max_positions, sampling.max_tokens)
    while text := question or _ask():
        messages.append(Message(role="user", content=text))
        answer = ""
        try:
            for piece in stream(decoder, tokenizer, chat_prompt(tokenizer, messages, limit), sampling):
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
