"""The recipe as a whole."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from midspan.recipe.alignment import AlignmentSource
from midspan.recipe.corpus import Corpus
from midspan.recipe.fields import Settings
from midspan.recipe.model import Model, Tokenizer
from midspan.recipe.runtime import Runtime
from midspan.recipe.stages import CORPUS, Stage

# What stages and alignment sources cannot be called: words of `start`, other steps, other models of a run.
TAKEN = ("previous", "scratch", "corpus", "tokenizer", "tokens", "card", "data-card", "export", "report", "release")


class Recipe(Settings):
    """Everything a run needs. Stages run in the order of the list."""

    name: str
    seed: int = 1
    corpus: Corpus = Corpus()
    tokenizer: Tokenizer = Tokenizer()
    model: Model = Model()
    alignment: list[AlignmentSource] = []
    stages: list[Stage] = []  # a corpus by itself needs none
    evaluate: dict[str, dict[str, Any] | bool] = {}  # benchmark: its settings, or false to switch it off
    runtime: Runtime = Runtime()

    @model_validator(mode="after")
    def _names_fit(self) -> Recipe:
        known = [source.name for source in self.alignment]
        names = [*(stage.name for stage in self.stages), *known]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two stages or alignment sources are called {twice[0]!r}")
        if taken := [name for name in names if name in TAKEN or name.startswith("start-")]:
            raise ValueError(f"no stage and no alignment source can be called {taken[0]!r}: the name is taken")
        for stage in self.stages:
            for part in stage.data:
                if part.tokens is None and part.label not in known:
                    there = ", ".join(known) or "none"
                    raise ValueError(
                        f"stages.{stage.name}: no alignment source is called {part.label!r}; there: {there}"
                    )
        return self

    def has_stage(self, name: str) -> bool:
        """Whether a stage has that name."""
        return any(stage.name == name for stage in self.stages)

    @property
    def needs_corpus(self) -> bool:
        """Whether any stage learns from the recipe's own corpus."""
        return any(part.tokens == CORPUS for stage in self.stages for part in stage.data)

    @property
    def needs(self) -> list[str]:
        """What its stages need of a tokenizer beside ordinary tokens."""
        parts = [part for stage in self.stages for part in stage.data]
        asked = {
            "fim": any(part.fim and part.fim.rate > 0 for part in parts),
            "repositories": any(part.repositories for part in parts),
            "chat": any(part.kind != "tokens" for part in parts),
        }
        return [need for need, wanted in asked.items() if wanted]
