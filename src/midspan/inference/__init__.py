"""The inference engine: prompts, batched and streamed generation, sampling, stop strings."""

from midspan.inference.answer import Completion, FinishReason, Piece, completion
from midspan.inference.engine import Engine, WeightsFormat
from midspan.inference.library import generate, load
from midspan.inference.likelihood import Likelihood
from midspan.inference.models import RELEASE, check_tokenizer, find_model
from midspan.inference.prompts import (
    Chat,
    Fill,
    Ids,
    Marked,
    Plain,
    Prompt,
    PromptTooLongError,
    at_cursor,
    is_laid_out,
    prompt_ids,
    prompt_kinds,
    prompt_limit,
)
from midspan.inference.sampling import Sampling

__all__ = [
    "RELEASE",
    "Chat",
    "Completion",
    "Engine",
    "Fill",
    "FinishReason",
    "Ids",
    "Likelihood",
    "Marked",
    "Piece",
    "Plain",
    "Prompt",
    "PromptTooLongError",
    "Sampling",
    "WeightsFormat",
    "at_cursor",
    "check_tokenizer",
    "completion",
    "find_model",
    "generate",
    "is_laid_out",
    "load",
    "prompt_ids",
    "prompt_kinds",
    "prompt_limit",
]
