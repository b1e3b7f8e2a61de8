"""Likelihoods as OpenAI's two endpoints show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from midspan.inference import Likelihood
from midspan.serve.service import Answered
from midspan.tokens import Tokenizer


def likelihoods_of(answer: Answered) -> list[Likelihood]:
    """Of all that an answer says so far: the prompt's tokens where they are said again, and its own."""
    return [likelihood for piece in answer.pieces for likelihood in (*piece.prompt, piece.likelihood) if likelihood]


def in_completions(tokenizer: Tokenizer, likelihoods: Sequence[Likelihood], start: int = 0) -> dict[str, Any]:
    """The parallel lists of `/v1/completions`, from token number `start` on; offsets are in the choice's text."""
    ends, said = [0], b""
    for one in likelihoods:
        said += _bytes(tokenizer, one.token, one.said)
        ends.append(len(said.decode(errors="ignore")))
    shown = likelihoods[start:]
    return {
        "tokens": [_name(tokenizer, one.token, one.said) for one in shown],
        "token_logprobs": [one.logprob for one in shown],
        "top_logprobs": [_top_with_own(tokenizer, one) for one in shown],
        "text_offset": ends[start:-1],
    }


def _top_with_own(tokenizer: Tokenizer, one: Likelihood) -> dict[str, float] | None:
    """The likeliest tokens and, as OpenAI does it, the token itself if it is none of them."""
    if one.logprob is None:
        return None
    own = {one.token: one.logprob} if one.top else {}
    # From the least likely: of tokens that are spelled alike the likeliest is shown.
    falling = sorted((own | dict(one.top)).items(), key=lambda pair: pair[1])
    named = {_name(tokenizer, token, one.said): value for token, value in falling}
    return dict(reversed(named.items()))


def in_chat(tokenizer: Tokenizer, likelihoods: Sequence[Likelihood]) -> dict[str, Any]:
    """The list of objects of `/v1/chat/completions`."""

    def shown(token: int, logprob: float | None, said: int) -> dict[str, Any]:
        data = _bytes(tokenizer, token, said)
        return {"token": data.decode(errors="replace"), "logprob": logprob, "bytes": list(data)}

    return {
        "content": [
            {
                **shown(one.token, one.logprob, one.said),
                "top_logprobs": [shown(token, value, one.said) for token, value in one.top],
            }
            for one in likelihoods
        ],
        "refusal": None,
    }


def _bytes(tokenizer: Tokenizer, token: int, said: int) -> bytes:
    """What a token stands for beyond the prompt's text; for a special token its name."""
    return tokenizer.bytes_of(token)[said:] if tokenizer.bytes_of(token) else tokenizer.decode([token]).encode()


def _name(tokenizer: Tokenizer, token: int, said: int) -> str:
    """A token as text; one that is part of a character in OpenAI's spelling of its bytes."""
    data = _bytes(tokenizer, token, said)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)
