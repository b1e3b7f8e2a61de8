"""The inference engine: prompts, batched and streamed generation, sampling, stop strings."""

from midspan.inference.engine import Completion, complete_batch, completion, stream, stream_batch
from midspan.inference.library import check_tokenizer, find_model, generate, load
from midspan.inference.prompts import (
    PromptTooLongError,
    chat_prompt,
    check_fits,
    infill_prompt,
    is_raw,
    plain_prompt,
    prompt_limit,
    raw_prompt,
)
from midspan.inference.row import Piece
from midspan.inference.sampling import Sampling

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
