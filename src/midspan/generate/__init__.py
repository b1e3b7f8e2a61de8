"""The inference engine: prompts, batched and streamed generation, sampling, stop strings."""

import sys
from types import ModuleType
from typing import Any

from midspan.generate.engine import Completion, complete_batch, completion, stream, stream_batch
from midspan.generate.library import check_tokenizer, find_model, generate, load
from midspan.generate.prompts import (
    PromptTooLongError,
    chat_prompt,
    check_fits,
    infill_prompt,
    is_raw,
    plain_prompt,
    prompt_limit,
    raw_prompt,
)
from midspan.generate.row import Piece
from midspan.generate.sampling import Sampling

__all__ = [
    "Completion",
    "Piece",
    "PromptTooLongError",
    "Sampling",
    "chat_prompt",
    "check_fits",
    "check_tokenizer",
    "complete_batch",
    "completion",
    "find_model",
    "generate",
    "infill_prompt",
    "is_raw",
    "load",
    "plain_prompt",
    "prompt_limit",
    "raw_prompt",
    "stream",
    "stream_batch",
]


class _CallableModule(ModuleType):
    """`midspan.generate` is this package and, to those who write `midspan.generate(...)`, the function."""

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        return generate(*args, **kwargs)


sys.modules[__name__].__class__ = _CallableModule
