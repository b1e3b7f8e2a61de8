"""How likely a model of transformers' finds a text: the same windows as the engine's own (`subjects.scorer`)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from midspan.evaluate.subject import Likelihood, Text


@torch.inference_mode()
def likelihood_of(model: Any, tokenizer: Any, text: Text, context: int) -> Likelihood:
    """The log-probability of the tokens in the spans of a text, read in windows of `context` tokens.

    Before each window stands what begins a text: the tokenizer's own opening, else its end of text.
    """
    found = tokenizer(text.text, add_special_tokens=False, return_offsets_mapping=True)
    ids, places = found["input_ids"], found["offset_mapping"]
    counts = [any(start < end and begin < stop for begin, end in text.spans) for start, stop in places]
    opening = tokenizer("")["input_ids"][-1:] or [tokenizer.eos_token_id]
    total, tokens = 0.0, 0
    for first in range(0, len(ids), context):
        window = slice(first, first + context)
        if not any(counts[window]):
            continue
        row = torch.tensor([[*opening, *ids[window]]], device=model.device)  # [1, window + 1]
        logits = model(row[:, :-1]).logits.float()  # [1, window, vocabulary]
        costs = F.cross_entropy(logits[0], row[0, 1:], reduction="none")  # [window]
        counted = torch.tensor(counts[window], device=model.device)
        total -= float(costs[counted].double().sum())
        tokens += int(counted.sum())
    return Likelihood(total, tokens)
