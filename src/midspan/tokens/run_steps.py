"""Learning the tokenizer, as a step of a run."""

from __future__ import annotations
