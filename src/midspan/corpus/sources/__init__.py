"""Where documents come from: a source of the recipe to a plan of tasks, and a task to its items."""

from __future__ import annotations

from midspan.corpus.sources.items import Excluded, Raw, ReadTask, SourcePlan

__all__ = ["Excluded", "Raw", "ReadTask", "SourcePlan"]
