"""How likely a model of transformers' finds a text: the same windows as the engine's own (`subjects.scorer`)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from midspan.evaluate.families import END_OF_TEXT
from midspan.evaluate.subject import Likelihood, Text
from midspan.evaluate.subjects.counted import first_span


@torch.inference_mode()
def likelihoods_of(model: Any, tokenizer: Any, text: Text, context: int) -> tuple[Likelihood, ...]:
    """The log-probability of the tokens of each span of a text, read once, in windows of `context` tokens.

    Before each window stands what begins a text: the tokenizer's own opening, else its end of text, which a model of
    conversations does not call its eos. A token counts for the first span that it is in.
    """
    found = tokenizer(text.text, add_special_tokens=False, return_offsets_mapping=True)
    ids, places = found["input_ids"], found["offset_mapping"]
    numbers = torch.tensor([first_span(start, stop, text.spans) for start, stop in places], device=model.device)
    opening = tokenizer("")["input_ids"][-1:] or [tokenizer.get_vocab().get(END_OF_TEXT, tokenizer.eos_token_id)]
    sums = torch.zeros(len(text.spans), dtype=torch.float64, device=model.device)
    for first in range(0, len(ids), context):
        window = slice(first, first + context)
        counted = numbers[window] >= 0  # [window]
        if not counted.any():
            continue
        row = torch.tensor([[*opening, *ids[window]]], device=model.device)  # [1, window + 1]
        logits = model(row[:, :-1]).logits.float()  # [1, window, vocabulary]
        logprobs = -F.cross_entropy(logits[0], row[0, 1:], reduction="none")  # [window]
        sums.index_add_(0, numbers[window][counted], logprobs[counted].double())
    counts = torch.bincount(numbers[numbers >= 0], minlength=len(text.spans))
    return tuple(map(Likelihood, sums.tolist(), counts.tolist()))
